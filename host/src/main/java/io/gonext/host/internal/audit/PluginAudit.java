package io.gonext.host.internal.audit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The rows that one version of a plugin causes in the audit log while it serves. An event that
 * repeats, such as a capability denied on each request, is one row a minute. The next row says how
 * many were left out before it, and metrics count them all.
 *
 * <p>Thread-safe.
 */
public final class PluginAudit implements AutoCloseable {
  /** Events of its own that a plugin may have stored in a minute. */
  public static final int EVENTS_PER_MINUTE = 100;

  private static final long MINUTE_NANOS = 60_000_000_000L;
  private static final int MAX_TEXT_LENGTH = 1000;

  private final Sink sink;
  private final MeterRegistry meters;
  private final String plugin;
  private final String version;
  private final LongSupplier nanoTime;

  /** By event and subject: at most as many as there are capabilities and trap codes. */
  private final Map<String, Repeats> repeats = new ConcurrentHashMap<>();

  /** The plugin's own events in the current minute. Guarded by itself. */
  private final Window ownEvents;

  public PluginAudit(
      Sink sink, MeterRegistry meters, String plugin, String version, LongSupplier nanoTime) {
    this.sink = sink;
    this.meters = meters;
    this.plugin = plugin;
    this.version = version;
    this.nanoTime = nanoTime;
    this.ownEvents = new Window(nanoTime.getAsLong());
  }

  /** Where rows go, such as {@link AuditLog#offer}. */
  @FunctionalInterface
  public interface Sink {
    /** Takes a row without waiting. Returns false if the row is lost. */
    boolean offer(String plugin, String version, String event, String actor, JsonNode detail);
  }

  /** The result of an event that a plugin emitted. */
  public enum Emitted {
    QUEUED,
    TOO_MANY,
    LOST
  }

  /** Records a call of a function whose capability the plugin does not have. */
  public void denied(String capability, String function) {
    Counter.builder("gonext.plugin.denied")
        .description("Calls of a capability that the plugin does not have")
        .tag("plugin", plugin)
        .tag("capability", capability)
        .register(meters)
        .increment();
    ObjectNode detail = JsonNodeFactory.instance.objectNode();
    detail.put("capability", capability);
    detail.put("function", function);
    repeated("denied", capability, detail);
  }

  /**
   * Records an HTTP request that did not pass a gate, or would not have passed it.
   *
   * @param gate {@code origin} or {@code address}
   * @param url scheme, host and port
   * @param refused false if the host only observes
   */
  public void fetchBlocked(String gate, String url, boolean refused) {
    Counter.builder("gonext.plugin.fetch.blocked")
        .description("HTTP requests of a plugin that did not pass a gate, or would not have")
        .tag("plugin", plugin)
        .tag("gate", gate)
        .tag("refused", Boolean.toString(refused))
        .register(meters)
        .increment();
    ObjectNode detail = JsonNodeFactory.instance.objectNode();
    detail.put("gate", gate);
    detail.put("origin", cut(url));
    repeated(refused ? "fetch_blocked" : "fetch_observed", gate, detail);
  }

  /** Records that the plugin's tables were brought up to date. */
  public void migrated(int migrations) {
    ObjectNode detail = JsonNodeFactory.instance.objectNode();
    detail.put("migrations", migrations);
    sink.offer(plugin, version, "migrate", "host", detail);
  }

  /** Records a call that ended in a trap. */
  public void trapped(String hook, String code, @Nullable String message) {
    ObjectNode detail = JsonNodeFactory.instance.objectNode();
    detail.put("code", code);
    detail.put("hook", hook);
    if (message != null) {
      detail.put("message", cut(message));
    }
    repeated("trap", code, detail);
  }

  /** Records a call that returned, with an answer that is not valid. */
  public void answeredNonsense(String hook, String why) {
    ObjectNode detail = JsonNodeFactory.instance.objectNode();
    detail.put("hook", hook);
    detail.put("message", cut(why));
    repeated("bad_answer", "", detail);
  }

  /** Records an event of the plugin's own. Its name begins with the plugin's name and a dot. */
  public Emitted emitted(String event, ObjectNode detail) {
    synchronized (ownEvents) {
      if (!ownEvents.take(nanoTime.getAsLong(), EVENTS_PER_MINUTE)) {
        return Emitted.TOO_MANY;
      }
    }
    return sink.offer(plugin, version, event, "plugin", detail) ? Emitted.QUEUED : Emitted.LOST;
  }

  private static String cut(String text) {
    return text.substring(0, Math.min(text.length(), MAX_TEXT_LENGTH));
  }

  /** Writes what was left out since the last rows, because the plugin leaves service. */
  @Override
  public void close() {
    repeats.values().forEach(Repeats::close);
    repeats.clear();
  }

  private void repeated(String event, String subject, ObjectNode detail) {
    repeats
        .computeIfAbsent(event + ":" + subject, key -> new Repeats(event, nanoTime.getAsLong()))
        .happened(detail);
  }

  /** Counts up to a limit in each minute. Not thread-safe. */
  private static final class Window {
    private long begin;
    private int taken;

    Window(long begin) {
      this.begin = begin;
    }

    boolean take(long now, int limit) {
      if (now - begin >= MINUTE_NANOS) {
        begin = now;
        taken = 0;
      }
      if (taken == limit) {
        return false;
      }
      taken++;
      return true;
    }
  }

  /** One event that repeats. */
  private final class Repeats {
    private final String event;
    private final Window rows;

    /** The last event without a row, and how many there were. Guarded by this. */
    private @Nullable ObjectNode last;

    private long leftOut;

    Repeats(String event, long now) {
      this.event = event;
      this.rows = new Window(now);
    }

    synchronized void happened(ObjectNode detail) {
      if (rows.take(nanoTime.getAsLong(), 1)) {
        if (leftOut > 0) {
          detail.put("left_out_before", leftOut);
        }
        leftOut = 0;
        last = null;
        sink.offer(plugin, version, event, "host", detail);
      } else {
        leftOut++;
        last = detail;
      }
    }

    synchronized void close() {
      if (last != null) {
        last.put("left_out_before", leftOut - 1);
        sink.offer(plugin, version, event, "host", last);
      }
    }
  }
}
