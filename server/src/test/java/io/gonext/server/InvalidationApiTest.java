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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Cache invalidations of a real guest as clients of a server see them, over real sockets. */
@Timeout(60)
class InvalidationApiTest {
  @RegisterExtension
  private final TestServer server =
      TestServer.of(
          host -> host, config -> TestServer.token(config).idleTimeout(Duration.ofSeconds(2)));

  @BeforeEach
  void deploy() throws InterruptedException {
    deploy("shop");
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
    assertThat(get("application/json").body()).isEqualTo("{\"last\":0,\"invalidations\":[]}");
    purge("a", "b");
    JsonNode body = TestServer.json(get("application/json"));
    assertThat(body.path("last").intValue()).isEqualTo(1);
    JsonNode first = body.path("invalidations").path(0);
    assertThat(first.path("id").intValue()).isEqualTo(1);
    assertThat(first.path("plugin").stringValue()).isEqualTo("shop");
    assertThat(first.path("tags")).hasToString("[\"a\",\"b\"]");
    assertThat(server.get(InvalidationApi.PATH).statusCode()).isEqualTo(401);
  }

  @Test
  void a_stream_begins_with_its_position_and_then_has_new_invalidations() throws Exception {
    purge("old");
    try (Stream stream = new Stream(null)) {
      assertThat(stream.next()).isEqualTo("ready 1 {}");
      purge("new");
      assertThat(stream.next()).startsWith("message 2 {\"id\":2,").contains("[\"new\"]");
    }
  }

  @Test
  void a_client_continues_after_the_last_event_that_it_received() throws Exception {
    try (Stream stream = new Stream(null)) {
      assertThat(stream.next()).isEqualTo("ready 0 {}");
      purge("a");
      assertThat(stream.next()).startsWith("message 1 ");
    }
    purge("b");
    purge("c");
    try (Stream stream = new Stream("1")) {
      assertThat(stream.next()).isEqualTo("ready 1 {}");
      assertThat(stream.next()).startsWith("message 2 ").contains("[\"b\"]");
      assertThat(stream.next()).startsWith("message 3 ").contains("[\"c\"]");
    }
  }

  @Test
  void a_client_ahead_of_the_store_learns_that_it_missed_something() throws Exception {
    purge("a");
    try (Stream stream = new Stream("99")) {
      assertThat(stream.next()).isEqualTo("ready 99 {}");
      assertThat(stream.next()).isEqualTo("missed 1 {\"missed\":true}");
      purge("b");
      assertThat(stream.next()).startsWith("message 2 ");
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
    try (Stream stream = new Stream(null)) {
      assertThat(stream.next()).startsWith("ready");
      assertThat(stream.line()).isEqualTo(": still here");
    }
  }

  @Test
  void one_stream_more_than_32_is_refused_until_one_ends() throws Exception {
    List<Stream> streams = new ArrayList<>();
    try {
      for (int i = 0; i < InvalidationApi.MAX_STREAMS; i++) {
        streams.add(new Stream(null));
        streams.getLast().next();
      }
      HttpResponse<String> refused = get("text/event-stream");
      TestServer.assertProblem(refused, 503);
      assertThat(refused.headers().firstValue("Retry-After")).contains("10");
      streams.getFirst().close();
      // The server notices at its next write.
      purge("a");
      purge("b");
      await()
          .until(() -> {
            try (Stream another = new Stream(null)) {
              return another.status.contains(" 200 ");
            }
          });
    } finally {
      for (Stream stream : streams) {
        stream.close();
      }
    }
  }

  @Test
  void a_stream_ends_when_the_server_closes() throws Exception {
    try (Stream stream = new Stream(null)) {
      assertThat(stream.next()).startsWith("ready");
      server.closeServer();
      assertThat(stream.isAtEnd()).isTrue();
    }
  }

  @Test
  @Tag("slow")
  void a_client_that_reads_nothing_is_disconnected_and_delays_nobody() throws Exception {
    String[] tags = new String[64];
    for (int i = 0; i < tags.length; i++) {
      // 256 bytes, 6 bytes each as they are sent.
      tags[i] = i + "\u2028".repeat(84);
    }
    try (Stream slow = new Stream(null, 4096)) {
      for (int i = 0; i < 4; i++) {
        deploy("shop" + i);
        for (int n = 0; n < 60; n++) {
          purge("shop" + i, tags);
        }
      }
      try (Stream quick = new Stream("239")) {
        assertThat(quick.next()).isEqualTo("ready 239 {}");
        assertThat(quick.next()).startsWith("message 240 ");
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
    private final String status;

    Stream(@Nullable String lastEventId) throws IOException {
      this(lastEventId, 0);
    }

    /**
     * @param receiveBuffer of the socket, in bytes; 0 for the default
     */
    Stream(@Nullable String lastEventId, int receiveBuffer) throws IOException {
      socket = new Socket();
      if (receiveBuffer > 0) {
        socket.setReceiveBufferSize(receiveBuffer);
      }
      socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), server.port()));
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
                      + (lastEventId == null ? "" : "Last-Event-ID: " + lastEventId + "\r\n")
                      + "\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8), 512);
      status = String.valueOf(lines.readLine());
      String header = lines.readLine();
      while (header != null && !header.isEmpty()) {
        header = lines.readLine();
      }
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
