package io.gonext.dashboard;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Host;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Makes the picture in the README: a host that has served for so many seconds, 900 for whole lines.
 * Run it with {@code -Dgonext.picture=900}, and copy {@code target/screenshots/picture.png}.
 */
@EnabledIfSystemProperty(named = "gonext.picture", matches = "\\d+")
class PictureInBrowserTest {
  @RegisterExtension static final TestBrowser browser = new TestBrowser();
  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  /** A plugin, its hook, and its calls in a second. */
  private record Traffic(String plugin, String guest, double perSecond) {
    String hook() {
      return plugin.replace('-', '.');
    }
  }

  private static final List<Traffic> TRAFFIC =
      List.of(
          new Traffic("cart-discounts", "upper", 24),
          new Traffic("content-links", "echo", 9),
          new Traffic("fraud-check", "upper", 40),
          new Traffic("product-search", "version-1", 14),
          new Traffic("shipping-rates", "upper", 3));

  @Test
  void a_host_that_has_served_for_a_while() throws Exception {
    Host host = dashboard.host();
    for (Traffic each : TRAFFIC) {
      dashboard.activate(
          GuestBundle.of(each.plugin(), Guests.wasm(each.guest()))
              .version("2.1.0")
              .filter(each.hook()));
    }
    GuestBundle links =
        GuestBundle.of("content-links", Guests.wasm("echo")).filter("content.links");
    host.plugins().update(links.version("2.2.0").field("capabilities", "[\"http.fetch\"]").bytes());
    Instant begin = Instant.now();
    Instant end = begin.plusSeconds(Long.getLong("gonext.picture", 0));
    Duration step = Duration.ofMillis(100);
    double[] due = new double[TRAFFIC.size()];
    boolean broken = false;
    while (Instant.now().isBefore(end)) {
      double minutes = Duration.between(begin, Instant.now()).toMillis() / 60_000.0;
      for (int i = 0; i < due.length; i++) {
        Traffic each = TRAFFIC.get(i);
        due[i] += each.perSecond() / 10 * (1.2 + Math.sin(minutes * (0.5 + i / 3.0) + i));
        for (; due[i] >= 1; due[i]--) {
          host.applyFilters(each.hook(), "a value");
        }
      }
      if (!broken && Duration.between(Instant.now(), end).toSeconds() < 90) {
        broken = true;
        host.plugins()
            .update(
                GuestBundle.of("cart-discounts", Guests.wasm("panic"))
                    .version("2.2.0")
                    .field("warm_up", "false")
                    .filter("cart.discounts")
                    .bytes());
      }
      LockSupport.parkNanos(step.toNanos());
    }
    browser.signIn(dashboard, TestDashboard.ADMIN_TOKEN);
    browser.open(dashboard.uri("/"));
    browser.screenshot("picture");
    browser.scheme("dark");
    browser.screenshot("picture-dark");
    browser.open(dashboard.uri("/plugins/fraud-check"));
    browser.screenshot("picture-plugin-dark");
    browser.scheme("light");
    browser.screenshot("picture-plugin");
  }
}
