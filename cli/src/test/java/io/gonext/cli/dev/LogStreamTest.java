package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.gonext.cli.dev.DevEvent.Log;
import io.gonext.cli.dev.DevEvent.LogsConnected;
import io.gonext.cli.dev.DevEvent.LogsDropped;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Log lines from a real server of server-sent events. */
@Timeout(60)
class LogStreamTest {
  /** One that stays open until it is closed here. */
  private record Connection(OutputStream out, CountDownLatch closed) {
    void send(String events) throws IOException {
      out.write(events.getBytes(StandardCharsets.UTF_8));
      out.flush();
    }

    void close() {
      closed.countDown();
    }
  }

  private final BlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final Scripted.Output output = new Scripted.Output();
  private HttpServer server;
  private HttpClient client;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          requests.add(
              exchange.getRequestURI()
                  + " "
                  + exchange.getRequestHeaders().getFirst("Accept")
                  + " "
                  + exchange.getRequestHeaders().getFirst("Authorization"));
          exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
          exchange.sendResponseHeaders(200, 0);
          Connection connection = new Connection(exchange.getResponseBody(), new CountDownLatch(1));
          // The head leaves this server with the first byte of the body.
          connection.send(": hello\n\n");
          connections.add(connection);
          try (exchange) {
            connection.closed.await();
          } catch (InterruptedException e) {
            // The server was stopped.
          }
        });
    server.start();
    client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    client.close();
  }

  @Test
  void log_lines_arrive_with_their_level() throws Exception {
    try (LogStream _ = open(output)) {
      Connection connection = connections.take();
      connection.send(
          ": a comment\n\nevent: log\nid: 7\ndata: {\"level\":\"warn\",\"message\":\"a\"}\n\n");
      assertThat(output.await(Log.class)).isEqualTo(new Log("warn", "a"));
      connection.send("data: plain\u001b[31m\ndata:text\n\nretry: 10\n\n");
      assertThat(output.await(Log.class)).isEqualTo(new Log("info", "plain\\u001b[31m\\ntext"));
      assertThat(requests).containsExactly("/_/plugins/dev/logs/hello text/event-stream Bearer t");
    }
  }

  @Test
  void a_failed_call_arrives_with_its_backtrace() throws Exception {
    try (LogStream _ = open(output)) {
      Connection connection = connections.take();
      connection.send(
          "event: failure\n"
              + "data: {\"level\":\"error\",\"message\":\"the guest"
              + " panicked\",\"hook\":\"h\",\"code\":\"GUEST_PANIC\",\"backtrace\":[{\"function\":\"f\\u001b\",\"offset\":16,\"source\":\"src/lib.rs:3\"},{\"function\":\"g\",\"offset\":17},{\"function\":\"h\"}]}\n\n"
              + "data: {\"level\":\"info\",\"message\":\"and a line\"}\n\n");
      DevEvent.CallFailed failed = output.await(DevEvent.CallFailed.class);
      assertThat(failed.hook()).isEqualTo("h");
      assertThat(failed.code()).isEqualTo("GUEST_PANIC");
      assertThat(failed.message()).isEqualTo("the guest panicked");
      assertThat(failed.backtrace())
          .extracting(Object::toString)
          .containsExactly("f\\u001b (src/lib.rs:3)", "g (@0x11)", "h");
      assertThat(output.await(Log.class)).isEqualTo(new Log("info", "and a line"));
    }
  }

  @Test
  void failed_calls_are_shown_while_log_lines_are_off() throws Exception {
    HostUrl url = HostUrl.parse("http://127.0.0.1:" + server.getAddress().getPort());
    try (LogFollower follower = new LogFollower(client, url, "t", output, false)) {
      follower.follow("hello");
      Connection connection = connections.take();
      String line = "data: {\"level\":\"info\",\"message\":\"a line\"}\n\n";
      String failure = "event: failure\ndata: {\"hook\":\"h\",\"code\":\"EXIT\"}\n\n";
      connection.send(line + failure);
      assertThat(output.await(DevEvent.CallFailed.class).code()).isEqualTo("EXIT");
      assertThat(output.count(Log.class)).isZero();
      follower.toggle();
      connection.send(line);
      assertThat(output.await(Log.class).message()).isEqualTo("a line");
    }
  }

  @Test
  void a_lost_connection_is_made_again() throws Exception {
    try (LogStream _ = open(output)) {
      connections.take().close();
      assertThat(output.await(LogsConnected.class).isConnected()).isFalse();
      Connection second = connections.take();
      assertThat(output.await(LogsConnected.class).isConnected()).isTrue();
      second.send("data: {\"level\":\"info\",\"message\":\"back\"}\n\n");
      assertThat(output.await(Log.class).message()).isEqualTo("back");
    }
  }

  @Test
  void a_refusal_is_reported_once_and_the_request_repeated() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    server.createContext(
        "/_/plugins/dev/logs/",
        exchange -> {
          int status = asked.incrementAndGet() < 4 ? 401 : 503;
          byte[] body = "{\"detail\":\"a token is needed\"}".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    try (LogStream _ = open(output)) {
      assertThat(output.await(DevEvent.Warning.class).message())
          .startsWith("cannot show log lines and failed calls: the host answered 401: ")
          .contains("a token is needed");
      // Refused twice more in silence; another answer is another reason.
      assertThat(output.await(DevEvent.Warning.class).message()).contains("503");
      assertThat(asked).hasValue(4);
    }
    assertThat(output.count(DevEvent.Warning.class)).isEqualTo(2);
  }

  @Test
  void log_lines_that_come_too_fast_are_dropped_and_counted() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    DevOutput stuck =
        new DevOutput() {
          @Override
          public void emit(DevEvent event) {
            try {
              slow.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            output.emit(event);
          }

          @Override
          public void close() {}
        };
    int sent = 20_000;
    try (LogStream _ = open(stuck)) {
      Connection connection = connections.take();
      StringBuilder flood = new StringBuilder();
      for (int i = 0; i < sent; i++) {
        flood.append("data: ").append(i).append("\n\n");
      }
      // The host is never held up: all of it is read although nothing is shown.
      connection.send(flood.toString());
      connection.close();
      connections.take();
      slow.countDown();
      // They may be told in two parts: the first may be shown when some were dropped already.
      org.awaitility.Awaitility.await()
          .atMost(20, TimeUnit.SECONDS)
          .until(() -> output.count(Log.class) + dropped() >= sent - 5);
      assertThat(dropped()).isPositive();
      assertThat(output.count(Log.class)).isLessThan(1_010);
    }
  }

  @Test
  void a_closed_stream_emits_nothing_and_leaves_no_thread() throws Exception {
    LogStream stream = open(output);
    Connection connection = connections.take();
    connection.send("data: {\"level\":\"info\",\"message\":\"one\"}\n\n");
    output.await(Log.class);
    stream.close();
    org.awaitility.Awaitility.await()
        .atMost(20, TimeUnit.SECONDS)
        .until(() ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("gonext-logs")));
    assertThat(output.count(Log.class)).isOne();
  }

  private long dropped() {
    return output.all.stream()
        .mapToLong(event -> event instanceof LogsDropped lost ? lost.count() : 0)
        .sum();
  }

  private LogStream open(DevOutput to) {
    HostUrl url = HostUrl.parse("http://127.0.0.1:" + server.getAddress().getPort());
    return LogStream.open(client, url, "hello", "t", to);
  }
}
