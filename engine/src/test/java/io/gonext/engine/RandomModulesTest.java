package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.ModuleComparison.Variant;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import run.endive.wasm.InvalidException;

/**
 * Modules of wasm-smith, which {@code src/test/rust/modules} writes. The property names how many;
 * {@code gonext.test.seed} chooses others.
 */
class RandomModulesTest {
  private static final int BATCH = 2_000;
  private static final int MOST_DIFFERENCES = 20;

  /** The interpreter recurses. */
  private static final long STACK_BYTES = 512L << 20;

  @Test
  @EnabledIfSystemProperty(named = "gonext.test.modules", matches = "[1-9][0-9]*")
  void random_modules_run_as_in_the_interpreter() throws Exception {
    int count = Integer.getInteger("gonext.test.modules");
    long first = Long.getLong("gonext.test.seed", System.nanoTime());
    int threads = Integer.getInteger("gonext.test.threads", 2);
    Path program = Path.of(System.getProperty("gonext.test.program"));
    var next = new AtomicInteger();
    var compared = new AtomicLong();
    var differences = new ConcurrentLinkedQueue<String>();
    Map<String, Integer> refusals = new ConcurrentHashMap<>();
    System.out.println("seeds from " + first);
    Runnable work =
        () -> {
          int from;
          while ((from = next.getAndAdd(BATCH)) < count && differences.size() < MOST_DIFFERENCES) {
            int size = Math.min(BATCH, count - from);
            try {
              batch(program, first + from, size, compared, differences, refusals);
            } catch (IOException e) {
              differences.add("seed " + (first + from) + ": " + e);
            }
            System.out.println(compared + " compared, " + differences.size() + " differences");
          }
        };
    List<Thread> workers =
        java.util.stream.IntStream.range(0, threads)
            .mapToObj(i -> new Thread(null, work, "modules-" + i, STACK_BYTES))
            .toList();
    workers.forEach(Thread::start);
    for (Thread worker : workers) {
      worker.join();
    }
    System.out.println("refused: " + refusals);
    assertThat(differences).isEmpty();
    assertThat(compared.get()).isGreaterThan(count / 2);
  }

  private static void batch(
      Path program,
      long first,
      int count,
      AtomicLong compared,
      ConcurrentLinkedQueue<String> differences,
      Map<String, Integer> refusals)
      throws IOException {
    Process process =
        new ProcessBuilder(program.toString(), String.valueOf(first), String.valueOf(count))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16))) {
      while (differences.size() < MOST_DIFFERENCES) {
        long seed;
        try {
          seed = in.readLong();
        } catch (EOFException e) {
          break;
        }
        int fuel = in.readInt();
        byte[] wasm = in.readNBytes(in.readInt());
        try {
          String difference = compare(wasm, fuel, seed);
          compared.incrementAndGet();
          if (difference != null) {
            differences.add("seed " + seed + ", " + difference);
            System.out.println("seed " + seed + ", " + difference);
          }
        } catch (ModuleRejectedException refused) {
          refusals.merge(refused.getMessage().replaceAll("[0-9]+", "N"), 1, Integer::sum);
        } catch (InvalidException invalid) {
          refusals.merge("the interpreter: " + invalid.getMessage(), 1, Integer::sum);
        } catch (RuntimeException | Error e) {
          var trace = new java.io.StringWriter();
          e.printStackTrace(new java.io.PrintWriter(trace));
          String text = trace.toString();
          differences.add("seed " + seed + ": " + text.substring(0, Math.min(4000, text.length())));
          System.out.println(
              "seed " + seed + ": " + text.substring(0, Math.min(4000, text.length())));
        }
      }
    } finally {
      process.destroy();
    }
  }

  private static String compare(byte[] wasm, int fuel, long seed) {
    int number = (int) Math.floorMod(seed, 1000L);
    // The product's sizes and small ones, each with one kind of memory.
    return new ModuleComparison(wasm, fuel, seed)
        .firstDifference(Variant.of(number % 2), Variant.of(2 + number % 8));
  }
}
