package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.engine.CompiledGuest.Variant;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmEngineException;
import run.endive.wasm.types.OpCode;

/**
 * Random modules do the same in wasmtime, in Endive's interpreter and compiled by the engine. The
 * Rust program in {@code src/test/rust/modules} writes them and what they do in wasmtime. The
 * property {@code gonext.test.modules} says how many, {@code gonext.test.seed} which ones. Each
 * module is compiled in one way, which its seed decides.
 */
@EnabledIfSystemProperty(named = "gonext.test.modules", matches = "[1-9][0-9]*")
class RandomModulesTest {
  private static final int MODULES = Integer.getInteger("gonext.test.modules", 0);
  private static final int THREADS = Integer.getInteger("gonext.test.threads", 2);
  private static final Path PROJECT = Path.of("src/test/rust/modules");
  private static final Path TARGET = Path.of("target/rust").toAbsolutePath();

  /** The modules of the differences. */
  private static final Path DIFFERENT = Path.of("target/different-modules");

  private static final int MANY = 1_000;
  private static final int BATCH = Math.min(MODULES, MANY);

  /** Further ones are most likely of the same kind. */
  private static final int MOST_DIFFERENCES = 20;

  private static final int STACK_LINES = 12;

  /** The interpreter recurses. */
  private static final long STACK_BYTES = 256L << 20;

  private final AtomicInteger batches = new AtomicInteger();
  private final AtomicInteger read = new AtomicInteger();
  private final AtomicInteger compared = new AtomicInteger();
  private final AtomicInteger interpreted = new AtomicInteger();
  private final Queue<String> differences = new ConcurrentLinkedQueue<>();

  /** How many modules were not compared, or not with Endive, by the reason. */
  private final Map<String, Integer> exceptions = new TreeMap<>();

  private record Sample(
      long seed, int fuelGlobal, int fuel, boolean isMetered, byte[] wasm, byte[] recording) {}

  @Test
  void random_modules_run_as_in_two_other_engines() throws Exception {
    long first = Long.getLong("gonext.test.seed", new SplittableRandom().nextLong(1L << 40));
    System.out.println("random modules from seed " + first);
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

    System.out.println(progress() + "; " + exceptions);
    assertThat(differences).isEmpty();
    if (MODULES >= MANY) {
      assertThat(compared.get()).isGreaterThan(read.get() * 9 / 10);
      assertThat(interpreted.get()).isGreaterThan(read.get() / 2);
    }
  }

  private static Path build() throws IOException, InterruptedException {
    Process cargo;
    try {
      cargo =
          new ProcessBuilder(
                  "cargo", "build", "--release", "--locked", "--target-dir", TARGET.toString())
              .directory(PROJECT.toFile())
              .redirectOutput(Redirect.INHERIT)
              .redirectError(Redirect.INHERIT)
              .start();
    } catch (IOException e) {
      assumeTrue(false, "Rust's cargo is not installed: " + e.getMessage());
      throw e;
    }
    assertThat(cargo.waitFor()).as("exit code of cargo build").isZero();
    return TARGET.resolve("release/modules");
  }

  private void compareBatches(Path program, long first) throws IOException {
    while (compared.get() < MODULES && differences.size() < MOST_DIFFERENCES) {
      compareBatch(program, first + (long) batches.getAndIncrement() * BATCH);
      System.out.println(progress());
    }
  }

  private String progress() {
    return "%d modules compared with wasmtime, %d of them with Endive, %d differences"
        .formatted(compared.get(), interpreted.get(), differences.size());
  }

  private void compareBatch(Path program, long first) throws IOException {
    Process process =
        new ProcessBuilder(program.toString(), String.valueOf(first), String.valueOf(BATCH))
            .redirectError(Redirect.INHERIT)
            .start();
    try (var in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16))) {
      while (differences.size() < MOST_DIFFERENCES) {
        long seed = in.readLong();
        int fuelGlobal = in.readInt();
        int fuel = in.readInt();
        boolean isMetered = in.readBoolean();
        byte[] wasm = in.readNBytes(in.readInt());
        byte[] recording = in.readNBytes(in.readInt());
        read.incrementAndGet();
        compare(new Sample(seed, fuelGlobal, fuel, isMetered, wasm, recording));
      }
    } catch (EOFException end) {
      // That was the last module.
    } finally {
      process.destroy();
    }
  }

  private void compare(Sample sample) throws IOException {
    String difference;
    try {
      difference = difference(sample);
    } catch (RuntimeException | LinkageError e) {
      difference = e + " at " + Arrays.stream(e.getStackTrace()).limit(STACK_LINES).toList();
    }
    if (difference != null) {
      String text = "seed " + sample.seed + ", " + difference;
      System.out.println(text);
      if (convertsFloats(sample.wasm)) {
        except("the bits of a NaN that a conversion made may differ: look at the module");
      } else {
        differences.add(text);
      }
      Files.createDirectories(DIFFERENT);
      Files.write(DIFFERENT.resolve(sample.seed + ".wasm"), sample.wasm);
    }
  }

  private @Nullable String difference(Sample sample) {
    ModuleDefinition module;
    try {
      module = Admission.admit(sample.wasm, EngineLimits.defaults()).definition();
    } catch (ModuleRejectedException e) {
      if (e.reason() == ModuleRejectedException.Reason.TOO_LARGE) {
        except("larger than a limit");
        return null;
      }
      return e.toString();
    }
    var recording =
        new Recording(
            module, sample.fuelGlobal, sample.fuel, mayGrowTables(sample.wasm), sample.recording);
    String refusal = recording.refusal();
    if (refusal != null) {
      except("wasmtime says: " + refusal);
      return null;
    }
    var way = Variant.of((int) Math.floorMod(sample.seed, 10L));
    if (sample.isMetered) {
      way = way.metered();
    }
    String difference = recording.difference(new CompiledGuest(module, way));
    compared.incrementAndGet();
    if (difference == null) {
      interpret(sample, module, recording);
    }
    return difference == null ? null : way + ": " + difference;
  }

  /**
   * Whether the module converts between the two sizes of floats. The generator gives all NaNs of
   * arithmetic the same bits, but not those of these two, and wasmtime and we answer other ones, as
   * the standard allows. The second generator compares them.
   */
  private static boolean convertsFloats(byte[] wasm) {
    // Endive refuses some modules that are valid.
    Parser parser = Parser.builder().withValidation(false).build();
    return Stream.of(
            parser.parse(() -> new ByteArrayInputStream(wasm)).codeSection().functionBodies())
        .flatMap(body -> body.instructions().stream())
        .anyMatch(instruction ->
            instruction.opcode() == OpCode.F32_DEMOTE_F64
                || instruction.opcode() == OpCode.F64_PROMOTE_F32);
  }

  /** Whether the bytes of {@code table.grow} are somewhere in the module. */
  private static boolean mayGrowTables(byte[] wasm) {
    for (int i = 1; i < wasm.length; i++) {
      if (wasm[i - 1] == (byte) 0xFC && wasm[i] == 0x0F) {
        return true;
      }
    }
    return false;
  }

  /** Endive is wrong where it differs from wasmtime and the compiled module does not. */
  private void interpret(Sample sample, ModuleDefinition module, Recording recording) {
    InterpretedGuest guest;
    try {
      guest = new InterpretedGuest(module, Parser.parse(sample.wasm), false);
    } catch (WasmEngineException e) {
      except(
          "Endive does not read it: " + String.valueOf(e.getMessage()).replaceAll("[0-9]+", "N"));
      return;
    }
    if (recording.difference(guest) == null) {
      interpreted.incrementAndGet();
    } else {
      except("Endive differs from wasmtime");
    }
  }

  private void except(String reason) {
    synchronized (exceptions) {
      exceptions.merge(reason, 1, Integer::sum);
    }
  }
}
