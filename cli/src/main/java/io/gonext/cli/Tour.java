package io.gonext.cli;

import io.gonext.host.Host;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.json.StrictJson;
import io.gonext.pool.PoolStats;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Calls everything that the example plugin offers, directly and over HTTP, and checks each answer.
 */
final class Tour {
  static final String PLUGIN = "hello-rust";

  private static final String CONTENT = "Hello *world*";
  private static final String CONTENT_FILTERED =
      "Hello <strong>world</strong>\n<p><em>Sent with the hello-rust plugin.</em></p>";
  private static final String TITLE = "  a host for   plugins ";
  private static final String TITLE_FILTERED = "A Host For Plugins";

  /** Enough calls for the JIT to compile the plugin's code before the last thousand. */
  private static final int CALLS = 20_000;

  private static final int STEADY_CALLS = 1_000;

  private final Host host;
  private final String url;
  private final Report report;

  Tour(Host host, String url, Report report) {
    this.host = host;
    this.url = url;
    this.report = report;
  }

  void run() throws InterruptedException, IOException {
    filter("the_content", CONTENT, CONTENT_FILTERED);
    filter("the_title", TITLE, TITLE_FILTERED);
    action();
    try (HttpClient client = HttpClient.newHttpClient()) {
      route(client);
      filterOverHttp(client);
      metrics(client);
    }
    steadyCalls();
    pool();
  }

  private void filter(String hook, String value, String expected) throws InterruptedException {
    long begin = System.nanoTime();
    FilterResult result = host.applyFilters(hook, value);
    report.step("filter " + hook, begin, "");
    report.value("in", value);
    report.value("out", result.value().asString());
    report.check("the value", expected, result.value().asString());
    report.check("the list of failed plugins", List.of(), result.degraded());
  }

  private void action() throws InterruptedException {
    long begin = System.nanoTime();
    ActionResult saved = host.doAction("save_post", Map.of("id", 42));
    report.step(
        "action save_post",
        begin,
        saved.handlers() + (saved.handlers() == 1 ? " handler" : " handlers") + " called");
    report.check("the number of handlers", 1, saved.handlers());
    report.check("the list of failed plugins", List.of(), saved.degraded());
  }

  private void route(HttpClient client) throws InterruptedException, IOException {
    String path = "/api/plugins/" + PLUGIN + "/hello/Ada";
    long begin = System.nanoTime();
    HttpResponse<String> first = send(client, request(path));
    report.step("route GET " + path, begin, "HTTP " + first.statusCode());
    report.value("out", first.body());
    HttpResponse<String> second = send(client, request(path));
    report.value(
        "again", second.body() + "   (the instance keeps its memory, and counts the calls)");
    report.check("the status", 200, first.statusCode());
    report.check(
        "the type", List.of("application/json"), first.headers().allValues("content-type"));
    report.check("the greeting", true, first.body().contains("\"Hello, Ada!\""));
    report.check("an equal second answer", false, first.body().equals(second.body()));
  }

  private void filterOverHttp(HttpClient client) throws InterruptedException, IOException {
    String path = "/api/v1/filters/the_title";
    String body =
        new String(
            StrictJson.write(StrictJson.valueOf(Map.of("value", TITLE))), StandardCharsets.UTF_8);
    long begin = System.nanoTime();
    HttpResponse<String> response =
        send(client, request(path).POST(HttpRequest.BodyPublishers.ofString(body)));
    report.step("POST " + path, begin, "HTTP " + response.statusCode());
    report.value("in", body);
    report.value("out", response.body());
    report.check("the body", "{\"value\":\"" + TITLE_FILTERED + "\"}", response.body());
  }

  private void metrics(HttpClient client) throws InterruptedException, IOException {
    long begin = System.nanoTime();
    HttpResponse<String> response = send(client, request("/metrics"));
    long series = response.body().lines().filter(line -> line.startsWith("gonext_plugin_")).count();
    report.step("GET /metrics", begin, series + " time series of plugins");
    report.check(
        "the metric of the pool",
        true,
        response.body().contains("gonext_plugin_pool_checkout_total"));
  }

  private void steadyCalls() throws InterruptedException {
    long begin = System.nanoTime();
    long[] nanos = new long[CALLS];
    for (int i = 0; i < CALLS; i++) {
      long before = System.nanoTime();
      host.applyFilters("the_title", TITLE);
      nanos[i] = System.nanoTime() - before;
    }
    long[] steady = Arrays.copyOfRange(nanos, CALLS - STEADY_CALLS, CALLS);
    Arrays.sort(steady);
    report.step(
        "filter the_title, %,d times".formatted(CALLS),
        begin,
        "median of the last %,d: %s"
            .formatted(STEADY_CALLS, Report.time(Duration.ofNanos(steady[STEADY_CALLS / 2]))));
  }

  private void pool() {
    PoolStats pool = host.health().pool(PLUGIN).orElseThrow();
    report.line("");
    report.line(
        "pool of %s: %d live, %d idle, %d in use, %,d checkouts, %d errors, %d recycled"
            .formatted(
                PLUGIN,
                pool.live(),
                pool.idle(),
                pool.inUse(),
                pool.checkouts(),
                pool.checkoutErrors(),
                pool.recycledTotal()));
    report.check("the number of instances in use", 0, pool.inUse());
    report.check("the number of failed checkouts", 0L, pool.checkoutErrors());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path));
  }

  private static HttpResponse<String> send(HttpClient client, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
