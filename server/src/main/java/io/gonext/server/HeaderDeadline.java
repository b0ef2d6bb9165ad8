package io.gonext.server;

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

/**
 * Closes connections whose next request's headers do not arrive in time. Jetty's idle timeout
 * begins anew with each byte, so that a client which trickles would stay for ever.
 *
 * <p>A connection is late when no request of it has come to {@link #handle} for so long, counted
 * from its opening or from the end of the answer before; it is found within a quarter of the time.
 */
final class HeaderDeadline extends Handler.Wrapper implements Connection.Listener {
  private final Duration limit;

  /** Open connections. */
  private final Map<Connection, Waiting> connections = new ConcurrentHashMap<>();

  private @Nullable Thread sweeper;

  HeaderDeadline(Duration limit) {
    this.limit = limit;
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
    if (sweeper != null) {
      sweeper.interrupt();
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
    try {
      while (true) {
        Thread.sleep(limit.dividedBy(4));
        long now = System.nanoTime();
        connections.forEach((connection, waiting) -> {
          if (!waiting.busy && now - waiting.sinceNanos > limit.toNanos()) {
            connection.getEndPoint().close();
          }
        });
      }
    } catch (InterruptedException e) {
      // The server has stopped.
      Thread.currentThread().interrupt();
    }
  }
}
