package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.NotedCall;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.recording.Recording;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CallsPageTest {
  private static final Pattern LIVE = Pattern.compile("data-live=\"([^\"]+)\"");

  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  @BeforeAll
  static void fail() throws Exception {
    dashboard.activate(GuestBundle.of("panic").filter("shout"));
    dashboard.activate(GuestBundle.of("trap").filter("shout"));
    dashboard.host().recordings().start("trap", RecordingPolicy.ALL);
    dashboard.host().applyFilters("shout", "a payload that nobody keeps");
  }

  @Test
  void an_admin_downloads_the_recording_of_a_call_that_was_recorded() throws Exception {
    NotedCall call =
        dashboard.host().activity().recentCalls().stream()
            .filter(noted -> noted.recording() > 0)
            .findFirst()
            .orElseThrow();
    String path = "/plugins/trap/recordings/" + call.recording();
    assertThat(dashboard.admin().get("/calls?plugin=trap").body())
        .contains(path + "\" download>download for replay");
    assertThat(dashboard.admin().get("/calls?plugin=panic").body()).doesNotContain("for replay");
    HttpResponse<String> file = dashboard.admin().get(path);
    assertThat(file.headers().firstValue("Content-Disposition"))
        .contains("attachment; filename=\"trap-" + call.recording() + ".recording.json\"");
    assertThat(Recording.parse(file.body().getBytes(StandardCharsets.UTF_8)).reason())
        .isEqualTo("UNREACHABLE");
  }

  @Test
  void a_reader_gets_no_recording() throws Exception {
    assertThat(page("?plugin=trap")).doesNotContain("for replay");
    assertThat(dashboard.reader().get("/plugins/trap/recordings/1").statusCode()).isEqualTo(403);
  }

  @Test
  void a_recording_that_is_not_kept_is_a_404() throws Exception {
    assertThat(dashboard.admin().get("/plugins/trap/recordings/999").statusCode()).isEqualTo(404);
    assertThat(dashboard.admin().get("/plugins/trap/recordings/x").statusCode()).isEqualTo(404);
    assertThat(dashboard.admin().get("/plugins/none/recordings/1").statusCode()).isEqualTo(404);
  }

  private static String page(String query) throws Exception {
    HttpResponse<String> answer = dashboard.reader().get("/calls" + query);
    assertThat(answer.statusCode()).isEqualTo(200);
    return answer.body();
  }

  @Test
  void a_failed_call_shows_its_reason_backtrace_and_time() throws Exception {
    String page = page("");

    assertThat(page)
        .contains("GUEST_PANIC: the guest panicked: the guest gave up")
        .contains("Backtrace, innermost first")
        .contains("gn_handle_hook")
        .contains("<span class=\"tag bad\">failed</span>")
        .contains("<rect class=\"guest\"")
        .doesNotContain("nobody keeps");
    assertThat(page.length()).isLessThan(100_000);
  }

  @Test
  void the_filter_takes_a_plugin_and_a_reason() throws Exception {
    assertThat(page("?plugin=trap"))
        .contains("UNREACHABLE")
        .doesNotContain("GUEST_PANIC")
        .contains("<option value=\"trap\" selected>");
    assertThat(page("?plugin=panic&why=late")).contains("No call was slow, late or failed");
    assertThat(page("?plugin=%3Cscript%3E&why=odd")).doesNotContain("<script>");
  }

  @Test
  void a_new_call_comes_with_the_live_part() throws Exception {
    TestDashboard.Browser browser = dashboard.reader();
    Matcher live = LIVE.matcher(browser.get("/calls?plugin=panic").body());
    assertThat(live.find()).isTrue();
    HttpRequest request =
        HttpRequest.newBuilder(dashboard.uri("/").resolve(live.group(1).replace("&amp;", "&")))
            .header("Cookie", browser.cookie())
            .header("Sec-Fetch-Site", "same-origin")
            .build();
    try (HttpClient client = HttpClient.newHttpClient();
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(
                    client.send(request, HttpResponse.BodyHandlers.ofInputStream()).body(),
                    StandardCharsets.UTF_8))) {
      long before = dashboard.host().activity().recentCalls("panic").getLast().id();
      assertThat(until(lines, "call-" + before)).isTrue();
      dashboard.host().applyFilters("shout", "again");
      long after = dashboard.host().activity().recentCalls("panic").getLast().id();
      assertThat(after).isGreaterThan(before);
      assertThat(until(lines, "call-" + after)).isTrue();
    }
  }

  private static boolean until(BufferedReader lines, String text) throws Exception {
    String line = lines.readLine();
    while (line != null && !line.contains(text)) {
      line = lines.readLine();
    }
    return line != null;
  }
}
