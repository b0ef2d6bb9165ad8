package io.gonext.cli;

import io.gonext.cli.dev.DevCommand;
import io.gonext.cli.kit.CompletionCommand;
import io.gonext.cli.kit.DoctorCommand;
import io.gonext.cli.kit.PluginCommands;
import io.gonext.cli.log.ProcessLog;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;

/** The entry point of the {@code gonext} command. */
public final class Main {
  /** The number of carrier threads; the JVM reads it when the first virtual thread starts. */
  private static final String CARRIERS = "jdk.virtualThreadScheduler.parallelism";

  /**
   * Four plugins have as many instances by default: so many calls can hang without blocking others.
   */
  private static final int SPARE_CARRIERS = 32;

  private Main() {}

  /** Runs the command line and ends the JVM with its exit code. */
  public static void main(String[] args) {
    // A guest that computes never yields its carrier thread. The default is one carrier for each
    // processor, so two hanging calls could block all other requests until their deadlines. With
    // more carriers the operating system shares the processors.
    if (System.getProperty(CARRIERS) == null) {
      int carriers = Runtime.getRuntime().availableProcessors() + SPARE_CARRIERS;
      System.setProperty(CARRIERS, Integer.toString(carriers));
    }
    // A proxy that asks for a login gets that of HTTPS_PROXY also before a tunnel.
    System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
    ProcessLog.prepare();
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
        // An argument that begins with @ is a value, not the name of a file with arguments.
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(Failures::usage)
        .setExecutionExceptionHandler(Failures::execution)
        .execute(args);
  }

  /** The command with all its subcommands. */
  static CommandLine commandLine() {
    CommandLine plugin =
        PluginCommands.addTo(
            new CommandLine(new PluginCommand())
                .addSubcommand(new DevCommand(EmbeddedHost::start)));
    return new CommandLine(new GoNextCommand())
        .addSubcommand(plugin)
        .addSubcommand(new DoctorCommand())
        .addSubcommand(new CompletionCommand())
        .addSubcommand(new HelpCommand())
        .setCaseInsensitiveEnumValuesAllowed(true);
  }
}
