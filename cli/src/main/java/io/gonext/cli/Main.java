package io.gonext.cli;

import io.gonext.cli.admin.ConfigCommand;
import io.gonext.cli.dev.DevCommand;
import io.gonext.cli.kit.CompletionCommand;
import io.gonext.cli.kit.ManualCommand;
import io.gonext.cli.log.ProcessLog;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The entry point of the {@code gonext} command. */
public final class Main {
  /** The number of carrier threads; the JVM reads it when the first virtual thread starts. */
  private static final String CARRIERS = "jdk.virtualThreadScheduler.parallelism";

  /**
   * Four plugins have as many instances by default: so many calls can hang without blocking others.
   */
  private static final int SPARE_CARRIERS = 32;

  /** The subcommand of {@code config}. */
  private static final String CHECK = "check";

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
    CommandLine gonext =
        commandLine(args)
            .setOut(out)
            .setErr(err)
            // An argument that begins with @ is a value, not the name of a file with arguments.
            .setExpandAtFiles(false)
            .setParameterExceptionHandler(Failures::usage)
            .setExecutionExceptionHandler(Failures::execution);
    String[] all;
    try {
      all = ServeFile.addedTo(args, gonext);
    } catch (ParameterException e) {
      return Failures.usage(e, args);
    }
    CommandLine serve = gonext.getSubcommands().get("serve");
    if (serve != null && serve.getCommand() instanceof ServeCommand command) {
      command.startedBy(List.of(args));
    }
    return gonext.execute(all);
  }

  /**
   * The command for these arguments: with the subcommand that they name, or with all subcommands
   * where they name none of them. To read the options of all takes longer than most commands.
   */
  static CommandLine commandLine(String... args) {
    CommandLine gonext = new CommandLine(new GoNextCommand());
    addSubcommands(gonext, GoNextCommand.COMMANDS, List.of(args));
    // These read all others, so they name none above.
    return gonext
        .addSubcommand(new CompletionCommand())
        .addSubcommand(new ManualCommand())
        .addSubcommand(new HelpCommand())
        .setCaseInsensitiveEnumValuesAllowed(true);
  }

  private static void addSubcommands(
      CommandLine command, List<Class<?>> all, List<String> arguments) {
    List<Class<?>> named =
        all.stream()
            .filter(each -> !arguments.isEmpty() && name(each).equals(arguments.getFirst()))
            .toList();
    for (Class<?> each : named.isEmpty() ? all : named) {
      // Alone: the other needs the name of a plugin first.
      boolean checks =
          each == ConfigCommand.class && arguments.size() > 1 && arguments.get(1).equals(CHECK);
      CommandLine below =
          checks
              ? new CommandLine(CommandSpec.create().name(name(each)))
              : new CommandLine(each, Main::instance);
      if (each == PluginCommand.class) {
        addSubcommands(
            below,
            PluginCommand.COMMANDS,
            named.isEmpty() ? List.of() : arguments.subList(1, arguments.size()));
      }
      if (each == ConfigCommand.class && isForCheck(arguments)) {
        below.addSubcommand(new CommandLine(ConfigCheckCommand.class));
      }
      command.addSubcommand(below);
    }
  }

  /** Elsewhere, the word may be the name of a plugin, a key or a value. */
  private static boolean isForCheck(List<String> arguments) {
    return !arguments.contains(CHECK) || arguments.indexOf(CHECK) == 1;
  }

  private static String name(Class<?> command) {
    return command.getAnnotation(Command.class).name();
  }

  private static <T> T instance(Class<T> type) throws Exception {
    return type == DevCommand.class
        ? type.cast(new DevCommand(EmbeddedHost::start))
        : CommandLine.defaultFactory().create(type);
  }
}
