package io.gonext.cli.kit;

import java.util.List;

/** The commands below {@code gonext plugin}, without {@code dev}. */
public final class PluginCommands {
  /** In the order of the help. */
  public static final List<Class<?>> ALL =
      List.of(
          InitCommand.class,
          BuildCommand.class,
          CheckCommand.class,
          CallCommand.class,
          TestCommand.class,
          FuzzCommand.class,
          ProfileCommand.class,
          BenchCommand.class,
          MemCommand.class,
          PackCommand.class,
          DiffCommand.class,
          KeygenCommand.class,
          SignCommand.class,
          VerifyCommand.class,
          PushCommand.class,
          PullCommand.class,
          TagsCommand.class,
          CopyCommand.class);

  private PluginCommands() {}
}
