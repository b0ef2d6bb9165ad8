package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LiveTest {
  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  private static final Pattern LIVE = Pattern.compile("data-live=\"/dashboard([^\"]+)\"");

  /** The live updates of a page. */
  private static HttpResponse<InputStream> follow(
      HttpClient client, TestDashboard.Browser browser, String page)
      throws IOException, InterruptedException {
    Matcher live = LIVE.matcher(browser.get(page).body());
    assertThat(live.find()).isTrue();
    HttpRequest request =
        HttpRequest.newBuilder(dashboard.uri(live.group(1).replace("&amp;", "&")))
            .header("Cookie", browser.cookie())
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
  }

  private static BufferedReader lines(HttpResponse<InputStream> stream) {
    return new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8));
  }

  private static void readUntil(BufferedReader lines, String text) throws IOException {
    String line = lines.readLine();
    while (line != null && !line.contains(text)) {
      line = lines.readLine();
    }
    assertThat(line).as(text).isNotNull();
  }

  @Test
  void a_change_is_sent_without_a_request() throws Exception {
    dashboard.activate(GuestBundle.of("live", Guests.wasm("upper")).filter("live.hook"));
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<InputStream> stream = follow(client, dashboard.admin(), "/plugins/live");
      try (BufferedReader lines = lines(stream)) {
        assertThat(stream.headers().firstValue("content-type"))
            .contains("text/event-stream; charset=utf-8");
        readUntil(lines, "serves");

        dashboard.host().plugins().deactivate("live");

        readUntil(lines, "off</span>");
      }
    }
  }

  @Test
  void signing_out_ends_the_updates() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<InputStream> stream = follow(client, browser, "/");
      try (BufferedReader lines = lines(stream)) {
        readUntil(lines, "data:");

        browser.submit("/", "/sign-out", Map.of());

        // The end of the stream.
        assertThat(lines.lines().toList()).isNotNull();
      }
    }
  }

  @Test
  void there_is_a_bound_on_streams_and_a_place_is_free_again() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();
    try (HttpClient client = HttpClient.newHttpClient()) {
      List<HttpResponse<InputStream>> open = new ArrayList<>();
      HttpResponse<InputStream> last = follow(client, browser, "/");
      while (last.statusCode() == 200 && open.size() <= Live.MAX_CLIENTS) {
        open.add(last);
        last = follow(client, browser, "/");
      }

      assertThat(last.statusCode()).isEqualTo(503);
      assertThat(last.headers().firstValue("retry-after")).contains("10");
      assertThat(new String(last.body().readAllBytes(), StandardCharsets.UTF_8))
          .contains("There are 32 live pages already");

      for (HttpResponse<InputStream> each : open) {
        each.body().close();
      }
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> {
            HttpResponse<InputStream> again = follow(client, browser, "/");
            again.body().close();
            return again.statusCode() == 200;
          });
    }
  }

  @Test
  void closing_the_dashboard_ends_the_updates() throws Exception {
    HostDashboard own =
        HostDashboard.withSignIn(dashboard.host(), TestDashboard::visitor)
            .livePeriod(Duration.ofDays(1))
            .build();
    var server = TestDashboard.serve(own, "/dashboard/*", 0);
    try (HttpClient client = HttpClient.newHttpClient()) {
      TestDashboard.Browser browser = dashboard.browserOf(server);
      browser.post("/sign-in", Map.of("token", TestDashboard.ADMIN_TOKEN));
      Matcher live = LIVE.matcher(browser.get("/").body());
      assertThat(live.find()).isTrue();
      HttpResponse<InputStream> stream =
          client.send(
              HttpRequest.newBuilder(browser.uri(live.group(1).replace("&amp;", "&")))
                  .header("Cookie", browser.cookie())
                  .build(),
              HttpResponse.BodyHandlers.ofInputStream());
      try (BufferedReader lines = lines(stream)) {
        readUntil(lines, "data:");

        own.close();

        readUntil(lines, "event: closing");
      }
    } finally {
      own.close();
      server.stop();
    }
  }
}
