package io.gonext.server;

import static io.gonext.server.TestServer.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.AddressRange;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DashboardMountTest {
  private static final String READ_ONLY = "a-read-only-token-for-tests";

  @RegisterExtension
  final TestServer server =
      TestServer.of(
          host -> host,
          settings ->
              TestServer.token(settings)
                  .reader("viewer", AdminToken.of(READ_ONLY))
                  .trustedProxies(List.of(AddressRange.of("127.0.0.1"))));

  @BeforeEach
  void plugin() throws Exception {
    if (server.host().plugins().find("upper").isEmpty()) {
      server.activate(GuestBundle.of("upper").filter("h"));
    }
  }

  private HttpResponse<String> signIn(String token, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.uri("/dashboard/sign-in"))
            .header("Origin", "http://127.0.0.1:" + server.port())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString("token=" + token));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return server.send(request);
  }

  private static String cookie(HttpResponse<String> answer) {
    String set = answer.headers().firstValue("set-cookie").orElseThrow();
    return set.substring(0, set.indexOf(';'));
  }

  @Test
  void the_admin_token_signs_in_to_the_dashboard() throws Exception {
    HttpResponse<String> signedIn = signIn(TestServer.TOKEN);
    assertThat(signedIn.statusCode()).isEqualTo(303);
    assertThat(signedIn.headers().firstValue("set-cookie").orElseThrow()).doesNotContain("Secure");

    HttpResponse<String> page =
        server.send(
            HttpRequest.newBuilder(server.uri("/dashboard")).header("Cookie", cookie(signedIn)));

    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.body())
        .contains("The plugin serves, and all is well.", "href=\"/dashboard/plugins/upper\"");
    assertThat(signIn(READ_ONLY).statusCode()).isEqualTo(303);
    assertThat(signIn("neither").statusCode()).isEqualTo(401);
  }

  @Test
  void the_cookie_is_secure_if_a_trusted_proxy_speaks_https() throws Exception {
    for (String[] header :
        List.of(
            new String[] {"X-Forwarded-Proto", "https"},
            new String[] {"Forwarded", "for=192.0.2.1;proto=https"})) {
      assertThat(signIn(TestServer.TOKEN, header).headers().firstValue("set-cookie").orElseThrow())
          .endsWith("; Secure");
    }
    assertThat(
            signIn(TestServer.TOKEN, "X-Forwarded-Proto", "http")
                .headers()
                .firstValue("set-cookie")
                .orElseThrow())
        .doesNotContain("Secure");
  }

  @Test
  void a_name_that_points_here_does_not_reach_the_dashboard() throws Exception {
    try (var socket = server.connect()) {
      socket
          .getOutputStream()
          .write(
              "GET /dashboard/sign-in HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));

      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 403").contains("does not name this host");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, ON_LOOPBACK, true",
    "127.0.0.1, OFF, false",
    "0.0.0.0, ON_LOOPBACK, false",
    "0.0.0.0, ON, true"
  })
  void the_dashboard_is_on_where_only_this_machine_reaches_it_or_on_request(
      String address, ServerConfig.Dashboard mode, boolean expected) throws Exception {
    ServerConfig config =
        TestServer.token(ServerConfig.loopback(0)).address(address).dashboard(mode).build();
    try (HttpServer other = server.startAnother(config)) {
      assertThat(other.hasDashboard()).isEqualTo(expected);
      HttpResponse<String> answer =
          server.send(
              HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + other.port() + "/dashboard/sign-in")));
      assertThat(answer.statusCode()).isEqualTo(expected ? 200 : 404);
    }
  }

  @Test
  void a_server_without_a_token_has_no_dashboard() {
    ServerConfig config = ServerConfig.loopback(0).dashboard(ServerConfig.Dashboard.ON).build();
    try (HttpServer other = server.startAnother(config)) {
      assertThat(other.hasDashboard()).isFalse();
    }
  }

  @Test
  void a_read_only_token_changes_nothing_over_the_api() throws Exception {
    int changes = 0;
    for (AdminApi.Endpoint endpoint : AdminApiTest.endpoints(server.host())) {
      String path = endpoint.path().replaceAll("\\{[^}]*}", "upper");
      HttpRequest.Builder request =
          HttpRequest.newBuilder(server.uri(path))
              .method(endpoint.method().toString(), BodyPublishers.ofString("{}"))
              .header("Authorization", "Bearer " + READ_ONLY);
      if (endpoint.forReaders()) {
        if (!path.endsWith("stream")) {
          assertThat(server.send(request.GET()).statusCode()).as(path).isNotIn(401, 403);
        }
      } else {
        HttpResponse<String> answer = server.send(request);
        assertProblem(answer, 403);
        assertThat(answer.body())
            .contains("the token of viewer is read-only: send an admin token for this");
        changes++;
      }
    }
    assertThat(changes).isGreaterThan(15);
    assertThat(server.host().audit().newest(100)).noneMatch(row -> row.actor().equals("viewer"));
  }

  @Test
  void a_read_only_token_does_not_call_hooks_of_a_server_that_needs_a_token() throws Exception {
    ServerConfig config =
        TestServer.token(ServerConfig.loopback(0))
            .address("0.0.0.0")
            .reader("viewer", AdminToken.of(READ_ONLY))
            .build();
    try (HttpServer other = server.startAnother(config)) {
      URI filter = URI.create("http://127.0.0.1:" + other.port() + "/api/v1/filters/h");
      HttpResponse<String> answer =
          server.send(
              HttpRequest.newBuilder(filter)
                  .header("Authorization", "Bearer " + READ_ONLY)
                  .POST(BodyPublishers.ofString("{\"value\":\"a\"}")));
      assertProblem(answer, 403);
    }
  }
}
