package io.gonext.dashboard;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Sends the live parts of pages as server-sent events: the whole text of a part whenever it has
 * changed. Each browser tab that is in front holds one connection and one thread.
 *
 * <p>Thread-safe.
 */
final class Live implements AutoCloseable {
  /** The most open streams. */
  static final int MAX_CLIENTS = 32;

  /** How often a part is rendered. */
  static final Duration PERIOD = Duration.ofSeconds(2);

  /** After so many periods without a change, a comment shows whether the client is still there. */
  private static final int QUIET_PERIODS = 5;

  private final Semaphore places = new Semaphore(MAX_CLIENTS);
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Duration period;

  Live(Duration period) {
    this.period = period;
  }

  /** Renders a part of a page. */
  @FunctionalInterface
  interface Source {
    String render() throws Exception;
  }

  /** Sends a part until the client leaves or the dashboard is closed. */
  void send(HttpServletResponse response, Source source) throws Exception {
    if (!places.tryAcquire()) {
      response.setHeader("Retry-After", "10");
      throw new Refusal(
          Refusal.UNAVAILABLE,
          "There are " + MAX_CLIENTS + " live pages already: close one, or reload this page.");
    }
    try {
      // Rendered before the answer begins: a failure is still an answer of its own.
      String text = source.render();
      response.setContentType("text/event-stream; charset=utf-8");
      // For proxies that would collect the events.
      response.setHeader("X-Accel-Buffering", "no");
      OutputStream out = response.getOutputStream();
      write(out, event(text));
      int quiet = 0;
      while (!closing.await(period.toNanos(), TimeUnit.NANOSECONDS)) {
        String next = source.render();
        if (!next.equals(text)) {
          text = next;
          quiet = 0;
          write(out, event(text));
        } else if (++quiet == QUIET_PERIODS) {
          quiet = 0;
          write(out, ": still here\n\n");
        }
      }
      // The client tries again; by then a new process may be there.
      write(out, "event: closing\ndata:\n\n");
    } catch (IOException e) {
      // The client has gone.
    } finally {
      places.release();
    }
  }

  private static String event(String text) {
    StringBuilder event = new StringBuilder(text.length() + 64);
    text.lines().forEach(line -> event.append("data:").append(line).append('\n'));
    return event.append('\n').toString();
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  @Override
  public void close() {
    closing.countDown();
  }
}
