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
import io.gonext.host.Plugins;
import io.gonext.host.UpdatePolicy;
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
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The example {@code guestbook} behind a real HTTP server, on both databases. The tests of one
 * database share a host, which has updated the plugin from version 1.0.0.
 */
@Tag("slow")
@Timeout(120)
@ParameterizedClass
@EnumSource
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Execution(ExecutionMode.SAME_THREAD)
@ResourceLock("examples")
class GuestbookTest {
  private static final Path PROJECT =
      Path.of(System.getProperty("gonext.root"), "examples", "guestbook");
  private static final String NAME = "guestbook";
  private static final String BOOK = "/api/plugins/" + NAME;
  private static final String MODERATOR = "t0ken";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private static Path data;
  private static MasterKey key;
  private static Database database;
  private static Node node;

  /** The entries right after the update. */
  private static List<String> migrated;

  private final Store store;

  GuestbookTest(Store store) {
    this.store = store;
  }

  enum Store {
    H2,
    POSTGRESQL;

    Database create() {
      return this == H2 ? Database.embedded() : Database.postgreSql(TestPostgres.createDatabase());
    }
  }

  /** A small guest that runs SQL stands for version 1.0.0, which has only the first migration. */
  @BeforeParameterizedClassInvocation
  static void update(Store store) throws Exception {
    byte[] bundle = bundle();
    key = MasterKey.random();
    database = store.create();
    node = new Node(data.resolve(store.name()), database, key);
    Host host = node.host;
    host.plugins().install(small("write.entry", "migrations/V1__entries.sql"));
    host.plugins().grantRequested(NAME);
    host.plugins().activate(NAME);
    String insert =
        "insert into entry values ('0a', 'Ada', 'of 1.0.0', timestamp with time zone"
            + " '2026-01-02 03:04:05+00')";
    assertThat(host.applyFilters("write.entry", insert).value().path("rows_affected").intValue())
        .isEqualTo(1);
    // The new version requests more, so an operator approves it.
    assertThat(host.plugins().update(bundle)).isInstanceOf(UpdateResult.AwaitingApproval.class);
    assertThat(host.plugins().approve(NAME)).isInstanceOf(UpdateResult.Replaced.class);
    host.secrets().set(NAME, "MODERATOR_TOKEN", utf8(MODERATOR));
    migrated = node.messages();
  }

  @AfterParameterizedClassInvocation
  static void close() {
    if (node != null) {
      node.close();
    }
  }

  @BeforeEach
  void clear() throws Exception {
    node.configure("{\"title\":\"Café <1>\",\"page_size\":3,\"approval\":false}");
    JsonNode shown = json(node.get(BOOK + "/entries"));
    while (!shown.path("entries").isEmpty()) {
      for (String id : values(shown, "id")) {
        assertThat(node.remove(id, MODERATOR).statusCode()).isEqualTo(204);
      }
      shown = json(node.get(BOOK + "/entries"));
    }
    node.awaitInvalidations();
    node.tags.clear();
  }

  @Test
  void an_update_migrates_the_entries() {
    assertThat(migrated).containsExactly("of 1.0.0");
  }

  @Test
  void a_visitor_posts_and_the_page_shows_it() throws Exception {
    assertThat(node.page("pl")).contains("<html lang=\"pl\">", "Brak wpisów");
    for (String message : List.of("one", "two", "<b>3</b>")) {
      HttpResponse<String> posted = node.postForm("author=Ada+%26+co&message=" + message);
      assertThat(posted.statusCode()).isEqualTo(303);
      assertThat(posted.headers().firstValue("Location")).contains("?");
    }
    HttpResponse<String> four = node.postEntry("four");
    assertThat(four.statusCode()).isEqualTo(201);
    assertThat(json(four).path("shown").booleanValue()).isTrue();
    await().atMost(PATIENCE).until(() -> node.heard.contains("entry_added four"));

    assertThat(node.page("pl-PL, de;q=0.5"))
        .contains("<h1>Café &lt;1&gt;</h1>", "4 wpisy", "Starsze wpisy")
        .contains("&lt;b&gt;3&lt;/b&gt;", "Ada &amp; co")
        .doesNotContain("<b>", "<p>one</p>");
    assertThat(node.page("de-AT")).contains("4 Einträge");
    assertThat(node.page("fr")).contains("4 entries");
    assertThat(node.page("not a language!")).contains("4 entries");

    JsonNode newest = json(node.get(BOOK + "/entries"));
    assertThat(newest.path("entries")).hasSize(3);
    assertThat(values(newest, "id"))
        .as("what follows the time in an id is random in each call")
        .extracting(id -> id.substring(12))
        .doesNotHaveDuplicates();
    JsonNode oldest = json(node.get(BOOK + "/entries" + newest.path("next").stringValue()));
    assertThat(values(oldest, "message")).containsExactly("one");
    assertThat(oldest.path("next").isMissingNode()).isTrue();
  }

  @Test
  void each_change_of_the_page_invalidates_its_tag() throws Exception {
    String id = json(node.postEntry("hello")).path("id").stringValue();
    node.awaitInvalidations();
    assertThat(node.tags).containsExactly(List.of(NAME));
    assertThat(node.remove(id, MODERATOR).statusCode()).isEqualTo(204);
    node.awaitInvalidations();
    assertThat(node.tags).containsExactly(List.of(NAME), List.of(NAME));
  }

  @Test
  void the_limits_of_an_entry_count_characters() throws Exception {
    HttpResponse<String> refused = node.postEntry("x".repeat(2001));
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body())
        .isEqualTo("A name has 1 to 80 characters, and a message 1 to 2,000.");
    String emoji = "😀".repeat(2000);
    assertThat(node.postEntry(emoji).statusCode()).isEqualTo(201);
    assertThat(node.messages()).containsExactly(emoji);
  }

  @Test
  void a_moderator_shows_entries_that_wait() throws Exception {
    node.configure("{\"approval\":true}");
    String id = json(node.postEntry("five")).path("id").stringValue();
    assertThat(node.messages()).isEmpty();
    assertThat(node.send("GET", "/waiting", "", "").statusCode()).isEqualTo(403);
    assertThat(values(json(node.send("GET", "/waiting", MODERATOR, "")), "id")).containsExactly(id);
    assertThat(node.approve(id, "guess").statusCode()).isEqualTo(403);
    assertThat(node.approve(id, MODERATOR).statusCode()).isEqualTo(204);
    assertThat(node.messages()).containsExactly("five");
    assertThat(node.remove("0", MODERATOR).statusCode()).isEqualTo(404);
    assertThat(node.get("/metrics").body())
        .contains(
            "gonext_guest_guestbook_entries_total{plugin=\"guestbook\",state=\"waiting\"} 1.0");
  }

  @Test
  void an_entry_of_one_node_shows_on_the_other() throws Exception {
    if (store == Store.H2) {
      return; // for one process
    }
    try (Node other = new Node(data.resolve("other"), database, key)) {
      assertThat(node.postEntry("hello").statusCode()).isEqualTo(201);
      other.awaitInvalidations();
      assertThat(other.tags).containsExactly(List.of(NAME));
      assertThat(other.messages()).containsExactly("hello");
      assertThat(other.postEntry("hello back").statusCode()).isEqualTo(201);
      node.awaitInvalidations();
      assertThat(node.tags).containsExactly(List.of(NAME), List.of(NAME));
      assertThat(node.messages()).containsExactly("hello back", "hello");
      await().atMost(PATIENCE).until(() -> node.heard.contains("entry_added hello"));
      await().atMost(PATIENCE).until(() -> other.heard.contains("entry_added hello back"));
      assertThat(other.heard).hasSize(1);
    }
  }

  @Test
  void a_restart_keeps_the_entries() throws Exception {
    if (store == Store.POSTGRESQL) {
      return; // there, another node reads them
    }
    assertThat(node.postEntry("kept").statusCode()).isEqualTo(201);
    Hosts.assertBalanced(node.host, NAME);
    node.close();
    node = new Node(data.resolve(store.name()), database, key);
    assertThat(node.messages()).containsExactly("kept");
  }

  @Test
  @Order(Integer.MAX_VALUE) // the others need the plugin
  void an_uninstall_drops_the_entries_unless_it_keeps_data() throws Exception {
    assertThat(node.postEntry("kept").statusCode()).isEqualTo(201);
    Plugins plugins = node.host.plugins();
    plugins.deactivate(NAME);
    plugins.uninstallKeepingData(NAME);
    byte[] reader =
        small("read.entry", "migrations/V1__entries.sql", "migrations/V2__approval.sql");
    plugins.install(reader);
    assertThat(rows()).isEqualTo("[[\"kept\"]]");
    plugins.deactivate(NAME);
    plugins.uninstall(NAME);
    plugins.install(reader);
    assertThat(rows()).isEqualTo("[]");
  }

  private static String rows() throws InterruptedException {
    node.host.plugins().grantRequested(NAME);
    node.host.plugins().activate(NAME);
    return node.host
        .applyFilters("read.entry", "select message from entry")
        .value()
        .path("rows")
        .toString();
  }

  @Test
  void its_own_tests_pass() throws Exception {
    if (store == Store.H2) { // once
      Toolchain.run(
          PROJECT,
          Map.of("GOPROXY", "off", "GOTOOLCHAIN", "local", "GOWORK", "off"),
          "go",
          "test",
          ".");
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

  /** A plugin of the same name with one filter, which runs the SQL that it is given. */
  private static byte[] small(String filter, String... migrations) throws IOException {
    GuestBundle bundle =
        GuestBundle.of(NAME, Guests.wasm("db"))
            .filter(filter)
            .field("capabilities", "[\"db.read\",\"db.write\"]");
    for (String file : migrations) {
      bundle.file(file, Files.readString(PROJECT.resolve(file)));
    }
    return bundle.bytes();
  }

  private static JsonNode json(HttpResponse<String> response) throws Exception {
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
    return StrictJson.parse(utf8(response.body()));
  }

  private static List<String> values(JsonNode list, String field) {
    return list.path("entries")
        .valueStream()
        .map(entry -> entry.path(field).stringValue())
        .toList();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A host with its HTTP server and its listeners. */
  private static final class Node implements AutoCloseable, CacheListener {
    final Host host;

    /** The name of each event and its message. */
    final Queue<String> heard = new ConcurrentLinkedQueue<>();

    /** The tags of each invalidation since the test began. */
    final Queue<List<String>> tags = new ConcurrentLinkedQueue<>();

    private volatile long lastInvalidation;
    private final HttpServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    Node(Path data, Database database, MasterKey key) throws InterruptedException {
      PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      HostConfig config =
          Hosts.patient(data).toBuilder()
              .database(database)
              .masterKey(key)
              .meters(metrics)
              .updates(UpdatePolicy.development())
              .cacheListener(this)
              .eventListener(event ->
                  heard.add(event.name() + " " + event.data().path("message").stringValue()))
              .build();
      host = Hosts.open(config);
      lastInvalidation = host.cacheInvalidations().last();
      server = HttpServer.start(host, metrics, ServerConfig.loopback(0).build());
    }

    @Override
    public void invalidate(CacheInvalidation invalidation) {
      // After a restart, a host may deliver the last one again.
      if (invalidation.id() > lastInvalidation) {
        tags.add(invalidation.tags());
        lastInvalidation = invalidation.id();
      }
    }

    @Override
    public void invalidateAll() {
      throw new AssertionError("no host was away");
    }

    /** Waits until the listener has received all invalidations of all nodes. */
    void awaitInvalidations() {
      await().atMost(PATIENCE).until(() -> lastInvalidation >= host.cacheInvalidations().last());
    }

    void configure(String values) throws Exception {
      host.configs().merge(NAME, OptionalLong.empty(), (ObjectNode) StrictJson.parse(utf8(values)));
    }

    String page(String languages) throws Exception {
      HttpResponse<String> page = send(request(BOOK + "/").header("Accept-Language", languages));
      assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
      assertThat(page.headers().firstValue("Cache-Tag")).contains(NAME);
      return page.body();
    }

    List<String> messages() throws Exception {
      return values(json(get(BOOK + "/entries")), "message");
    }

    HttpResponse<String> postForm(String form) throws Exception {
      return post("/", "application/x-www-form-urlencoded", form);
    }

    HttpResponse<String> postEntry(String message) throws Exception {
      String entry = "{\"author\":\"Bob\",\"message\":\"" + message + "\"}";
      return post("/entries", "application/json", entry);
    }

    HttpResponse<String> approve(String id, String token) throws Exception {
      return send("PUT", "/entries/" + id, token, "{\"shown\":true}");
    }

    HttpResponse<String> remove(String id, String token) throws Exception {
      return send("DELETE", "/entries/" + id, token, "");
    }

    HttpResponse<String> get(String path) throws Exception {
      return send(request(path));
    }

    private HttpResponse<String> post(String path, String type, String body) throws Exception {
      return send(
          request(BOOK + path).header("Content-Type", type).POST(BodyPublishers.ofString(body)));
    }

    HttpResponse<String> send(String method, String path, String token, String body)
        throws Exception {
      return send(
          request(BOOK + path)
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
}
