package io.gonext.server;

import io.gonext.host.Host;
import io.gonext.host.LogLine;
import io.gonext.host.json.StrictJson;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.http.sse.SseClient;
import io.javalin.http.sse.SseHandler;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.slf4j.event.Level;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The log lines of a plugin for operators: the last lines, or a stream of server-sent events that
 * begins with them. With {@code Last-Event-ID} a client continues a stream that was interrupted,
 * also after a restart of the host.
 */
final class LogApi {
  private static final int MAX_LINES = 500;

  /** Lines that may wait for a slow client, including the last lines. */
  private static final int WAITING_LINES = 2 * MAX_LINES;

  private final Host host;
  private final Predicate<Context> ends;

  LogApi(Host host, Predicate<Context> ends) {
    this.host = host;
    this.ends = ends;
  }

  /**
   * The lines that a client requests.
   *
   * @param last how many of the lines that exist already
   * @param afterId only lines with a greater ID
   */
  private record Wanted(Level least, int last, Instant since, long afterId) {
    static Wanted of(Context ctx) {
      return new Wanted(level(ctx), last(ctx), since(ctx), lastEventId(ctx));
    }

    private static Level level(Context ctx) {
      String level = ctx.queryParam("level");
      try {
        return level == null ? Level.TRACE : Level.valueOf(level.toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        throw new Problem(
            HttpStatus.BAD_REQUEST, "level must be one of trace, debug, info, warn, error");
      }
    }

    private static int last(Context ctx) {
      String text = ctx.queryParam("last");
      try {
        int last = text == null ? MAX_LINES : Integer.parseInt(text);
        if (last >= 0 && last <= MAX_LINES) {
          return last;
        }
      } catch (NumberFormatException e) {
        // Refused below.
      }
      throw new Problem(HttpStatus.BAD_REQUEST, "last must be a number from 0 to " + MAX_LINES);
    }

    private static Instant since(Context ctx) {
      String text = ctx.queryParam("since");
      try {
        return text == null ? Instant.MIN : Instant.parse(text);
      } catch (DateTimeException e) {
        throw new Problem(
            HttpStatus.BAD_REQUEST, "since must be a time such as 2026-01-31T12:00:00Z");
      }
    }

    /** An ID that is not a number is ignored: the client gets all lines. */
    private static long lastEventId(Context ctx) {
      String text = ctx.header("Last-Event-ID");
      try {
        return text == null ? 0 : Long.parseLong(text);
      } catch (NumberFormatException e) {
        return 0;
      }
    }

    /**
     * Ignores the last event's ID when it is greater than the ID of any line. This happens after
     * the clock of the host was set back.
     */
    Wanted among(List<LogLine> lines) {
      boolean known = !lines.isEmpty() && afterId <= lines.getLast().id();
      return known ? this : new Wanted(least, last, since, 0);
    }

    boolean takes(LogLine line) {
      return line.level().toInt() >= least.toInt()
          && line.id() > afterId
          && !line.at().isBefore(since);
    }

    List<LogLine> lastOf(List<LogLine> lines) {
      List<LogLine> taken = lines.stream().filter(this::takes).toList();
      return taken.subList(Math.max(0, taken.size() - last), taken.size());
    }
  }

  void lines(Context ctx) {
    String plugin = AdminApi.installed(host, ctx);
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    var lines = body.putArray("lines");
    Wanted.of(ctx).lastOf(host.logs().recent(plugin)).forEach(line -> lines.add(view(line)));
    ctx.contentType("application/json").result(StrictJson.write(body));
  }

  void stream(Context ctx) {
    String accept = ctx.header("Accept");
    if (accept == null || !accept.contains("text/event-stream")) {
      throw new Problem(
          HttpStatus.NOT_ACCEPTABLE, "this is a stream: send the header Accept: text/event-stream");
    }
    String plugin = AdminApi.installed(host, ctx);
    // Refuse before the stream begins: its first bytes are the status 200.
    Wanted wanted = Wanted.of(ctx).among(host.logs().recent(plugin));
    if (ctx.req().getAttribute(RequestRules.HEAD) != null) {
      // The answer to HEAD ends after the headers.
      ctx.contentType("text/event-stream");
      return;
    }
    new SseHandler(client -> send(client, plugin, wanted)).handle(ctx);
  }

  private void send(SseClient client, String plugin, Wanted wanted) {
    BlockingQueue<LogLine> waiting = new ArrayBlockingQueue<>(WAITING_LINES);
    AtomicLong dropped = new AtomicLong();
    Runnable stop =
        host.logs()
            .follow(
                plugin,
                line -> {
                  if (wanted.takes(line) && !waiting.offer(line)) {
                    dropped.incrementAndGet();
                  }
                });
    try {
      client.sendComment("connected");
      List<LogLine> before = new ArrayList<>();
      waiting.drainTo(before);
      wanted.lastOf(before).forEach(line -> send(client, line));
      while (!client.terminated() && !ends.test(client.ctx())) {
        LogLine line = waiting.poll(1, TimeUnit.SECONDS);
        if (line == null) {
          client.sendComment("still here"); // fails when the client has gone
          continue;
        }
        send(client, line);
        long lost = dropped.getAndSet(0);
        if (lost > 0) {
          String text = lost + " lines were dropped: the client was too slow";
          send(client, new LogLine(line.id(), line.at(), Level.WARN, text));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      stop.run();
      client.close();
    }
  }

  private static void send(SseClient client, LogLine line) {
    client.sendEvent(
        "message",
        new String(StrictJson.write(view(line)), StandardCharsets.UTF_8),
        Long.toString(line.id()));
  }

  private static ObjectNode view(LogLine line) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("at", line.at().toString())
        .put("level", line.level().name().toLowerCase(Locale.ROOT))
        .put("message", line.text());
  }
}
