package io.gonext.cli;

import io.gonext.cli.dev.DevCommand;
import io.gonext.cli.kit.CompletionCommand;
import io.gonext.cli.kit.DoctorCommand;
import io.gonext.cli.kit.PluginCommands;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;

/** Where the {@code gonext} command begins. */
public final class Main {
  /** How many threads run virtual threads; read by the JVM when it starts the first of those. */
  private static final String CARRIERS = "jdk.virtualThreadScheduler.parallelism";

  /** As many as four plugins have instances: so many calls may hang before others wait for them. */
  private static final int SPARE_CARRIERS = 32;

  private Main() {}

  /** Runs the command line and ends the JVM with its exit code. */
  public static void main(String[] args) {
    // A guest that computes never leaves its carrier. With one for each processor, which is the
    // default, two calls that hang would hold up all other requests until their deadlines; with
    // more
    // the operating system shares the processors out.
    if (System.getProperty(CARRIERS) == null) {
      int carriers = Runtime.getRuntime().availableProcessors() + SPARE_CARRIERS;
      System.setProperty(CARRIERS, Integer.toString(carriers));
    }
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int exitCode = run(out, err, args);
    out.flush();
    err.flush();
    System.exit(exitCode);
  }

  /** Runs the command line and returns its exit code. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    return commandLine()
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        // A value that begins with @ is a value, not the name of a file with more arguments.
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(Failures::usage)
        .setExecutionExceptionHandler(Failures::execution)
        .execute(args);
  }

  /** The command with all commands below it. */
  static CommandLine commandLine() {
    CommandLine plugin =
        PluginCommands.addTo(
            new CommandLine(new PluginCommand())
                .addSubcommand(new DevCommand(EmbeddedHost::start)));
    return new CommandLine(new GoNextCommand())
        .addSubcommand(plugin)
        .addSubcommand(new DoctorCommand())
        .addSubcommand(new CompletionCommand())
        .addSubcommand(new HelpCommand());
  }
}
