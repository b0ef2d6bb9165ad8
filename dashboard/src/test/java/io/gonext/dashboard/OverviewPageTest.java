package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Host;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class OverviewPageTest {
  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  private static GuestBundle shop(String version, String guest) {
    return GuestBundle.of("shop", Guests.wasm(guest))
        .version(version)
        .field("warm_up", "false")
        .filter("cart");
  }

  @Test
  @Order(1)
  void a_new_host_says_how_to_get_a_plugin() throws Exception {
    assertThat(dashboard.admin().get("/").body())
        .contains("No plugin is installed yet.", "gonext install FILE");
  }

  @Test
  @Order(2)
  void a_healthy_host_says_so_in_one_line() throws Exception {
    dashboard.activate(shop("1.0.0", "upper"));

    assertThat(dashboard.admin().get("/").body())
        .contains("The plugin serves, and all is well.")
        .doesNotContain("What needs attention first");
  }

  @Test
  @Order(3)
  void a_bad_version_is_named_first_and_its_button_rolls_it_back() throws Exception {
    Host host = dashboard.host();
    host.plugins().update(shop("2.0.0", "panic").bytes());
    for (int i = 0; i < 40; i++) {
      host.applyFilters("cart", "x");
    }
    TestDashboard.Browser admin = dashboard.admin();

    String page = admin.get("/").body();
    assertThat(page)
        .contains(
            "No plugin serves. One thing needs attention.",
            "is in trouble",
            "circuit breaker open",
            "action=\"/dashboard/plugins/shop/rollback\"",
            "Roll back to 1.0.0");

    HttpResponse<String> answer = admin.submit("/", "/plugins/shop/rollback", Map.of("to", "/"));

    assertThat(admin.follow(answer).body())
        .contains("shop has version 1.0.0 now, in place of 2.0.0.")
        .contains("The plugin serves");
  }

  @Test
  @Order(4)
  void numbers_have_units_and_few_digits() {
    assertThat(Shown.rate(0)).isEqualTo("0");
    assertThat(Shown.rate(0.01)).isEqualTo("<0.1");
    assertThat(Shown.rate(3.14159)).isEqualTo("3.1");
    assertThat(Shown.rate(12_345.6)).isEqualTo("12,346");
    assertThat(Shown.nanos(0)).isEqualTo("0.00 ms");
    assertThat(Shown.nanos(4_200)).isEqualTo("4 \u00b5s");
    assertThat(Shown.nanos(420_000)).isEqualTo("0.42 ms");
    assertThat(Shown.time(Duration.ofMillis(1500))).isEqualTo("1.5 s");
    assertThat(Shown.time(Duration.ofMinutes(3))).isEqualTo("3 min");
    assertThat(Shown.bytes(1023)).isEqualTo("1023 B");
    assertThat(Shown.bytes(1536)).isEqualTo("1.5 KiB");
    assertThat(Shown.bytes(64L << 20)).isEqualTo("64 MiB");
    assertThat(Shown.bytes(5L << 40)).isEqualTo("5120 GiB");
    Instant now = Instant.parse("2026-01-31T12:00:00Z");
    assertThat(Shown.relative(now.minusSeconds(90), now)).isEqualTo("90 s ago");
    assertThat(Shown.relative(now.plusSeconds(7200), now)).isEqualTo("in 2 h");
    assertThat(Shown.relative(now, now)).isEqualTo("now");
  }

  @Test
  @Order(5)
  void invisible_characters_of_a_page_are_made_visible() {
    assertThat(VisibleText.of("plain \u00fc \ud83d\ude00\n"))
        .isEqualTo("plain \u00fc \ud83d\ude00\n");
    assertThat(VisibleText.of("a\u202eb\u200bc\u0007d\u2028e"))
        .isEqualTo("a\\u202eb\\u200bc\\u0007d\\u2028e");
    assertThat(VisibleText.of("\ud83d")).isEqualTo("\\ud83d");
    // A joiner of emoji and of some scripts stays.
    assertThat(VisibleText.of("a\u200db")).isEqualTo("a\u200db");
  }
}
