package io.gonext.server;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.gonext.host.Host;
import io.gonext.host.json.StrictJson;
import io.gonext.server.AdminApi.Endpoint;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.lang.management.RuntimeMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What helps to find out why a host behaves as it does: versions, settings, the JVM, the last lines
 * of the log, and what all threads do. It has no secrets: of system properties and environment
 * variables it has the names only.
 */
final class DiagnosticsApi {
  private static final String PATH = "/api/v1/diagnostics";

  /** A host with many virtual threads has a long dump; its rest is left out. */
  private static final int MAX_DUMP_BYTES = 8 * 1024 * 1024;

  private final ServerConfig config;

  /** How the host was started, with what was changed since then. */
  private volatile Map<String, String> settings;

  DiagnosticsApi(ServerConfig config) {
    this.config = config;
    this.settings = config.settings();
  }

  void change(Map<String, String> next) {
    settings = next;
  }

  List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(HandlerType.GET, PATH, this::show),
        new Endpoint(HandlerType.GET, PATH + "/threads", DiagnosticsApi::threads),
        new Endpoint(HandlerType.GET, PATH + "/log", this::log));
  }

  private void show(Context ctx) {
    RuntimeMXBean jvm = ManagementFactory.getRuntimeMXBean();
    Runtime runtime = Runtime.getRuntime();
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("version", Host.version());
    body.put("now", Instant.now().toString());
    body.put("started_at", Instant.ofEpochMilli(jvm.getStartTime()).toString());
    body.putObject("java")
        .put("version", Runtime.version().toString())
        .put("vendor", jvm.getVmVendor())
        .put("vm", jvm.getVmName());
    body.putObject("system")
        .put("name", System.getProperty("os.name"))
        .put("version", System.getProperty("os.version"))
        .put("arch", System.getProperty("os.arch"))
        .put("processors", runtime.availableProcessors());
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    body.putObject("heap")
        .put("used_bytes", heap.getUsed())
        .put("committed_bytes", heap.getCommitted())
        .put("max_bytes", heap.getMax());
    ArrayNode collectors = body.putArray("gc");
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      collectors
          .addObject()
          .put("name", collector.getName())
          .put("collections", collector.getCollectionCount())
          .put("millis", collector.getCollectionTime());
    }
    ArrayNode options = body.putArray("jvm_options");
    jvm.getInputArguments().forEach(option -> options.add(shown(option)));
    ArrayNode variables = body.putArray("variables");
    new TreeSet<>(System.getenv().keySet())
        .stream()
            .filter(name -> name.matches("(GONEXT|OTEL|JAVA|JDK)_?.*"))
            .forEach(variables::add);
    body.set("settings", StrictJson.valueOf(settings));
    answer(ctx, body);
  }

  /** An option of the JVM; of a system property, and of an option with a file, only its name. */
  private static String shown(String option) {
    int end = option.indexOf('=');
    return end < 0 || option.matches("-XX:[A-Za-z]+=[0-9]+[kmgKMG]?|--(add|enable)-[a-z-]+=.*")
        ? option
        : option.substring(0, end) + "=...";
  }

  private static void threads(Context ctx) throws IOException {
    Path directory = Files.createTempDirectory("gonext-threads");
    Path file = directory.resolve("dump");
    try {
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
      byte[] dump;
      try (var in = Files.newInputStream(file)) {
        dump = in.readNBytes(MAX_DUMP_BYTES);
      }
      answer(
          ctx,
          JsonNodeFactory.instance
              .objectNode()
              .put("cut", Files.size(file) > dump.length)
              .put("dump", new String(dump, StandardCharsets.UTF_8)));
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(directory);
    }
  }

  private void log(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode lines = body.putArray("lines");
    config.log().ifPresent(log -> log.recentLines().forEach(lines::add));
    answer(ctx, body.put("kept", config.log().isPresent()));
  }

  private static void answer(Context ctx, JsonNode body) {
    ctx.contentType("application/json").result(StrictJson.write(body));
  }
}
