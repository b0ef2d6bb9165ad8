package io.gonext.cli.kit;

import picocli.CommandLine;

/** The author's commands, for the command line that they belong to. */
public final class PluginCommands {
  private PluginCommands() {}

  /** Adds them to {@code gonext plugin}. */
  public static CommandLine addTo(CommandLine plugin) {
    return plugin
        .addSubcommand(new InitCommand())
        .addSubcommand(new BuildCommand())
        .addSubcommand(new CheckCommand())
        .addSubcommand(new CallCommand())
        .addSubcommand(new PackCommand())
        .addSubcommand(new DiffCommand());
  }
}
