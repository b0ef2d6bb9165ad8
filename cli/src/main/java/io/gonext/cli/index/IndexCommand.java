package io.gonext.cli.index;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code gonext index}: the commands of who publishes an index. */
@Command(
    name = "index",
    description = "Build an index of plugins, and store it in a registry.",
    mixinStandardHelpOptions = true,
    subcommands = {IndexBuildCommand.class, IndexPushCommand.class},
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext index build dist",
      "  gonext index push dist/index.json oci://ghcr.io/acme/index:latest"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed", "2:wrong command line"})
public final class IndexCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no command given");
  }
}
