package io.gonext.server;

import io.javalin.http.Context;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.component.Graceful;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends connections whose clients take too long, and all of them when the server stops.
 *
 * <p>Jetty's idle timeout begins anew with each byte, so that a client which trickles would stay
 * for ever. Here a request's headers have a time, counted from the connection's opening or from the
 * end of the answer before, and its body has the same time again, with the extensions of its chunks
 * and its trailers. What is late is found within a quarter of that time. Late headers end the
 * connection; a late body fails the reading of it.
 *
 * <p>A server that stops takes no new connections and says {@code Connection: close} in each
 * answer. A connection that is kept open between two requests is closed only after a grace, since
 * its client may have sent a request before it could learn that the server stops.
 */
final class Connections extends Handler.Wrapper implements Connection.Listener, Graceful {
  private static final Logger log = LoggerFactory.getLogger(Connections.class);

  private static final String ATTRIBUTE = Connections.class.getName();

  /** How often a server that stops looks for connections that have become idle. */
  private static final Duration CLOSING_ROUND = Duration.ofMillis(20);

  private final Duration limit;
  private final Duration grace;

  /** Open connections. */
  private final Map<Connection, Watched> connections = new ConcurrentHashMap<>();

  /** Written by the thread that starts and stops the server. */
  private volatile @Nullable Thread sweeper;

  private volatile @Nullable Thread closer;
  private volatile boolean closing;
  private volatile boolean stopping;

  /** Looks that failed. */
  private final Counter failures;

  /**
   * @param limit how long headers may take, and a body
   * @param grace how long a kept connection waits for a last request when the server stops
   */
  Connections(Duration limit, Duration grace, MeterRegistry meters) {
    this.limit = limit;
    this.grace = grace;
    this.failures =
        Counter.builder("gonext.server.slow.clients.failures")
            .description(
                "Looks for clients that are too slow that failed, each followed by another")
            .register(meters);
  }

  private enum Phase {
    /** Nothing of the next request has come, or not all of its headers. */
    HEADERS,
    BODY,
    /** The server's turn: nothing is waited for. */
    ANSWER
  }

  /** One connection. */
  private static final class Watched {
    /** What the server waits for and since when, on {@link System#nanoTime}. */
    private record Wait(Phase phase, long sinceNanos) {}

    private volatile Wait wait = new Wait(Phase.HEADERS, System.nanoTime());

    void enter(Phase phase) {
      wait = new Wait(phase, System.nanoTime());
    }
  }

  /** The client's time for the body begins: what reads it is told when the time is over. */
  static void bodyBegins(Context ctx) {
    enter(ctx, Phase.BODY);
  }

  /** The body has been read, or given up. */
  static void bodyEnds(Context ctx) {
    enter(ctx, Phase.ANSWER);
  }

  private static void enter(Context ctx, Phase phase) {
    if (ctx.req().getAttribute(ATTRIBUTE) instanceof Watched watched) {
      watched.enter(phase);
    }
  }

  @Override
  protected void doStart() throws Exception {
    for (Connector connector : getServer().getConnectors()) {
      connector.addEventListener(this);
      if (connector instanceof AbstractConnector known) {
        // It would close what has been idle for longer at once, without any grace.
        known.setShutdownIdleTimeout(-1);
      }
    }
    sweeper = Thread.ofPlatform().daemon().name("gonext-slow-clients").start(this::sweep);
    super.doStart();
  }

  @Override
  protected void doStop() throws Exception {
    super.doStop();
    stopping = true;
    for (Thread thread : new @Nullable Thread[] {sweeper, closer}) {
      if (thread != null) {
        thread.interrupt();
      }
    }
  }

  @Override
  public CompletableFuture<Void> shutdown() {
    closing = true;
    closer = Thread.ofVirtual().name("gonext-closing").start(this::closeIdle);
    // The connectors tell when the last connection has gone.
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public boolean isShutdown() {
    return closing;
  }

  @Override
  public void onOpened(Connection connection) {
    connections.put(connection, new Watched());
  }

  @Override
  public void onClosed(Connection connection) {
    connections.remove(connection);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    if (closing) {
      response.getHeaders().put("Connection", "close");
    }
    Watched watched = connections.get(request.getConnectionMetaData().getConnection());
    if (watched != null) {
      watched.enter(Phase.ANSWER);
      request.setAttribute(ATTRIBUTE, watched);
      Request.addCompletionListener(request, failure -> watched.enter(Phase.HEADERS));
    }
    return super.handle(request, response, callback);
  }

  private void sweep() {
    while (!stopping) {
      try {
        Thread.sleep(limit.dividedBy(4));
        connections.forEach(this::endIfLateOrSay);
      } catch (InterruptedException e) {
        // The server has stopped, or someone is mistaken.
      } catch (Throwable e) {
        failed(e);
      }
    }
  }

  private void endIfLateOrSay(Connection connection, Watched watched) {
    try {
      endIfLate(connection, watched);
    } catch (RuntimeException | Error e) {
      // The others are late all the same.
      failed(e);
    }
  }

  /** Were the thread to end, so would all deadlines of headers and bodies. */
  private void failed(Throwable failure) {
    failures.increment();
    try {
      log.warn("a look for slow clients failed, another follows: {}", failure.toString());
    } catch (OutOfMemoryError e) {
      // It is counted.
      failures.increment(0);
    }
  }

  /** Whether slow clients are looked for. */
  boolean isWatched() {
    Thread running = sweeper;
    return running != null && running.isAlive();
  }

  private void endIfLate(Connection connection, Watched watched) {
    Watched.Wait wait = watched.wait;
    long waited = System.nanoTime() - wait.sinceNanos();
    if (wait.phase() == Phase.ANSWER || waited <= limit.toNanos()) {
      return;
    }
    // A reader that did not notice is not waited for twice.
    if (wait.phase() == Phase.HEADERS || waited > limit.multipliedBy(2).toNanos()) {
      connection.getEndPoint().close();
    } else {
      connection.onIdleExpired(
          new TimeoutException("the body did not arrive within " + limit.toMillis() + " ms"));
    }
  }

  private void closeIdle() {
    try {
      Thread.sleep(grace);
      while (!connections.isEmpty()) {
        connections.forEach((connection, watched) -> {
          if (watched.wait.phase() == Phase.HEADERS) {
            connection.getEndPoint().close();
          }
        });
        Thread.sleep(CLOSING_ROUND);
      }
    } catch (InterruptedException e) {
      // The server has stopped with what was still open.
      Thread.currentThread().interrupt();
    }
  }
}
