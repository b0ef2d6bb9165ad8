package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.ActivityPoint;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ManyPluginsTest {
  private static final int PLUGINS = 200;

  /** The most bytes of a page. */
  private static final int MAX_BYTES = 100_000;

  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  @BeforeAll
  static void plugins() throws Exception {
    byte[] module = Guests.wasm("echo");
    for (int i = 0; i < PLUGINS; i++) {
      dashboard
          .host()
          .plugins()
          .install(GuestBundle.of("plugin-%03d".formatted(i), module).filter("h" + i).bytes());
    }
    dashboard.host().plugins().activate("plugin-007");
  }

  private static long rows(String page) {
    return Pattern.compile("<tr data-key=").matcher(page).results().count();
  }

  @Test
  void two_hundred_plugins_are_on_pages_of_forty() throws Exception {
    TestDashboard.Browser browser = dashboard.admin();

    String first = browser.get("/").body();
    assertThat(first).contains("1 of 200 plugins serves", "Page 1 of 5, 200 plugins");
    assertThat(rows(first)).isEqualTo(OverviewPage.ROWS);
    assertThat(first.length()).isLessThan(MAX_BYTES);

    String last = browser.get("/?page=5").body();
    assertThat(last).contains("plugin-199").doesNotContain("plugin-159");
    assertThat(browser.get("/?page=99").body()).contains("plugin-199");
    assertThat(browser.get("/?page=x").body()).contains("plugin-000");
  }

  @Test
  void a_filter_finds_a_plugin_by_a_part_of_its_name() throws Exception {
    String page = dashboard.admin().get("/?q=IN-12").body();

    assertThat(rows(page)).isEqualTo(10);
    assertThat(page).contains("plugin-120", "plugin-129").doesNotContain("plugin-130");
    assertThat(dashboard.admin().get("/?q=%3Cb%3E").body())
        .contains("No plugin has &ldquo;&lt;b&gt;&rdquo; in its name.")
        .doesNotContain("<b>");
  }

  @Test
  void a_line_of_fifteen_minutes_is_short() {
    List<ActivityPoint> history = new ArrayList<>();
    for (int i = 0; i < 180; i++) {
      history.add(new ActivityPoint(Instant.EPOCH, i % 17, 0, 0, 0, 0, 0, 0));
    }

    Spark spark = Spark.of(history, ActivityPoint::callsPerSecond, "calls a second");

    // Four lines for each of 40 plugins stay below the bound of a page.
    assertThat(spark.points().length()).isLessThan(200);
    assertThat(spark.points()).startsWith("0,").contains(" 29,");
    assertThat(spark.words()).isEqualTo("the most in 15 minutes: 16 calls a second");
    assertThat(Spark.of(history, ActivityPoint::failuresPerSecond, "").isEmpty()).isTrue();
    assertThat(Spark.of(List.of(), ActivityPoint::callsPerSecond, "").isEmpty()).isTrue();
  }

  @Test
  void the_files_of_the_dashboard_are_small() {
    int bytes = new Assets().all().stream().mapToInt(asset -> asset.bytes().length).sum();

    assertThat(bytes).isLessThan(MAX_BYTES);
  }
}
