package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Host;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;

/** Calls, logs, audit, try and install in a real browser. */
class ToolsInBrowserTest {
  @RegisterExtension static final TestBrowser browser = new TestBrowser();
  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  private static final String HOSTILE = "<img src=x onerror=document.title='owned'>\u202e";
  private static final List<String> PAGES =
      List.of("/calls", "/logs", "/audit", "/try?plugin=upper", "/install");

  @TempDir private static Path folder;

  @BeforeAll
  static void plugins() throws Exception {
    Host host = dashboard.host();
    dashboard.activate(GuestBundle.of("upper").filter("the_title").limit("fuel", 1_000_000));
    dashboard.activate(GuestBundle.of("panic").filter("order.placed").route("GET", "/x"));
    dashboard.activate(GuestBundle.of("trap").filter("cart.total"));
    dashboard.activate(GuestBundle.of("chatty", Guests.wasm("route-logs")).filter("chat"));
    dashboard.activate(GuestBundle.of("levels", Guests.wasm("logs")).filter("levels"));
    for (int i = 0; i < 8; i++) {
      host.applyFilters("order.placed", i);
      host.applyFilters("cart.total", i);
      host.applyFilters("levels", i);
    }
    for (int i = 0; i < 60; i++) {
      host.applyFilters("chat", "line " + i);
    }
    host.applyFilters("chat", HOSTILE);
    browser.signIn(dashboard, TestDashboard.ADMIN_TOKEN);
  }

  @AfterEach
  void no_script_of_a_stranger_has_run() {
    assertThat(browser.driver().getTitle()).isNotEqualTo("owned");
  }

  private static String fileName(String page) {
    return page.substring(1).replaceAll("\\?.*", "");
  }

  private static URI page(String path) {
    return dashboard.uri(path);
  }

  @Test
  void no_page_has_a_serious_problem_of_accessibility_or_is_wider_than_a_phone() throws Exception {
    for (String scheme : List.of("light", "dark")) {
      browser.scheme(scheme);
      for (String path : PAGES) {
        browser.open(page(path));
        browser
            .driver()
            .executeScript(
                "document.querySelectorAll('details').forEach((d, i) => { d.open = i === 0; })");
        assertThat(browser.seriousProblems()).as("%s, %s", path, scheme).isEmpty();
        browser.screenshot(fileName(path) + (scheme.equals("dark") ? "-dark" : ""));
      }
    }
    browser.scheme("light");
    browser.width(360);
    try {
      for (String path : PAGES) {
        browser.open(page(path));
        assertThat(
                (Long)
                    browser.driver().executeScript("return document.documentElement.scrollWidth"))
            .as(path)
            .isEqualTo(360L);
        browser.screenshot(fileName(path) + "-phone");
      }
    } finally {
      browser.width(1280);
    }
  }

  @Test
  void a_call_that_fails_appears_and_an_open_one_stays_open() throws Exception {
    browser.open(page("/calls?plugin=panic"));
    browser.find(".calls summary").click();
    String open = browser.find(".calls li").getDomAttribute("id");
    assertThat(browser.find("#" + open + " .frames").isDisplayed()).isTrue();

    dashboard.host().applyFilters("order.placed", "again");
    String latest = "call-" + dashboard.host().activity().recentCalls("panic").getLast().id();
    until(() -> browser.has("#" + latest));

    assertThat(browser.find("#" + open + " .frames").isDisplayed()).isTrue();
    assertThat(browser.find("#" + latest + " details").getDomAttribute("open")).isNull();
  }

  @Test
  void logs_stand_still_while_older_lines_are_read() throws Exception {
    browser.width(1280);
    browser.open(page("/logs?plugin=chatty"));
    browser.driver().executeScript("document.getElementById('lines').scrollTo(0, 300)");
    until(() -> browser.find("#paused").isDisplayed());
    String first = browser.find("#lines li").getText();

    dashboard.host().applyFilters("chat", "news");
    until(() -> browser.has("[data-live][data-waiting]"));
    assertThat(browser.find("#lines li").getText()).isEqualTo(first);

    browser.find("#paused button").click();
    until(() -> browser.find("#lines li").getText().contains("news"));
    assertThat(browser.find("#paused").isDisplayed()).isFalse();
  }

  @Test
  void hostile_text_is_text_on_all_pages() throws Exception {
    browser.open(page("/logs?q=onerror"));
    assertThat(browser.text()).contains("<img src=x onerror=").contains("\\u202e");
    assertThat(browser.has("main img")).isFalse();
    browser.open(page("/try?plugin=upper"));
    fill("value", "\"" + HOSTILE.replace("'", "") + "\"");
    browser.click("Call");
    assertThat(browser.find("pre.answer").getText()).contains("<IMG SRC=X ONERROR=");
    assertThat(browser.has("main img")).isFalse();
  }

  private static void fill(String id, String text) {
    browser.find("#" + id).clear();
    browser.find("#" + id).sendKeys(text);
  }

  @Test
  void a_filter_is_tried_and_its_result_shown() throws Exception {
    browser.open(page("/try?plugin=upper"));
    fill("value", "\"to be loud\"");
    browser.click("Call");

    assertThat(browser.find("pre.answer").getText()).isEqualTo("\"TO BE LOUD\"");
    assertThat(browser.text()).contains("Memory stored to").contains("Fuel");
    assertThat(browser.seriousProblems()).isEmpty();
    browser.screenshot("try-result");
  }

  @Test
  void the_audit_log_is_filtered_by_its_form() throws Exception {
    browser.open(page("/audit"));
    fill("event", "activ");
    fill("plugin", "trap");
    browser.click("Show");

    assertThat(browser.driver().findElements(By.cssSelector("table.audit tbody tr"))).hasSize(1);
    assertThat(browser.find("#event").getDomProperty("value")).isEqualTo("activ");
    assertThat(browser.find("a[href*='export.csv']").getDomAttribute("href"))
        .contains("event=activ");
  }

  @Test
  void the_calls_of_a_reason_are_chosen_by_its_form() {
    browser.open(page("/calls"));
    browser.find("#why option[value=late]").click();
    browser.click("Show");

    assertThat(browser.text()).contains("No call was slow, late or failed lately.");
  }

  @Test
  void a_bundle_is_uploaded_checked_and_activated() throws Exception {
    browser.open(page("/install"));
    browser.find("#bundle").sendKeys(bundle("fresh", "[\"kv.read\",\"email.send\"]").toString());
    browser.click("Check");
    assertThat(browser.text()).contains("fresh@1.0.0").contains("the host would take it");
    assertThat(browser.seriousProblems()).isEmpty();
    browser.screenshot("install-check");
    browser.click("Install, grant and activate");

    assertThat(browser.text()).contains("fresh 1.0.0 is installed and in service.");
    assertThat(dashboard.host().activity().plugin("fresh")).isPresent();
  }

  @Test
  void a_bundle_with_problems_is_refused_with_all_of_them() throws Exception {
    browser.open(page("/install"));
    browser.find("#bundle").sendKeys(bundle("odd", "[\"fly.high\"]").toString());
    browser.click("Check");

    assertThat(browser.text()).contains("the host refuses it").contains("fly.high");
    assertThat(browser.seriousProblems()).isEmpty();
    browser.screenshot("install-refused");
  }

  private static Path bundle(String name, String capabilities) throws IOException {
    return Files.write(
        folder.resolve(name + ".gnplugin"),
        GuestBundle.of(name, Guests.wasm("upper"))
            .filter("up." + name)
            .route("GET", "/" + name)
            .field("capabilities", capabilities)
            .bytes());
  }

  private static void until(Callable<Boolean> what) {
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .until(what);
  }
}
