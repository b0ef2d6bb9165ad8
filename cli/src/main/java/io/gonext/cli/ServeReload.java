package io.gonext.cli;

import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.HostException;
import io.gonext.server.HttpServer;
import io.gonext.server.ServerConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads the file of {@code serve --config} again, with the files that it names, and gives the
 * running host what it can change. All of the file is checked first: one that is wrong changes
 * nothing.
 *
 * <p>Thread-safe. One reload runs at a time.
 */
final class ServeReload {
  /**
   * Options that a running host takes over. Of the tokens, their files are read again, too. The
   * trust policy is another file, which the host reads again in any case.
   */
  static final Set<String> ADJUSTABLE =
      Set.of(
          "--egress-allow",
          "--egress-mode",
          "--egress-rate",
          "--jobs-per-minute",
          "--jobs-waiting",
          "--read-only-token",
          "--route-rate",
          "--route-rate-per-client",
          "--token",
          "--trusted-proxy",
          "--verbose");

  private static final Logger log = LoggerFactory.getLogger(ServeReload.class);

  /** The audit log's name for what the host does by itself. */
  private static final String HOST = "host";

  private final Path file;
  private final List<String> arguments;
  private final Path data;
  private final Host host;
  private final HttpServer server;
  private final Events events;

  /** How the host was started. */
  private final CommandSpec started;

  /** What was taken over last. Guarded by this. */
  private CommandSpec applied;

  /**
   * @param arguments that started the host, without those of the file
   * @param started the command that they gave, with those of the file
   * @param data the host's data directory
   */
  ServeReload(
      Path file,
      List<String> arguments,
      CommandSpec started,
      Path data,
      Host host,
      HttpServer server,
      Events events) {
    this.file = file;
    this.arguments = arguments;
    this.started = started;
    this.applied = started;
    this.data = data;
    this.host = host;
    this.server = server;
    this.events = events;
  }

  /** Reloads whenever there are permits, in a thread of its own. */
  void follow(Semaphore signals) {
    Thread.ofPlatform()
        .daemon()
        .name("gonext-reload")
        .start(() -> {
          try {
            while (true) {
              signals.acquire();
              signals.drainPermits();
              reload();
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** Reads the file now. */
  synchronized void reload() {
    try {
      String[] words = arguments.toArray(String[]::new);
      CommandLine gonext = Main.commandLine(words);
      CommandLine.ParseResult parsed =
          gonext.parseArgs(ServeFile.addedTo(words, gonext)).subcommand();
      take(parsed.commandSpec());
    } catch (ParameterException | HostException e) {
      refused(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      log.error("the configuration was not read again", e);
    }
  }

  private void take(CommandSpec next) {
    ServeCommand command = (ServeCommand) next.userObject();
    // All that may be refused, before anything changes.
    HostConfig config = command.hostConfig();
    ServerConfig.Builder tokens = command.adjustableServer(data);
    List<OptionSpec> changed = new ArrayList<>();
    List<String> later = new ArrayList<>();
    for (OptionSpec option : next.options()) {
      String name = option.longestName();
      if (ADJUSTABLE.contains(name)) {
        if (!isSame(applied.findOption(name), option)) {
          changed.add(option);
        }
      } else if (!isSame(started.findOption(name), option)) {
        later.add(name.substring(2));
      }
    }
    host.adjust(config);
    List<String> signedOut = server.adjust(tokens.settings(shown(next)).build());
    if (changed.stream().anyMatch(option -> option.longestName().equals("--verbose"))) {
      server.setLevels(command.levels());
    }
    host.trust().reread();
    CommandSpec before = applied;
    applied = next;
    tell(before, changed, later, signedOut);
  }

  private void tell(
      CommandSpec before, List<OptionSpec> changed, List<String> later, List<String> signedOut) {
    List<String> names = changed.stream().map(option -> option.longestName().substring(2)).toList();
    log.info(
        "read {} again: {}{}",
        file,
        names.isEmpty() ? "no option changed" : "changed " + String.join(", ", names),
        signedOut.isEmpty()
            ? ""
            : "; these tokens are no longer good: " + String.join(", ", signedOut));
    if (!later.isEmpty()) {
      log.warn(
          "these options of {} stay as they were until the host is restarted: {}",
          file,
          String.join(", ", later));
    }
    ObjectNode detail = JsonNodeFactory.instance.objectNode().put("file", file.toString());
    ObjectNode changes = detail.putObject("changed");
    for (OptionSpec option : changed) {
      ObjectNode change = changes.putObject(option.longestName().substring(2));
      if (ServeSettings.SHOWN.contains(option.longestName())) {
        change
            .put("from", ServeSettings.text(before.findOption(option.longestName())))
            .put("to", ServeSettings.text(option));
      }
    }
    add(detail.putArray("after_restart"), later);
    add(detail.putArray("signed_out"), signedOut);
    host.audit().recordedAs(HOST, () -> host.audit().record("", "reload", detail));
    events.tellScripts(
        "reloaded",
        "file",
        file.toString(),
        "changed",
        names,
        "after_restart",
        later,
        "signed_out",
        signedOut);
  }

  private void refused(String why) {
    log.error("the configuration stays as it was: {}", why);
    ObjectNode detail =
        JsonNodeFactory.instance.objectNode().put("file", file.toString()).put("cause", why);
    host.audit().recordedAs(HOST, () -> host.audit().record("", "reload_refused", detail));
    events.tellScripts("reload_failed", "file", file.toString(), "cause", why);
  }

  /** How the host runs now, for its operators. */
  private Map<String, String> shown(CommandSpec next) {
    Map<String, String> settings = new TreeMap<>(ServeSettings.of(started));
    settings.keySet().removeIf(ServeReload::isAdjustable);
    ServeSettings.of(next)
        .forEach((key, value) -> {
          if (isAdjustable(key)) {
            settings.put(key, value);
          }
        });
    return settings;
  }

  /**
   * @param setting an option, or {@code OPTION, names}
   */
  private static boolean isAdjustable(String setting) {
    return ADJUSTABLE.contains(setting.split(",", -1)[0]);
  }

  private static boolean isSame(OptionSpec one, OptionSpec other) {
    Object before = one.getValue();
    Object now = other.getValue();
    return Objects.equals(before, now) || ServeSettings.text(one).equals(ServeSettings.text(other));
  }

  private static void add(ArrayNode array, List<String> texts) {
    texts.forEach(array::add);
  }
}
