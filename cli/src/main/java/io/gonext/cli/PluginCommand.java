package io.gonext.cli;

import io.gonext.cli.dev.DevCommand;
import io.gonext.cli.kit.PluginCommands;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code gonext plugin}: the commands of plugin authors. */
@Command(
    name = "plugin",
    description = "Create, build, test, pack and sign plugins.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin dev examples/hello-rust   build and upload, on every save",
      "  gonext plugin pack my-plugin            build, check and write the bundle",
      "",
      "Exit codes: 0 done, 1 failed, 2 wrong command line,",
      "3 a toolchain is missing, 4 no host answers."
    })
final class PluginCommand implements Runnable {
  /** The commands below it, in the order of its help. */
  static final List<Class<?>> COMMANDS =
      Stream.concat(Stream.of(DevCommand.class), PluginCommands.ALL.stream()).toList();

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "no command given; the commands are " + String.join(", ", spec.subcommands().keySet()));
  }
}
