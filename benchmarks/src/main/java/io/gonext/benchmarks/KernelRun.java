package io.gonext.benchmarks;

import io.gonext.benchmarks.GuestRuntime.Guest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A program for a JVM of its own: {@code RUNTIME MODULE INDEX WARM-UP BATCH BATCHES} runs a kernel
 * in one instance of a {@link GuestRuntime} and prints its {@link KernelTimes}.
 */
final class KernelRun {
  private KernelRun() {}

  public static void main(String[] args) throws IOException {
    byte[] wasm = Files.readAllBytes(Path.of(args[1]));
    long index = Long.parseLong(args[2]);
    Pace pace = Pace.of(Arrays.asList(args).subList(3, args.length));
    try (GuestRuntime runtime = GuestRuntime.named(args[0]);
        Guest guest = runtime.compile(wasm).instantiate()) {
      System.out.print(pace.measure(() -> guest.call("compute", index)).lines());
    }
  }

  /** The command line of a run. */
  static List<String> command(
      List<String> jvmArgs, String runtime, Path module, Kernel kernel, Pace pace) {
    List<String> words = JavaProgram.command(jvmArgs, KernelRun.class);
    words.add(runtime);
    words.add(module.toString());
    words.add(Integer.toString(kernel.index()));
    words.addAll(pace.arguments());
    return words;
  }
}
