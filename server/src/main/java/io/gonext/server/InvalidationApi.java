package io.gonext.server;

import io.gonext.host.CacheInvalidation;
import io.gonext.host.CacheInvalidations;
import io.gonext.host.CacheInvalidations.Batch;
import io.gonext.host.Host;
import io.gonext.host.StoreException;
import io.gonext.host.json.StrictJson;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.http.sse.SseClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The cache invalidations of plugins: the newest as JSON, or a stream of server-sent events. The
 * stream begins with an event {@code ready}, whose id is the position where it begins. With {@code
 * Last-Event-ID} a client continues where it stopped; an event {@code missed} says that
 * invalidations in between are no longer kept.
 *
 * <p>A stream reads from the store what its client has not seen, so a slow client takes no memory.
 * A client that takes nothing for the server's idle timeout is disconnected.
 */
final class InvalidationApi {
  static final String PATH = "/api/v1/cache/invalidations";

  private static final int NEWEST = 100;
  private static final int BATCH = 100;

  /**
   * Between the comments of a silent stream; also how soon a stream ends when the server closes.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final CacheInvalidations invalidations;
  private final Predicate<Context> ends;
  private final EventStreams streams = new EventStreams("invalidations");

  InvalidationApi(Host host, Predicate<Context> ends) {
    this.invalidations = host.cacheInvalidations();
    this.ends = ends;
  }

  void get(Context ctx) {
    String accept = ctx.header("Accept");
    Long seen = lastEventId(ctx);
    if (accept != null && accept.contains("text/event-stream")) {
      stream(ctx, seen);
    } else {
      list(ctx);
    }
  }

  private void list(Context ctx) {
    Batch newest = invalidations.after(Math.max(0, invalidations.last() - NEWEST), NEWEST);
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("last", newest.next());
    var all = body.putArray("invalidations");
    newest.invalidations().forEach(invalidation -> all.add(view(invalidation)));
    ctx.contentType("application/json").result(StrictJson.write(body));
  }

  private void stream(Context ctx, @Nullable Long seen) {
    long start = seen == null ? invalidations.last() : seen;
    streams.open(ctx, client -> send(client, start));
  }

  private static @Nullable Long lastEventId(Context ctx) {
    String text = ctx.header("Last-Event-ID");
    try {
      if (text == null) {
        return null;
      }
      long id = Long.parseLong(text);
      if (id >= 0) {
        return id;
      }
    } catch (NumberFormatException e) {
      // Refused below.
    }
    throw new Problem(
        HttpStatus.BAD_REQUEST, "Last-Event-ID must be the id of an event of this stream");
  }

  private void send(SseClient client, long start) {
    try {
      long seen = start;
      client.sendEvent("ready", "{}", Long.toString(seen));
      while (!client.terminated() && !ends.test(client.ctx())) {
        Batch batch = invalidations.after(seen, BATCH);
        if (!batch.complete()) {
          long before =
              batch.invalidations().isEmpty()
                  ? batch.next()
                  : batch.invalidations().getFirst().id() - 1;
          client.sendEvent("missed", "{\"missed\":true}", Long.toString(before));
        }
        for (CacheInvalidation invalidation : batch.invalidations()) {
          client.sendEvent(
              "message",
              new String(StrictJson.write(view(invalidation)), StandardCharsets.UTF_8),
              Long.toString(invalidation.id()));
        }
        seen = batch.next();
        if (!invalidations.await(seen, PATIENCE)) {
          client.sendComment("still here"); // fails when the client has gone
        }
      }
    } catch (StoreException e) {
      // The client connects again, and continues where it stopped.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      client.close();
    }
  }

  private static ObjectNode view(CacheInvalidation invalidation) {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", invalidation.id())
            .put("plugin", invalidation.plugin())
            .put("at", invalidation.at().toString());
    invalidation.tags().forEach(body.putArray("tags")::add);
    return body;
  }
}
