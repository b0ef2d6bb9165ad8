package io.gonext.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.PluginState;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RolesTest {
  @RegisterExtension static final TestDashboard dashboard = TestDashboard.withDefaults();

  @BeforeAll
  static void plugins() throws Exception {
    GuestBundle shop =
        GuestBundle.of("shop", Guests.wasm("upper"))
            .filter("cart")
            .field(
                "config",
                "{\"schema\":{\"type\":\"object\",\"properties\":{\"size\":{\"type\":\"integer\"}}}}")
            .field("secrets", "{\"keys\":[\"API_KEY\"]}")
            .field("capabilities", "[\"kv.read\"]");
    dashboard.activate(shop);
    dashboard
        .host()
        .plugins()
        .update(shop.version("2.0.0").field("capabilities", "[\"kv.write\"]").bytes());
  }

  @Test
  void the_pages_of_readers_are_rendered_beforehand_and_change_nothing() throws Exception {
    long before = dashboard.host().audit().newest("shop", 1).getFirst().at().toEpochMilli();
    DashboardServlet servlet = (DashboardServlet) dashboard.dashboard().servlet();

    // Not those that send a file.
    long pages =
        all(Route.Kind.PAGE).stream()
            .filter(route -> route.permission() == Permission.READ && route.parameters() <= 1)
            .count();
    assertThat(servlet.warmUp()).isBetween(10, (int) pages);

    assertThat(dashboard.host().audit().newest("shop", 1).getFirst().at().toEpochMilli())
        .isEqualTo(before);
    assertThat(dashboard.reader().get("/plugins/shop").statusCode()).isEqualTo(200);
  }

  private static List<Route> all(Route.Kind... kinds) {
    return dashboard.dashboard().routes().all().stream()
        .filter(route -> List.of(kinds).contains(route.kind()))
        .toList();
  }

  /** The path of a route, for the plugin {@code shop}. */
  private static String path(Route route) {
    return "/" + String.join("/", route.pattern()).replaceAll("\\{[^}]*}", "shop");
  }

  @Test
  void a_reader_changes_nothing_whatever_form_is_sent() throws Exception {
    TestDashboard.Browser reader = dashboard.reader();
    String csrf = reader.csrf("/");
    List<Route> forms = all(Route.Kind.FORM, Route.Kind.UPLOAD);
    // A floor, so that this does not pass on nothing.
    assertThat(forms).hasSizeGreaterThan(12);
    int refused = 0;
    for (Route form : forms) {
      if (form.permission() != Permission.CHANGE) {
        continue;
      }
      HttpResponse<String> answer = reader.post(path(form), Map.of("csrf", csrf));

      assertThat(answer.statusCode()).as(path(form)).isEqualTo(403);
      assertThat(answer.body()).contains("viewer may look, and may not change anything");
      refused++;
    }
    // Signing in and out.
    assertThat(forms.size() - refused).isEqualTo(2);
    assertThat(dashboard.host().plugins().find("shop").orElseThrow().state())
        .isEqualTo(PluginState.ACTIVE);
    assertThat(dashboard.host().audit().newest("shop", 100))
        .noneMatch(row -> row.actor().equals("viewer"));
  }

  @Test
  void pages_of_a_reader_have_no_form_but_the_one_to_sign_out() throws Exception {
    TestDashboard.Browser reader = dashboard.reader();
    TestDashboard.Browser admin = dashboard.admin();
    int seen = 0;
    for (Route page : all(Route.Kind.PAGE)) {
      HttpResponse<String> answer = reader.get(path(page));
      if (page.permission() == Permission.CHANGE) {
        assertThat(answer.statusCode()).as(path(page)).isEqualTo(403);
      } else if (page.permission() == Permission.READ && isPage(answer)) {
        assertThat(answer.body().split("method=\"post\"", -1).length - 1)
            .as(path(page))
            .isEqualTo(1);
        assertThat(answer.body()).contains("read-only");
        seen++;
      }
      assertThat(admin.get(path(page)).statusCode()).as(path(page)).isLessThan(500);
    }
    assertThat(seen).isGreaterThan(4);
  }

  /** Not a refusal, and not a download. */
  private static boolean isPage(HttpResponse<String> answer) {
    return answer.statusCode() == 200
        && answer.headers().firstValue("content-type").orElse("").startsWith("text/html");
  }

  @Test
  void every_form_needs_the_key_of_its_page() throws Exception {
    TestDashboard.Browser admin = dashboard.admin();
    for (Route form : all(Route.Kind.FORM)) {
      if (form.permission() != Permission.OPEN) {
        assertThat(admin.post(path(form), Map.of("to", "/")).statusCode())
            .as(path(form))
            .isEqualTo(403);
      }
    }
  }

  @Test
  void a_stranger_gets_no_page_and_no_live_updates() throws Exception {
    TestDashboard.Browser stranger = dashboard.stranger();
    for (Route route : all(Route.Kind.PAGE, Route.Kind.STREAM, Route.Kind.FORM)) {
      if (route.permission() != Permission.OPEN) {
        HttpResponse<String> answer =
            route.method().equals("GET")
                ? stranger.get(path(route))
                : stranger.post(path(route), Map.of());
        assertThat(answer.statusCode()).as(path(route)).isIn(303, 403);
        assertThat(answer.body()).doesNotContain("shop");
      }
    }
  }

  @Test
  void a_plugin_that_is_not_installed_is_told_on_every_page() throws Exception {
    TestDashboard.Browser admin = dashboard.admin();
    for (Route route : all(Route.Kind.PAGE)) {
      if (route.parameters() > 0) {
        HttpResponse<String> answer = admin.get(path(route).replace("shop", "nobody"));
        assertThat(answer.statusCode()).as(path(route)).isEqualTo(404);
      }
    }
    HttpResponse<String> answer = admin.submit("/", "/plugins/nobody/activate", Map.of());
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("nobody");
  }

  @Test
  void what_the_host_refuses_is_told_on_the_page_that_follows() throws Exception {
    TestDashboard.Browser admin = dashboard.admin();

    HttpResponse<String> answer = admin.submit("/", "/plugins/shop/reset", Map.of());

    assertThat(answer.statusCode()).isEqualTo(303);
    String page = admin.follow(answer).body();
    assertThat(page).contains("role=\"alert\"").contains("ERRORED");
    // It is told once, and only to the one who asked.
    assertThat(admin.follow(answer).body()).doesNotContain("role=\"alert\"");
  }

  @Test
  void another_version_than_the_one_shown_is_not_approved() throws Exception {
    TestDashboard.Browser admin = dashboard.admin();

    HttpResponse<String> answer =
        admin.submit(
            "/plugins/shop/versions", "/plugins/shop/approve", Map.of("sha256", "0".repeat(64)));

    assertThat(admin.follow(answer).body()).contains("role=\"alert\"");
    assertThat(dashboard.host().plugins().find("shop").orElseThrow().pending()).isNotNull();
  }

  @Test
  void an_application_decides_who_its_visitors_are() throws Exception {
    HostDashboard own =
        HostDashboard.forVisitors(
                dashboard.host(),
                request -> Optional.ofNullable(request.getHeader("X-User")).map(Visitor::operator))
            .build();
    var server = TestDashboard.serve(own, "/admin/plugins/*", 0);
    try (var client = HttpClient.newHttpClient()) {
      URI page = URI.create("http://127.0.0.1:" + TestDashboard.port(server) + "/admin/plugins");
      var stranger = send(client, HttpRequest.newBuilder(page));
      assertThat(stranger.statusCode()).isEqualTo(403);

      var first = send(client, HttpRequest.newBuilder(page).header("X-User", "ann"));
      assertThat(first.statusCode()).isEqualTo(200);
      assertThat(first.body())
          .contains("href=\"/admin/plugins/plugins/shop\"", "ann")
          .doesNotContain("Sign out");
      String cookie = first.headers().firstValue("set-cookie").orElseThrow();
      assertThat(cookie).contains("Path=/admin/plugins;");
      String pair = cookie.substring(0, cookie.indexOf(';'));
      var plugin =
          send(
              client,
              HttpRequest.newBuilder(page.resolve("plugins/plugins/shop/access"))
                  .header("X-User", "ann")
                  .header("Cookie", pair));
      var key = Pattern.compile("name=\"csrf\" value=\"([^\"]+)\"").matcher(plugin.body());
      assertThat(key.find()).isTrue();
      var change =
          HttpRequest.newBuilder(page.resolve("plugins/plugins/shop/access/grant"))
              .header("X-User", "ann")
              .header("Cookie", pair)
              .header("Sec-Fetch-Site", "same-origin")
              .header("Content-Type", "application/x-www-form-urlencoded")
              .POST(HttpRequest.BodyPublishers.ofString("capability=kv.read&csrf=" + key.group(1)));
      assertThat(send(client, change).statusCode()).isEqualTo(303);
      assertThat(dashboard.host().audit().newest("shop", 5))
          .anyMatch(row -> row.event().equals("grant") && row.actor().equals("ann"));
      // The same key for another visitor of this browser.
      assertThat(send(client, change.setHeader("X-User", "bob")).statusCode()).isEqualTo(403);
    } finally {
      own.close();
      server.stop();
    }
  }

  private static HttpResponse<String> send(HttpClient client, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
