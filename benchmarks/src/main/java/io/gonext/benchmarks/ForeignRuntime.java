package io.gonext.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program around another runtime, which runs our modules.
 *
 * @param title its name and version
 * @param program null when it could not be built
 * @param problem why it could not be built
 */
record ForeignRuntime(String title, @Nullable Path program, String problem) {

  /** Builds benchmarks/wasmtime. */
  static ForeignRuntime wasmtime() throws IOException, InterruptedException {
    Path source = Checkout.root().resolve("benchmarks/wasmtime");
    ProgramResult build = ProgramResult.run(source, List.of(source.resolve("build").toString()));
    return build.succeeded()
        ? new ForeignRuntime(build.output(), Checkout.target("wasmtime/on-wasmtime"), "")
        : new ForeignRuntime("wasmtime", null, build.shortError());
  }

  /** Builds benchmarks/go/wazero. */
  static ForeignRuntime wazero() throws IOException, InterruptedException {
    Path source = Checkout.root().resolve("benchmarks/go");
    Path program = Checkout.target("go/wazero");
    String problem = GoBuild.program(source, "./wazero", program);
    if (problem != null) {
      return new ForeignRuntime("wazero", null, problem);
    }
    String module =
        ProgramResult.run(source, List.of("go", "list", "-m", "github.com/tetratelabs/wazero"))
            .requireOutput();
    String version = module.substring(module.indexOf(' ') + 1);
    return new ForeignRuntime("wazero " + version + ", " + GoBuild.version(), program, "");
  }

  /**
   * The command line of a measurement, or null when there is no program.
   *
   * @param words the program's own command
   */
  @Nullable List<String> command(Pace pace, String... words) {
    if (program == null) {
      return null;
    }
    List<String> command = new ArrayList<>();
    command.add(program.toString());
    command.addAll(List.of(words));
    command.addAll(pace.arguments());
    return command;
  }

  /** The nanoseconds of a run, or NaN when there is no program. */
  double nanos(Pace pace, String... words) throws IOException, InterruptedException {
    List<String> command = command(pace, words);
    return command == null
        ? Double.NaN
        : KernelTimes.of(ProgramResult.run(Checkout.root(), command).requireOutput()).steady();
  }
}
