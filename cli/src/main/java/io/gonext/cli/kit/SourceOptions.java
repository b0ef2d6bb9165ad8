package io.gonext.cli.kit;

import io.gonext.cli.output.OptionPairs;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of commands that may build a project first. */
final class SourceOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--lang",
      paramLabel = "LANGUAGE",
      defaultValue = "auto",
      description = "auto, go, tinygo, rust, assemblyscript or c (default: ${DEFAULT-VALUE}).")
  private String language;

  @Option(names = "--no-build", description = "Do not build; use the existing build/plugin.wasm.")
  private boolean noBuild;

  /** Refuses an option that the plugin leaves without effect. */
  void requireFitting(Path plugin) {
    if (Files.isRegularFile(plugin)) {
      OptionPairs.refuseWith(spec, "the bundle " + plugin, "--lang", "--no-build");
    } else if (noBuild) {
      OptionPairs.refuseWith(spec, "--no-build", "--lang");
    }
  }

  String language() {
    return language;
  }

  boolean builds() {
    return !noBuild;
  }
}
