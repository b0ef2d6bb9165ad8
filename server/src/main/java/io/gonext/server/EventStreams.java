package io.gonext.server;

import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.http.sse.SseClient;
import io.javalin.http.sse.SseHandler;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Streams of server-sent events of one kind, of which so many are open at once. A further client is
 * refused before its stream begins.
 *
 * <p>Thread-safe.
 */
final class EventStreams {
  static final int MAX = 32;

  private final String what;
  private final Semaphore free = new Semaphore(MAX);

  /**
   * @param what the events, in the plural, for the sentence of a refusal
   */
  EventStreams(String what) {
    this.what = what;
  }

  /**
   * Answers with a stream. Whatever else is to be refused is refused before this: its first bytes
   * are the status 200.
   *
   * @param sender sends until the client has gone, and closes it
   */
  void open(Context ctx, Consumer<SseClient> sender) {
    if (ctx.req().getAttribute(RequestRules.HEAD) != null) {
      // The answer to HEAD ends after the headers.
      ctx.contentType("text/event-stream");
      return;
    }
    if (!free.tryAcquire()) {
      ctx.header("Retry-After", "10");
      throw new Problem(
          HttpStatus.SERVICE_UNAVAILABLE,
          "this host serves " + MAX + " streams of " + what + ", which is the most");
    }
    // The handler returns when the stream has begun.
    AtomicBoolean held = new AtomicBoolean(true);
    boolean began = false;
    try {
      new SseHandler(
              client -> {
                try {
                  sender.accept(client);
                } finally {
                  release(held);
                }
              })
          .handle(ctx);
      began = true;
    } finally {
      if (!began) {
        release(held);
      }
    }
  }

  private void release(AtomicBoolean held) {
    if (held.getAndSet(false)) {
      free.release();
    }
  }
}
