package io.gonext.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.AsyncHost;
import io.gonext.host.AuditRow;
import io.gonext.host.PluginState;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.FilterResult;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real application of Spring Boot, with plugins, security, actuator and spans. */
@Tag("slow")
class ApplicationTest {
  private static final JsonMapper MAPPER = new JsonMapper();

  @TempDir static Path directory;
  private static Running shop;

  @BeforeAll
  static void start() throws Exception {
    shop = start("data");
  }

  private static Running start(String data) throws Exception {
    Path asking =
        write(
            "app",
            GuestBundle.of("app", Guests.wasm("app"))
                .filter("items.find")
                .filter("items.search")
                .filter("items.fail")
                .filter("pages.count")
                .field("capabilities", "[\"items.find\",\"pages.count\"]"));
    Path settings =
        write(
            "settings",
            GuestBundle.of("settings")
                .filter("settings")
                .field(
                    "config",
                    """
                    {"schema":{"type":"object","additionalProperties":false,
                    "required":["max_items"],"properties":{
                    "max_items":{"type":"integer"},"dark":{"type":"boolean"},
                    "tags":{"type":"array","items":{"type":"string"}},
                    "nested":{"type":"object","properties":{"deepKey":{"type":"number"}}}}}}
                    """)
                .field("secrets", "{\"keys\":[\"API_KEY\",\"file_key\",\"other\"]}"));
    Path upper = write("upper", GuestBundle.of("upper").filter("item_title", 5));
    Path echo = write("route-echo", GuestBundle.of("route-echo").route("POST", "/echo"));
    Path secret = Files.writeString(directory.resolve("secret"), "from a file\n");
    return Running.start(
        Shop.class,
        directory.resolve(data),
        "--spring.threads.virtual.enabled=true",
        "--management.endpoints.web.exposure.include=health,gonext,metrics",
        "--management.endpoint.health.show-details=always",
        "--management.tracing.sampling.probability=1.0",
        "--gonext.warm-up=0s",
        "--gonext.limits.memory-mb=32",
        "--gonext.plugins.app.location=" + asking,
        "--gonext.plugins.app.grants=items.find,pages.count",
        "--gonext.plugins.settings.location=file:" + settings,
        "--gonext.plugins.settings.grants=secrets.keys",
        "--gonext.plugins.settings.config.max_items=7",
        "--gonext.plugins.settings.config.dark=true",
        "--gonext.plugins.settings.config.tags[0]=a",
        "--gonext.plugins.settings.config.tags[1]=b",
        "--gonext.plugins.settings.config.nested.deepKey=0.5",
        "--gonext.plugins.settings.secrets.API_KEY=env:GONEXT_TEST_SECRET",
        "--gonext.plugins.settings.secrets.file_key=file:" + secret,
        "--gonext.plugins.settings.secrets.other=property:shop.other",
        "--shop.other=from a property",
        "--gonext.plugins.upper.location=" + upper,
        "--gonext.plugins.route-echo.location=" + echo,
        "--gonext.plugins.hello-rust.location=classpath:plugins/hello-rust-0.1.0.gnplugin",
        "--gonext.plugins.absent.location=" + directory.resolve("absent.gnplugin"),
        "--gonext.plugins.absent.required=false",
        "--gonext.web.dashboard.enabled=true");
  }

  private static Path write(String name, GuestBundle bundle) throws Exception {
    return Files.write(directory.resolve(name + ".gnplugin"), bundle.bytes());
  }

  @AfterAll
  static void stop() {
    shop.close();
  }

  private static String filtered(String hook, Object value) throws InterruptedException {
    return shop.host().applyFilters(hook, value).value().toString();
  }

  private static JsonNode json(HttpResponse<String> response) {
    return MAPPER.readTree(response.body());
  }

  @Test
  void a_plugin_asks_a_method_of_a_bean() throws Exception {
    assertThat(filtered("items.find", 7)).isEqualTo("{\"id\":7,\"on_sale\":\"2026-01-02\"}");
    assertThat(filtered("items.search", MAPPER.readTree("{\"text\":\"tea\",\"limit\":3}")))
        .isEqualTo("[\"tea x3 for app\"]");
    assertThat(filtered("pages.count", 0)).isEqualTo("2");
    assertThat(shop.host().functions())
        .extracting(function -> function.name() + " " + function.capability())
        .containsExactlyInAnyOrder(
            "items.find items.find",
            "items.search items.find",
            "items.fail items.find",
            "pages.count pages.count");
  }

  @Test
  void a_request_that_does_not_fit_is_the_fault_of_the_plugin() throws Exception {
    // The status "bad arguments".
    assertThat(filtered("items.find", MAPPER.readTree("{}"))).isEqualTo("-3");
    assertThat(filtered("items.search", 5)).isEqualTo("-3");
    assertThat(shop.host().logs().recent("app"))
        .anySatisfy(line -> assertThat(line.toString()).contains("cannot read the request"));
  }

  @Test
  void what_a_method_throws_is_not_for_the_plugin() throws Exception {
    assertThat(filtered("items.fail", "hidden")).doesNotContain("hidden").startsWith("-");
  }

  @Test
  void methods_are_filters_among_those_of_plugins() throws Exception {
    FilterResult result = shop.host().applyFilters("item_title", "tea", "en");
    // The plugin upper comes after the bean.
    assertThat(result.value().asString()).isEqualTo("TEA (EN)");
    assertThat(shop.host().applyFilters("item_title", "stop", "en").value().asString())
        .isEqualTo("stop (en)");
    assertThat(shop.host().applyFilters("item_title", "tea").value().asString())
        .isEqualTo("TEA (NULL)");
    FilterResult failed = shop.host().applyFilters("item_price", 5);
    assertThat(failed.value().asInt()).isEqualTo(5);
    assertThat(failed.degraded())
        .singleElement()
        .satisfies(each -> assertThat(each.plugin()).contains("Catalogue"));
  }

  @Test
  void methods_are_actions() throws Exception {
    ActionResult result =
        shop.host()
            .doAction(
                "item_sold", MAPPER.readTree("{\"id\":4,\"on_sale\":\"2026-01-02\"}"), 2, "x");
    assertThat(result.degraded()).isEmpty();
    assertThat(shop.context().getBean(Shop.Catalogue.class).sold).contains("2 of 4");
    assertThat(shop.host().doAction("item_sold", "no item").degraded()).hasSize(1);
  }

  @Test
  void configuration_and_secrets_come_from_the_properties() throws Exception {
    assertThat(shop.host().configs().get("settings").values().toString())
        .isEqualTo(
            "{\"max_items\":7,\"dark\":true,\"tags\":[\"a\",\"b\"],\"nested\":{\"deepKey\":0.5}}");
    assertThat(filtered("settings", "cmax_items")).isEqualTo("7");
    assertThat(filtered("settings", "sAPI_KEY")).isEqualTo("\"from the environment\"");
    assertThat(filtered("settings", "sfile_key")).isEqualTo("\"from a file\"");
    assertThat(filtered("settings", "sother")).isEqualTo("\"from a property\"");
  }

  @Test
  void routes_are_behind_the_security_of_the_application() throws Exception {
    String path = "/api/plugins/route-echo/echo";
    assertThat(shop.send(shop.to(path).POST(BodyPublishers.ofString("hello"))).statusCode())
        .isEqualTo(401);
    HttpResponse<String> answer =
        shop.send(shop.as("guest", path).POST(BodyPublishers.ofString("hello")));
    assertThat(answer.body()).isEqualTo("hello");
    HttpResponse<String> form =
        shop.send(
            shop.as("guest", path + "?a=0")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString("a=1&b=2")));
    assertThat(form.body()).isEqualTo("a=1&b=2");
    assertThat(shop.send(shop.as("guest", "/api/plugins/route-echo/none")).statusCode())
        .isEqualTo(404);
  }

  @Test
  void the_dashboard_knows_the_roles_of_the_application() throws Exception {
    assertThat(shop.send(shop.to("/gonext/")).statusCode()).isEqualTo(401);
    assertThat(shop.send(shop.as("guest", "/gonext/")).statusCode()).isBetween(400, 403);
    HttpResponse<String> page = shop.send(shop.as("ops", "/gonext/"));
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.body()).contains("route-echo", "hello-rust");
    assertThat(shop.send(shop.as("look", "/gonext/")).statusCode()).isEqualTo(200);
  }

  @Test
  void an_operator_changes_the_host_by_the_dashboard_and_a_reader_may_not() throws Exception {
    String path = "/gonext/plugins/hello-rust/deactivate";
    HttpResponse<String> page = shop.send(shop.as("ops", path));
    String cookie = page.headers().firstValue("Set-Cookie").orElseThrow().replaceAll(";.*", "");
    Matcher key = Pattern.compile("name=\"csrf\" value=\"([^\"]+)\"").matcher(page.body());
    assertThat(key.find()).isTrue();
    for (String user : List.of("look", "ops")) {
      HttpResponse<String> answer =
          shop.send(
              shop.as(user, path)
                  .header("Cookie", cookie)
                  .header("Sec-Fetch-Site", "same-origin")
                  .header("Content-Type", "application/x-www-form-urlencoded")
                  .POST(BodyPublishers.ofString("csrf=" + key.group(1))));
      assertThat(answer.statusCode()).isEqualTo(user.equals("ops") ? 303 : 403);
    }
    assertThat(shop.host().plugins().find("hello-rust").orElseThrow().state())
        .isEqualTo(PluginState.INACTIVE);
    assertThat(shop.host().audit().newest("hello-rust", 1).getFirst().actor()).isEqualTo("ops");
    shop.host().plugins().activate("hello-rust");
  }

  @Test
  void health_tells_what_is_wrong_and_stays_up() throws Exception {
    HttpResponse<String> answer = shop.send(shop.as("ops", "/actuator/health"));
    assertThat(answer.statusCode()).isEqualTo(200);
    JsonNode gonext = json(answer).path("components").path("gonext");
    assertThat(gonext.path("status").asString()).isEqualTo("UP");
    JsonNode details = gonext.path("details");
    assertThat(details.path("degraded").path("absent").asString()).contains("does not exist");
    assertThat(details.path("active").toString()).contains("hello-rust@0.1.0", "upper@1.0.0");
  }

  @Test
  void the_endpoint_shows_plugins_and_functions() throws Exception {
    JsonNode all = json(shop.send(shop.as("ops", "/actuator/gonext")));
    assertThat(all.path("plugins").findValuesAsString("name"))
        .containsExactly("app", "hello-rust", "route-echo", "settings", "upper");
    assertThat(all.path("functions").findValuesAsString("name")).contains("items.find");
    JsonNode one = json(shop.send(shop.as("ops", "/actuator/gonext/app")));
    assertThat(one.path("state").asString()).isEqualTo("ACTIVE");
    assertThat(one.path("granted").toString()).isEqualTo("[\"items.find\",\"pages.count\"]");
    assertThat(shop.send(shop.as("ops", "/actuator/gonext/none")).statusCode()).isEqualTo(404);
  }

  @Test
  void calls_are_counted_in_the_registry_of_the_application() throws Exception {
    var _ = filtered("items.find", 1);
    assertThat(
            shop.context()
                .getBean(MeterRegistry.class)
                .get("gonext.plugin.hook")
                .tag("plugin", "app")
                .timers())
        .isNotEmpty();
    assertThat(shop.send(shop.as("ops", "/actuator/metrics/gonext.plugin.hook")).statusCode())
        .isEqualTo(200);
  }

  @Test
  void the_spans_of_a_request_have_those_of_plugins_in_them() throws Exception {
    InMemorySpanExporter spans = shop.context().getBean(InMemorySpanExporter.class);
    String trace = "0af7651916cd43dd8448eb211c80319c";
    assertThat(
            shop.send(
                    shop.to("/title?of=tea")
                        .header("traceparent", "00-" + trace + "-b7ad6b7169203331-01"))
                .body())
        .contains("TEA (EN)");
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> named(spans, trace).stream().anyMatch(name -> name.contains("http get")));
    assertThat(named(spans, trace)).anyMatch(name -> name.contains("item_title"));
  }

  private static List<String> named(InMemorySpanExporter spans, String trace) {
    return spans.getFinishedSpanItems().stream()
        .filter(span -> span.getTraceId().equals(trace))
        .map(SpanData::getName)
        .toList();
  }

  @Test
  void requests_run_on_virtual_threads_where_the_application_says_so() throws Exception {
    assertThat(json(shop.send(shop.to("/title?of=tea"))).path("virtual").asBoolean()).isTrue();
  }

  @Test
  void calls_need_not_block() throws Exception {
    AsyncHost async = shop.context().getBean(AsyncHost.class);
    assertThat(
            async
                .applyFilters("item_title", "tea", "en")
                .get(10, TimeUnit.SECONDS)
                .value()
                .asString())
        .isEqualTo("TEA (EN)");
  }

  @Test
  void a_request_that_runs_when_the_application_stops_gets_its_answer_from_plugins()
      throws Exception {
    List<String> first;
    try (Running other = start("drained")) {
      first = actions(other);
      Shop.Pages pages = other.context().getBean(Shop.Pages.class);
      CompletableFuture<HttpResponse<String>> answer =
          other.client().sendAsync(other.to("/slow").build(), BodyHandlers.ofString());
      pages.entered.get(10, TimeUnit.SECONDS);
      Thread closing = Thread.ofPlatform().start(() -> other.context().close());
      await().atMost(Duration.ofSeconds(10)).until(other.context()::isClosed);
      pages.mayGo.countDown();
      assertThat(answer.get(20, TimeUnit.SECONDS).body()).isEqualTo("LATE (EN)");
      assertThat(closing.join(Duration.ofSeconds(20))).isTrue();
    }
    // The directory is free, and a start that changes nothing records nothing.
    try (Running again = start("drained")) {
      List<String> second = new ArrayList<>(actions(again));
      assertThat(first).contains("deploy upper", "secret_set settings");
      assertThat(second).containsExactlyElementsOf(first);
    }
  }

  /** What the audit log has of changes. */
  private static List<String> actions(Running running) {
    return running.host().audit().newest(1_000).stream()
        .map((AuditRow row) -> row.event() + " " + row.plugin())
        .filter(row -> !row.endsWith("absent"))
        .toList();
  }
}
