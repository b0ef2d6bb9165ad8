package io.gonext.server;

import io.gonext.host.BundleRejectedException;
import io.gonext.host.DevelopResult;
import io.gonext.host.Host;
import io.gonext.host.Secrets;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.BundleFiles;
import io.gonext.host.manifest.ConfigSchema;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.http.sse.SseClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The API for {@code gonext plugin dev}, below {@code /_/plugins/dev}: uploads plugins and follows
 * their logs. A server has it only on request, because anyone who can reach it can run code with
 * all the capabilities that the code requests.
 */
final class DevApi {
  static final String PREFIX = "/_/plugins/dev";

  private static final int MAX_MANIFEST_BYTES = 1024 * 1024;
  private static final int MAX_MODULE_BYTES = 16 * 1024 * 1024;
  private static final int MAX_FILES_BYTES = 8 * 1024 * 1024;
  private static final int MAX_SECRETS_BYTES = 1024 * 1024;

  /** Log lines and failures that may wait for a slow client. */
  private static final int WAITING_EVENTS = 1000;

  /**
   * The default event. A client that ignores the names of events reads every event as a log line.
   */
  private static final String LOG = "log";

  private static final String FAILURE = "failure";

  /** The part with the bundle's other files. */
  private static final String FILES = "files";

  private static final String CONFIG = "config";

  /** The part with values of secrets, by name. */
  private static final String SECRETS = "secrets";

  private final Host host;
  private final Access access;
  private final BooleanSupplier closing;

  DevApi(Host host, Access access, BooleanSupplier closing) {
    this.host = host;
    this.access = access;
    this.closing = closing;
  }

  void addTo(RoutesConfig routes) {
    routes.post(PREFIX + "/install", this::install);
    // Refuse before the stream begins: its first bytes are the status 200.
    routes.before(
        PREFIX + "/logs/{name}",
        ctx -> {
          access.requireDeveloper(ctx);
          if (ctx.req().getAttribute(RequestRules.HEAD) != null) {
            // The answer to HEAD ends after the headers.
            ctx.contentType("text/event-stream").skipRemainingHandlers();
          }
        });
    routes.sse(PREFIX + "/logs/{name}", this::logs);
  }

  private void install(Context ctx) throws IOException, InterruptedException {
    access.requireDeveloper(ctx);
    Map<String, byte[]> parts =
        FormParts.read(
            ctx,
            Map.of(
                "manifest",
                MAX_MANIFEST_BYTES,
                "wasm",
                MAX_MODULE_BYTES,
                FILES,
                MAX_FILES_BYTES,
                CONFIG,
                ConfigSchema.MAX_VALUES_BYTES,
                SECRETS,
                MAX_SECRETS_BYTES));
    byte[] more = parts.get(FILES);
    Map<String, byte[]> secrets = secrets(parts.get(SECRETS));
    DevelopResult result;
    try {
      result =
          host.plugins()
              .develop(
                  FormParts.required(parts, "manifest"),
                  FormParts.required(parts, "wasm"),
                  more == null ? Map.of() : files(more),
                  Optional.ofNullable(parts.get(CONFIG)).map(bytes -> object(CONFIG, bytes)),
                  secrets);
    } finally {
      secrets.values().forEach(value -> Arrays.fill(value, (byte) 0));
    }
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject("plugin").put("name", result.plugin()).put("version", result.version());
    body.put("action", result.action().name().toLowerCase(Locale.ROOT));
    body.put("sha256", result.moduleSha256());
    result.capabilities().forEach(body.putArray("capabilities")::add);
    result.warnings().forEach(body.putArray("warnings")::add);
    body.put("swap_ms", result.took().toNanos() / 1e6);
    body.put("requests_failed", result.failedCalls());
    ctx.contentType("application/json").result(StrictJson.write(body));
  }

  /** The bundle's other files, from a ZIP. */
  private static Map<String, byte[]> files(byte[] zip) {
    BundleFiles read = BundleFiles.read(zip);
    if (!read.problems().isEmpty()) {
      throw BundleRejectedException.of("the part " + FILES, read.problems());
    }
    return read.files();
  }

  private static ObjectNode object(String part, byte[] bytes) {
    try {
      if (StrictJson.parse(bytes) instanceof ObjectNode values) {
        return values;
      }
    } catch (InvalidJsonException e) {
      // A parser's message may quote what it read.
      String why = part.equals(SECRETS) ? "" : ": " + e.getMessage();
      throw new Problem(HttpStatus.BAD_REQUEST, "the part \"" + part + "\" is not JSON" + why);
    }
    throw new Problem(HttpStatus.BAD_REQUEST, "the part \"" + part + "\" is not a JSON object");
  }

  private static Map<String, byte[]> secrets(byte @Nullable [] part) {
    Map<String, byte[]> values = new HashMap<>();
    if (part == null) {
      return values;
    }
    for (Map.Entry<String, JsonNode> entry : object(SECRETS, part).properties()) {
      String value = entry.getValue().asString("");
      if (value.isEmpty() || !entry.getValue().isString()) {
        throw new Problem(
            HttpStatus.BAD_REQUEST,
            "in the part \"secrets\", the value of "
                + entry.getKey()
                + " is not a text, or is empty");
      }
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      if (bytes.length > Secrets.MAX_BYTES) {
        throw new Problem(
            HttpStatus.CONTENT_TOO_LARGE,
            entry.getKey() + ": a secret has at most " + Secrets.MAX_BYTES + " bytes");
      }
      values.put(entry.getKey(), bytes);
    }
    Arrays.fill(part, (byte) 0);
    return values;
  }

  /**
   * Sends the log lines and the failed turns of a plugin as they occur. The plugin need not be
   * installed yet. An event {@code failure} has the fields {@code level} and {@code message} too,
   * like an event {@code log}.
   */
  private void logs(SseClient client) {
    BlockingQueue<Event> waiting = new ArrayBlockingQueue<>(WAITING_EVENTS);
    AtomicLong dropped = new AtomicLong();
    Consumer<Event> offer =
        event -> {
          if (!waiting.offer(event)) {
            dropped.incrementAndGet();
          }
        };
    String plugin = client.ctx().pathParam("name");
    Runnable stopLines =
        host.logs().listen(plugin, (level, line) -> offer.accept(Event.of(level, line)));
    Runnable stopFailures =
        host.health().listenToFailures(plugin, failure -> offer.accept(Event.of(failure)));
    try {
      client.sendComment("connected");
      while (!client.terminated() && !closing.getAsBoolean()) {
        Event event = waiting.poll(1, TimeUnit.SECONDS);
        if (event == null) {
          client.sendComment("still here"); // fails when the client has gone
          continue;
        }
        event.sendTo(client);
        long lost = dropped.getAndSet(0);
        if (lost > 0) {
          Event.of(Level.WARN, lost + " lines were dropped: the client was too slow")
              .sendTo(client);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      stopLines.run();
      stopFailures.run();
      client.close();
    }
  }

  private record Event(String name, ObjectNode data) {
    static Event of(Level level, String line) {
      return new Event(
          LOG,
          JsonNodeFactory.instance
              .objectNode()
              .put("level", level.name().toLowerCase(Locale.ROOT))
              .put("message", line));
    }

    static Event of(TurnFailure failure) {
      ObjectNode data =
          JsonNodeFactory.instance
              .objectNode()
              .put("level", "error")
              .put("message", failure.reason())
              .put("hook", failure.hook())
              .put("code", failure.outcome().name())
              .put("version", failure.version());
      ArrayNode backtrace = data.putArray("backtrace");
      for (TurnFailure.Frame frame : failure.backtrace()) {
        ObjectNode entry = backtrace.addObject().put("function", frame.function());
        if (frame.codeOffset() >= 0) {
          entry.put("offset", frame.codeOffset());
        }
        if (frame.source() != null) {
          entry.put("source", frame.source());
        }
      }
      return new Event(FAILURE, data);
    }

    void sendTo(SseClient client) {
      String text = new String(StrictJson.write(data), StandardCharsets.UTF_8);
      if (name.equals(LOG)) {
        client.sendData(text);
      } else {
        client.sendEvent(name, text);
      }
    }
  }
}
