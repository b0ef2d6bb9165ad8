package io.gonext.cli.kit;

import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gonext completion}: prints a script that completes this command line in a shell. */
@Command(
    name = "completion",
    description = "Print a script for bash or zsh that completes commands and options.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  source <(gonext completion bash)            in ~/.bashrc",
      "  source <(gonext completion zsh)             in ~/.zshrc, after compinit",
      "",
      "Exit codes: 0 done, 2 wrong command line."
    })
public final class CompletionCommand implements Callable<Integer> {
  private enum Shell {
    BASH,
    ZSH
  }

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
  private Shell shell;

  @Override
  public Integer call() {
    CommandSpec root = spec.root();
    String script = AutoComplete.bash(root.name(), root.commandLine());
    // The script works in both shells: under zsh it loads bashcompinit.
    String first = "#!/usr/bin/env " + shell.name().toLowerCase(Locale.ROOT);
    spec.commandLine().getOut().print(script.replaceFirst("^#!.*", first));
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }
}
