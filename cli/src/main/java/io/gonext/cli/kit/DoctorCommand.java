package io.gonext.cli.kit;

import io.gonext.cli.build.FileEvents;
import io.gonext.cli.build.ToolSurvey;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.TemporaryDirectory;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code gonext doctor}: what is missing on this machine, and how to fix it. */
@Command(
    name = "doctor",
    description = "Check this machine for what plugins need, and say how to fix what is missing.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext doctor                               check everything",
      "  gonext doctor --lang rust                   only Rust; exit code 3 without it",
      "  gonext doctor --json                        for scripts",
      "",
      "Exit codes: 0 ready, 2 wrong command line, 3 no toolchain, or none for --lang."
    })
public final class DoctorCommand extends KitCommand {
  private static final int JAVA = 25;

  /** Editors watch files too: with fewer, too few are left for a project. */
  private static final long WATCHES = 65_536;

  /** Each program that watches files uses at least one. */
  private static final long WATCHERS = 128;

  @Option(
      names = "--lang",
      paramLabel = "LANGUAGE",
      defaultValue = "auto",
      description =
          "Check one language only: go, tinygo, rust, assemblyscript or c (default: all).")
  private String language;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8080",
      description = "Check whether this port is free for a host (default: ${DEFAULT-VALUE}).")
  private int port;

  private final Map<String, String> environment;

  /** The directory with the limits of Linux. */
  private final Path inotify;

  public DoctorCommand() {
    this(System.getenv(), Path.of("/proc/sys/fs/inotify"));
  }

  DoctorCommand(Map<String, String> environment, Path inotify) {
    this.environment = environment;
    this.inotify = inotify;
  }

  /** The result of one check. */
  private record Finding(String what, boolean isGood, String found, List<String> fixes) {}

  @Override
  Answer answer() throws IOException, InterruptedException {
    if (port < 1 || port > 65_535) {
      throw new ParameterException(
          spec().commandLine(), "--port " + port + ": give a number from 1 to 65535");
    }
    List<Finding> findings = new ArrayList<>();
    findings.add(java());
    boolean canBuild = false;
    try (TemporaryDirectory scratch = TemporaryDirectory.create()) {
      for (ToolSurvey.Finding tool : ToolSurvey.take(language, scratch.path(), environment)) {
        canBuild |= tool.isReady();
        findings.add(new Finding(tool.language(), tool.isReady(), tool.found(), tool.fixes()));
      }
    }
    findings.add(port());
    findings.add(watching());
    List<String> text = new ArrayList<>();
    List<Map<String, Object>> fields = new ArrayList<>();
    for (Finding finding : findings) {
      text.add(
          "%-4s %-15s %s".formatted(finding.isGood ? "ok" : "--", finding.what, finding.found));
      finding.fixes.forEach(fix -> text.add("                       " + fix));
      fields.add(
          JsonLines.fields(
              "what",
              finding.what,
              "ok",
              finding.isGood,
              "found",
              finding.found,
              "fixes",
              finding.fixes));
    }
    if (!canBuild) {
      text.add(
          language.equalsIgnoreCase("auto")
              ? "no toolchain for plugins found; install one of them"
              : "no toolchain for " + language + " found");
    }
    return new Answer(
        canBuild ? ExitCode.OK : CommandFailure.Kind.TOOLCHAIN.exitCode(),
        text,
        JsonLines.fields("ready", canBuild, "findings", fields));
  }

  private static Finding java() {
    Runtime.Version version = Runtime.version();
    return version.feature() >= JAVA
        ? new Finding("java", true, version.toString(), List.of())
        : new Finding(
            "java",
            false,
            version + ", which is older than " + JAVA,
            List.of("install JDK 25: https://adoptium.net, or set GONEXT_JAVA_HOME=/path/to/jdk"));
  }

  private Finding port() {
    try (ServerSocket free = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return new Finding("port", true, free.getLocalPort() + " is free", List.of());
    } catch (IOException e) {
      return new Finding(
          "port",
          false,
          port + " is in use, maybe by a running host",
          List.of("use another port: gonext serve --port " + (port % 65_535 + 1)));
    }
  }

  private Finding watching() throws IOException {
    Path here = Path.of("").toAbsolutePath();
    String polled = FileEvents.whyNone(here);
    if (polled != null) {
      return new Finding("file watching", true, "by polling twice a second: " + polled, List.of());
    }
    Long watches = limit("max_user_watches");
    Long watchers = limit("max_user_instances");
    if (watches == null || watchers == null) {
      return new Finding("file watching", true, "by events", List.of());
    }
    String found = "at most " + watches + " directories by " + watchers + " watchers";
    List<String> fixes = new ArrayList<>();
    if (watches < WATCHES) {
      fixes.add("raise it: sudo sysctl fs.inotify.max_user_watches=524288");
    }
    if (watchers < WATCHERS) {
      fixes.add("raise it: sudo sysctl fs.inotify.max_user_instances=512");
    }
    if (fixes.isEmpty()) {
      return new Finding("file watching", true, "by events, " + found, fixes);
    }
    fixes.add("or poll: gonext plugin dev --poll");
    return new Finding("file watching", false, found + ", which is too low", fixes);
  }

  /**
   * A limit of Linux, or null on other systems. These files must be read with one read call: they
   * are empty after the first, and {@link Files#readString} begins by reading a single byte.
   */
  private @Nullable Long limit(String name) {
    try (BufferedReader reader = Files.newBufferedReader(inotify.resolve(name))) {
      return Long.valueOf(String.valueOf(reader.readLine()).strip());
    } catch (IOException | NumberFormatException e) {
      return null;
    }
  }
}
