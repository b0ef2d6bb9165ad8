package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReachTest {
  @ParameterizedTest
  @CsvSource({
    "a.example.com, b.example.com",
    "a.example.com, *.example.com",
    "*.example.com, example.com",
    "*.example.com, *.com.evil",
    "*.example.com, badexample.com",
    "*.a.example.com, *.example.com",
    "https://a.example.com, http://a.example.com",
    "https://a.example.com, https://a.example.com:8443",
    "a.example.com, *.a.example.com",
  })
  void another_origin_is_wider(String before, String after) {
    assertThat(widened(fetch(before), fetch(after)))
        .singleElement()
        .asString()
        .startsWith("http.fetch.allow http");
  }

  @ParameterizedTest
  @CsvSource({
    "a.example.com, https://A.example.com:443/",
    "*.example.com, a.example.com",
    "*.example.com, *.example.com",
    "*.example.com, *.b.example.com",
    "http://10.0.0.1:8080, http://10.0.0.1:8080",
  })
  void an_origin_that_the_old_ones_cover_is_not_wider(String before, String after) {
    assertThat(widened(fetch(before), fetch(after))).isEmpty();
  }

  @Test
  void allow_hosts_counts_as_allow_and_each_origin_once() {
    Reach both =
        reach(
            "[\"http.fetch\"]",
            "{\"fetch\":{\"allow\":[\"a.example\"],\"allow_hosts\":[\"a.example\",\"b.example\"]}}",
            "[]");
    assertThat(widened(fetch("c.example"), both))
        .containsExactly(
            "http.fetch.allow https://a.example", "http.fetch.allow https://b.example");
    assertThat(widened(both, fetch("b.example"))).isEmpty();
  }

  @Test
  void origins_count_only_for_a_version_that_requests_the_capability() {
    Reach without = reach("[]", "{\"fetch\":{\"allow\":[\"a.example\"]}}", "[]");
    assertThat(widened(without, fetch("a.example")))
        .containsExactly("http.fetch.allow https://a.example");
    assertThat(widened(fetch("b.example"), without)).isEmpty();
  }

  @Test
  void a_secret_that_goes_to_more_origins_is_wider() {
    Reach one = secret("{\"name\":\"token\",\"hosts\":[\"*.example.com\"]}");
    Reach two =
        secret("{\"name\":\"token\",\"hosts\":[\"a.example.com\",\"https://evil.example\"]}");
    assertThat(widened(one, two)).containsExactly("secret token may go to https://evil.example");
    assertThat(widened(two, secret("{\"name\":\"token\",\"hosts\":[\"a.example.com\"]}")))
        .isEmpty();
  }

  @Test
  void origins_of_one_secret_do_not_cover_those_of_another() {
    Reach one = secret("{\"name\":\"a\",\"hosts\":[\"x.example\"]}", "\"b\"");
    Reach two = secret("{\"name\":\"b\",\"hosts\":[\"x.example\"]}");
    assertThat(widened(one, two)).containsExactly("secret b may go to https://x.example");
  }

  @Test
  void a_secret_that_the_plugin_may_read_now_is_wider() {
    Reach hidden = secret("{\"name\":\"token\",\"inject_only\":true,\"hosts\":[\"a.example\"]}");
    Reach read = secret("{\"name\":\"token\",\"hosts\":[\"a.example\"]}");
    assertThat(widened(hidden, read)).containsExactly("secret token may be read by the plugin");
    assertThat(widened(read, hidden)).isEmpty();
  }

  /** The store keeps the value of a secret that a version in between does not name. */
  @Test
  void a_secret_that_the_old_version_does_not_name_is_wider() {
    assertThat(widened(secret("\"other\""), secret("\"other\"", "\"token\"")))
        .containsExactly("secret token may be read by the plugin");
  }

  @Test
  void headers_that_take_a_capability_are_wider_and_others_are_not() {
    Reach one = headers("\"accept\",\"Cookie\"", "\"Alt-Svc\"");
    Reach two = headers("\"COOKIE\",\"x-any\",\"Authorization\"", "\"alt-svc\",\"NEL\"");
    assertThat(widened(one, two))
        .containsExactly("http.request_headers authorization", "http.response_headers nel");
  }

  /** A plugin whose manifest names no request headers sees Authorization without a grant. */
  @Test
  void a_version_that_no_longer_names_its_request_headers_is_wider() {
    Reach byDefault = reach("[]", "{}", "[]");
    for (String named : List.of("\"accept\"", "\"Authorization\"")) {
      assertThat(widened(headers(named, ""), byDefault))
          .containsExactly("http.request_headers authorization, without a grant");
    }
  }

  @Test
  void all_that_a_manifest_names_is_wider_than_the_default() {
    assertThat(widened(Reach.DEFAULT, fetch("a.example")))
        .containsExactly("http.fetch.allow https://a.example");
    assertThat(widened(Reach.DEFAULT, reach("[]", "{}", "[]"))).isEmpty();
  }

  private static List<String> widened(Reach before, Reach after) {
    return before.widenedBy(after).stream().map(Reach.Way::toString).toList();
  }

  private static Reach fetch(String origin) {
    return reach("[\"http.fetch\"]", "{\"fetch\":{\"allow\":[\"" + origin + "\"]}}", "[]");
  }

  private static Reach secret(String... keys) {
    return reach("[]", "{}", "[" + String.join(",", keys) + "]");
  }

  private static Reach headers(String request, String response) {
    return reach(
        "[]",
        "{\"request_headers\":[%s],\"response_headers\":[%s]}".formatted(request, response),
        "[]");
  }

  private static Reach reach(String capabilities, String http, String secrets) {
    return Reach.of(
        ManifestReader.read(
            GuestBundle.of("sample", new byte[0])
                .field("capabilities", capabilities)
                .field("http", http)
                .field("secrets", "{\"keys\":" + secrets + "}")
                .manifest()
                .getBytes(StandardCharsets.UTF_8)));
  }
}
