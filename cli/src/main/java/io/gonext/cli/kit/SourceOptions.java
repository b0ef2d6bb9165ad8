package io.gonext.cli.kit;

import picocli.CommandLine.Option;

/** The options of commands that may build a project first. */
final class SourceOptions {
  @Option(
      names = "--lang",
      paramLabel = "LANGUAGE",
      defaultValue = "auto",
      description = "auto, go, tinygo, rust, assemblyscript or c (default: ${DEFAULT-VALUE}).")
  private String language;

  @Option(names = "--no-build", description = "Do not build; use the existing build/plugin.wasm.")
  private boolean noBuild;

  String language() {
    return language;
  }

  boolean builds() {
    return !noBuild;
  }
}
