package io.gonext.cli;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * How a host was started, for its operators: the options of {@code serve} with their values, except
 * those that may hold a secret.
 */
final class ServeSettings {
  /** Options whose value may hold a password, a token or a key. */
  static final Set<String> WITHHELD = Set.of("--db", "--otlp");

  /** Options that map a name to a file that holds a secret: their names are shown. */
  static final Set<String> NAMES_ONLY = Set.of("--token", "--read-only-token");

  /** All other options. A new one belongs to one of these sets, and a test says so. */
  static final Set<String> SHOWN =
      Set.of(
          "--allow-downgrade",
          "--breaker",
          "--breaker-open",
          "--call-ms",
          "--check",
          "--compile-seconds",
          "--config",
          "--dashboard",
          "--data",
          "--db-file",
          "--dev",
          "--egress-allow",
          "--egress-mode",
          "--egress-rate",
          "--fuel",
          "--host",
          "--instances",
          "--job-takeover-seconds",
          "--job-threads",
          "--jobs-per-minute",
          "--jobs-waiting",
          "--json",
          "--limit",
          "--log-format",
          "--master-key-file",
          "--memory-mb",
          "--migration-seconds",
          "--next-master-key-file",
          "--no-fetch-traceparent",
          "--plugin",
          "--port",
          "--registry",
          "--registry-ca",
          "--registry-mirror",
          "--registry-plain-http",
          "--route-rate",
          "--route-rate-per-client",
          "--start-ms",
          "--trust",
          "--trusted-proxy",
          "--verbose",
          "--verify-resets",
          "--wait-ms",
          "--warm-up");

  private ServeSettings() {}

  /** The settings by option; those that are not set are left out. */
  static Map<String, String> of(CommandSpec serve) {
    Map<String, String> settings = new TreeMap<>();
    for (OptionSpec option : serve.options()) {
      String name = option.longestName();
      Object value = option.getValue();
      boolean isSet =
          value != null
              && !value.equals("")
              && !(value instanceof Collection<?> all && all.isEmpty())
              && !(value instanceof Map<?, ?> map && map.isEmpty());
      if (!isSet) {
        continue;
      }
      if (SHOWN.contains(name)) {
        settings.put(name, text(option));
      } else if (NAMES_ONLY.contains(name) && value instanceof Map<?, ?> map) {
        settings.put(
            name + ", names",
            map.keySet().stream().map(String::valueOf).collect(Collectors.joining(", ")));
      } else if (WITHHELD.contains(name)) {
        settings.put(name, "(set, not shown)");
      }
    }
    return settings;
  }

  /** An option's value as an operator writes it. */
  static String text(OptionSpec option) {
    List<String> given = option.originalStringValues();
    String usual = option.defaultValue();
    if (!given.isEmpty()) {
      return String.join(" ", given);
    }
    Object value = option.getValue();
    // One that comes from a variable is not the text of the value.
    return usual == null || usual.contains("$") ? String.valueOf(value) : usual;
  }
}
