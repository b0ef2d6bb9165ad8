package io.gonext.cli.kit;

import io.gonext.cli.build.ProjectBuild;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.Sizes;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin build}: builds a module from sources. */
@Command(
    name = "build",
    description = "Build the module of a project, with the toolchain of its language.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin build .                       writes build/plugin.wasm",
      "  gonext plugin build --lang tinygo my-plugin not with Go, which has go.mod too",
      "",
      "To use a tool that is not the first on PATH, set GONEXT_CARGO=/usr/bin/cargo,",
      "GONEXT_GO, GONEXT_TINYGO, GONEXT_NPX or GONEXT_MAKE.",
      KitCommand.EXIT_CODES
    })
final class BuildCommand extends KitCommand {
  @Parameters(
      paramLabel = "PROJECT",
      arity = "0..1",
      defaultValue = ".",
      description = "Directory of the plugin's project (default: this directory).")
  private Path project;

  @Option(
      names = "--lang",
      paramLabel = "LANGUAGE",
      defaultValue = "auto",
      description = "auto, go, tinygo, rust, assemblyscript or c (default: ${DEFAULT-VALUE}).")
  private String language;

  @Override
  Answer answer() throws InterruptedException {
    ProjectBuild build = ProjectBuild.of(project, language);
    note(build.language() + ", " + build.tool() + ": " + build.command());
    ProjectBuild.Built built = build.run(this::note);
    double seconds = built.took().toMillis() / 1e3;
    return new Answer(
        ExitCode.OK,
        List.of(
            String.format(
                Locale.ROOT,
                "ok  %s, %s, built in %.1f s",
                built.path(),
                Sizes.text(built.wasm().length),
                seconds)),
        JsonLines.fields(
            "language",
            build.language(),
            "tool",
            build.tool(),
            "path",
            built.path(),
            "bytes",
            built.wasm().length,
            "ms",
            built.took().toMillis()));
  }
}
