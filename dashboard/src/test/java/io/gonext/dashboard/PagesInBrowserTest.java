package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Host;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.node.JsonNodeFactory;

/** All pages on one host with plugins in every state: accessible, narrow, dark, without scripts. */
class PagesInBrowserTest {
  @RegisterExtension static final TestBrowser browser = new TestBrowser();
  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  private static final List<String> PAGES =
      List.of(
          "/",
          "/plugins/checkout-rules",
          "/plugins/checkout-rules/versions",
          "/plugins/checkout-rules/config",
          "/plugins/checkout-rules/access",
          "/plugins/mailer/jobs",
          "/plugins/hello",
          "/plugins/broken",
          "/plugins/hello/uninstall",
          "/plugins/checkout-rules/data",
          "/plugins/nobody");

  @BeforeAll
  static void plugins() throws Exception {
    Host host = dashboard.host();
    String config =
        """
        {"schema":{"type":"object","required":["currency"],"properties":{
          "currency":{"type":"string","title":"Currency","description":"Of all prices, ISO 4217.","default":"EUR"},
          "round":{"enum":["up","down","half-even"],"description":"How prices are rounded.","default":"half-even"},
          "vat":{"type":"number","title":"VAT","minimum":0,"default":19},
          "strict":{"type":"boolean"},
          "token":{"type":"string","writeOnly":true,"title":"API token"},
          "tiers":{"type":"array","description":"Discounts by amount."}}}}
        """;
    GuestBundle rules =
        GuestBundle.of("checkout-rules", Guests.wasm("upper"))
            .version("2.3.0")
            .filter("cart.total")
            .filter("cart.shipping", 20)
            .limit("instances_max", 12)
            .field("config", config)
            .field("secrets", "{\"keys\":[\"API_KEY\"]}")
            .field("capabilities", "[\"kv.read\",\"kv.write\"]");
    dashboard.activate(rules);
    host.plugins().grant("checkout-rules", "kv.read");
    host.plugins()
        .update(
            rules
                .version("2.4.0")
                .field("capabilities", "[\"kv.read\",\"kv.write\",\"http.fetch\"]")
                .field("http", "{\"fetch\":{\"allow\":[\"https://rates.example.com\"]}}")
                .bytes());
    dashboard.activate(GuestBundle.of("hello", Guests.wasm("version-1")).filter("the_content"));
    host.plugins()
        .update(
            GuestBundle.of("hello", Guests.wasm("version-2"))
                .version("1.1.0")
                .filter("the_content")
                .bytes());
    dashboard.activate(
        GuestBundle.of("mailer", Guests.wasm("jobs"))
            .filter("mail.send")
            .field("jobs", "[\"ok\",{\"name\":\"trap\",\"max_attempts\":1}]")
            .field("cron", "[{\"job\":\"ok\",\"schedule\":\"30 4 * * 1-5\"}]"));
    dashboard.activate(GuestBundle.of("broken", Guests.wasm("panic")).filter("order.placed"));
    host.plugins().install(GuestBundle.of("new-one", Guests.wasm("echo")).filter("x").bytes());
    for (int i = 0; i < 300; i++) {
      host.applyFilters("cart.total", "a " + i);
      host.applyFilters("the_content", "a " + i);
    }
    for (int i = 0; i < 30; i++) {
      host.applyFilters("order.placed", "a " + i);
    }
    host.jobs().run("mailer", "trap", JsonNodeFactory.instance.objectNode());
    browser.signIn(dashboard, TestDashboard.ADMIN_TOKEN);
  }

  static String fileName(String page) {
    return page.equals("/") ? "overview" : page.substring(1).replace('/', '-');
  }

  @Test
  void no_page_has_a_serious_problem_of_accessibility() throws Exception {
    for (String page : PAGES) {
      browser.open(dashboard.uri(page));
      for (String scheme : List.of("light", "dark")) {
        browser.scheme(scheme);
        assertThat(browser.seriousProblems()).as("%s, %s", page, scheme).isEmpty();
        browser.screenshot(fileName(page) + (scheme.equals("dark") ? "-dark" : ""));
      }
    }
    browser.scheme("light");
  }

  @Test
  void axe_finds_a_problem_that_is_there() {
    browser.open(dashboard.uri("/"));
    browser
        .driver()
        .executeScript("document.querySelector('main').append(document.createElement('img'))");

    assertThat(browser.seriousProblems()).singleElement().asString().startsWith("image-alt");
  }

  @Test
  void no_page_is_wider_than_a_phone() throws Exception {
    browser.width(360);
    try {
      for (String page : PAGES) {
        browser.open(dashboard.uri(page));
        assertThat(
                (Long)
                    browser.driver().executeScript("return document.documentElement.scrollWidth"))
            .as(page)
            .isEqualTo(360L);
        browser.screenshot(fileName(page) + "-phone");
      }
      browser.open(dashboard.uri("/"));
      assertThat(browser.seriousProblems()).isEmpty();
    } finally {
      browser.width(1280);
    }
  }
}
