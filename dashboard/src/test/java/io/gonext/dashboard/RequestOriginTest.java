package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestOriginTest {
  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  @Test
  void every_answer_has_the_headers_that_confine_a_page() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    for (String path : new String[] {"/", "/sign-in", "/no-such-page"}) {
      HttpResponse<String> answer = browser.get(path);

      String policy = answer.headers().firstValue("content-security-policy").orElseThrow();
      assertThat(policy)
          .startsWith("default-src 'none'; script-src 'nonce-")
          .contains("frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'")
          .doesNotContain("unsafe");
      assertThat(answer.headers().map())
          .containsEntry("x-content-type-options", List.of("nosniff"))
          .containsEntry("x-frame-options", List.of("DENY"))
          .containsEntry("cross-origin-opener-policy", List.of("same-origin"))
          .containsEntry("cross-origin-resource-policy", List.of("same-origin"))
          .containsEntry("referrer-policy", List.of("same-origin"))
          .containsEntry("cache-control", List.of("no-store"));
    }
  }

  @Test
  void the_nonce_of_scripts_is_a_new_one_for_each_page() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();

    assertThat(browser.get("/").headers().firstValue("content-security-policy"))
        .isNotEqualTo(browser.get("/").headers().firstValue("content-security-policy"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"iframe", "empty", "script", "image", "object"})
  void a_page_is_not_answered_into_another_page(String destination) throws Exception {
    TestDashboard.Browser browser = dashboard.admin();

    // Also of the same origin: a plugin's page has that.
    HttpResponse<String> answer =
        browser.send(
            HttpRequest.newBuilder(dashboard.uri("/"))
                .header("Sec-Fetch-Site", "same-origin")
                .header("Sec-Fetch-Dest", destination));

    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(answer.body()).doesNotContain("name=\"csrf\"").contains("in a tab of its own");
  }

  @ParameterizedTest
  @CsvSource({"cross-site, ''", "same-site, ''", "'', https://evil.example", "'', ''", "'', null"})
  void a_form_of_another_origin_is_refused(String site, String origin) throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    HttpRequest.Builder form = browser.form("/sign-out", Map.of("csrf", browser.csrf("/")));
    if (!site.isEmpty()) {
      form.header("Sec-Fetch-Site", site);
    }
    if (!origin.isEmpty()) {
      form.header("Origin", origin);
    }

    HttpResponse<String> answer = browser.send(form);

    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(browser.get("/").statusCode()).isEqualTo(200);
  }

  @Test
  void a_form_with_an_own_origin_and_no_fetch_metadata_is_taken() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();

    HttpResponse<String> answer =
        browser.send(
            browser
                .form("/sign-out", Map.of("csrf", browser.csrf("/")))
                .header("Origin", "http://127.0.0.1:" + dashboard.port()));

    assertThat(answer.statusCode()).isEqualTo(303);
  }

  @Test
  void a_form_without_its_key_is_refused() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    TestDashboard.Browser other = dashboard.admin();

    assertThat(browser.post("/sign-out", Map.of()).statusCode()).isEqualTo(403);
    assertThat(browser.post("/sign-out", Map.of("csrf", "x")).statusCode()).isEqualTo(403);
    // The key of another session of the same visitor.
    assertThat(browser.post("/sign-out", Map.of("csrf", other.csrf("/"))).statusCode())
        .isEqualTo(403);
    assertThat(browser.get("/").statusCode()).isEqualTo(200);
  }

  @Test
  void live_updates_need_the_key_of_their_page() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();

    for (String query : new String[] {"", "?key=", "?key=x", "?key=" + browser.csrf("/")}) {
      assertThat(
              browser
                  .send(HttpRequest.newBuilder(dashboard.uri("/live/overview" + query)))
                  .statusCode())
          .isEqualTo(403);
    }
  }

  @Test
  void a_wrong_method_is_refused_with_the_right_one() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();

    HttpResponse<String> answer = browser.get("/sign-out");

    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.headers().firstValue("allow")).contains("POST");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/plugins/%ff", "/%00", "/a//b", "/..%2f..%2f", "/assets/../../secret", "/;x=1"})
  void a_strange_address_is_a_page_that_says_so(String path) throws Exception {
    HttpResponse<String> answer = dashboard.admin().get(path);

    assertThat(answer.statusCode()).isBetween(400, 404);
    assertThat(answer.body()).doesNotContain("Exception", "\tat ");
  }

  @Test
  void a_form_that_is_too_large_is_refused() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();

    HttpResponse<String> answer =
        browser.post("/sign-out", Map.of("a", "x".repeat(Visit.MAX_FORM_BYTES)));

    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(answer.body()).contains("The form is larger than 256 KiB.");
  }

  @Test
  void a_form_of_another_type_is_refused() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();

    HttpResponse<String> answer =
        browser.send(
            HttpRequest.newBuilder(dashboard.uri("/sign-out"))
                .header("Sec-Fetch-Site", "same-origin")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{}")));

    assertThat(answer.statusCode()).isEqualTo(415);
  }

  @Test
  void assets_are_kept_for_ever_under_the_hash_of_their_content() throws Exception {
    String page = dashboard.stranger().get("/sign-in").body();
    String script =
        Pattern.compile("/dashboard(/assets/dashboard-[0-9a-f]{12}\\.js)")
            .matcher(page)
            .results()
            .findFirst()
            .orElseThrow()
            .group(1);

    HttpResponse<String> answer = dashboard.stranger().get(script);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("cache-control"))
        .contains("public, max-age=31536000, immutable");
    assertThat(answer.headers().firstValue("content-type"))
        .contains("text/javascript; charset=utf-8");
  }
}
