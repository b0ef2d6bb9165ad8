package io.gonext.cli.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IllegalFormatException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gonext manual}: what the build of the packages runs to get manual pages. */
@Command(
    name = "manual",
    hidden = true,
    description = "Write a manual page for each command.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext manual man1   gonext.1, gonext-serve.1, gonext-plugin-build.1, ...",
      "",
      "Exit codes: 0 done, 1 failed, 2 wrong command line."
    })
public final class ManualCommand implements Callable<Integer> {
  private static final String SECTION = "1";

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "Directory to write into; it is made.")
  private Path directory;

  @Option(
      names = "--date",
      defaultValue = "",
      paramLabel = "DATE",
      description = "The date at the foot of each page.")
  private String date;

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(directory);
    write(spec.root());
    return ExitCode.OK;
  }

  private void write(CommandSpec command) throws IOException {
    String name = pageName(command);
    Files.writeString(directory.resolve(name + "." + SECTION), page(command, date));
    for (CommandSpec each : shown(command)) {
      write(each);
    }
  }

  /** The page of a command as the macros {@code man} of troff. */
  static String page(CommandSpec command, String date) {
    List<String> lines = new ArrayList<>();
    lines.add(
        ".TH "
            + quoted(pageName(command).toUpperCase(Locale.ROOT))
            + " "
            + SECTION
            + " "
            + quoted(date)
            + " \"GoNext\" \"GoNext\"");
    List<String> about = text(command.usageMessage().description());
    lines.add(".SH NAME");
    String summary = about.isEmpty() ? "" : about.getFirst().replaceFirst("\\.$", "");
    lines.add(escaped(pageName(command)) + " \\- " + escaped(summary));
    lines.add(".SH SYNOPSIS");
    lines.add(".nf");
    Help help = new Help(command, Help.defaultColorScheme(Ansi.OFF));
    help.synopsis(0).lines().map(ManualCommand::line).forEach(lines::add);
    lines.add(".fi");
    if (!about.isEmpty()) {
      lines.add(".SH DESCRIPTION");
      about.forEach(each -> lines.add(line(each)));
    }
    List<PositionalParamSpec> arguments =
        command.positionalParameters().stream().filter(each -> !each.hidden()).toList();
    if (!arguments.isEmpty()) {
      lines.add(".SH ARGUMENTS");
      arguments.forEach(each -> argument(lines, label(each), each));
    }
    List<OptionSpec> options = command.options().stream().filter(each -> !each.hidden()).toList();
    if (!options.isEmpty()) {
      lines.add(".SH OPTIONS");
      options.forEach(each -> argument(lines, label(each), each));
    }
    List<CommandSpec> below = shown(command);
    if (!below.isEmpty()) {
      lines.add(".SH COMMANDS");
      for (CommandSpec each : below) {
        lines.add(".TP");
        lines.add("\\fB" + escaped(pageName(each)) + "\\fR(" + SECTION + ")");
        text(each.usageMessage().description()).stream()
            .limit(1)
            .map(ManualCommand::line)
            .forEach(lines::add);
      }
    }
    List<String> footer = text(command.usageMessage().footer());
    if (!footer.isEmpty()) {
      List<String> heading = text(command.usageMessage().footerHeading());
      String title =
          heading.stream()
              .filter(each -> !each.isBlank())
              .findFirst()
              .orElse("Notes")
              .replace(":", "");
      lines.add(".SH " + quoted(title.toUpperCase(Locale.ROOT)));
      lines.add(".nf");
      footer.forEach(each -> lines.add(line(each)));
      lines.add(".fi");
    }
    CommandSpec above = command.parent();
    if (above != null) {
      lines.add(".SH SEE ALSO");
      lines.add("\\fB" + escaped(pageName(above)) + "\\fR(" + SECTION + ")");
    }
    return String.join("\n", lines) + "\n";
  }

  private static List<CommandSpec> shown(CommandSpec command) {
    return command.subcommands().values().stream()
        .map(each -> each.getCommandSpec())
        .filter(each -> !each.usageMessage().hidden())
        .distinct()
        .toList();
  }

  private static String pageName(CommandSpec command) {
    return command.qualifiedName("-");
  }

  private static void argument(List<String> lines, String label, ArgSpec argument) {
    lines.add(".TP");
    lines.add(label);
    text(argument.description()).forEach(each -> lines.add(line(each)));
  }

  private static String label(PositionalParamSpec argument) {
    return "\\fI" + escaped(argument.paramLabel()) + "\\fR";
  }

  private static String label(OptionSpec option) {
    String names =
        Stream.of(option.names())
            .map(name -> "\\fB" + escaped(name) + "\\fR")
            .collect(Collectors.joining(", "));
    return option.arity().max() == 0
        ? names
        : names + "=\\fI" + escaped(option.paramLabel()) + "\\fR";
  }

  /** The lines of a text of the command line's model, without its markup. */
  private static List<String> text(String... parts) {
    return Stream.of(parts).flatMap(part -> Ansi.OFF.string(formatted(part)).lines()).toList();
  }

  /** As picocli does: what is not a format is shown as it is. */
  private static String formatted(String part) {
    try {
      return part.formatted();
    } catch (IllegalFormatException e) {
      return part;
    }
  }

  private static String quoted(String text) {
    return '"' + escaped(text).replace("\"", "\\(dq") + '"';
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq");
  }

  /** One line of text, which no dot or quote makes a macro. */
  private static String line(String text) {
    String escaped = escaped(text);
    return escaped.startsWith(".") ? "\\&" + escaped : escaped;
  }
}
