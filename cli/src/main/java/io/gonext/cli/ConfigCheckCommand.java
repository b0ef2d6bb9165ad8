package io.gonext.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gonext config check}: what {@code serve --config FILE --check} does. */
@Command(
    name = "check",
    description = "Check the file of 'serve --config'.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext config check /etc/gonext/gonext.yaml",
      "",
      "It checks all options together and the bundles of 'plugin', and starts nothing.",
      "With options of the command line: gonext serve OPTIONS --check. A plugin whose",
      "name is check has its configuration at: gonext config -- check",
      "",
      "Exit codes: 0 a host would take it, 1 a bundle is wrong, 2 anything else is."
    })
final class ConfigCheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "The file, in YAML.")
  private String file;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    List<String> words = new ArrayList<>(List.of("serve", "--config=" + file, "--check"));
    if (json) {
      words.add("--json");
    }
    return Main.run(
        spec.commandLine().getOut(), spec.commandLine().getErr(), words.toArray(String[]::new));
  }
}
