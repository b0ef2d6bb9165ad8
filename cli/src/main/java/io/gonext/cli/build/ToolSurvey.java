package io.gonext.cli.build;

import io.gonext.cli.output.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checks for which languages this machine has a toolchain, by calling the tools. */
public final class ToolSurvey {
  /** Uses the C library, like a plugin in C. */
  private static final String C_SOURCE =
      """
      #include <stdlib.h>
      __attribute__((export_name("p"))) void *p(unsigned n) { return malloc(n); }
      """;

  private final Executables executables;
  private final CommandRunner runner;

  private ToolSurvey(Executables executables, CommandRunner runner) {
    this.executables = executables;
    this.runner = runner;
  }

  /**
   * The result for one language.
   *
   * @param found the tool and its version, or what is missing
   * @param fixes commands that install what is missing, a line each
   */
  public record Finding(String language, boolean isReady, String found, List<String> fixes) {
    public Finding {
      fixes = List.copyOf(fixes);
    }
  }

  /**
   * Checks the tools.
   *
   * @param language as in {@code --lang}; {@code auto} for all
   * @param scratch an empty directory to try tools in
   * @param environment with the PATH to search
   */
  public static List<Finding> take(String language, Path scratch, Map<String, String> environment)
      throws InterruptedException {
    return take(language, scratch, environment, new ProcessRunner());
  }

  static List<Finding> take(
      String language, Path scratch, Map<String, String> environment, CommandRunner runner)
      throws InterruptedException {
    ToolSurvey survey = new ToolSurvey(new Executables(environment), runner);
    @Nullable Language asked = Language.parse(language);
    List<Finding> findings = new ArrayList<>();
    for (Language known : asked == null ? Arrays.asList(Language.values()) : List.of(asked)) {
      findings.add(survey.finding(known, scratch));
    }
    return findings;
  }

  private Finding finding(Language language, Path scratch) throws InterruptedException {
    try {
      return new Finding(language.label(), true, found(language, scratch), List.of());
    } catch (CommandFailure e) {
      return new Finding(language.label(), false, e.getMessage(), e.details());
    }
  }

  private String found(Language language, Path scratch) throws InterruptedException {
    Toolchains toolchains = new Toolchains(executables, runner);
    if (language == Language.ASSEMBLYSCRIPT) {
      // The compiler is a package that each project installs.
      if (executables.find("npx").isEmpty() || executables.find("node").isEmpty()) {
        throw Toolchains.missing("npx", language);
      }
      String node = toolchains.ask(ToolCommand.of(scratch, "node", "--version")).strip();
      return "node " + node + "; the compiler comes with npm install in the project";
    }
    Toolchain toolchain = toolchains.find(scratch, language);
    if (language == Language.C) {
      return toolchain.version() + ", " + clang(scratch);
    }
    return toolchain.version();
  }

  /** Compiles and links a test file: clang may be installed without the C library or the linker. */
  private String clang(Path scratch) throws InterruptedException {
    if (executables.find("clang").isEmpty()) {
      throw Toolchains.missing("clang", Language.C);
    }
    List<String> said = Collections.synchronizedList(new ArrayList<>());
    try {
      Files.writeString(scratch.resolve("try.c"), C_SOURCE);
      int exitCode =
          runner.run(
              ToolCommand.of(
                  scratch,
                  "clang",
                  "--target=wasm32-wasi",
                  "--sysroot=" + executables.variableValue("WASI_SYSROOT").orElse("/usr"),
                  "-mexec-model=reactor",
                  "-o",
                  "try.wasm",
                  "try.c"),
              said::add);
      if (exitCode == 0) {
        return "clang links for wasm32-wasi";
      }
    } catch (IOException e) {
      said.add(CommandFailure.reason(e));
    }
    List<String> fixes = new ArrayList<>(Toolchains.missing("clang", Language.C).details());
    fixes.add("or use another WASI SDK: WASI_SYSROOT=/path/to/share/wasi-sysroot");
    throw new CommandFailure(
        CommandFailure.Kind.TOOLCHAIN,
        "clang does not link for wasm32-wasi"
            + (said.isEmpty() ? "" : ": " + List.copyOf(said).getFirst()),
        fixes);
  }
}
