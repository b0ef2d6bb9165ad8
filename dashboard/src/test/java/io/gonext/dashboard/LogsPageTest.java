package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.net.http.HttpResponse;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LogsPageTest {
  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  @BeforeAll
  static void log() throws Exception {
    dashboard.activate(GuestBundle.of("speaks", Guests.wasm("route-logs")).filter("say"));
    dashboard.activate(GuestBundle.of("chatty", Guests.wasm("route-logs")).filter("chat"));
    dashboard.activate(GuestBundle.of("logs").filter("levels"));
    dashboard.host().applyFilters("levels", "");
    dashboard.host().applyFilters("say", "<script>alert(1)</script>");
    dashboard.host().applyFilters("chat", "a quiet word");
  }

  private static String page(String query) throws Exception {
    HttpResponse<String> answer = dashboard.reader().get("/logs" + query);
    assertThat(answer.statusCode()).isEqualTo(200);
    return answer.body();
  }

  private static long rows(String page) {
    return Pattern.compile("<li data-key=").matcher(page).results().count();
  }

  @Test
  void lines_of_all_plugins_are_shown_and_hostile_text_is_text() throws Exception {
    String page = page("");

    assertThat(page)
        .contains("a quiet word")
        .contains("&lt;script&gt;alert(1)&lt;/script&gt;")
        .doesNotContain("<script>alert");
    assertThat(page.indexOf("a quiet word")).as("newest first").isLessThan(page.indexOf("alert"));
    assertThat(page.length()).isLessThan(100_000);
  }

  @Test
  void a_plugin_a_level_and_a_text_narrow_the_lines() throws Exception {
    assertThat(page("?plugin=chatty")).contains("a quiet word").doesNotContain("alert");
    assertThat(rows(page("?q=QUIET"))).isEqualTo(rows(page("?plugin=chatty&q=quiet"))).isPositive();
    assertThat(page("?q=%5BA.*")).as("a text is not a pattern").contains("No plugin has logged");
    assertThat(rows(page("?level=error"))).isEqualTo(1);
    assertThat(rows(page("?level=warn"))).isEqualTo(2);
    assertThat(page("?q=%22%3E%3Cb%3E")).contains("value=\"&#34;>&lt;b>\"");
  }

  @Test
  void many_long_lines_do_not_make_a_page_large() throws Exception {
    for (int i = 0; i < 40; i++) {
      dashboard.host().applyFilters("chat", "x".repeat(3_000));
    }

    assertThat(page("?plugin=chatty").length()).isLessThan(100_000);
    assertThat(page("?plugin=chatty")).contains("older lines are kept and not shown");
  }
}
