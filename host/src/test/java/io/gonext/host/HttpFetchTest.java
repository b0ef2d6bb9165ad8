package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.internal.service.http.FetchServer;
import io.gonext.host.internal.service.http.RudeServer;
import io.gonext.host.trust.TrustPolicy;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** HTTP requests as a guest sends them, through the host, to real servers. */
@Timeout(120)
class HttpFetchTest {
  private static final String PLUGIN = "fetcher";
  private static final int BAD_ARGUMENTS = -1;
  private static final int BLOCKED = -3;
  private static final int LIMITED = -4;
  private static final int UPSTREAM_FAILED = -5;

  @TempDir private Path data;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private Host host;
  private FetchServer server;

  @BeforeEach
  void open() throws Exception {
    server = FetchServer.plain("127.0.0.1");
    open(new Egress(Egress.Mode.ENFORCE, List.of(Egress.Allowed.parse("127.0.0.1"))));
  }

  private void open(Egress.Mode mode, Egress.Allowed... allowed) throws InterruptedException {
    open(new Egress(mode, List.of(allowed)));
  }

  private void open(Egress egress) throws InterruptedException {
    host =
        Host.open(
            HostConfig.builder(data)
                .trust(TrustPolicy.off())
                .meters(meters)
                .egress(egress)
                .limits(OperatorLimits.defaults().withCall(Duration.ofSeconds(30)))
                .telemetry(
                    OpenTelemetrySdk.builder()
                        .setTracerProvider(
                            SdkTracerProvider.builder()
                                .addSpanProcessor(SimpleSpanProcessor.create(spans))
                                .build())
                        .build())
                .build());
  }

  @AfterEach
  void every_lease_came_back() throws Exception {
    HostTest.assertBalanced(host);
    host.close();
    server.close();
  }

  @Test
  void a_guest_gets_status_headers_and_body() throws InterruptedException {
    activate(bundle(own()));
    JsonNode answer = call("fetch", request("/cookie"));
    assertThat(answer.get("status").intValue()).isEqualTo(200);
    assertThat(answer.get("headers").get("set-cookie").stringValue()).isEqualTo("a=1, b=2");
    assertThat(body(answer)).isEmpty();
    assertThat(body(call("fetch", request("/gzip")))).isEqualTo("inflated");
    assertThat(call("fetch", request("/nowhere")).get("status").intValue()).isEqualTo(404);
  }

  @Test
  void a_guest_without_a_grant_is_denied() throws InterruptedException {
    host.plugins().install(bundle(own()).bytes());
    host.plugins().activate(PLUGIN);
    assertThat(call("fetch", request("/echo")).intValue()).isEqualTo(-2);
    assertThat(call("fetch.error", request("/echo")).get("code").stringValue()).isEqualTo("denied");
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void an_origin_that_the_manifest_does_not_list_is_blocked() throws InterruptedException {
    activate(bundle("https://api.example.com"));
    assertThat(call("fetch", request("/echo")).intValue()).isEqualTo(BLOCKED);
    JsonNode error = call("fetch.error", request("/echo"));
    assertThat(error.get("code").stringValue()).isEqualTo("blocked");
    assertThat(error.get("message").stringValue())
        .isEqualTo("127.0.0.1 is not in http.fetch.allow; add \"" + own() + "\"");
    assertThat(server.requests()).isEmpty();
    assertThat(blocked("origin", true)).isEqualTo(2);
    assertThat(auditDetails("fetch_blocked"))
        .singleElement()
        .asString()
        .contains("\"gate\":\"origin\"", own());
  }

  @Test
  void an_address_that_the_operator_did_not_allow_is_blocked() throws InterruptedException {
    host.close();
    open(Egress.Mode.ENFORCE, Egress.Allowed.parse("127.0.0.1:9"));
    activate(bundle(own()));
    assertThat(call("fetch", request("/echo")).intValue()).isEqualTo(BLOCKED);
    assertThat(call("fetch.error", request("/echo")).get("message").stringValue())
        .contains("--egress-allow RANGE:" + server.port());
    assertThat(server.requests()).isEmpty();
    assertThat(blocked("address", true)).isEqualTo(2);
    assertThat(auditDetails("fetch_blocked"))
        .singleElement()
        .asString()
        .contains("\"gate\":\"address\"");
  }

  @Test
  void an_observing_host_lets_other_origins_pass_and_counts_them() throws InterruptedException {
    host.close();
    open(Egress.Mode.OBSERVE, Egress.Allowed.parse("127.0.0.1"));
    activate(bundle("https://api.example.com"));
    assertThat(call("fetch", request("/echo")).get("status").intValue()).isEqualTo(200);
    assertThat(blocked("origin", false)).isEqualTo(1);
    assertThat(auditDetails("fetch_observed")).hasSize(1);
  }

  @Test
  void an_observing_host_opens_no_address() throws InterruptedException {
    host.close();
    open(Egress.Mode.OBSERVE);
    activate(bundle(own()));
    assertThat(call("fetch", request("/echo")).intValue()).isEqualTo(BLOCKED);
    assertThat(server.requests()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "POST, 301, GET",
    "POST, 302, GET",
    "POST, 303, GET",
    "PUT, 302, PUT",
    "PUT, 303, GET",
    "HEAD, 303, HEAD",
    "POST, 307, POST",
    "POST, 308, POST",
  })
  void a_redirect_changes_the_method_as_in_browsers(String method, int status, String then)
      throws InterruptedException {
    activate(bundle(own()));
    JsonNode answer =
        call(
            "fetch",
            Map.of("method", method, "url", own() + redirect(status, "/echo"), "body", "aGVsbG8="));
    assertThat(server.requests())
        .containsExactly(method + " " + redirect(status, "/echo"), then + " /echo");
    if (!then.equals("HEAD")) {
      assertThat(body(answer).endsWith("hello")).isEqualTo(!then.equals("GET"));
      assertThat(body(answer).contains("content-type")).isEqualTo(!then.equals("GET"));
    }
  }

  @Test
  void a_redirect_to_another_origin_loses_the_credentials() throws Exception {
    try (FetchServer other = FetchServer.plain("127.0.0.1")) {
      String there = "http://127.0.0.1:" + other.port();
      activate(bundle(own(), there));
      Map<String, String> headers = Map.of("Authorization", "Bearer x", "Cookie", "c", "X-A", "1");
      Map<String, Object> away =
          Map.of("url", own() + redirect(307, there + "/echo"), "headers", headers);
      assertThat(body(call("fetch", away)))
          .contains("x-a: 1")
          .doesNotContain("authorization", "cookie");
      Map<String, Object> stays = Map.of("url", own() + redirect(307, "/echo"), "headers", headers);
      assertThat(body(call("fetch", stays))).contains("authorization: Bearer x", "cookie: c");
    }
  }

  @Test
  void a_redirect_passes_both_gates() throws Exception {
    try (FetchServer other = FetchServer.plain("127.0.0.1")) {
      String unlisted = "http://127.0.0.1:" + other.port() + "/echo";
      activate(bundle(own(), "http://10.0.0.1"));
      for (String target : List.of(unlisted, "http://10.0.0.1/", "http://169.254.169.254/")) {
        assertThat(call("fetch", request(redirect(302, target))).intValue()).isEqualTo(BLOCKED);
      }
      for (String target : List.of("http://2130706433/", "file:///x", "http://u@127.0.0.1/")) {
        assertThat(call("fetch", request(redirect(302, target))).intValue())
            .isEqualTo(UPSTREAM_FAILED);
      }
      assertThat(other.requests()).isEmpty();
    }
  }

  @Test
  void a_fourth_redirect_is_a_failure() throws InterruptedException {
    activate(bundle(own()));
    assertThat(call("fetch.error", request("/loop")).get("message").stringValue())
        .isEqualTo(own() + " redirects more than 3 times");
    assertThat(server.requests()).hasSize(4);
  }

  @Test
  void a_request_that_is_not_acceptable_is_refused_with_the_reason() throws InterruptedException {
    activate(bundle(own()));
    Map<String, Object> request = Map.of("url", own() + "/echo", "headers", Map.of("Host", "x"));
    String reason = "the header Host is set by the host: leave it out";
    assertThat(call("fetch", request).intValue()).isEqualTo(BAD_ARGUMENTS);
    JsonNode error = call("fetch.error", request);
    assertThat(error.get("code").stringValue()).isEqualTo("bad_arguments");
    assertThat(error.get("message").stringValue()).isEqualTo(reason);
    assertThat(host.logs().recent(PLUGIN)).anyMatch(line -> line.text().contains(reason));
    assertThat(server.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bytes?bytes=", "/inflates-to?bytes="})
  void a_guest_gets_a_body_of_10_mib_and_not_one_byte_more(String path)
      throws InterruptedException {
    int most = 10 * 1024 * 1024;
    activate(bundle(own()));
    assertThat(call("fetch.size", request(path + most)).intValue()).isGreaterThan(most / 3 * 4);
    assertThat(call("fetch.size", request(path + (most + 1))).intValue())
        .isEqualTo(UPSTREAM_FAILED);
    assertThat(call("fetch.error", request(path + (most + 1))).get("message").stringValue())
        .isEqualTo("the answer of " + own() + " has a body of more than 10 MiB");
  }

  @Test
  void a_call_sends_at_most_16_requests() throws InterruptedException {
    activate(bundle(own()));
    assertThat(call("fetch.many", request("/echo")).intValue()).isEqualTo(LIMITED);
    assertThat(server.requests()).hasSize(16);
    assertThat(call("fetch", request("/echo")).get("status").intValue()).isEqualTo(200);
  }

  @Test
  void the_operator_sets_the_rate() throws InterruptedException {
    host.close();
    open(new Egress(Egress.Mode.ENFORCE, List.of(Egress.Allowed.parse("127.0.0.1")), 1));
    activate(bundle(own()));
    assertThat(call("fetch", request("/echo")).get("status").intValue()).isEqualTo(200);
    assertThat(call("fetch", request("/echo")).intValue()).isEqualTo(LIMITED);
  }

  @Test
  void a_manifest_lowers_the_rate_and_an_update_does_not_refill_it() throws InterruptedException {
    activate(
        bundle(own())
            .field("http", "{\"fetch\":{\"allow\":[\"" + own() + "\"],\"rate_per_minute\":2}}"));
    assertThat(call("fetch", request("/echo")).get("status").intValue()).isEqualTo(200);
    assertThat(call("fetch", request("/echo")).get("status").intValue()).isEqualTo(200);
    assertThat(call("fetch", request("/echo")).intValue()).isEqualTo(LIMITED);
    for (int i = 0; i < 3; i++) {
      call("fetch.many", request("/echo"));
    }
    host.plugins().update(PLUGIN, bundle(own()).version("1.0.1").bytes());
    int sent = server.requests().size();
    assertThat(sent).isEqualTo(2);
    for (int i = 0; i < 4; i++) {
      call("fetch.many", request("/echo"));
    }
    assertThat(server.requests()).hasSizeBetween(58, 62);
  }

  @Test
  void a_plugin_has_6_requests_under_way_and_does_not_hold_up_others() throws Exception {
    Semaphore arrived = new Semaphore(0);
    Semaphore go = new Semaphore(0);
    try (RudeServer slow =
            new RudeServer(out -> {
              arrived.release();
              go.acquire();
              out.write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
            });
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      String there = "http://127.0.0.1:" + slow.port();
      activate(bundle(own(), there).limit("instances_max", 8));
      List<Future<JsonNode>> calls = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        calls.add(executor.submit(() -> call("fetch", Map.of("url", there))));
      }
      arrived.acquire(6);
      assertThat(call("fetch", request("/echo")).intValue()).isEqualTo(LIMITED);
      host.plugins()
          .install(
              GuestBundle.of("another", Guests.wasm("fetch"))
                  .filter("another")
                  .field("capabilities", "[\"http.fetch\"]")
                  .field("http", "{\"fetch\":{\"allow\":[\"" + own() + "\"]}}")
                  .bytes());
      host.plugins().grantRequested("another");
      host.plugins().activate("another");
      FilterResult other = host.applyFilters("another", request("/echo"));
      assertThat(other.value().get("status").intValue()).isEqualTo(200);
      go.release(6);
      for (Future<JsonNode> call : calls) {
        assertThat(call.get().get("status").intValue()).isEqualTo(204);
      }
    }
  }

  @Test
  void a_server_that_is_too_slow_for_the_request_is_a_failure_of_the_server() throws Exception {
    try (RudeServer slow = RudeServer.stuckAfter("")) {
      String there = "http://127.0.0.1:" + slow.port();
      activate(bundle(there));
      Map<String, Object> request = Map.of("url", there, "timeout_ms", 50);
      assertThat(call("fetch", request).intValue()).isEqualTo(UPSTREAM_FAILED);
      assertThat(call("fetch.error", request).get("message").stringValue())
          .isEqualTo(there + " did not answer completely in time");
      assertThat(outcome("fetch.trap", request)).isEqualTo("UPSTREAM_UNAVAILABLE");
    }
  }

  @Test
  void a_call_that_ends_in_a_wait_for_a_server_does_not_count_for_the_breaker() throws Exception {
    try (RudeServer slow = RudeServer.stuckAfter("")) {
      String there = "http://127.0.0.1:" + slow.port();
      activate(bundle(there).limit("wait_ms", 50));
      for (int i = 0; i < 22; i++) {
        assertThat(outcome("fetch", Map.of("url", there))).isEqualTo("UPSTREAM_UNAVAILABLE");
      }
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  void a_guest_that_hangs_after_a_failed_request_is_to_blame() throws InterruptedException {
    activate(bundle(own()).limit("call_ms", 500));
    call("fetch", request("/echo"));
    assertThat(outcome("fetch.loop", request(redirect(302, "file:///x")))).isEqualTo("DEADLINE");
  }

  @Test
  void a_request_is_a_span_and_a_measurement() throws InterruptedException {
    activate(bundle(own()));
    call("fetch", request("/nowhere"));
    call("fetch", Map.of("url", "https://secret.example.com/"));
    List<SpanData> fetches =
        spans.getFinishedSpanItems().stream()
            .filter(span -> span.getName().equals("gonext.fetch GET"))
            .toList();
    assertThat(fetches).hasSize(2);
    assertThat(fetches)
        .extracting(span -> span.getStatus().getStatusCode())
        .containsExactly(StatusCode.ERROR, StatusCode.ERROR);
    assertThat(fetches)
        .extracting(span -> span.getAttributes().get(AttributeKey.stringKey("error.type")))
        .containsExactly("404", "blocked_origin");
    assertThat(fetches)
        .allSatisfy(span -> assertThat(span.getParentSpanContext().isValid()).isTrue());
    assertThat(timed(own(), "answered")).isEqualTo(1);
    assertThat(timed("other", "blocked_origin")).isEqualTo(1);
    host.plugins().deactivate(PLUGIN);
    host.plugins().uninstall(PLUGIN);
    assertThat(meters.find("gonext.plugin.fetch").timers()).isEmpty();
  }

  @Test
  void install_warns_of_what_http_fetch_does_not_get() {
    assertThat(host.plugins().install(bundle().bytes()).warnings())
        .anyMatch(warning -> warning.startsWith("/http/fetch/allow: the plugin requests"));
    host.plugins().uninstall(PLUGIN);
    assertThat(
            host.plugins()
                .install(
                    bundle()
                        .version("1.0.1")
                        .field(
                            "http", "{\"fetch\":{\"allow\":[\"a.test\"],\"rate_per_minute\":61}}")
                        .bytes())
                .warnings())
        .anyMatch(warning -> warning.contains("the plugin gets 60 and not 61"));
  }

  private String own() {
    return "http://127.0.0.1:" + server.port();
  }

  private Map<String, Object> request(String path) {
    return Map.of("url", own() + path);
  }

  private static String redirect(int status, String to) {
    return "/redirect?status=" + status + "&to=" + to;
  }

  private static GuestBundle bundle(String... origins) {
    String list = String.join("\",\"", origins);
    GuestBundle bundle =
        GuestBundle.of(PLUGIN, Guests.wasm("fetch")).field("capabilities", "[\"http.fetch\"]");
    Stream.of("fetch", "fetch.error", "fetch.trap", "fetch.loop", "fetch.many", "fetch.size")
        .forEach(bundle::filter);
    return origins.length == 0
        ? bundle
        : bundle.field("http", "{\"fetch\":{\"allow\":[\"" + list + "\"]}}");
  }

  private void activate(GuestBundle bundle) throws InterruptedException {
    host.plugins().install(bundle.bytes());
    host.plugins().grantRequested(PLUGIN);
    host.plugins().activate(PLUGIN);
  }

  private JsonNode call(String hook, Object request) throws InterruptedException {
    FilterResult result = host.applyFilters(hook, request);
    assertThat(result.degraded()).isEmpty();
    return result.value();
  }

  private String outcome(String hook, Object request) throws InterruptedException {
    List<Degradation> degraded = host.applyFilters(hook, request).degraded();
    assertThat(degraded).hasSize(1);
    return degraded.getFirst().code();
  }

  private static String body(JsonNode answer) {
    return new String(
        Base64.getDecoder().decode(answer.get("body").stringValue()), StandardCharsets.UTF_8);
  }

  private double blocked(String gate, boolean refused) {
    Counter counter =
        meters
            .find("gonext.plugin.fetch.blocked")
            .tags("plugin", PLUGIN, "gate", gate, "refused", Boolean.toString(refused))
            .counter();
    return counter == null ? 0 : counter.count();
  }

  private long timed(String entry, String outcome) {
    Timer timer =
        meters
            .find("gonext.plugin.fetch")
            .tags("plugin", PLUGIN, "host", entry, "outcome", outcome)
            .timer();
    return timer == null ? 0 : timer.count();
  }

  private List<String> auditDetails(String event) {
    return host.audit().newest(PLUGIN, 100).stream()
        .filter(row -> row.event().equals(event))
        .map(AuditRow::detail)
        .toList();
  }
}
