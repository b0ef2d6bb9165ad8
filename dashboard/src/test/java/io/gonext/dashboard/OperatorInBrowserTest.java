package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.AuditRow;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.Host;
import io.gonext.host.JobInfo;
import io.gonext.host.JobState;
import io.gonext.host.PluginState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.chrome.ChromeDriver;
import tools.jackson.databind.node.JsonNodeFactory;

/** What an operator does with the pages. */
class OperatorInBrowserTest {
  /** The breaker gives a plugin up that was open for most of a second. */
  private static final Duration OPEN = Duration.ofMillis(200);

  @RegisterExtension static final TestBrowser browser = new TestBrowser();

  @RegisterExtension
  static final TestDashboard dashboard =
      TestDashboard.ofHost(config ->
          config.breaker(new BreakerPolicy(50, 5, OPEN, OPEN, OPEN, Duration.ofSeconds(1))));

  /** As long as the text of the guest {@code panic}. */
  private static final String MARKUP = "<script>x</script";

  @BeforeAll
  static void signIn() {
    browser.signIn(dashboard, TestDashboard.ADMIN_TOKEN);
  }

  private static GuestBundle shop(String version) {
    return GuestBundle.of("shop", Guests.wasm("upper")).version(version).filter("cart");
  }

  private static String shopVersion() {
    return dashboard.host().plugins().find("shop").orElseThrow().current().version();
  }

  @Test
  void a_plugin_is_installed_approved_rolled_back_and_uninstalled_on_the_pages(
      @TempDir Path bundles) throws Exception {
    Host host = dashboard.host();
    Path bundle = Files.write(bundles.resolve("shop.gnplugin"), shop("1.0.0").bytes());
    browser.open(dashboard.uri("/install"));
    browser.find("#bundle").sendKeys(bundle.toString());
    browser.click("Check");
    browser.click("Install, grant and activate");
    assertThat(host.plugins().find("shop").orElseThrow().state()).isEqualTo(PluginState.ACTIVE);

    host.plugins().update(shop("1.1.0").field("capabilities", "[\"http.fetch\"]").bytes());
    browser.open(dashboard.uri("/"));
    browser.awaitText("waits for your approval of version 1.1.0");
    browser.click("Review");
    assertThat(browser.text()).contains("http.fetch", "will be granted", "sensitive");
    browser.click("Approve 1.1.0");
    assertThat(browser.text()).contains("shop has version 1.1.0 now, in place of 1.0.0.");
    assertThat(shopVersion()).isEqualTo("1.1.0");

    browser.click("Roll back to 1.0.0");
    assertThat(shopVersion()).isEqualTo("1.0.0");

    browser.open(dashboard.uri("/plugins/shop"));
    browser.click("Take out of service");
    browser.click("Take out of service");
    assertThat(browser.text()).contains("shop is out of service.");
    browser.click("Activate");

    browser.click("Uninstall");
    browser.click("Cancel");
    browser.click("Uninstall");
    browser.click("Uninstall");
    assertThat(browser.text()).contains("shop is uninstalled.");
    assertThat(host.plugins().find("shop")).isEmpty();
    assertThat(host.audit().newest("shop", 20))
        .extracting(AuditRow::event, AuditRow::actor)
        .contains(
            tuple("approve", "operator"),
            tuple("rollback", "operator"),
            tuple("uninstall", "operator"));
  }

  @Test
  void a_dead_job_is_deleted_after_a_question() throws Exception {
    Host host = dashboard.host();
    dashboard.activate(
        GuestBundle.of("worker", Guests.wasm("jobs"))
            .field("jobs", "[{\"name\":\"trap\",\"max_attempts\":1}]"));
    JobInfo job = host.jobs().run("worker", "trap", JsonNodeFactory.instance.objectNode());
    browser.open(dashboard.uri("/plugins/worker/jobs"));
    browser.awaitText("Dead jobs");

    browser.click("Delete");
    assertThat(browser.text()).contains("Delete the job trap?", "which the audit log keeps");
    assertThat(browser.seriousProblems()).isEmpty();
    browser.screenshot("plugins-worker-jobs-delete");
    browser.click("Cancel");
    assertThat(host.jobs().get(job.id()).state()).isEqualTo(JobState.DEAD);

    browser.open(dashboard.uri("/plugins/worker/jobs"));
    browser.click("Delete");
    browser.click("Delete");
    assertThat(browser.text()).contains("The job trap is deleted.", "There is no job.");
    assertThat(host.jobs().list("worker", Optional.empty(), 10)).isEmpty();
    assertThat(host.audit().newest("worker", 20))
        .extracting(AuditRow::event, AuditRow::actor)
        .contains(tuple("job_delete", "operator"));
  }

  @Test
  void a_plugin_that_gave_up_is_reset_and_serves_again_on_the_pages() throws Exception {
    Host host = dashboard.host();
    dashboard.activate(GuestBundle.of("fragile", Guests.wasm("panic")).filter("fragile.hook"));
    // Each failure counts; a plugin that keeps failing is taken out of service.
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(2))
        .until(() -> {
          host.applyFilters("fragile.hook", "x");
          return host.plugins().find("fragile").orElseThrow().state() == PluginState.ERRORED;
        });

    browser.open(dashboard.uri("/plugins/fragile"));
    browser.awaitText("the guest gave up");
    browser.screenshot("plugins-fragile-errored");
    browser.click("Reset");
    assertThat(browser.text()).contains("fragile is reset. It may be activated again.");
    assertThat(host.plugins().find("fragile").orElseThrow().state())
        .isEqualTo(PluginState.INACTIVE);
    browser.click("Activate");
    assertThat(browser.text()).contains("fragile is in service.");
    assertThat(host.plugins().find("fragile").orElseThrow().state()).isEqualTo(PluginState.ACTIVE);
    assertThat(host.audit().newest("fragile", 20))
        .extracting(AuditRow::event, AuditRow::actor)
        .contains(tuple("reset", "operator"));
  }

  @Test
  void configuration_secrets_and_capabilities_are_changed_on_the_pages() throws Exception {
    Host host = dashboard.host();
    dashboard.activate(
        GuestBundle.of("settings")
            .filter("h")
            .field(
                "config",
                """
                {"schema":{"type":"object","properties":{
                  "size":{"type":"integer","minimum":1,"default":10},
                  "token":{"type":"string","writeOnly":true}}}}
                """)
            .field("secrets", "{\"keys\":[\"API_KEY\"]}"));

    browser.open(dashboard.uri("/plugins/settings/config"));
    browser.find("[name='value.size']").sendKeys("0");
    browser.click("Save");
    assertThat(browser.text()).contains("The values are not valid:", "/size");
    assertThat(browser.find("[name='value.size']").getDomProperty("value")).isEqualTo("0");
    browser.find("[name='value.size']").clear();
    browser.find("[name='value.size']").sendKeys("12");
    browser.find("[name='value.token']").sendKeys("hidden-value");
    browser.click("Save");
    assertThat(browser.text()).contains("The configuration of settings is saved.");
    assertThat(host.configs().get("settings").values().path("size").intValue()).isEqualTo(12);
    assertThat(host.configs().get("settings").hidden()).containsExactly("/token");
    assertThat(browser.driver().getPageSource()).doesNotContain("hidden-value");

    browser.open(dashboard.uri("/plugins/settings/access"));
    browser.find("input[name=value]").sendKeys("a-secret-value");
    browser.click("Set");
    assertThat(browser.text()).contains("The secret API_KEY is set.");
    assertThat(browser.driver().getPageSource()).doesNotContain("a-secret-value");
    browser.find("button[role=switch]").click();
    browser.awaitText("settings may use secrets.keys from its next call on.");
    assertThat(host.plugins().grants("settings").granted()).containsExactly("secrets.keys");
  }

  @Test
  void hostile_text_of_a_plugin_is_shown_as_text() throws Exception {
    byte[] module = Guests.wasm("panic");
    byte[] text = "the guest gave up".getBytes(StandardCharsets.UTF_8);
    int at = indexOf(module, text);
    System.arraycopy(MARKUP.getBytes(StandardCharsets.UTF_8), 0, module, at, text.length);
    dashboard.activate(
        GuestBundle.of("hostile", module)
            .filter("hostile.hook")
            .field(
                "config",
                """
                {"schema":{"type":"object","title":"<img src=x onerror=alert(1)>","properties":{
                  "<script>alert(1)</script>":{"type":"string","title":"</label><script>alert(2)</script>",
                    "description":"\\u202e\\"><img src=x onerror=alert(3)>","default":"'\\" onfocus=alert(4) autofocus x='"}}}}
                """));
    dashboard.host().applyFilters("hostile.hook", "x");

    for (String page : List.of("/", "/plugins/hostile", "/plugins/hostile/config")) {
      browser.open(dashboard.uri(page));
      assertThat(
              browser
                  .driver()
                  .findElements(
                      By.cssSelector("main script, main img, main [onerror], main [onfocus]")))
          .as(page)
          .isEmpty();
    }
    assertThat(browser.text())
        .contains("</label><script>alert(2)</script>", "\\u202e\"><img src=x onerror=alert(3)>");
    browser.open(dashboard.uri("/plugins/hostile"));
    assertThat(browser.text()).contains("the guest panicked: " + MARKUP);
    // A page that a visitor looks at for long gets the same text by its live updates.
    dashboard.host().applyFilters("hostile.hook", "y");
    browser.awaitText("2 times, last");
    assertThat(browser.driver().findElements(By.cssSelector("main script"))).isEmpty();
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    for (int i = 0; i + part.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    throw new AssertionError("the guest has another text");
  }

  @Test
  void a_page_follows_what_happens_and_keeps_the_focus() throws Exception {
    dashboard.activate(GuestBundle.of("watched", Guests.wasm("upper")).filter("watched.hook"));
    browser.open(dashboard.uri("/plugins/watched"));
    browser.awaitText("serves");
    browser.driver().executeScript("document.querySelector(\"a[href$='/uninstall']\").focus()");

    dashboard.host().applyFilters("watched.hook", "x");
    await()
        .atMost(Duration.ofSeconds(10))
        .ignoreExceptions()
        .until(() -> browser.find("tr[data-key='hook watched.hook'] td").getText().equals("1"));

    assertThat(browser.driver().switchTo().activeElement().getText()).isEqualTo("Uninstall");
    // The first point of the history comes within 5 s.
    await().atMost(Duration.ofSeconds(20)).until(() -> browser.has(".plot canvas"));
  }

  @Test
  void two_browsers_see_each_others_changes() throws Exception {
    dashboard.activate(GuestBundle.of("shared", Guests.wasm("upper")).filter("shared.hook"));
    ChromeDriver other = TestBrowser.start();
    try {
      TestBrowser.signIn(other, dashboard, TestDashboard.READER_TOKEN);
      other.get(dashboard.uri("/plugins/shared").toString());
      assertThat(other.findElements(By.cssSelector("main form, main .button"))).isEmpty();

      browser.open(dashboard.uri("/plugins/shared/deactivate"));
      browser.click("Take out of service");

      await()
          .atMost(Duration.ofSeconds(10))
          .ignoreExceptions()
          .until(() -> other.findElement(By.cssSelector(".state")).getText().equals("off"));
      assertThat(dashboard.host().plugins().find("shared").orElseThrow().state())
          .isEqualTo(PluginState.INACTIVE);
    } finally {
      other.quit();
    }
  }

  @Test
  void a_lost_connection_is_told_and_comes_back() throws Exception {
    dashboard.activate(GuestBundle.of("away", Guests.wasm("upper")).filter("away.hook"));
    browser.open(dashboard.uri("/plugins/away"));
    browser.awaitText("serves");
    int port = dashboard.stopServer();
    try {
      browser.awaitText("The connection to the host is lost. Trying again.");
    } finally {
      dashboard.startServer(port);
    }

    dashboard.host().plugins().deactivate("away");

    await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptions()
        .until(() -> browser.find(".state").getText().equals("off"));
    assertThat(browser.text()).doesNotContain("The connection to the host is lost");
  }

  @Test
  void without_javascript_all_pages_and_forms_work() throws Exception {
    dashboard.activate(GuestBundle.of("plain", Guests.wasm("upper")).filter("plain.hook"));
    dashboard.host().applyFilters("plain.hook", "x");
    ChromeDriver driver = browser.driver();
    driver.executeCdpCommand("Emulation.setScriptExecutionDisabled", Map.of("value", true));
    try {
      driver.get(dashboard.uri("/plugins/plain").toString());
      assertThat(driver.findElements(By.cssSelector("canvas"))).isEmpty();
      assertThat(driver.findElement(By.cssSelector(".cell.idle")).isDisplayed()).isTrue();
      driver.findElement(By.linkText("Take out of service")).click();
      driver.findElement(By.cssSelector("button.danger")).click();
      browser.awaitText("plain is out of service.");
      driver.findElement(By.xpath("//button[.='Activate']")).click();
      browser.awaitText("plain is in service.");
    } finally {
      driver.executeCdpCommand("Emulation.setScriptExecutionDisabled", Map.of("value", false));
    }
  }

  @Test
  void the_keyboard_alone_reaches_the_page_and_its_buttons() {
    browser.open(dashboard.uri("/"));
    browser.find("body").sendKeys(Keys.TAB);
    assertThat(browser.driver().switchTo().activeElement().getText()).isEqualTo("Skip to the page");
    browser.driver().switchTo().activeElement().sendKeys(Keys.ENTER);
    assertThat(browser.driver().switchTo().activeElement().getDomAttribute("id")).isEqualTo("main");
  }
}
