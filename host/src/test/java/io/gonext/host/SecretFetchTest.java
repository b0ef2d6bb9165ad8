package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.internal.service.http.FetchServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Secrets that the host puts into HTTP requests of a plugin. One host serves all tests. */
class SecretFetchTest {
  private static final String PLUGIN = "fetcher";
  private static final String VALUE = "geheim-7Qx/&=?";
  private static final String ENCODED = "geheim-7Qx%2F%26%3D%3F";

  @TempDir private static Path data;
  private static final SimpleMeterRegistry METERS = new SimpleMeterRegistry();
  private static final InMemorySpanExporter SPANS = InMemorySpanExporter.create();
  private static Host host;

  /** Named beside the secrets, and another one that is not. */
  private static FetchServer own;

  private static FetchServer other;

  @BeforeAll
  static void open() throws Exception {
    own = FetchServer.plain("127.0.0.1");
    other = FetchServer.plain("127.0.0.1");
    host =
        Host.open(
            HostConfig.builder(data)
                .meters(METERS)
                .egress(new Egress(Egress.Mode.ENFORCE, List.of(Egress.Allowed.parse("127.0.0.1"))))
                .telemetry(
                    OpenTelemetrySdk.builder()
                        .setTracerProvider(
                            SdkTracerProvider.builder()
                                .addSpanProcessor(SimpleSpanProcessor.create(SPANS))
                                .build())
                        .build())
                .build());
    String hosts = "\"hosts\":[\"" + origin(own) + "\"]";
    host.plugins()
        .install(
            GuestBundle.of(PLUGIN, Guests.wasm("fetch"))
                .field("capabilities", "[\"http.fetch\"]")
                .field(
                    "http",
                    "{\"fetch\":{\"allow\":[\"%s\",\"%s\"]}}".formatted(origin(own), origin(other)))
                .field(
                    "secrets",
                    "{\"keys\":[{\"name\":\"KEY\",\"inject_only\":true,%s},{\"name\":\"UNSET\",%s},\"NOWHERE\"]}"
                        .formatted(hosts, hosts))
                .filter("fetch")
                .filter("fetch.error")
                .bytes());
    host.plugins().grantRequested(PLUGIN);
    host.plugins().activate(PLUGIN);
  }

  @AfterAll
  static void close() {
    host.close();
    own.close();
    other.close();
  }

  @BeforeEach
  void set() {
    set(VALUE);
    own.forget();
    other.forget();
  }

  @Test
  void a_secret_in_a_header_reaches_the_server_and_not_the_guest() throws InterruptedException {
    JsonNode answer = call(Map.of("url", url(own, "/mirror"), "headers", header("Bearer KEY")));
    assertThat(own.keys()).containsExactly("Bearer " + VALUE);
    assertThat(body(answer)).isEqualTo("/mirror Bearer " + "*".repeat(VALUE.length()));
    assertThat(answer.get("headers").get("x-seen").stringValue())
        .isEqualTo("Bearer " + "*".repeat(VALUE.length()));
  }

  @Test
  void a_secret_in_a_url_is_percent_encoded_and_does_not_come_back() throws InterruptedException {
    JsonNode answer = call(Map.of("url", url(own, "/mirror?key={{secret:KEY}}&x=1")));
    assertThat(own.requests()).containsExactly("GET /mirror?key=" + ENCODED + "&x=1");
    assertThat(body(answer)).isEqualTo("/mirror?key=" + "*".repeat(ENCODED.length()) + "&x=1 null");
  }

  @Test
  void a_new_value_holds_for_the_next_request() throws InterruptedException {
    call(Map.of("url", url(own, "/mirror"), "headers", header("KEY")));
    set("another");
    call(Map.of("url", url(own, "/mirror"), "headers", header("KEY")));
    assertThat(own.keys()).containsExactly(VALUE, "another");
  }

  @Test
  void a_secret_does_not_go_to_a_host_that_is_not_named_beside_it() throws InterruptedException {
    Map<String, Object> request = Map.of("url", url(other, "/mirror"), "headers", header("KEY"));
    assertThat(call(request).intValue()).isEqualTo(-3);
    assertThat(error(request))
        .isEqualTo(
            "127.0.0.1 is not among the hosts of the secret KEY; add \"%s\" to its hosts in"
                    .formatted(origin(other))
                + " secrets.keys");
    assertThat(other.requests()).isEmpty();
    assertThat(
            METERS
                .get("gonext.plugin.fetch.blocked")
                .tags("gate", "secret", "refused", "true")
                .counter()
                .count())
        .isGreaterThanOrEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "MISSING | -2 | the manifest does not name the secret MISSING in secrets.keys",
        "UNSET | -6 | the secret UNSET has no value: set it with gonext secret set fetcher UNSET",
        "NOWHERE | -3 | 127.0.0.1 is not among the hosts of the secret NOWHERE; add",
      })
  void a_secret_that_cannot_be_used_is_refused_with_the_reason(
      String name, int status, String reason) throws InterruptedException {
    Map<String, Object> request =
        Map.of("url", url(own, "/mirror?x={{secret:" + name + "}}"), "headers", header("KEY"));
    assertThat(call(request).intValue()).isEqualTo(status);
    assertThat(error(request)).startsWith(reason);
    assertThat(own.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nX-Evil: 1", "a\n", "\u20ac"})
  void a_value_that_a_header_cannot_carry_is_refused(String value) throws InterruptedException {
    set(value);
    Map<String, Object> request = Map.of("url", url(own, "/mirror"), "headers", header("KEY"));
    assertThat(call(request).intValue()).isEqualTo(-1);
    assertThat(error(request))
        .isEqualTo(
            "the value of the secret KEY has a line break or another character that a header cannot"
                + " carry: set it again without it");
    assertThat(own.requests()).isEmpty();
  }

  @Test
  void a_value_that_is_too_long_for_a_header_is_refused() throws InterruptedException {
    set("x".repeat(9_000));
    Map<String, Object> request = Map.of("url", url(own, "/mirror"), "headers", header("KEY"));
    assertThat(call(request).intValue()).isEqualTo(-1);
    assertThat(error(request)).startsWith("with KEY: the headers of a request have at most");
  }

  @Test
  void a_redirect_within_the_origin_keeps_the_header() throws InterruptedException {
    call(Map.of("url", url(own, "/redirect?status=302&to=/mirror"), "headers", header("KEY")));
    assertThat(own.keys()).containsExactly(VALUE, VALUE);
  }

  @Test
  void a_redirect_to_another_origin_drops_the_header() throws InterruptedException {
    call(
        Map.of(
            "url",
            url(own, "/redirect?status=307&to=" + url(other, "/mirror")),
            "headers",
            header("KEY")));
    assertThat(own.keys()).containsExactly(VALUE);
    assertThat(other.keys()).containsExactly("null");
  }

  @Test
  void a_redirect_with_the_secret_in_its_url_does_not_leave_the_named_hosts()
      throws InterruptedException {
    Map<String, Object> request =
        Map.of(
            "url", url(own, "/redirect?status=302&to=" + url(other, "/mirror?k={{secret:KEY}}")));
    set("geheim");
    assertThat(call(request).intValue()).isEqualTo(-3);
    assertThat(error(request))
        .isEqualTo(
            origin(own)
                + " redirects with the secret KEY in the URL to an origin that is not among its"
                + " hosts");
    assertThat(other.requests()).isEmpty();
  }

  @Test
  void what_a_server_answers_is_never_filled_with_a_secret() throws InterruptedException {
    call(
        Map.of(
            "url", url(own, "/redirect?status=302&to=/mirror%3Fx=%257B%257Bsecret:KEY%257D%257D")));
    assertThat(own.requests()).last().isEqualTo("GET /mirror?x=%7B%7Bsecret:KEY%7D%7D");
  }

  @Test
  void without_the_capability_no_secret_is_used() throws InterruptedException {
    host.plugins().revoke(PLUGIN, "secrets.keys");
    try {
      Map<String, Object> request = Map.of("url", url(own, "/mirror"), "headers", header("KEY"));
      assertThat(call(request).intValue()).isEqualTo(-2);
      assertThat(error(request)).isEqualTo("the plugin does not have the capability secrets.keys");
      assertThat(own.requests()).isEmpty();
    } finally {
      host.plugins().grant(PLUGIN, "secrets.keys");
    }
  }

  @Test
  void no_value_is_in_a_log_a_span_an_audit_row_or_a_metric() throws InterruptedException {
    set("geheim");
    call(Map.of("url", url(own, "/mirror?key={{secret:KEY}}"), "headers", header("KEY")));
    call(Map.of("url", url(own, "/redirect?status=302&to=http://{{secret:KEY}}.example/")));
    call(Map.of("url", url(own, "/redirect?status=302&to=http://{{secret:KEY}}.1/")));
    call(Map.of("url", url(own, "/redirect?status=302&to=file:///{{secret:KEY}}")));
    String seen =
        host.logs().recent(PLUGIN)
            + SPANS.getFinishedSpanItems().toString()
            + host.audit().newest(PLUGIN, 100)
            + METERS.getMeters().stream().map(meter -> meter.getId().toString()).toList();
    assertThat(seen).contains("redirects with the secret KEY").doesNotContainIgnoringCase("geheim");
  }

  private static void set(String value) {
    host.secrets().set(PLUGIN, "KEY", value.getBytes(StandardCharsets.UTF_8));
  }

  private static Map<String, String> header(String value) {
    return Map.of("X-Key", value.replace("KEY", "{{secret:KEY}}"));
  }

  private static String origin(FetchServer server) {
    return "http://127.0.0.1:" + server.port();
  }

  private static String url(FetchServer server, String path) {
    return origin(server) + path;
  }

  private static JsonNode call(Object request) throws InterruptedException {
    return call("fetch", request);
  }

  private static String error(Object request) throws InterruptedException {
    return call("fetch.error", request).get("message").stringValue();
  }

  private static JsonNode call(String hook, Object request) throws InterruptedException {
    FilterResult result = host.applyFilters(hook, request);
    assertThat(result.degraded()).isEmpty();
    return result.value();
  }

  private static String body(JsonNode answer) {
    return new String(
        Base64.getDecoder().decode(answer.get("body").stringValue()), StandardCharsets.UTF_8);
  }
}
