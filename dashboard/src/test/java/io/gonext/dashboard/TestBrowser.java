package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/**
 * Debian's Chromium without a window, shared by all tests of a class. Where it is not installed,
 * the class is skipped.
 */
final class TestBrowser implements BeforeAllCallback, AfterAllCallback {
  static final Path SCREENSHOTS = Path.of("target", "screenshots");

  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final List<String> REQUIRED =
      List.of(System.getenv().getOrDefault("GONEXT_TOOLCHAINS", "").split(" ", -1));

  private @Nullable ChromeDriver driver;

  @Override
  public void beforeAll(ExtensionContext context) {
    boolean isThere = Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER);
    String fix = "no Chromium: apt-get install chromium chromium-driver";
    assertThat(isThere || !REQUIRED.contains("chromium")).as(fix).isTrue();
    assumeTrue(isThere, fix);
    driver = start();
  }

  /** Starts another browser, which the test quits. */
  static ChromeDriver start() {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(CHROMIUM.toFile());
    options.addArguments(
        "--headless=new",
        // Tests run as root in containers, where the sandbox of Chromium does not start.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--hide-scrollbars",
        "--window-size=1280,900");
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(DRIVER.toFile())
            .usingAnyFreePort()
            .build();
    return new ChromeDriver(service, options);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (driver != null) {
      driver.quit();
      driver = null;
    }
  }

  ChromeDriver driver() {
    return Objects.requireNonNull(driver, "the browser has not started");
  }

  void open(URI page) {
    driver().get(page.toString());
  }

  WebElement find(String css) {
    return driver().findElement(By.cssSelector(css));
  }

  boolean has(String css) {
    return !driver().findElements(By.cssSelector(css)).isEmpty();
  }

  String text() {
    return find("body").getText();
  }

  /** Clicks what has this text, and waits for the page that follows. */
  void click(String text) {
    WebElement old = find("html");
    driver()
        .findElement(
            By.xpath("//main//*[self::a or self::button][normalize-space()='" + text + "']"))
        .click();
    awaitNewPage(old);
  }

  private void awaitNewPage(WebElement old) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .ignoreExceptions()
        .until(() -> !find("html").equals(old) && isLoaded());
  }

  private boolean isLoaded() {
    return "complete".equals(driver().executeScript("return document.readyState"));
  }

  void awaitText(String text) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(text()).contains(text));
  }

  void signIn(TestDashboard dashboard, String token) {
    signIn(driver(), dashboard, token);
  }

  static void signIn(ChromeDriver browser, TestDashboard dashboard, String token) {
    browser.get(dashboard.uri("/sign-in").toString());
    browser.findElement(By.id("token")).sendKeys(token);
    browser.findElement(By.cssSelector("form.signin button")).click();
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> !browser.getCurrentUrl().contains("sign-in"));
  }

  /** The width of the page in CSS pixels, as on a phone or a screen; the height is that of both. */
  void width(int pixels) {
    driver()
        .executeCdpCommand(
            "Emulation.setDeviceMetricsOverride",
            Map.of("width", pixels, "height", 900, "deviceScaleFactor", 1, "mobile", pixels < 600));
  }

  void scheme(String lightOrDark) {
    driver()
        .executeCdpCommand(
            "Emulation.setEmulatedMedia",
            Map.of(
                "features", List.of(Map.of("name", "prefers-color-scheme", "value", lightOrDark))));
  }

  /** Writes a picture of the whole page into {@code target/screenshots}. */
  void screenshot(String name) throws IOException {
    Files.createDirectories(SCREENSHOTS);
    Map<String, Object> picture =
        driver()
            .executeCdpCommand(
                "Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true));
    Files.write(
        SCREENSHOTS.resolve(name + ".png"),
        Base64.getDecoder().decode((String) picture.get("data")));
  }

  /** What axe-core finds on the page that is serious or critical: one line for each. */
  @SuppressWarnings("unchecked")
  List<String> seriousProblems() {
    driver().executeScript(axe());
    return (List<String>)
        Objects.requireNonNull(
            driver()
                .executeAsyncScript(
                    """
                    const done = arguments[arguments.length - 1];
                    axe.run(document, {resultTypes: ['violations']}).then(
                      result => done(result.violations
                        .filter(v => v.impact === 'serious' || v.impact === 'critical')
                        .map(v => v.id + ': ' + v.help + ': ' + v.nodes.slice(0, 3)
                          .map(n => n.html.slice(0, 200) + ' ' + (n.any[0]?.message ?? '')).join(' | '))),
                      error => done(['axe failed: ' + error]));
                    """));
  }

  private static String axe() {
    try (var in = TestBrowser.class.getResourceAsStream("/axe.min.js")) {
      return new String(Objects.requireNonNull(in, "axe").readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
