package io.gonext.cli.admin;

import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.PlainWriter;
import io.gonext.host.manifest.Bundle;
import io.gonext.server.AdminToken;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** A command of the operator: it calls the admin API of a running host, and prints the answer. */
abstract class AdminCommand extends OperatorExitCodes implements Callable<Integer> {
  private static final String TOKEN_VARIABLE = "GONEXT_TOKEN";
  private static final String DEFAULT_URL = "http://127.0.0.1:8080";

  @Spec private CommandSpec spec;

  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "${env:GONEXT_URL:-" + DEFAULT_URL + "}",
      description = {
        "The URL of the host (default: $GONEXT_URL, or",
        DEFAULT_URL + ").",
        "Now: ${DEFAULT-VALUE}"
      })
  private String url;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      description = "The host's admin token (default: $GONEXT_TOKEN, or the token in --data).")
  private @Nullable String token;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "gonext-data",
      description = {
        "The host's data directory, to read the token from",
        "(default: ./${DEFAULT-VALUE})."
      })
  private Path data;

  @Option(names = "--json", description = "Print the host's answer as one line of JSON.")
  private boolean json;

  /** Calls the host and returns its answer. */
  abstract JsonNode ask(AdminClient host) throws InterruptedException;

  /** Prints an answer for people. */
  abstract void print(JsonNode answer, PrintWriter out);

  @Override
  public Integer call() throws InterruptedException {
    URI address = address();
    PrintWriter out = spec.commandLine().getOut();
    try (AdminClient host = new AdminClient(address, token())) {
      return run(host, new PlainWriter(out), json ? new JsonLines(out) : null);
    }
  }

  /**
   * Calls the host and prints the answer.
   *
   * @param people where text goes
   * @param lines where JSON goes; null to print text
   * @return the exit code
   */
  int run(AdminClient host, PrintWriter people, @Nullable JsonLines lines)
      throws InterruptedException {
    JsonNode answer = ask(host);
    if (lines == null) {
      print(answer, people);
    } else {
      lines.print(answer);
    }
    return exitCode(answer);
  }

  /** The exit code for an answer that is not a refusal. */
  int exitCode(JsonNode answer) {
    return ExitCode.OK;
  }

  /** The host's URL, without a slash at the end. */
  private URI address() {
    try {
      URI address = new URI((url.isBlank() ? DEFAULT_URL : url.strip()).replaceAll("/+$", ""));
      String scheme = address.getScheme();
      if (address.getHost() != null
          && ("http".equals(scheme) || "https".equals(scheme))
          && address.getRawQuery() == null
          && address.getRawFragment() == null) {
        return address;
      }
    } catch (URISyntaxException e) {
      // Refused below.
    }
    throw new ParameterException(
        spec.commandLine(), "--url (or GONEXT_URL) " + url + ": give it as http://HOST:PORT");
  }

  /** Whether a program reads the output. */
  final boolean wantsJson() {
    return json;
  }

  /** The host's URL, as it is shown. */
  final String url() {
    return address().toString();
  }

  /** The host's data directory. */
  final Path data() {
    return data;
  }

  /** Prints an answer as the command line requests. */
  final void show(JsonNode answer) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      new JsonLines(out).print(answer);
    } else {
      print(answer, new PlainWriter(out));
    }
  }

  private String token() {
    if (token != null) {
      return token;
    }
    String variable = System.getenv(TOKEN_VARIABLE);
    if (variable != null && !variable.isEmpty()) {
      return variable;
    }
    Path file = data.resolve(AdminToken.FILE);
    try {
      return Files.readString(file).strip();
    } catch (NoSuchFileException e) {
      throw new AdminException(
          "no token: give --token or "
              + TOKEN_VARIABLE
              + ", or give the host's data directory with --data ("
              + file
              + " does not exist)");
    } catch (IOException e) {
      throw new AdminException(file + " cannot be read: " + e.getMessage());
    }
  }

  /** Reads a bundle. */
  byte[] read(Path file) {
    // One byte too many is enough for the host to say so.
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(Bundle.MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw new AdminException(file + " does not exist: give the path of a .gnplugin file");
    } catch (IOException e) {
      throw new AdminException(
          Files.isDirectory(file)
              ? file + " is a directory: give a .gnplugin file"
              : file + " cannot be read: " + e.getMessage());
    }
  }

  /** The path of a plugin, below the path of all plugins. */
  static String of(String plugin) {
    if (!isName(plugin)) {
      throw AdminException.usage(
          plugin
              + " is not the name of a plugin: a name has 3 to 41 lower-case letters, digits and"
              + " hyphens, and begins with a letter");
    }
    return "/" + plugin;
  }

  static boolean isName(String plugin) {
    return plugin.matches("[a-z][a-z0-9-]{2,40}");
  }

  /** A plugin in one line: {@code NAME@VERSION STATE}, and the cause of the state, if any. */
  static String line(JsonNode plugin) {
    String cause = plugin.path("cause").asString("");
    return plugin.path("name").asString("")
        + "@"
        + plugin.path("version").asString("")
        + " "
        + plugin.path("state").asString("")
        + (cause.isEmpty() ? "" : ": " + cause);
  }

  static void warnings(JsonNode answer, PrintWriter out) {
    answer.path("warnings").forEach(warning -> out.println("  warning: " + warning.asString("")));
  }
}
