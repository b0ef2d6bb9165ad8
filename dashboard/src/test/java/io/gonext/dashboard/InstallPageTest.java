package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.PluginState;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class InstallPageTest {
  private static final String BOUNDARY = "a-boundary-of-this-test";
  private static final AtomicReference<Instant> NOW =
      new AtomicReference<>(Instant.parse("2026-01-31T12:00:00Z"));

  @RegisterExtension
  static final TestDashboard dashboard = TestDashboard.of(settings -> settings.clock(NOW::get));

  private static HttpResponse<String> send(TestDashboard.Browser browser, Map<String, byte[]> parts)
      throws Exception {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (Map.Entry<String, byte[]> part : parts.entrySet()) {
      String file = part.getKey().equals("bundle") ? "; filename=\"x.gnplugin\"" : "";
      body.writeBytes(
          "--%s\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n"
              .formatted(BOUNDARY, part.getKey(), file)
              .getBytes(StandardCharsets.UTF_8));
      body.writeBytes(part.getValue());
      body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
    }
    body.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8));
    return browser.send(
        HttpRequest.newBuilder(dashboard.uri("/install"))
            .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
            .header("Sec-Fetch-Site", "same-origin")
            .header("Sec-Fetch-Dest", "document")
            .POST(BodyPublishers.ofByteArray(body.toByteArray())));
  }

  private static Map<String, byte[]> form(
      TestDashboard.Browser browser, byte[] bundle, String reference) throws Exception {
    Map<String, byte[]> parts = new LinkedHashMap<>();
    parts.put("csrf", browser.csrf("/install").getBytes(StandardCharsets.UTF_8));
    parts.put("bundle", bundle);
    parts.put("reference", reference.getBytes(StandardCharsets.UTF_8));
    return parts;
  }

  /** Uploads a bundle, and returns the path of its page. */
  private static String uploaded(TestDashboard.Browser browser, byte[] bundle) throws Exception {
    HttpResponse<String> answer = send(browser, form(browser, bundle, ""));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(303);
    return answer.headers().firstValue("location").orElseThrow().substring("/dashboard".length());
  }

  private static GuestBundle settings(String name) {
    return GuestBundle.of(name, Guests.wasm("upper"))
        .filter("up." + name.replace("-", "_"))
        .field("capabilities", "[\"kv.read\",\"http.fetch\"]")
        .field("http", "{\"fetch\":{\"allow\":[\"https://api.example.com\"]}}");
  }

  @Test
  void a_bundle_is_checked_shown_granted_and_activated_in_one_step() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    String path = uploaded(browser, settings("one-step").bytes());
    String page = browser.get(path).body();

    assertThat(page)
        .contains("one-step@1.0.0")
        .contains("the host would take it")
        .contains("up.one_step")
        .contains("https://api.example.com")
        .contains("value=\"kv.read\" checked")
        .doesNotContain("value=\"http.fetch\" checked")
        .contains("unsigned");
    assertThat(dashboard.host().plugins().find("one-step")).isEmpty();

    HttpResponse<String> done = browser.submit(path, path, Map.of("capability", "kv.read"));
    assertThat(browser.follow(done).body()).contains("one-step 1.0.0 is installed and in service.");
    assertThat(dashboard.host().activity().plugin("one-step")).isPresent();
    assertThat(dashboard.host().plugins().grants("one-step").granted())
        .contains("kv.read")
        .doesNotContain("http.fetch");
    assertThat(browser.get(path).statusCode()).as("it is done with").isEqualTo(404);
    assertThat(dashboard.host().audit().newest("one-step", 1).getFirst().actor())
        .isEqualTo("operator");
  }

  @Test
  void a_bundle_with_problems_shows_all_of_them_and_has_no_button() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    byte[] bundle =
        GuestBundle.of("broken", Guests.wasm("noalloc"))
            .filter("x")
            .field("capabilities", "[\"fly.high\"]")
            .field("<b>odd</b>", "1")
            .bytes();
    String page = browser.get(uploaded(browser, bundle)).body();

    assertThat(page)
        .contains("the host refuses it")
        .contains("fly.high")
        .contains("gn_alloc")
        .contains("&lt;b&gt;odd&lt;~1b&gt;")
        .doesNotContain("<b>odd")
        .doesNotContain("Install, grant and activate");
  }

  @Test
  void what_is_not_a_bundle_has_one_problem() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    String page = browser.get(uploaded(browser, new byte[] {1, 2, 3})).body();

    assertThat(page).contains("A bundle").contains("the host refuses it").contains("ZIP");
  }

  @Test
  void a_bundle_may_be_installed_only_and_updated_later() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    String path = uploaded(browser, settings("stays").bytes());
    browser.submit(path, path + "/store", Map.of());
    assertThat(dashboard.host().plugins().find("stays").orElseThrow().state())
        .isEqualTo(PluginState.INSTALLED);

    String next = uploaded(browser, settings("stays").version("1.1.0").bytes());
    assertThat(browser.get(next).body()).contains("Version 1.0.0 is installed");
    browser.submit(next, next, Map.of("capability", "kv.read"));
    assertThat(dashboard.host().plugins().find("stays").orElseThrow().current().version())
        .isEqualTo("1.1.0");
  }

  @Test
  void a_bundle_is_kept_for_fifteen_minutes_and_for_its_browser() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    String path = uploaded(browser, settings("waits").bytes());
    assertThat(dashboard.admin().get(path).statusCode()).isEqualTo(404);
    NOW.updateAndGet(now -> now.plus(Uploads.KEPT).plusSeconds(1));

    HttpResponse<String> answer = browser.get(path);
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("Upload it");
  }

  @Test
  void a_form_without_a_bundle_or_with_two_is_sent_back_with_a_sentence() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    HttpResponse<String> none = send(browser, form(browser, new byte[0], ""));
    assertThat(browser.follow(none).body()).contains("Choose one .gnplugin file");
    HttpResponse<String> both = send(browser, form(browser, new byte[] {1}, "oci://x/y:1"));
    assertThat(browser.follow(both).body()).contains("Choose one .gnplugin file");
    HttpResponse<String> odd = send(browser, form(browser, new byte[0], "ftp://x"));
    assertThat(browser.follow(odd).body()).contains("role=\"alert\"").contains("ftp://x");
    HttpResponse<String> refused =
        send(browser, form(browser, new byte[0], "oci://registry.example/a/b:1"));
    assertThat(browser.follow(refused).body()).contains("registry.example");
  }

  @Test
  void a_form_without_its_key_or_with_an_unknown_field_changes_nothing() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    byte[] bundle = settings("stolen").bytes();
    assertThat(send(browser, Map.of("bundle", bundle)).statusCode()).isEqualTo(403);
    assertThat(send(browser, Map.of("odd", bundle)).statusCode()).isEqualTo(400);
    Map<String, byte[]> large = form(browser, bundle, "x".repeat(2_000));
    HttpResponse<String> answer = send(browser, large);
    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(answer.body()).contains("larger than 1.0 KiB");
    HttpResponse<String> cut =
        browser.send(
            HttpRequest.newBuilder(dashboard.uri("/install"))
                .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                .header("Sec-Fetch-Site", "same-origin")
                .header("Sec-Fetch-Dest", "document")
                .POST(BodyPublishers.ofString("--" + BOUNDARY + "\r\nContent-Dis")));
    assertThat(cut.statusCode()).isEqualTo(400);
    assertThat(dashboard.host().plugins().find("stolen")).isEmpty();
  }

  @Test
  void a_reader_may_not_install() throws Exception {
    assertThat(dashboard.reader().get("/").body())
        .contains("/dashboard/audit\"")
        .doesNotContain("/dashboard/install\"")
        .doesNotContain("/dashboard/try\"");
    assertThat(dashboard.reader().get("/install").statusCode()).isEqualTo(403);
    assertThat(send(dashboard.reader(), Map.of("bundle", new byte[1])).statusCode()).isEqualTo(403);
  }
}
