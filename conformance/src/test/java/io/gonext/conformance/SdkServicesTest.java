package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.gonext.guests.GuestBundle;
import io.gonext.host.CacheInvalidation;
import io.gonext.host.CacheListener;
import io.gonext.host.Egress;
import io.gonext.host.Host;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.node.ObjectNode;

/**
 * The SDKs on a real host with a real server beside it, and the SDKs' own tests. A service is one
 * method here that uses hooks of {@code sdk/vectors/README.md}, and what it needs in {@link
 * #bundle}.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("SdkServicesTest") // its tests run one after another
class SdkServicesTest {
  private static final Path SDK = Path.of(System.getProperty("gonext.root"), "sdk");
  private static final String NAME = "sdk-services";
  private static final String SCHEMA =
      """
      {"schema":{"type":"object","additionalProperties":false,"properties":{
        "greeting":{"type":"string","default":"Hello"},
        "limit":{"type":"integer"},
        "loud":{"type":"boolean"}}}}
      """;

  @TempDir private Path data;
  private HttpServer server;

  /** Method, path and the header {@code X-Key} of each request that reached the server. */
  private final ConcurrentLinkedQueue<String> requests = new ConcurrentLinkedQueue<>();

  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final BlockingQueue<List<String>> invalidated = new LinkedBlockingQueue<>();

  @BeforeEach
  void startServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::serve);
    server.start();
  }

  @AfterEach
  void stopServer() {
    server.stop(0);
  }

  /** Answers 201 with two headers {@code X-Kind}, and with content type and body of the request. */
  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.add(
          exchange.getRequestMethod()
              + " "
              + exchange.getRequestURI()
              + " "
              + exchange.getRequestHeaders().getFirst("X-Key"));
      byte[] body = exchange.getRequestBody().readAllBytes();
      String type = exchange.getRequestHeaders().getFirst("Content-Type");
      byte[] answer =
          (type + " " + new String(body, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("X-Kind", "tea");
      exchange.getResponseHeaders().add("X-Kind", "milk");
      exchange.sendResponseHeaders(201, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }

  @ParameterizedTest
  @EnumSource(Toolchain.class)
  @Timeout(300)
  void a_guest_uses_the_services_of_a_host(Toolchain language) throws Exception {
    byte[] module = language.module(SDK.resolve(language.folder).resolve("conformance"));
    HostFunctionSpec find =
        HostFunctionSpec.builder("posts.find", call -> Map.of("id", call.request()))
            .capability("posts.read")
            .build();
    Egress loopback =
        new Egress(Egress.Mode.ENFORCE, List.of(Egress.Allowed.parse("127.0.0.1:" + serverPort())));
    try (Host host =
        Hosts.open(
            Hosts.patient(data).toBuilder()
                .function(find)
                .egress(loopback)
                .eventListener(event -> heard.add(event.name() + " " + event.data()))
                .cacheListener(new Caches())
                .build())) {
      host.plugins().install(bundle(module).bytes());
      host.plugins().activate(NAME);
      configuration(host);
      host.secrets().set(NAME, "TOKEN", "s€cret".getBytes(StandardCharsets.UTF_8));
      everythingIsDenied(host);
      host.plugins().grantRequested(NAME);
      secrets(host);
      functions(host);
      entries(host);
      requests(host);
      platform(host);
      database(host);
      jobs(host);
      Hosts.assertBalanced(host, NAME);
    }
  }

  private GuestBundle bundle(byte[] module) {
    GuestBundle bundle = GuestBundle.of(NAME, module);
    List.of(
            "config.text",
            "config.int",
            "config.bool",
            "config.get",
            "secrets.get",
            "app.call",
            "app.error",
            "kv.get",
            "kv.set_if_absent",
            "kv.error",
            "fetch",
            "fetch.error",
            "i18n.translate",
            "i18n.format",
            "db.query",
            "db.execute",
            "db.reason",
            "jobs.enqueue")
        .forEach(bundle::filter);
    List.of("events.emit", "cache.invalidate", "metrics.observe", "span.event")
        .forEach(bundle::action);
    return bundle
        .file("locales/en.json", "{\"items\":\"{count, plural, one {# item} other {# items}}\"}")
        .file("locales/de.json", "{\"greeting\":\"Grüezi\"}")
        .field("jobs", "[\"send\",\"once\"]")
        .field(
            "metrics",
            """
            [{"name":"orders","kind":"counter","labels":[{"name":"kind","values":["paid"]}]}]
            """)
        .field("config", SCHEMA)
        .field(
            "capabilities",
            """
            ["secrets.keys","posts.read","kv.read","kv.write","http.fetch","events.emit",
             "cache.invalidate","metrics.observe","db.read","db.write","jobs.enqueue"]
            """)
        .field("secrets", "{\"keys\":[\"TOKEN\"]}")
        .field("http", "{\"fetch\":{\"allow\":[\"http://127.0.0.1:" + serverPort() + "\"]}}");
  }

  private static void configuration(Host host) throws Exception {
    assertThat(filtered(host, "config.text", "greeting", "none")).isEqualTo("\"Hello\"");
    assertThat(filtered(host, "config.int", "limit", 10)).isEqualTo("10");
    assertThat(filtered(host, "config.bool", "loud", true)).isEqualTo("true");
    assertThat(filtered(host, "config.get", "")).isEqualTo("{\"greeting\":\"Hello\"}");
    ObjectNode values =
        (ObjectNode)
            StrictJson.parse(
                "{\"greeting\":\"Grüß Gott\",\"limit\":3,\"loud\":false}"
                    .getBytes(StandardCharsets.UTF_8));
    host.configs().merge(NAME, OptionalLong.empty(), values);
    assertThat(filtered(host, "config.text", "greeting", "none")).isEqualTo("\"Grüß Gott\"");
    assertThat(filtered(host, "config.int", "limit", 10)).isEqualTo("3");
    assertThat(filtered(host, "config.bool", "loud", true)).isEqualTo("false");
  }

  private void everythingIsDenied(Host host) throws InterruptedException {
    assertThat(failed(host, "secrets.get", "TOKEN")).contains("denied by the host", "secrets.keys");
    assertThat(filtered(host, "app.error", "posts.find")).isEqualTo("\"denied\"");
    assertThat(filtered(host, "kv.error", "a")).isEqualTo("\"denied\"");
    assertThat(filtered(host, "fetch.error", url("/"))).isEqualTo("\"denied\"");
    assertThat(requests).isEmpty();
  }

  private static void secrets(Host host) throws InterruptedException {
    assertThat(filtered(host, "secrets.get", "TOKEN")).isEqualTo("\"s€cret\"");
    assertThat(failed(host, "secrets.get", "OTHER")).contains("denied by the host");
    host.secrets().delete(NAME, "TOKEN");
    assertThat(filtered(host, "secrets.get", "TOKEN")).isEqualTo("null");
  }

  private static void functions(Host host) throws InterruptedException {
    assertThat(filtered(host, "app.call", 7, "posts.find")).isEqualTo("{\"id\":7}");
    assertThat(filtered(host, "app.error", "posts.delete")).isEqualTo("\"not found\"");
  }

  private static void entries(Host host) throws InterruptedException {
    assertThat(filtered(host, "kv.set_if_absent", "once", "ü")).isEqualTo("true");
    assertThat(filtered(host, "kv.set_if_absent", "once", "x")).isEqualTo("false");
    assertThat(filtered(host, "kv.get", "once")).isEqualTo("\"ü\"");
    assertThat(filtered(host, "kv.error", "k".repeat(257))).isEqualTo("\"bad arguments\"");
  }

  private void requests(Host host) throws InterruptedException {
    assertThat(filtered(host, "fetch", url("/a?b=c"), "GET")).isEqualTo("\"201|tea, milk|null \"");
    assertThat(filtered(host, "fetch", url("/p"), "PUT"))
        .isEqualTo("\"201|tea, milk|text/plain ü\"");
    assertThat(requests).containsExactly("GET /a?b=c null", "PUT /p null");
    assertThat(failed(host, "fetch", "http://127.0.0.1:9/", "DELETE"))
        .contains("blocked by the host: 127.0.0.1 is not in http.fetch.allow; add");
    assertThat(filtered(host, "fetch.error", "http://127.0.0.1:9/")).isEqualTo("\"blocked\"");
    assertThat(filtered(host, "fetch.error", "ftp://x")).isEqualTo("\"bad arguments\"");
    server.stop(0);
    assertThat(filtered(host, "fetch.error", url("/"))).isEqualTo("\"upstream failed\"");
  }

  private void platform(Host host) throws InterruptedException {
    acts(host, "events.emit", "order.paid", Map.of("id", 7));
    acts(host, "cache.invalidate", List.of("post:1", "ü"));
    acts(host, "span.event", "miss", Map.of("key", "a"));
    acts(host, "metrics.observe", "orders", 1, "paid");
    assertThat(heard.take()).isEqualTo("order.paid {\"id\":7}");
    assertThat(invalidated.take()).containsExactly("post:1", "ü");
    assertThat(host.doAction("metrics.observe", "orders", 1, "stolen").degraded()).hasSize(1);
    assertThat(host.logs().recent(NAME).getLast().toString())
        .contains("the host did not accept the arguments");
    assertThat(filtered(host, "i18n.translate", "greeting", "de-CH")).isEqualTo("\"Grüezi\"");
    assertThat(filtered(host, "i18n.format", "items", "en", 3)).isEqualTo("\"3 items\"");
    assertThat(filtered(host, "i18n.translate", "farewell", "de")).isEqualTo("null");
  }

  private static void database(Host host) throws InterruptedException {
    filtered(
        host, "db.execute", "create table t (id bigint primary key, name varchar(20))", List.of());
    String insert = "insert into t (id, name) values (?, ?)";
    assertThat(filtered(host, "db.execute", insert, List.of(9_007_199_254_740_993L, "ü")))
        .isEqualTo("1");
    assertThat(filtered(host, "db.query", "select id, name from t where name = ?", List.of("ü")))
        .isEqualTo("\"9007199254740993=ü\"");
    assertThat(filtered(host, "db.reason", "insert into t (id) values (9007199254740993)"))
        .contains("23505");
    assertThat(filtered(host, "db.reason", "select from where"))
        .startsWith("\"-14|")
        .contains("42");
  }

  private static void jobs(Host host) throws Exception {
    assertThat(filtered(host, "jobs.enqueue", Map.of("to", "ü"), "full")).endsWith("|true\"");
    assertThat(filtered(host, "jobs.enqueue", Map.of("to", "ü"), "full")).endsWith("|false\"");
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    Runnable stop = host.logs().listen(NAME, (level, line) -> lines.add(line));
    host.jobs()
        .request(
            NAME,
            StrictJson.parse(
                "{\"job\":\"once\",\"idempotency_key\":\"k\"}".getBytes(StandardCharsets.UTF_8)));
    String line = lines.take();
    while (!line.contains("the effect")) {
      line = lines.take();
    }
    stop.run();
    assertThat(filtered(host, "kv.get", "done:k")).isNotEqualTo("null");
  }

  private final class Caches implements CacheListener {
    @Override
    public void invalidate(CacheInvalidation invalidation) {
      invalidated.add(invalidation.tags());
    }

    @Override
    public void invalidateAll() {
      throw new AssertionError("this host has missed nothing");
    }
  }

  private static void acts(Host host, String hook, Object... args) throws InterruptedException {
    assertThat(host.doAction(hook, args).degraded()).as("%s %s", hook, List.of(args)).isEmpty();
  }

  private int serverPort() {
    return server.getAddress().getPort();
  }

  private String url(String path) {
    return "http://127.0.0.1:" + serverPort() + path;
  }

  /** {@link HelloRustTest} runs those in Rust. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RUST")
  void the_sdks_own_tests_pass(Toolchain language) throws Exception {
    Path conformance = SDK.resolve(language.folder).resolve("conformance");
    language.module(conformance);
    Map<String, String> offline = Map.of("GOPROXY", "off", "GOTOOLCHAIN", "local", "GOWORK", "off");
    switch (language) {
      case RUST -> throw new AssertionError("excluded");
      case GO -> Toolchain.run(SDK.resolve("go"), offline, "go", "test", ".");
      case ASSEMBLYSCRIPT ->
          Toolchain.run(
              SDK.resolve("assemblyscript"), Map.of(), "node", "--test", "test/testing.test.mjs");
      case C -> Toolchain.run(conformance, Map.of(), "make", "--silent", "test");
    }
  }

  private static String filtered(Host host, String hook, Object value, Object... args)
      throws InterruptedException {
    var result = host.applyFilters(hook, value, args);
    assertThat(result.degraded()).as("%s %s", hook, List.of(args)).isEmpty();
    return result.value().toString();
  }

  /** Runs a filter that fails, and returns what the plugin's log has as the reason. */
  private static String failed(Host host, String hook, Object value, Object... args)
      throws InterruptedException {
    assertThat(host.applyFilters(hook, value, args).degraded()).hasSize(1);
    return host.logs().recent(NAME).getLast().toString();
  }
}
