package io.gonext.server;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections whose next request's headers do not arrive in time. Jetty's idle timeout
 * begins anew with each byte, so that a client which trickles would stay for ever.
 *
 * <p>A connection is late when no request of it has come to {@link #handle} for so long, counted
 * from its opening or from the end of the answer before; it is found within a quarter of the time.
 */
final class HeaderDeadline extends Handler.Wrapper implements Connection.Listener {
  private static final Logger log = LoggerFactory.getLogger(HeaderDeadline.class);

  private final Duration limit;

  /** Open connections. */
  private final Map<Connection, Waiting> connections = new ConcurrentHashMap<>();

  /** Written by the thread that starts and stops the server. */
  private volatile @Nullable Thread sweeper;

  private volatile boolean stopping;

  /** Looks that failed. */
  private final Counter failures;

  HeaderDeadline(Duration limit, MeterRegistry meters) {
    this.limit = limit;
    this.failures =
        Counter.builder("gonext.server.slow.clients.failures")
            .description(
                "Looks for clients that are too slow that failed, each followed by another")
            .register(meters);
  }

  /** What one connection waits for. */
  private static final class Waiting {
    /** Since when, on {@link System#nanoTime}. */
    volatile long sinceNanos = System.nanoTime();

    /** A request is being served: nothing is waited for. */
    volatile boolean busy;
  }

  @Override
  protected void doStart() throws Exception {
    for (Connector connector : getServer().getConnectors()) {
      connector.addEventListener(this);
    }
    sweeper = Thread.ofPlatform().daemon().name("gonext-slow-clients").start(this::sweep);
    super.doStart();
  }

  @Override
  protected void doStop() throws Exception {
    super.doStop();
    stopping = true;
    Thread running = sweeper;
    if (running != null) {
      running.interrupt();
    }
  }

  @Override
  public void onOpened(Connection connection) {
    connections.put(connection, new Waiting());
  }

  @Override
  public void onClosed(Connection connection) {
    connections.remove(connection);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    Waiting waiting = connections.get(request.getConnectionMetaData().getConnection());
    if (waiting != null) {
      waiting.busy = true;
      Request.addCompletionListener(
          request,
          failure -> {
            waiting.sinceNanos = System.nanoTime();
            waiting.busy = false;
          });
    }
    return super.handle(request, response, callback);
  }

  private void sweep() {
    while (!stopping) {
      try {
        Thread.sleep(limit.dividedBy(4));
        closeLate(System.nanoTime());
      } catch (InterruptedException e) {
        // The server has stopped, or someone is mistaken.
      } catch (Throwable e) {
        failed(e);
      }
    }
  }

  private void closeLate(long now) {
    connections.forEach((connection, waiting) -> {
      if (!waiting.busy && now - waiting.sinceNanos > limit.toNanos()) {
        try {
          connection.getEndPoint().close();
        } catch (RuntimeException | Error e) {
          // The others are late all the same.
          failed(e);
        }
      }
    });
  }

  /** Were the thread to end, so would all deadlines of headers. */
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
  boolean isAlive() {
    Thread running = sweeper;
    return running != null && running.isAlive();
  }
}
