package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Cache invalidations of a real guest as clients of a server see them, over real sockets. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InvalidationApiTest {
  /** For a stream without Last-Event-ID. */
  private static final long NEW = -1;

  @RegisterExtension
  private final TestServer server =
      TestServer.of(
          host -> host, config -> TestServer.token(config).idleTimeout(Duration.ofSeconds(2)));

  @BeforeAll
  void deploy() throws InterruptedException {
    deploy("shop");
  }

  /** The id of the newest invalidation before the test. */
  private long start;

  @BeforeEach
  void look() {
    start = server.host().cacheInvalidations().last();
  }

  private void deploy(String name) throws InterruptedException {
    server
        .host()
        .plugins()
        .deploy(
            GuestBundle.of(name, Guests.wasm("purges"))
                .field("capabilities", "[\"cache.invalidate\"]")
                .filter("purge_" + name)
                .bytes(),
            Set.of("cache.invalidate"));
  }

  @Test
  void the_newest_invalidations_are_listed_for_the_holder_of_a_token() throws Exception {
    purge("a", "b");
    JsonNode body = TestServer.json(get("application/json"));
    assertThat(body.path("last").longValue()).isEqualTo(start + 1);
    JsonNode last = body.path("invalidations").path((int) start);
    assertThat(last.path("id").longValue()).isEqualTo(start + 1);
    assertThat(last.path("plugin").stringValue()).isEqualTo("shop");
    assertThat(last.path("tags")).hasToString("[\"a\",\"b\"]");
    assertThat(server.get(InvalidationApi.PATH).statusCode()).isEqualTo(401);
  }

  @Test
  void a_stream_begins_with_its_position_and_then_has_new_invalidations() throws Exception {
    try (Stream stream = new Stream()) {
      assertThat(stream.next()).isEqualTo("ready " + start + " {}");
      purge("new");
      assertThat(stream.next())
          .startsWith("message " + (start + 1) + " {\"id\":" + (start + 1) + ",")
          .contains("[\"new\"]");
    }
  }

  @Test
  void a_client_continues_after_the_last_event_that_it_received() throws Exception {
    try (Stream stream = new Stream()) {
      assertThat(stream.next()).startsWith("ready");
      purge("a");
      assertThat(stream.next()).startsWith("message " + (start + 1));
    }
    purge("b");
    purge("c");
    try (Stream stream = new Stream(start + 1)) {
      assertThat(stream.next()).isEqualTo("ready " + (start + 1) + " {}");
      assertThat(stream.next()).startsWith("message " + (start + 2)).contains("[\"b\"]");
      assertThat(stream.next()).startsWith("message " + (start + 3)).contains("[\"c\"]");
    }
  }

  @Test
  void a_client_ahead_of_the_store_learns_that_it_missed_something() throws Exception {
    try (Stream stream = new Stream(start + 99)) {
      assertThat(stream.next()).startsWith("ready");
      assertThat(stream.next()).isEqualTo("missed " + start + " {\"missed\":true}");
      purge("b");
      assertThat(stream.next()).startsWith("message " + (start + 1));
    }
  }

  @Test
  void a_last_event_id_that_is_not_a_number_is_refused() throws Exception {
    for (String id : List.of("x", "-1", "99999999999999999999")) {
      HttpResponse<String> refused =
          server.send(request("text/event-stream").header("Last-Event-ID", id));
      TestServer.assertProblem(refused, 400);
      assertThat(refused.body()).contains("Last-Event-ID must be the id of an event");
    }
  }

  @Test
  void a_head_request_for_the_stream_ends_after_the_headers() throws Exception {
    HttpResponse<String> head =
        server.send(
            request("text/event-stream").method("HEAD", HttpRequest.BodyPublishers.noBody()));
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.headers().firstValue("content-type")).contains("text/event-stream");
  }

  @Test
  void a_silent_stream_is_kept_alive_by_comments() throws Exception {
    try (Stream stream = new Stream()) {
      assertThat(stream.next()).startsWith("ready");
      assertThat(stream.line()).isEqualTo(": still here");
    }
  }

  @Test
  void one_stream_more_than_32_is_refused_until_one_ends() throws Exception {
    List<Stream> streams = new ArrayList<>();
    try (HttpServer another =
        server.startAnother(TestServer.token(ServerConfig.loopback(0)).build())) {
      for (int i = 0; i < EventStreams.MAX; i++) {
        streams.add(new Stream(another.port(), NEW, 0));
        streams.getLast().next();
      }
      try (Stream refused = new Stream(another.port(), NEW, 0)) {
        assertThat(refused.head).contains(" 503 ").contains("Retry-After: 10");
      }
      streams.getFirst().close();
      await()
          .until(() -> {
            try (Stream next = new Stream(another.port(), NEW, 0)) {
              return next.head.contains(" 200 ");
            }
          });
    } finally {
      for (Stream stream : streams) {
        stream.close();
      }
    }
  }

  @Test
  void a_stream_ends_when_its_server_closes() throws Exception {
    HttpServer another = server.startAnother(TestServer.token(ServerConfig.loopback(0)).build());
    try (Stream stream = new Stream(another.port(), NEW, 0)) {
      assertThat(stream.next()).startsWith("ready");
      another.close();
      assertThat(stream.isAtEnd()).isTrue();
    }
  }

  @Test
  @Tag("slow")
  void a_client_that_reads_nothing_is_disconnected_and_delays_nobody() throws Exception {
    String[] tags = new String[64];
    for (int i = 0; i < tags.length; i++) {
      tags[i] = i + "\u2028".repeat(84);
    }
    try (Stream slow = new Stream(server.port(), NEW, 4096)) {
      for (int i = 0; i < 4; i++) {
        deploy("shop" + i);
        for (int n = 0; n < 60; n++) {
          purge("shop" + i, tags);
        }
      }
      long last = server.host().cacheInvalidations().last();
      try (Stream quick = new Stream(last - 1)) {
        assertThat(quick.next()).startsWith("ready");
        assertThat(quick.next()).startsWith("message " + last);
      }
      await().atMost(Duration.ofSeconds(30)).until(slow::isClosedByServer);
    }
  }

  private void purge(String... tags) throws InterruptedException {
    purge("shop", tags);
  }

  private void purge(String plugin, String[] tags) throws InterruptedException {
    assertThat(server.host().applyFilters("purge_" + plugin, List.of(tags)).value().intValue())
        .isZero();
  }

  private HttpRequest.Builder request(String accept) {
    return HttpRequest.newBuilder(server.uri(InvalidationApi.PATH))
        .header("Authorization", "Bearer " + TestServer.TOKEN)
        .header("Accept", accept);
  }

  private HttpResponse<String> get(String accept) throws IOException, InterruptedException {
    return server.send(request(accept));
  }

  /** A stream over a socket of its own. */
  private final class Stream implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader lines;

    /** Status line and headers. */
    private final String head;

    Stream() throws IOException {
      this(NEW);
    }

    Stream(long lastEventId) throws IOException {
      this(server.port(), lastEventId, 0);
    }

    /**
     * @param lastEventId {@link #NEW} for none
     * @param receiveBuffer of the socket, in bytes; 0 for the default
     */
    Stream(int port, long lastEventId, int receiveBuffer) throws IOException {
      socket = new Socket();
      if (receiveBuffer > 0) {
        socket.setReceiveBufferSize(receiveBuffer);
      }
      socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
      socket
          .getOutputStream()
          .write(
              ("GET "
                      + InvalidationApi.PATH
                      + " HTTP/1.1\r\n"
                      + "Host: x\r\n"
                      + "Accept: text/event-stream\r\n"
                      + "Authorization: Bearer "
                      + TestServer.TOKEN
                      + "\r\n"
                      + (lastEventId == NEW ? "" : "Last-Event-ID: " + lastEventId + "\r\n")
                      + "\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8), 512);
      StringBuilder read = new StringBuilder();
      for (String line = lines.readLine();
          line != null && !line.isEmpty();
          line = lines.readLine()) {
        read.append(line).append('\n');
      }
      head = read.toString();
    }

    /** The next event: its name, id and data. Chunk sizes stand between the lines. */
    String next() throws IOException {
      String event = "";
      String id = "";
      for (String line = line(); ; line = line()) {
        if (line.startsWith("event: ")) {
          event = line.substring(7);
        } else if (line.startsWith("id: ")) {
          id = line.substring(4);
        } else if (line.startsWith("data: ")) {
          return event + " " + id + " " + line.substring(6);
        }
      }
    }

    /** The next line that has a colon: not the size of a chunk. */
    String line() throws IOException {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.contains(":")) {
          return line;
        }
      }
      throw new IOException("the stream has ended");
    }

    boolean isAtEnd() throws IOException {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        // The rest of it.
      }
      return true;
    }

    /** Whether the server has reset the connection: a write fails. */
    boolean isClosedByServer() {
      try {
        socket.getOutputStream().write("\r\n".getBytes(StandardCharsets.US_ASCII));
        return false;
      } catch (IOException e) {
        return true;
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
