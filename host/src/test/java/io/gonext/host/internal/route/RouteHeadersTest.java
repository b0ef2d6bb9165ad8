package io.gonext.host.internal.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.BundleRejectedException;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.internal.capability.Permissions;
import io.gonext.host.internal.route.RouteCodec.BadResponseException;
import io.gonext.host.json.StrictJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

class RouteHeadersTest {
  private static final Map<String, String> SENT =
      Map.of(
          "user-agent", "u",
          "ACCEPT", "a",
          "authorization", "secret",
          "cookie", "c=1",
          "X-ACME-Id", "7",
          "x-acme-", "no",
          "x-acme", "no",
          "if-none-match", "\"e\"");

  private final List<String> warnings = new ArrayList<>();
  private final AtomicLong now = new AtomicLong();

  @Test
  void without_a_word_in_the_manifest_five_headers_reach_the_plugin() {
    assertThat(seen("{}", Permissions.none()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("User-Agent", "u", "Accept", "a", "Authorization", "secret"));
  }

  @Test
  void a_manifest_names_the_headers_and_the_prefixes_that_its_routes_see() {
    assertThat(
            seen(
                "{\"request_headers\":[\"If-None-Match\",\"x-acme-*\",\"Cookie\"]}",
                Permissions.none()))
        .containsExactlyInAnyOrderEntriesOf(Map.of("If-None-Match", "\"e\"", "x-acme-id", "7"));
  }

  @Test
  void credentials_that_a_manifest_names_take_a_grant() {
    String http = "{\"request_headers\":[\"Cookie\",\"AUTHORIZATION\"]}";
    assertThat(TestHeaders.manifest(http).requestedCapabilities())
        .containsExactly("http.credentials");
    assertThat(CapabilityRegistry.standard().isSensitive("http.credentials")).isTrue();
    assertThat(seen(http, Permissions.none())).isEmpty();
    assertThat(seen(http, granted("http.credentials")))
        .containsExactlyInAnyOrderEntriesOf(Map.of("Cookie", "c=1", "AUTHORIZATION", "secret"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection",
        "TE",
        "upgrade",
        "Content-Length",
        "Expect",
        "Proxy-Authorization",
        "*",
        "x-*",
        "c*",
        "cookie-*",
        "x-a*",
        "a b",
        ""
      })
  void a_request_header_that_no_plugin_sees_is_refused_in_the_manifest(String name) {
    assertThatThrownBy(() -> TestHeaders.manifest("{\"request_headers\":[\"" + name + "\"]}"))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("/http/request_headers/0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Set-Cookie", "Date", "Server", "X-Gonext-Degraded", "X-Own", "TE"})
  void a_response_header_that_nobody_can_grant_is_refused_in_the_manifest(String name) {
    assertThatThrownBy(() -> TestHeaders.manifest("{\"response_headers\":[\"" + name + "\"]}"))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("/http/response_headers/0");
  }

  @Test
  void a_header_named_twice_in_the_manifest_is_refused_whatever_its_case() {
    assertThatThrownBy(() -> TestHeaders.manifest("{\"request_headers\":[\"A\",\"a\"]}"))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("each header once");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Alt-Svc",
        "clear-site-data",
        "Service-Worker-Allowed",
        "X-Accel-Redirect",
        "X-Accel-Buffering",
        "X-Sendfile",
        "X-LIGHTTPD-Send-File",
        "WWW-Authenticate",
        "NEL",
        "Report-To",
        "Accept-CH",
        "Critical-CH",
        "Cross-Origin-Opener-Policy",
        "Public-Key-Pins",
        "Expect-CT",
        "Set-Login",
        "Use-As-Dictionary",
        "X-LiteSpeed-Location",
        "X-Reproxy-URL",
        "X-Reproxy-File"
      })
  void a_header_for_the_whole_site_takes_a_word_in_the_manifest_and_a_grant(String name)
      throws Exception {
    String asks = "{\"response_headers\":[\"" + name + "\"]}";
    JsonNode headers = headers(Map.of(name, "x"));
    assertThat(TestHeaders.manifest(asks).requestedCapabilities())
        .containsExactly("http.response_headers");
    assertThat(rules("{}", granted("http.response_headers")).response(headers)).isEmpty();
    assertThat(rules(asks, Permissions.none()).response(headers)).isEmpty();
    assertThat(warnings)
        .containsExactly(
            "the host dropped the response header "
                + name
                + ": the manifest does not name it in http.response_headers",
            "the host dropped the response header "
                + name
                + ": the capability http.response_headers is not granted");
    assertThat(rules(asks, granted("http.response_headers")).response(headers))
        .containsExactly(Map.entry(name, "x"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Date",
        "server",
        "X-Gonext-Degraded",
        "x-gonext-x",
        "Set-Cookie2",
        "Keep-Alive",
        "Expect"
      })
  void what_only_the_host_says_never_passes(String name) throws Exception {
    assertThat(rules("{}", Permissions.none()).response(headers(Map.of(name, "x")))).isEmpty();
    assertThat(warnings)
        .containsExactly(
            "the host dropped the response header " + name + ": only the host sets it");
  }

  @Test
  void a_dropped_header_is_logged_once_a_minute() throws Exception {
    RouteHeaders rules = rules("{}", Permissions.none());
    for (int i = 0; i < 100; i++) {
      rules.response(headers(Map.of("Date", "x")));
      rules.response(headers(Map.of("X-Forwarded-" + i, "x")));
    }
    assertThat(warnings).hasSize(2);
    now.addAndGet(Duration.ofMinutes(1).toNanos());
    rules.response(headers(Map.of("DATE", "x")));
    assertThat(warnings).hasSize(3);
  }

  @Test
  void of_two_spellings_the_last_holds_and_the_order_stays() throws Exception {
    Map<String, String> written = new LinkedHashMap<>();
    written.put("X-One", "1");
    written.put("X-Two", "2");
    written.put("x-one", "3");
    written.put("X-Three", "4");
    assertThat(rules("{}", Permissions.none()).response(headers(written)))
        .containsExactly(
            Map.entry("X-Two", "2"), Map.entry("x-one", "3"), Map.entry("X-Three", "4"));
  }

  @Test
  void headers_are_bounded_in_number_and_size() throws Exception {
    RouteHeaders rules = rules("{}", Permissions.none());
    Map<String, String> many = new LinkedHashMap<>();
    for (int i = 0; i < RouteHeaders.MAX_HEADERS; i++) {
      many.put("X-" + i, "");
    }
    assertThat(rules.response(headers(many))).hasSize(RouteHeaders.MAX_HEADERS);
    many.put("X-More", "");
    assertThatThrownBy(() -> rules.response(headers(many)))
        .isInstanceOf(BadResponseException.class)
        .hasMessage("it has 65 headers, the most is 64");
    int room = RouteHeaders.MAX_HEADER_BYTES - "A".length() - 4;
    assertThat(rules.response(headers(Map.of("A", "x".repeat(room))))).hasSize(1);
    assertThatThrownBy(() -> rules.response(headers(Map.of("A", "x".repeat(room + 1)))))
        .isInstanceOf(BadResponseException.class)
        .hasMessage("its headers are larger than 8192 bytes together");
  }

  @Test
  void a_value_that_http_cannot_hold_says_which_and_how_to_write_it() throws Exception {
    RouteHeaders rules = rules("{}", Permissions.none());
    assertThat(rules.response(headers(Map.of("A", "caf\u00e9\tx")))).hasSize(1);
    assertThatThrownBy(() -> rules.response(headers(Map.of("A", "\ud83d\ude00"))))
        .hasMessage(
            "the header A holds a character beyond Latin-1, U+1F600: encode it as RFC 8187 says");
    assertThatThrownBy(() -> rules.response(headers(Map.of("A", "\u001b"))))
        .hasMessage("the header A holds a control character, U+001B");
  }

  private Map<String, String> seen(String http, Permissions permissions) {
    ObjectNode target = JsonNodeFactory.instance.objectNode();
    rules(http, permissions).putRequest(SENT, target);
    Map<String, String> seen = new LinkedHashMap<>();
    target.properties().forEach(field -> seen.put(field.getKey(), field.getValue().stringValue()));
    return seen;
  }

  private RouteHeaders rules(String http, Permissions permissions) {
    return new RouteHeaders(TestHeaders.manifest(http), permissions, warnings::add, now::get);
  }

  private static Permissions granted(String capability) {
    return Permissions.of(CapabilityRegistry.standard(), Set.of(capability));
  }

  private static JsonNode headers(Map<String, String> headers) {
    return StrictJson.valueOf(headers);
  }
}
