package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.ModuleComparison.Variant;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import run.endive.wasm.InvalidException;

/**
 * Modules of wasm-smith, written by the Rust program in {@code src/test/rust/modules}, run as in
 * Endive's interpreter and as in wasmi. The property {@code gonext.test.modules} says how many,
 * {@code gonext.test.seed} which ones.
 */
@EnabledIfSystemProperty(named = "gonext.test.modules", matches = "[1-9][0-9]*")
class RandomModulesTest {
  private static final int MODULES = Integer.getInteger("gonext.test.modules", 0);
  private static final Path PROJECT = Path.of("src/test/rust/modules");
  private static final Path TARGET = Path.of("target/rust").toAbsolutePath();
  private static final int THREADS = 2;
  private static final int BATCH = 2_000;

  /** Further ones are most likely of the same kind. */
  private static final int MOST_DIFFERENCES = 20;

  /** The interpreter recurses. */
  private static final long STACK_BYTES = 256L << 20;

  private final AtomicInteger batches = new AtomicInteger();
  private final AtomicInteger compared = new AtomicInteger();
  private final Queue<String> differences = new ConcurrentLinkedQueue<>();

  /** How many modules were not compared, by the reason. */
  private final Map<String, Integer> refusals = new TreeMap<>();

  @Test
  void random_modules_run_as_in_two_other_engines() throws Exception {
    long first = Long.getLong("gonext.test.seed", new SplittableRandom().nextLong(1L << 40));
    System.out.println("modules of wasm-smith from seed " + first);
    Path program = build();

    List<FutureTask<Void>> workers = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      var worker =
          new FutureTask<Void>(() -> {
            compareBatches(program, first);
            return null;
          });
      workers.add(worker);
      new Thread(null, worker, "modules-" + i, STACK_BYTES).start();
    }
    for (FutureTask<Void> worker : workers) {
      worker.get();
    }

    System.out.println(compared + " modules compared; not compared: " + refusals);
    assertThat(differences).isEmpty();
    assertThat(compared.get()).isGreaterThan(MODULES / 2);
  }

  private static Path build() throws IOException, InterruptedException {
    Process cargo =
        new ProcessBuilder(
                "cargo", "build", "--release", "--locked", "--target-dir", TARGET.toString())
            .directory(PROJECT.toFile())
            .redirectOutput(Redirect.INHERIT)
            .redirectError(Redirect.INHERIT)
            .start();
    assertThat(cargo.waitFor()).as("exit code of cargo build").isZero();
    return TARGET.resolve("release/modules");
  }

  private void compareBatches(Path program, long first) throws IOException {
    int from;
    while ((from = batches.getAndIncrement() * BATCH) < MODULES
        && differences.size() < MOST_DIFFERENCES) {
      compareBatch(program, first + from, Math.min(BATCH, MODULES - from));
      System.out.println(compared + " modules compared, " + differences.size() + " differences");
    }
  }

  private void compareBatch(Path program, long first, int count) throws IOException {
    try (var outside = new OutsideEngine(program)) {
      compareBatch(program, outside, first, count);
    }
  }

  private void compareBatch(Path program, OutsideEngine outside, long first, int count)
      throws IOException {
    Process process =
        new ProcessBuilder(program.toString(), String.valueOf(first), String.valueOf(count))
            .redirectError(Redirect.INHERIT)
            .start();
    try (var in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16))) {
      while (differences.size() < MOST_DIFFERENCES) {
        long seed = in.readLong();
        int fuelGlobal = in.readInt();
        byte[] wasm = in.readNBytes(in.readInt());
        String difference = difference(wasm, fuelGlobal, seed, outside);
        if (difference != null) {
          System.out.println(difference);
          differences.add(difference);
        }
      }
    } catch (EOFException end) {
      // That was the last module.
    } finally {
      process.destroy();
    }
  }

  private @Nullable String difference(
      byte[] wasm, int fuelGlobal, long seed, OutsideEngine outside) {
    int number = (int) Math.floorMod(seed, 1_000L);
    try {
      var comparison = new ModuleComparison(wasm, fuelGlobal, seed);
      String difference =
          comparison.firstDifference(Variant.of(number % 2), Variant.of(2 + number % 8).metered());
      if (difference == null) {
        difference = wasmiDifference(comparison, outside, number);
      }
      compared.incrementAndGet();
      return difference == null ? null : "seed " + seed + ", " + difference;
    } catch (ModuleRejectedException e) {
      if (e.reason() == ModuleRejectedException.Reason.TOO_LARGE) {
        refuse("larger than a limit");
        return null;
      }
      if (String.valueOf(e.getMessage()).contains("(exnref)")) {
        refuse("exceptions in a table or in other exceptions");
        return null;
      }
      return "seed " + seed + ": " + e;
    } catch (InvalidException e) {
      refuse("the interpreter says: " + e.getMessage());
      return null;
    } catch (RuntimeException | LinkageError e) {
      return "seed " + seed + ": " + e;
    }
  }

  private @Nullable String wasmiDifference(
      ModuleComparison comparison, OutsideEngine outside, int number) {
    try {
      return comparison.firstDifference(outside, Variant.of(number % 10));
    } catch (OutsideEngine.Refused e) {
      refuse(
          "wasmi says: "
              + Objects.requireNonNull(e.getMessage()).replaceAll("\\(?(at )?offset.*", ""));
      return null;
    }
  }

  private void refuse(String reason) {
    synchronized (refusals) {
      refusals.merge(reason, 1, Integer::sum);
    }
  }
}
