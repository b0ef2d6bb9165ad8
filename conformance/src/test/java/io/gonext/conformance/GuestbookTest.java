package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.CacheInvalidation;
import io.gonext.host.CacheListener;
import io.gonext.host.Database;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.MasterKey;
import io.gonext.host.UpdateResult;
import io.gonext.host.json.StrictJson;
import io.gonext.server.HttpServer;
import io.gonext.server.ServerConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The example {@code guestbook} behind a real HTTP server, on both databases and on two nodes. */
@Tag("slow")
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("examples")
class GuestbookTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));
  private static final Path PROJECT = ROOT.resolve("examples").resolve("guestbook");
  private static final String NAME = "guestbook";
  private static final String MODERATOR = "t0ken";
  private static final long SECONDS = 30;

  @TempDir private Path data;

  /** The databases of a host. */
  enum Store {
    H2,
    POSTGRESQL;

    Database create() {
      return this == H2 ? Database.embedded() : Database.postgreSql(TestPostgres.createDatabase());
    }
  }

  @Test
  void its_own_tests_pass() throws Exception {
    Toolchain.GO.module(PROJECT); // skips this test where Go is missing
    Toolchain.run(
        PROJECT,
        Map.of("GOPROXY", "off", "GOTOOLCHAIN", "local", "GOWORK", "off"),
        "go",
        "test",
        ".");
  }

  @ParameterizedTest
  @EnumSource
  void visitors_post_and_a_moderator_approves(Store store) throws Exception {
    Database database = store.create();
    MasterKey key = MasterKey.random();
    try (Node node = new Node(data, database, key)) {
      assertThat(node.host.plugins().install(bundle()).warnings()).isEmpty();
      node.serveGuestbook();
      node.host.secrets().set(NAME, "MODERATOR_TOKEN", utf8(MODERATOR));

      visitorsPost(node);
      moderatorApproves(node);
      for (int i = 0; i < 5; i++) {
        assertThat(node.event()).startsWith("entry_added ");
      }
      assertThat(node.heard).isEmpty();
      assertThat(node.get("/metrics", "en").body())
          .contains(
              "gonext_guest_guestbook_entries_total{plugin=\"guestbook\",state=\"shown\"} 5.0",
              "gonext_guest_guestbook_entries_total{plugin=\"guestbook\",state=\"waiting\"} 1.0");
      Hosts.assertBalanced(node.host.health().pool(NAME).orElseThrow());
    }
    try (Node again = new Node(data, database, key)) {
      assertThat(again.messages()).containsExactly("five", "four", "two");
    }
  }

  private static void visitorsPost(Node node) throws Exception {
    assertThat(node.page("pl")).contains("<html lang=\"pl\">", "Brak wpisów", "<h1>Guestbook</h1>");
    node.configure("{\"title\":\"Café <1>\",\"page_size\":3}");
    for (String message : List.of("one", "two", "<b>3</b>")) {
      HttpResponse<String> posted =
          node.post(
              "/", "application/x-www-form-urlencoded", "author=Ada+%26+co&message=" + message);
      assertThat(posted.statusCode()).isEqualTo(303);
      assertThat(posted.headers().firstValue("Location")).contains("?");
      assertThat(node.invalidated()).containsExactly("guestbook");
    }
    HttpResponse<String> four = node.postEntry("four");
    assertThat(four.statusCode()).isEqualTo(201);
    assertThat(json(four).path("shown").booleanValue()).isTrue();
    assertThat(node.invalidated()).containsExactly("guestbook");
    assertThat(node.event()).startsWith("entry_added Ada & co");

    String page = node.page("pl-PL, de;q=0.5");
    assertThat(page)
        .contains("<h1>Café &lt;1&gt;</h1>", "4 wpisy", "Starsze wpisy", "&lt;b&gt;3&lt;/b&gt;")
        .contains("Ada &amp; co")
        .doesNotContain("<b>", "<p>one</p>");
    assertThat(node.page("de-AT")).contains("4 Einträge");
    assertThat(node.page("fr")).contains("4 entries");
    assertThat(node.page("not a language!")).contains("4 entries");
    JsonNode newest = json(node.get(BOOK + "/entries", "en"));
    assertThat(newest.path("entries")).hasSize(3);
    JsonNode oldest = json(node.get(BOOK + "/entries" + newest.path("next").stringValue(), "en"));
    assertThat(oldest.path("entries").path(0).path("message").stringValue()).isEqualTo("one");
    assertThat(oldest.path("next").isMissingNode()).isTrue();

    HttpResponse<String> refused = node.post("/entries", "application/json", "{\"author\":\"\"}");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).startsWith("A name has 1 to 80 characters");
    // The limit counts characters; the columns have space for two units of UTF-16 each.
    String emoji = "😀".repeat(2000);
    assertThat(node.postEntry(emoji).statusCode()).isEqualTo(201);
    assertThat(node.messages()).startsWith(emoji, "four");
    assertThat(node.remove(id(node, emoji), MODERATOR).statusCode()).isEqualTo(204);
  }

  private static void moderatorApproves(Node node) throws Exception {
    node.configure("{\"approval\":true}");
    String id = json(node.postEntry("five")).path("id").stringValue();
    assertThat(node.messages()).doesNotContain("five");
    assertThat(node.send("GET", BOOK + "/waiting", "", "").statusCode()).isEqualTo(403);
    JsonNode waiting = json(node.send("GET", BOOK + "/waiting", MODERATOR, ""));
    assertThat(waiting.path("entries").path(0).path("id").stringValue()).isEqualTo(id);
    assertThat(node.approve(id, "guess").statusCode()).isEqualTo(403);
    assertThat(node.approve(id, MODERATOR).statusCode()).isEqualTo(204);
    assertThat(node.messages()).startsWith("five");
    assertThat(node.remove("0", MODERATOR).statusCode()).isEqualTo(404);
    String three = id(node, "<b>3</b>");
    assertThat(node.remove(three, "").statusCode()).isEqualTo(403);
    assertThat(node.remove(three, MODERATOR).statusCode()).isEqualTo(204);
    assertThat(node.messages()).containsExactly("five", "four", "two");
  }

  @Test
  void an_entry_of_one_node_shows_on_the_other() throws Exception {
    Database database = Store.POSTGRESQL.create();
    MasterKey key = MasterKey.random();
    try (Node here = new Node(data.resolve("here"), database, key);
        Node there = new Node(data.resolve("there"), database, key)) {
      here.host.plugins().install(bundle());
      here.serveGuestbook();
      await()
          .atMost(Duration.ofSeconds(SECONDS))
          .until(() -> there.host.health().pool(NAME).isPresent());
      assertThat(here.postEntry("hello").statusCode()).isEqualTo(201);
      assertThat(here.invalidated()).containsExactly("guestbook");
      assertThat(there.invalidated()).containsExactly("guestbook");
      assertThat(there.messages()).containsExactly("hello");
      assertThat(there.postEntry("hello back").statusCode()).isEqualTo(201);
      assertThat(here.invalidated()).containsExactly("guestbook");
      assertThat(here.messages()).containsExactly("hello back", "hello");
      assertThat(here.event()).isEqualTo("entry_added Bob");
      assertThat(here.heard).isEmpty();
    }
  }

  /** A small guest that runs SQL stands for version 1.0.0, which only has the first migration. */
  @ParameterizedTest
  @EnumSource
  void an_update_migrates_the_entries_and_an_uninstall_may_keep_them(Store store) throws Exception {
    try (Node node = new Node(data, store.create(), MasterKey.random())) {
      Host host = node.host;
      host.plugins().install(firstVersion());
      node.serveGuestbook();
      String insert =
          "insert into entry values ('0a', 'Ada', 'of 1.0.0', timestamp with time zone"
              + " '2026-01-02 03:04:05+00')";
      assertThat(host.applyFilters("write.entry", insert).value().path("rows_affected").intValue())
          .isEqualTo(1);

      // It requests more than the first version, so an operator approves it.
      assertThat(host.plugins().update(bundle())).isInstanceOf(UpdateResult.AwaitingApproval.class);
      assertThat(host.plugins().approve(NAME)).isInstanceOf(UpdateResult.Replaced.class);
      assertThat(node.messages()).containsExactly("of 1.0.0");

      host.plugins().deactivate(NAME);
      host.plugins().uninstallKeepingData(NAME);
      host.plugins().install(bundle());
      node.serveGuestbook();
      assertThat(node.messages()).containsExactly("of 1.0.0");

      host.plugins().deactivate(NAME);
      host.plugins().uninstall(NAME);
      host.plugins().install(bundle());
      node.serveGuestbook();
      assertThat(node.messages()).isEmpty();
    }
  }

  private static byte[] bundle() throws IOException, InterruptedException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("manifest.json", Files.readAllBytes(PROJECT.resolve("manifest.json")));
    files.put("plugin.wasm", Toolchain.GO.module(PROJECT));
    for (String folder : List.of("locales", "migrations")) {
      try (Stream<Path> found = Files.list(PROJECT.resolve(folder))) {
        for (Path file : found.sorted().toList()) {
          files.put(folder + "/" + file.getFileName(), Files.readAllBytes(file));
        }
      }
    }
    return GuestBundle.zip(files);
  }

  private static byte[] firstVersion() throws IOException {
    String file = "migrations/V1__entries.sql";
    return GuestBundle.of(NAME, Guests.wasm("db"))
        .filter("write.entry")
        .field("capabilities", "[\"db.read\",\"db.write\"]")
        .file(file, Files.readString(PROJECT.resolve(file)))
        .bytes();
  }

  private static String id(Node node, String message) throws Exception {
    for (JsonNode entry : json(node.get(BOOK + "/entries", "en")).path("entries")) {
      if (entry.path("message").stringValue().equals(message)) {
        return entry.path("id").stringValue();
      }
    }
    throw new AssertionError("no entry has this message");
  }

  private static JsonNode json(HttpResponse<String> response) throws Exception {
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
    return StrictJson.parse(utf8(response.body()));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static final String BOOK = "/api/plugins/" + NAME;

  /** A host with its HTTP server and its listeners. */
  private static final class Node implements AutoCloseable {
    final Host host;

    /** The name of each event and its author. */
    final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

    private final BlockingQueue<List<String>> tags = new LinkedBlockingQueue<>();
    private final HttpServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    Node(Path data, Database database, MasterKey key) throws InterruptedException {
      PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      HostConfig config =
          Hosts.patient(data).toBuilder()
              .database(database)
              .masterKey(key)
              .meters(metrics)
              .cacheListener(new Caches(tags))
              .eventListener(event ->
                  heard.add(event.name() + " " + event.data().path("author").stringValue()))
              .build();
      host = Hosts.open(config);
      server = HttpServer.start(host, metrics, ServerConfig.loopback(0).build());
    }

    void serveGuestbook() throws InterruptedException {
      host.plugins().grantRequested(NAME);
      host.plugins().activate(NAME);
    }

    void configure(String values) throws Exception {
      host.configs().merge(NAME, OptionalLong.empty(), (ObjectNode) StrictJson.parse(utf8(values)));
    }

    List<String> invalidated() throws InterruptedException {
      List<String> next = tags.poll(SECONDS, TimeUnit.SECONDS);
      assertThat(next).as("the tags of the next invalidation").isNotNull();
      return next;
    }

    String event() throws InterruptedException {
      String next = heard.poll(SECONDS, TimeUnit.SECONDS);
      assertThat(next).as("the next event").isNotNull();
      return next;
    }

    String page(String languages) throws Exception {
      HttpResponse<String> page = get(BOOK + "/", languages);
      assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
      assertThat(page.headers().firstValue("Cache-Tag")).contains("guestbook");
      return page.body();
    }

    List<String> messages() throws Exception {
      return json(get(BOOK + "/entries", "en"))
          .path("entries")
          .valueStream()
          .map(entry -> entry.path("message").stringValue())
          .toList();
    }

    HttpResponse<String> postEntry(String message) throws Exception {
      return post(
          "/entries", "application/json", "{\"author\":\"Bob\",\"message\":\"" + message + "\"}");
    }

    HttpResponse<String> approve(String id, String token) throws Exception {
      return send("PUT", BOOK + "/entries/" + id, token, "{\"shown\":true}");
    }

    HttpResponse<String> remove(String id, String token) throws Exception {
      return send("DELETE", BOOK + "/entries/" + id, token, "");
    }

    HttpResponse<String> get(String path, String languages) throws Exception {
      return send(request(path).header("Accept-Language", languages));
    }

    HttpResponse<String> post(String path, String type, String body) throws Exception {
      return send(
          request(BOOK + path).header("Content-Type", type).POST(BodyPublishers.ofString(body)));
    }

    HttpResponse<String> send(String method, String path, String token, String body)
        throws Exception {
      return send(
          request(path)
              .header("Authorization", "Bearer " + token)
              .method(method, BodyPublishers.ofString(body)));
    }

    private HttpRequest.Builder request(String path) {
      return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
      return client.send(request.build(), BodyHandlers.ofString());
    }

    @Override
    public void close() {
      client.close();
      server.close();
      host.close();
    }
  }

  private record Caches(BlockingQueue<List<String>> tags) implements CacheListener {
    @Override
    public void invalidate(CacheInvalidation invalidation) {
      tags.add(invalidation.tags());
    }

    @Override
    public void invalidateAll() {
      throw new AssertionError("no host was away");
    }
  }
}
