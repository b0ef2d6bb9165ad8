package io.gonext.cli.kit;

import picocli.CommandLine;

/** The commands below {@code gonext plugin}, without {@code dev}. */
public final class PluginCommands {
  private PluginCommands() {}

  /** Adds them to {@code gonext plugin}. */
  public static CommandLine addTo(CommandLine plugin) {
    return plugin
        .addSubcommand(new InitCommand())
        .addSubcommand(new BuildCommand())
        .addSubcommand(new CheckCommand())
        .addSubcommand(new CallCommand())
        .addSubcommand(new TestCommand())
        .addSubcommand(new FuzzCommand())
        .addSubcommand(new ProfileCommand())
        .addSubcommand(new BenchCommand())
        .addSubcommand(new MemCommand())
        .addSubcommand(new PackCommand())
        .addSubcommand(new DiffCommand())
        .addSubcommand(new KeygenCommand())
        .addSubcommand(new SignCommand())
        .addSubcommand(new VerifyCommand())
        .addSubcommand(new PushCommand())
        .addSubcommand(new PullCommand())
        .addSubcommand(new TagsCommand())
        .addSubcommand(new CopyCommand());
  }
}
