package io.gonext.server;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
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
 * Closes connections whose clients are too slow, and all connections when the server stops.
 *
 * <p>Each byte restarts Jetty's idle timeout, so a client that sends one byte at a time could stay
 * for ever. Here the headers of a request have a time limit, counted from the opening of the
 * connection or the end of the previous answer. The body has the same limit again, including chunk
 * extensions and trailers. A thread finds late requests within a quarter of the limit. Late headers
 * close the connection; a late body makes its reader fail.
 *
 * <p>A server that stops accepts no new connections, and sends {@code Connection: close} in each
 * answer. It closes idle connections only after a grace time, because a client may have sent a
 * request before it could know that the server stops.
 */
final class Connections extends Handler.Wrapper implements Connection.Listener, Graceful {
  private static final Logger log = LoggerFactory.getLogger(Connections.class);

  private static final String ATTRIBUTE = Connections.class.getName();

  /** How often a server that stops closes idle connections. */
  private static final Duration CLOSING_ROUND = Duration.ofMillis(20);

  private final Duration limit;
  private final Duration grace;
  private final LongSupplier nanoTime;

  /** Open connections. */
  private final Map<Connection, Watched> connections = new ConcurrentHashMap<>();

  /** Written by the thread that starts and stops the server. */
  private volatile @Nullable Thread sweeper;

  private volatile @Nullable Thread closer;
  private volatile boolean closing;
  private volatile boolean stopping;

  /** Checks for slow clients that failed. */
  private final Counter failures;

  /**
   * @param limit the time for headers, and the time for a body
   * @param grace how long an idle connection stays open when the server stops
   * @param nanoTime the clock of the limit
   */
  Connections(Duration limit, Duration grace, LongSupplier nanoTime, MeterRegistry meters) {
    this.limit = limit;
    this.grace = grace;
    this.nanoTime = nanoTime;
    this.failures =
        Counter.builder("gonext.server.slow.clients.failures")
            .description("Checks for slow clients that failed. The next check follows")
            .register(meters);
  }

  private enum Phase {
    /** The server waits for the next request, or for the rest of its headers. */
    HEADERS,
    BODY,
    /** The server handles the request. */
    ANSWER
  }

  private record Wait(Phase phase, long sinceNanos) {}

  /** One connection. */
  private final class Watched {
    /** What the server waits for, and since when. */
    private volatile Wait wait = new Wait(Phase.HEADERS, nanoTime.getAsLong());

    void enter(Phase phase) {
      wait = new Wait(phase, nanoTime.getAsLong());
    }
  }

  /** Starts the time for the body. When it is over, the reader of the body fails. */
  static void bodyBegins(HttpServletRequest request) {
    enter(request, Phase.BODY);
  }

  /** The body was read, or reading it failed. */
  static void bodyEnds(HttpServletRequest request) {
    enter(request, Phase.ANSWER);
  }

  private static void enter(HttpServletRequest request, Phase phase) {
    if (request.getAttribute(ATTRIBUTE) instanceof Watched watched) {
      watched.enter(phase);
    }
  }

  @Override
  protected void doStart() throws Exception {
    for (Connector connector : getServer().getConnectors()) {
      connector.addEventListener(this);
      if (connector instanceof AbstractConnector known) {
        // With a timeout Jetty would close idle connections at once, without the grace time.
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
    // Jetty's connectors wait until the last connection is closed.
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
        connections.forEach(this::checkSafely);
      } catch (InterruptedException e) {
        // The server has stopped; the loop checks that.
      } catch (Throwable e) {
        failed(e);
      }
    }
  }

  private void checkSafely(Connection connection, Watched watched) {
    try {
      endIfLate(connection, watched);
    } catch (RuntimeException | Error e) {
      // Continue with the other connections.
      failed(e);
    }
  }

  /** Keeps the thread alive: without it, headers and bodies have no time limit. */
  private void failed(Throwable failure) {
    try {
      failures.increment();
      log.warn("a check for slow clients failed, the next one follows: {}", failure.toString());
    } catch (Throwable e) {
      // There is no memory left to say so. The next check follows.
    }
  }

  /** Whether the thread that checks for slow clients runs. */
  boolean isWatched() {
    Thread running = sweeper;
    return running != null && running.isAlive();
  }

  private void endIfLate(Connection connection, Watched watched) {
    Wait wait = watched.wait;
    long waited = nanoTime.getAsLong() - wait.sinceNanos();
    if (wait.phase() == Phase.ANSWER || waited <= limit.toNanos()) {
      return;
    }
    // Close the connection also when the reader did not react within another limit.
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
      // The server has stopped, and closed the rest.
      Thread.currentThread().interrupt();
    }
  }
}
