package io.gonext.cli.admin;

import io.gonext.cli.json.JsonLines;
import io.gonext.cli.text.PlainWriter;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** What the operator's commands have in common: which host, as whom, and for whose eyes. */
@Command(
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:the host refused it, or it failed",
      "2:wrong command line",
      "4:no host answers"
    })
abstract class AdminCommand implements Callable<Integer> {
  private static final String TOKEN_VARIABLE = "GONEXT_TOKEN";
  private static final String DEFAULT_URL = "http://127.0.0.1:8080";

  @Spec private CommandSpec spec;

  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "${env:GONEXT_URL:-" + DEFAULT_URL + "}",
      description = {
        "The host to talk to; without it GONEXT_URL, then",
        DEFAULT_URL + ".",
        "Now: ${DEFAULT-VALUE}"
      })
  private String url;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      description = "The host's admin token; without it GONEXT_TOKEN, then the file in --data.")
  private @Nullable String token;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "gonext-data",
      description = {"The host's data directory, for its token (default:", "./${DEFAULT-VALUE})."})
  private Path data;

  @Option(names = "--json", description = "Print the host's answer as it is, one line of JSON.")
  private boolean json;

  /** Asks the host, and returns its answer. */
  abstract JsonNode ask(AdminClient host) throws InterruptedException;

  /** Prints an answer for people. */
  abstract void print(JsonNode answer, PrintWriter out);

  @Override
  public final Integer call() throws InterruptedException {
    URI address = address();
    PrintWriter out = spec.commandLine().getOut();
    try (AdminClient host = new AdminClient(address, token())) {
      return run(host, new PlainWriter(out), json ? new JsonLines(out) : null);
    }
  }

  /**
   * Asks the host and prints the answer.
   *
   * @param lines where it is printed as JSON; null for people
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

  /** What an answer that is no refusal ends the command with. */
  int exitCode(JsonNode answer) {
    return ExitCode.OK;
  }

  /** The host's URL, without a slash at its end. */
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
              + ", or name the host's data directory with --data ("
              + file
              + " does not exist)");
    } catch (IOException e) {
      throw new AdminException(file + " cannot be read: " + e.getMessage());
    }
  }

  /** The bytes of a bundle that is named on the command line. */
  byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new AdminException(file + " does not exist: give the path of a .gnplugin file");
    } catch (IOException e) {
      throw new AdminException(
          Files.isDirectory(file)
              ? file + " is a directory: give the .gnplugin file that was packed from it"
              : file + " cannot be read: " + e.getMessage());
    }
  }

  /** The path of one plugin, below that of all. */
  static String of(String plugin) {
    if (!isName(plugin)) {
      throw new AdminException(
          plugin
              + " is not a plugin's name: lower-case letters, digits and hyphens, 3 to 41 of them");
    }
    return "/" + plugin;
  }

  static boolean isName(String plugin) {
    return plugin.matches("[a-z][a-z0-9-]{2,40}");
  }

  /** A plugin in a line. */
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
