package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.gonext.guests.GuestBundle;
import io.gonext.host.Database;
import io.gonext.host.Egress;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.JobAttempt;
import io.gonext.host.JobInfo;
import io.gonext.host.JobPolicy;
import io.gonext.host.JobState;
import io.gonext.host.MasterKey;
import io.gonext.host.PluginEvent;
import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.RouteOutcome.Answered;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.trust.TrustPolicy;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The example {@code webhook-relay}, built now, with a real HTTP server as its endpoints: on both
 * databases, and on two hosts.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("WebhookRelayTest") // its tests run one after another
@Timeout(300)
class WebhookRelayTest {
  private static final Path PROJECT =
      Path.of(System.getProperty("gonext.root"), "examples", "webhook-relay");
  private static final String NAME = "webhook-relay";
  private static final String TOKEN = "t0ken-4711";
  private static final String ROUTE_KEY = "k3y-0815";

  private static final JobPolicy QUICK =
      JobPolicy.defaults()
          .withTimes(Duration.ofMillis(50), Duration.ofSeconds(30))
          .withBackoff(Duration.ofMillis(1))
          .withBounds(1_000, 1_000);

  @Test
  void its_own_tests_pass() throws Exception {
    TestTool.require("rust", TestTool.isOnPath("cargo"), "no cargo on PATH: apt-get install cargo");
    Toolchain.run(PROJECT, Map.of(), "cargo", "test", "--quiet", "--locked", "--offline");
  }

  @Nested
  class OnH2 extends Contract {
    @Override
    HostConfig.Builder config(Path data) {
      return HostConfig.builder(data).trust(TrustPolicy.off());
    }
  }

  @Nested
  class OnPostgres extends Contract {
    @Override
    HostConfig.Builder config(Path data) {
      return HostConfig.builder(data)
          .trust(TrustPolicy.off())
          .database(Database.postgreSql(TestPostgres.createDatabase()));
    }
  }

  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  abstract static class Contract {
    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final Queue<PluginEvent> events = new ConcurrentLinkedQueue<>();
    private Endpoints endpoints;
    private Host host;

    abstract HostConfig.Builder config(Path data);

    @BeforeAll
    void open(@TempDir Path data) throws Exception {
      endpoints = new Endpoints();
      host =
          Hosts.open(
              served(config(data), endpoints).meters(meters).eventListener(events::add).build());
      install(host, endpoints);
    }

    @AfterAll
    void close() {
      if (host != null) {
        host.close();
      }
      endpoints.close();
    }

    @Test
    void an_action_reaches_the_endpoint_with_the_secret_that_nobody_else_sees() throws Exception {
      assertThat(host.doAction("post.published", Map.of("title", "Ü"), "a1").degraded()).isEmpty();
      JobInfo job = ended(host, "a1/new");
      assertThat(job.state()).as(job.toString()).isEqualTo(JobState.SUCCEEDED);
      assertThat(endpoints.received("a1/new"))
          .containsExactly(
              new Received(
                  "/new",
                  "Bearer " + TOKEN,
                  "application/json",
                  "{\"id\":\"a1\",\"event\":\"post.published\",\"data\":{\"title\":\"Ü\"}}"));
      JsonNode event = event("delivered", "a1");
      assertThat(event.get("endpoint").stringValue()).isEqualTo("new");
      assertThat(event.get("attempt").intValue()).isEqualTo(1);
      JsonNode listed = delivery("a1");
      assertThat(listed.get("outcome").stringValue()).isEqualTo("delivered");

      assertThat(
              Stream.of(job, host.logs().recent(NAME), host.audit().newest(1_000), listed, event))
          .noneMatch(it -> it.toString().contains(TOKEN));
    }

    @Test
    void an_endpoint_that_is_not_available_is_tried_until_it_is() throws Exception {
      double before = counted("retried");
      post("{\"event\":\"busy\",\"id\":\"b1\"}", 202);
      JobInfo job = ended(host, "b1/busy");
      assertThat(job.state()).as(job.toString()).isEqualTo(JobState.SUCCEEDED);
      assertThat(endpoints.received("b1/busy")).hasSize(3);
      assertThat(endpoints.received("b1/busy"))
          .containsOnly(endpoints.received("b1/busy").getFirst());
      assertThat(event("delivered", "b1").get("attempt").intValue()).isEqualTo(3);
      assertThat(counted("retried") - before).isEqualTo(2);
    }

    @Test
    void an_endpoint_decides_when_it_is_tried_again() throws Exception {
      post("{\"event\":\"limited\",\"id\":\"l1\"}", 202);
      JobInfo job = ended(host, "l1/limited");
      assertThat(job.state()).as(job.toString()).isEqualTo(JobState.SUCCEEDED);
      assertThat(job.attempts()).extracting(JobAttempt::outcome).containsExactly("RETRY", "OK");
      assertThat(
              Duration.between(
                  job.attempts().getFirst().endedAt(), job.attempts().getLast().beganAt()))
          .isGreaterThanOrEqualTo(Duration.ofMillis(900));
    }

    @Test
    void an_endpoint_that_refuses_an_event_is_not_tried_again_by_itself() throws Exception {
      double before = counted("failed");
      post("{\"event\":\"strict\",\"id\":\"s1\"}", 202);
      JobInfo job = ended(host, "s1/strict");
      assertThat(job.state()).as(job.toString()).isEqualTo(JobState.DEAD);
      assertThat(endpoints.received("s1/strict")).hasSize(job.attempts().size());
      assertThat(event("failed", "s1").get("reason").stringValue())
          .isEqualTo("the endpoint answered 400");
      assertThat(counted("failed") - before).isEqualTo(1);
      assertThat(delivery("s1").get("outcome").stringValue()).isEqualTo("failed");
      assertThat(host.logs().recent(NAME))
          .anyMatch(line -> line.text().contains("s1/strict: the endpoint answered 400"));

      endpoints.lenient = true;
      host.jobs().retry(job.id());
      assertThat(ended(host, "s1/strict").state()).isEqualTo(JobState.SUCCEEDED);
      event("delivered", "s1");
      assertThat(delivery("s1").get("outcome").stringValue()).isEqualTo("delivered");
    }

    @Test
    void an_endpoint_outside_of_the_manifest_is_not_asked() throws Exception {
      post("{\"event\":\"stray\",\"id\":\"o1\"}", 202);
      JobInfo job = ended(host, "o1/stray");
      assertThat(job.state()).as(job.toString()).isEqualTo(JobState.DEAD);
      assertThat(event("failed", "o1").get("reason").stringValue())
          .contains("is not in http.fetch.allow; add");
    }

    @Test
    void an_event_that_is_posted_twice_is_delivered_once() throws Exception {
      String body = "{\"event\":\"post.published\",\"id\":\"p1\",\"data\":[1]}";
      assertThat(post(body, 202)).isEqualTo("{\"id\":\"p1\",\"endpoints\":1,\"enqueued\":1}");
      ended(host, "p1/new");
      assertThat(post(body, 202)).isEqualTo("{\"id\":\"p1\",\"endpoints\":1,\"enqueued\":0}");
      assertThat(endpoints.received("p1/new")).hasSize(1);
    }

    @Test
    void a_caller_without_the_key_gets_nothing() throws Exception {
      for (Map<String, String> headers :
          List.of(Map.<String, String>of(), Map.of("X-Relay-Key", "wrong"))) {
        assertThat(serve(host, "GET", "/deliveries", headers, "").status()).isEqualTo(403);
        assertThat(serve(host, "POST", "/events", headers, "{}").status()).isEqualTo(403);
      }
      post("{}", 400);
    }

    private String post(String body, int status) throws InterruptedException {
      PluginResponse answer =
          serve(host, "POST", "/events", Map.of("X-Relay-Key", ROUTE_KEY), body);
      assertThat(answer.status()).isEqualTo(status);
      return new String(answer.body(), StandardCharsets.UTF_8);
    }

    /** The newest delivery of an event. */
    private JsonNode delivery(String id) throws InterruptedException, InvalidJsonException {
      PluginResponse answer =
          serve(host, "GET", "/deliveries", Map.of("X-Relay-Key", ROUTE_KEY), "");
      assertThat(answer.status()).isEqualTo(200);
      for (JsonNode delivery : StrictJson.parse(answer.body()).get("deliveries")) {
        if (delivery.get("id").stringValue().equals(id)) {
          return delivery;
        }
      }
      throw new AssertionError("no delivery of " + id);
    }

    private JsonNode event(String name, String id) {
      return await()
          .until(
              () ->
                  events.stream()
                      .filter(event -> event.name().equals(name))
                      .map(PluginEvent::data)
                      .filter(data -> data.get("id").stringValue().equals(id))
                      .findFirst(),
              Optional::isPresent)
          .orElseThrow();
    }

    private double counted(String outcome) {
      var counter = meters.find("gonext.guest.webhook_attempts").tag("outcome", outcome).counter();
      return counter == null ? 0 : counter.count();
    }
  }

  @Test
  void each_job_of_two_hosts_is_delivered_once(@TempDir Path one, @TempDir Path other)
      throws Exception {
    String database = TestPostgres.createDatabase();
    MasterKey key = MasterKey.random();
    Queue<String> delivered = new ConcurrentLinkedQueue<>();
    try (Endpoints endpoints = new Endpoints();
        Host first = node(one, database, key, delivered, endpoints)) {
      install(first, endpoints);
      try (Host second = node(other, database, key, delivered, endpoints)) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          String id = "n" + i;
          ids.add(id);
          // Every fourth event reaches both hosts.
          for (Host host :
              i % 4 == 0 ? List.of(first, second) : List.of(i % 2 == 0 ? first : second)) {
            assertThat(host.doAction("post.published", i, id).degraded()).isEmpty();
          }
        }
        Set<String> nodes = new HashSet<>();
        for (String id : ids) {
          JobInfo job = ended(first, id + "/new");
          assertThat(job.state()).as(job.toString()).isEqualTo(JobState.SUCCEEDED);
          // On a machine that is too busy to answer in time, an attempt fails and sends its
          // request.
          assertThat(endpoints.received(id + "/new"))
              .as(job.toString())
              .hasSizeBetween(1, job.attempts().size());
          nodes.add(job.attempts().getFirst().node());
        }
        await().until(() -> delivered.size() >= ids.size());
        assertThat(delivered).containsExactlyInAnyOrderElementsOf(ids);
        assertThat(first.jobs().list(NAME, Optional.empty(), 100)).hasSize(ids.size());
        assertThat(nodes).hasSize(2);
      }
    }
  }

  private static Host node(
      Path data, String database, MasterKey key, Queue<String> delivered, Endpoints endpoints)
      throws InterruptedException {
    return Hosts.open(
        served(HostConfig.builder(data).database(Database.postgreSql(database)), endpoints)
            .masterKey(key)
            .eventListener(event -> delivered.add(event.data().get("id").stringValue()))
            .build());
  }

  /** With loopback open, and limits that leave enough time beside builds and other tests. */
  private static HostConfig.Builder served(HostConfig.Builder config, Endpoints endpoints) {
    return config
        .trust(TrustPolicy.off())
        .limits(Hosts.patient(Path.of("unused")).limits())
        .jobs(QUICK)
        .egress(
            new Egress(
                Egress.Mode.ENFORCE,
                List.of(Egress.Allowed.parse("127.0.0.1:" + endpoints.port()))));
  }

  private static void install(Host host, Endpoints endpoints) throws Exception {
    Map<String, byte[]> files = new LinkedHashMap<>();
    String origin = "http://127.0.0.1:" + endpoints.port();
    files.put(
        "manifest.json",
        Files.readString(PROJECT.resolve("manifest.json"))
            .replace("https://hooks.example.com", origin)
            .getBytes(StandardCharsets.UTF_8));
    files.put("plugin.wasm", Toolchain.RUST.module(PROJECT));
    assertThat(host.plugins().install(GuestBundle.zip(files)).warnings()).isEmpty();
    host.plugins().grantRequested(NAME);
    host.configs()
        .replace(
            NAME,
            OptionalLong.empty(),
            (ObjectNode)
                StrictJson.parse(
                    """
                    {"endpoints":{
                      "new":{"url":"%1$s/new","events":["post.published"]},
                      "busy":{"url":"%1$s/busy","events":["busy"]},
                      "limited":{"url":"%1$s/limited","events":["limited"]},
                      "strict":{"url":"%1$s/strict","events":["strict"]},
                      "stray":{"url":"https://127.0.0.1:%2$d/","events":["stray"]}}}
                    """
                        .formatted(origin, endpoints.port())
                        .getBytes(StandardCharsets.UTF_8)));
    host.secrets().set(NAME, "relay_token", TOKEN.getBytes(StandardCharsets.UTF_8));
    host.secrets().set(NAME, "route_key", ROUTE_KEY.getBytes(StandardCharsets.UTF_8));
    host.plugins().activate(NAME);
  }

  private static JobInfo ended(Host host, String key) {
    return await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(10))
        .until(
            () ->
                host.jobs().list(NAME, Optional.empty(), 1_000).stream()
                    .filter(job -> job.idempotencyKey().equals(key) && job.state().isEnded())
                    .map(job -> host.jobs().get(job.id()))
                    .findFirst(),
            Optional::isPresent)
        .orElseThrow();
  }

  private static PluginResponse serve(
      Host host, String method, String path, Map<String, String> headers, String body)
      throws InterruptedException {
    var outcome =
        host.serve(
            NAME,
            new PluginRequest(method, path, "", headers, body.getBytes(StandardCharsets.UTF_8)));
    assertThat(outcome).isInstanceOf(Answered.class);
    return ((Answered) outcome).response();
  }

  private record Received(String path, String authorization, String type, String body) {}

  /**
   * The server. {@code /new} accepts each event, {@code /busy} at the third attempt, {@code
   * /limited} at the second one, and {@code /strict} when it has become lenient.
   */
  private static final class Endpoints implements AutoCloseable {
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;

    private volatile boolean lenient;

    /** By the header {@code Webhook-Id}. */
    private final Map<String, List<Received>> requests = new LinkedHashMap<>();

    Endpoints() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(threads);
      server.createContext("/", this::serve);
      server.start();
    }

    int port() {
      return server.getAddress().getPort();
    }

    synchronized List<Received> received(String webhookId) {
      return List.copyOf(requests.getOrDefault(webhookId, List.of()));
    }

    private synchronized int receive(String webhookId, Received request) {
      List<Received> received = requests.computeIfAbsent(webhookId, _ -> new ArrayList<>());
      received.add(request);
      return received.size();
    }

    private void serve(HttpExchange exchange) throws IOException {
      try (exchange) {
        var headers = exchange.getRequestHeaders();
        String path = exchange.getRequestURI().getPath();
        String authorization = headers.getFirst("Authorization");
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        int attempt =
            receive(
                headers.getFirst("Webhook-Id"),
                new Received(path, authorization, headers.getFirst("Content-Type"), body));
        int status =
            switch (path) {
              case "/busy" -> attempt < 3 ? 503 : 200;
              case "/limited" -> attempt < 2 ? 429 : 200;
              case "/strict" -> lenient ? 204 : 400;
              default -> 204;
            };
        if (status == 429) {
          exchange.getResponseHeaders().add("Retry-After", "1");
        }
        exchange.sendResponseHeaders(status, -1);
      }
    }

    @Override
    public void close() {
      server.stop(0);
      threads.close();
    }
  }
}
