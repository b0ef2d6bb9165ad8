package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.Host;
import io.gonext.host.PluginState;
import io.gonext.server.AdminToken;
import io.gonext.server.HttpServer;
import io.gonext.server.PrometheusMetrics;
import io.gonext.server.ServerConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import tools.jackson.databind.JsonNode;

/**
 * The whole way of a person who is woken: Debian's Prometheus fires an alert of the rules in {@code
 * ops}, its link leads to a page in Debian's Chromium, and a button of the page mends the plugin.
 */
@Tag("slow")
class AlertInBrowserTest {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final String TOKEN = "an-admin-token-for-tests";

  @TempDir private Path directory;

  @Test
  void an_alert_leads_to_the_page_that_says_why_and_a_button_rolls_the_plugin_back()
      throws Exception {
    TestPrometheus.require();
    TestTool.require(
        "chromium",
        Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER),
        "no Chromium: apt-get install chromium chromium-driver");
    PrometheusMeterRegistry metrics = PrometheusMetrics.registry();
    Duration open = Duration.ofMillis(200);
    try (Host host =
            Hosts.open(
                Hosts.patient(directory.resolve("data")).toBuilder()
                    .breaker(new BreakerPolicy(50, 1, open, open, open, Duration.ofSeconds(1)))
                    .meters(metrics)
                    .build());
        HttpServer server =
            HttpServer.start(
                host, metrics, ServerConfig.loopback(0).token(AdminToken.of(TOKEN)).build());
        TestPrometheus prometheus = TestPrometheus.start(directory, server.port())) {
      host.plugins()
          .deploy(GuestBundle.of("shop", Guests.wasm("upper")).filter("cart").bytes(), Set.of());
      assertThat(host.applyFilters("cart", "x").value().toString()).isEqualTo("\"X\"");
      host.plugins()
          .update(
              GuestBundle.of("shop", Guests.wasm("panic")).version("1.1.0").filter("cart").bytes());
      await()
          .atMost(LONG)
          .pollInterval(Duration.ofMillis(5))
          .until(() -> {
            host.applyFilters("cart", "x");
            return host.plugins().find("shop").orElseThrow().state() == PluginState.ERRORED;
          });

      String link = linkOfAlert(prometheus);
      ChromeDriver browser = browser();
      try {
        browser.get(link);
        signIn(browser);
        await()
            .atMost(LONG)
            .ignoreExceptions()
            .untilAsserted(() ->
                assertThat(browser.findElement(By.tagName("body")).getText())
                    .contains(
                        "shop 1.1.0",
                        "out of service",
                        "its circuit breaker for cart was open most of the last 1 s",
                        "the guest panicked: the guest gave up"));
        assertThat(browser.getCurrentUrl()).isEqualTo(link);
        screenshot(browser, "alert-page");

        browser
            .findElement(By.xpath("//button[normalize-space()='Roll back to 1.0.0 and activate']"))
            .click();
        await()
            .atMost(LONG)
            .ignoreExceptions()
            .untilAsserted(() ->
                assertThat(browser.findElement(By.tagName("body")).getText())
                    .contains(
                        "shop has version 1.0.0 now, in place of 1.1.0.", "shop is in service."));
        screenshot(browser, "alert-rolled-back");
      } finally {
        browser.quit();
      }
      assertThat(host.applyFilters("cart", "y").value().toString()).isEqualTo("\"Y\"");
      await()
          .atMost(LONG)
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(prometheus.firing()).isEmpty());
    }
  }

  private static String linkOfAlert(TestPrometheus prometheus) {
    AtomicReference<String> link = new AtomicReference<>("");
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .untilAsserted(() ->
            assertThat(prometheus.firing())
                .singleElement()
                .satisfies(alert -> {
                  assertThat(alert.at("/labels/alertname").asString(""))
                      .isEqualTo("GoNextPluginErrored");
                  link.set(text(alert.at("/annotations/dashboard")));
                }));
    return link.get();
  }

  private static String text(JsonNode value) {
    return value.asString("");
  }

  private static ChromeDriver browser() {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(CHROMIUM.toFile());
    // Tests run as root in containers, where the sandbox of Chromium does not start.
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--window-size=1280,900");
    return new ChromeDriver(
        new ChromeDriverService.Builder()
            .usingDriverExecutable(DRIVER.toFile())
            .usingAnyFreePort()
            .build(),
        options);
  }

  private static void signIn(ChromeDriver browser) {
    browser.findElement(By.id("token")).sendKeys(TOKEN);
    browser.findElement(By.cssSelector("form.signin button")).click();
  }

  /** Whoever changes a page looks at it. */
  private static void screenshot(ChromeDriver browser, String name) throws Exception {
    Path folder = Files.createDirectories(Path.of("target", "screenshots"));
    File picture = browser.getScreenshotAs(OutputType.FILE);
    Files.copy(
        picture.toPath(), folder.resolve(name + ".png"), StandardCopyOption.REPLACE_EXISTING);
  }
}
