package io.gonext.cli.kit;

import picocli.CommandLine.Option;

/** How a project's directory becomes a plugin. */
final class SourceOptions {
  @Option(
      names = "--lang",
      paramLabel = "LANGUAGE",
      defaultValue = "auto",
      description = "auto, go, tinygo, rust, assemblyscript or c (default: ${DEFAULT-VALUE}).")
  private String language;

  @Option(names = "--no-build", description = "Do not build: take build/plugin.wasm as it is.")
  private boolean noBuild;

  String language() {
    return language;
  }

  boolean builds() {
    return !noBuild;
  }
}
