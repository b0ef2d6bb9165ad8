package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.cumulative.CumulativeCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Server;
import org.junit.jupiter.api.Test;

class ConnectionsTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  @Test
  void an_error_at_one_connection_does_not_keep_others_open() throws Exception {
    Connections connections =
        new Connections(Duration.ofMillis(40), Duration.ZERO, System::nanoTime, meters);
    Server server = new Server();
    server.setHandler(connections);
    server.start();
    try {
      connections.onOpened(
          connection(() -> {
            throw new OutOfMemoryError("of a test");
          }));
      CountDownLatch closed = new CountDownLatch(2);
      connections.onOpened(connection(closed::countDown));
      closed.await();
      await().until(() -> meters.get("gonext.server.slow.clients.failures").counter().count() > 1);
      assertThat(connections.isWatched()).isTrue();
    } finally {
      server.stop();
    }
    await().until(() -> !connections.isWatched());
  }

  @Test
  void a_check_goes_on_where_even_its_counter_has_no_memory() throws Exception {
    SimpleMeterRegistry full =
        new SimpleMeterRegistry() {
          @Override
          protected Counter newCounter(Meter.Id id) {
            return new CumulativeCounter(id) {
              @Override
              public void increment(double amount) {
                throw new OutOfMemoryError("of a test");
              }
            };
          }
        };
    Connections connections =
        new Connections(Duration.ofMillis(40), Duration.ZERO, System::nanoTime, full);
    Server server = new Server();
    server.setHandler(connections);
    server.start();
    try {
      CountDownLatch checked = new CountDownLatch(3);
      connections.onOpened(
          connection(() -> {
            checked.countDown();
            throw new OutOfMemoryError("of a test");
          }));
      assertThat(checked.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(connections.isWatched()).isTrue();
    } finally {
      server.stop();
    }
  }

  private static Connection connection(Runnable close) {
    EndPoint endPoint =
        (EndPoint)
            Proxy.newProxyInstance(
                ConnectionsTest.class.getClassLoader(),
                new Class<?>[] {EndPoint.class},
                (proxy, method, args) -> {
                  if (method.getName().equals("close")) {
                    close.run();
                  }
                  return null;
                });
    return (Connection)
        Proxy.newProxyInstance(
            ConnectionsTest.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, args) ->
                switch (method.getName()) {
                  case "getEndPoint" -> endPoint;
                  case "hashCode" -> System.identityHashCode(proxy);
                  case "equals" ->
                      System.identityHashCode(proxy) == System.identityHashCode(args[0]);
                  default -> null;
                });
  }
}
