package io.gonext.cli.admin;

import io.gonext.cli.output.JsonFile;
import io.gonext.engine.PlainText;
import io.gonext.host.Host;
import io.gonext.host.json.InvalidJsonException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a host says of itself, without secrets, as the files of a ZIP that a person can read. What
 * the host did not give is named.
 */
final class SupportBundle {
  private static final int AUDIT_ROWS = 1000;

  /** Plugins whose own files are in the bundle. */
  private static final int MAX_PLUGINS = 200;

  /** Of one file. */
  private static final int MAX_CHARS = 8 * 1024 * 1024;

  private record Part(String file, String about, byte[] bytes) {}

  private record Missing(String file, String reason) {}

  private final AdminClient host;
  private final Redaction redaction;
  private final Instant now;
  private final List<Part> parts = new ArrayList<>();
  private final List<Missing> missing = new ArrayList<>();

  private SupportBundle(AdminClient host, Redaction redaction, Instant now) {
    this.host = host;
    this.redaction = redaction;
    this.now = now;
  }

  /** Reads a part from the host. */
  @FunctionalInterface
  private interface Source<R> {
    R read() throws InterruptedException, InvalidJsonException;
  }

  /**
   * Asks a host for everything.
   *
   * @throws AdminException when no host answers, or it does not take the token
   */
  static SupportBundle gather(
      AdminClient host, Redaction redaction, boolean withPluginLogs, Instant now)
      throws InterruptedException {
    // Whoever cannot read this can read nothing.
    host.host();
    SupportBundle bundle = new SupportBundle(host, redaction, now);
    bundle.json(
        "host.json",
        "versions, the JVM, and how the host was started",
        () -> host.get("/api/v1/diagnostics"));
    bundle.text(
        "readiness.txt", "the answer of /readyz, with its status", () -> host.text("/readyz"));
    bundle.text(
        "metrics.txt", "all metrics, in the format of Prometheus", () -> host.text("/metrics"));
    bundle.text(
        "compile-cache.txt",
        "the metrics of the cache of compiled modules",
        () ->
            host.text("/metrics")
                .lines()
                .filter(line -> line.contains("compile"))
                .collect(Collectors.joining("\n", "", "\n")));
    bundle.text(
        "threads.txt",
        "what all threads did",
        () -> host.get("/api/v1/diagnostics/threads").path("dump").asString(""));
    bundle.text(
        "log.txt",
        "the last lines of the log of the host",
        () -> lines(host.get("/api/v1/diagnostics/log")));
    bundle.json("log-levels.json", "the levels of the log", () -> host.get("/api/v1/log-levels"));
    bundle.json(
        "audit.json",
        "the newest rows of the audit log",
        () -> withoutValues(host.audit(AUDIT_ROWS)));
    bundle.json("functions.json", "the functions that the application offers", host::functions);
    bundle.plugins(withPluginLogs);
    return bundle;
  }

  private void plugins(boolean withLogs) throws InterruptedException {
    JsonNode all = JsonNodeFactory.instance.objectNode();
    try {
      all = host.get("/api/v1/plugins");
      add("plugins.json", "the installed plugins", JsonFile.bytes(redaction.json(all)));
    } catch (AdminException e) {
      missing.add(new Missing("plugins.json", reason(e)));
    }
    int number = 0;
    for (JsonNode plugin : all.path("plugins")) {
      String name = plugin.path("name").asString("");
      if (!AdminCommand.isName(name)) {
        continue;
      }
      if (number++ == MAX_PLUGINS) {
        missing.add(
            new Missing("plugins/", "only the first " + MAX_PLUGINS + " plugins have their files"));
        return;
      }
      String path = "/api/v1/plugins/" + name;
      json(
          "plugins/" + name + ".json",
          "versions, health and grants of " + name + ", and which settings it has",
          () -> {
            ObjectNode about = JsonNodeFactory.instance.objectNode();
            about.set("plugin", host.get(path));
            about.set("versions", host.get(path + "/versions").path("versions"));
            about.set("health", host.get(path + "/health"));
            about.set("grants", host.get(path + "/grants"));
            config(path).ifPresent(config -> about.set("config", config));
            return about;
          });
      if (withLogs) {
        text(
            "plugin-logs/" + name + ".txt",
            "the last log lines of " + name,
            () -> {
              StringBuilder text = new StringBuilder();
              for (JsonNode line : host.get(path + "/logs").path("lines")) {
                text.append(line.path("at").asString(""))
                    .append(' ')
                    .append(line.path("level").asString(""))
                    .append(' ')
                    .append(line.path("message").asString(""))
                    .append('\n');
              }
              return text.toString();
            });
      }
    }
  }

  /** The settings of a plugin without their values; empty for a plugin that has none. */
  private Optional<JsonNode> config(String path) throws InterruptedException {
    try {
      return Optional.of(shape(host.get(path + "/config").path("values")));
    } catch (AdminException e) {
      if (e.hasStatus(409) || e.hasStatus(404)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Which settings a configuration has, without their values. */
  static JsonNode shape(JsonNode value) {
    return switch (value) {
      case ObjectNode object -> {
        ObjectNode shape = JsonNodeFactory.instance.objectNode();
        object.properties().forEach(field -> shape.set(field.getKey(), shape(field.getValue())));
        yield shape;
      }
      case ArrayNode array -> JsonNodeFactory.instance.stringNode(array.size() + " elements");
      default ->
          JsonNodeFactory.instance.stringNode(value.getNodeType().name().toLowerCase(Locale.ROOT));
    };
  }

  /** Rows about changed configurations have their values. */
  private static JsonNode withoutValues(JsonNode audit) {
    for (JsonNode row : audit.path("audit")) {
      if (row.path("event").asString("").equals("config")
          && row.path("detail") instanceof ObjectNode detail) {
        for (String values : List.of("old", "new")) {
          if (detail.has(values)) {
            detail.set(values, shape(detail.get(values)));
          }
        }
      }
    }
    return audit;
  }

  private static String lines(JsonNode answer) {
    StringBuilder text = new StringBuilder();
    answer.path("lines").forEach(line -> text.append(line.asString("")).append('\n'));
    return text.toString();
  }

  private void json(String file, String about, Source<JsonNode> source)
      throws InterruptedException {
    try {
      add(file, about, JsonFile.bytes(redaction.json(source.read())));
    } catch (AdminException | InvalidJsonException e) {
      missing.add(new Missing(file, reason(e)));
    }
  }

  private void text(String file, String about, Source<String> source) throws InterruptedException {
    try {
      String text = source.read();
      String cut = text.length() > MAX_CHARS ? text.substring(text.length() - MAX_CHARS) : text;
      add(file, about, redaction.text(cut).getBytes(StandardCharsets.UTF_8));
    } catch (AdminException | InvalidJsonException e) {
      missing.add(new Missing(file, reason(e)));
    }
  }

  private void add(String file, String about, byte[] bytes) {
    parts.add(new Part(file, about, bytes));
  }

  private String reason(Exception e) {
    return PlainText.of(redaction.text(String.valueOf(e.getMessage())), 500);
  }

  /** The names of the files. */
  ArrayNode files() {
    ArrayNode files = JsonNodeFactory.instance.arrayNode();
    parts.forEach(part -> files.add(part.file));
    return files;
  }

  /** What the host did not give, each with its reason. */
  ArrayNode missing() {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    missing.forEach(one -> all.addObject().put("file", one.file).put("reason", one.reason));
    return all;
  }

  /** The ZIP file. Its first file says what the others are. */
  byte[] zip() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      write(zip, "README.txt", readme().getBytes(StandardCharsets.UTF_8));
      for (Part part : parts) {
        write(zip, part.file, part.bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private void write(ZipOutputStream zip, String file, byte[] bytes) throws IOException {
    ZipEntry entry = new ZipEntry(file);
    entry.setTime(now.toEpochMilli());
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }

  private String readme() {
    Map<String, String> files = new LinkedHashMap<>();
    parts.forEach(part -> files.put(part.file, part.about));
    StringBuilder text = new StringBuilder();
    text.append("A support bundle of a GoNext host, made ").append(now).append(" by gonext ");
    text.append(Host.version()).append(".\n\n");
    text.append("Read it before you send it.\n\n");
    text.append(
        "It has no secrets that GoNext knows to be some: no tokens, no passwords, no keys,\n");
    text.append(
        "no values of secrets, and no values of the configurations of plugins. What looks\n");
    text.append("like a secret stands here as ").append(Redaction.HIDDEN);
    text.append(". A plugin can write anything\n");
    text.append(
        "into its log lines, and GoNext cannot know what of that is secret. To leave them\n");
    text.append("out: gonext support-bundle --no-plugin-logs\n\nFiles:\n\n");
    files.forEach(
        (file, about) -> text.append("  ").append(file).append("  ").append(about).append('\n'));
    if (!missing.isEmpty()) {
      text.append("\nWhat the host did not give:\n\n");
      missing.forEach(
          one -> text.append("  ").append(one.file).append("  ").append(one.reason).append('\n'));
    }
    return text.toString();
  }
}
