package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.host.AddressRange;
import io.gonext.host.Egress;
import io.gonext.host.HostConfig;
import io.gonext.host.JobPolicy;
import io.gonext.host.RouteRate;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What changes while the server runs. */
@Timeout(60)
class AdjustTest {
  private static final String VIEWER = "a-token-that-may-look-only";
  private static final String OTHER = "another-token-for-this-test";

  @RegisterExtension
  private final TestServer server =
      TestServer.of(
          host -> host,
          settings -> TestServer.token(settings).reader("viewer", AdminToken.of(VIEWER)));

  @Test
  void a_token_that_is_gone_opens_nothing_any_more() throws Exception {
    String operator = signIn(TestServer.TOKEN);
    String viewer = signIn(VIEWER);
    assertThat(dashboard(operator)).isEqualTo(200);
    assertThat(dashboard(viewer)).isEqualTo(200);

    List<String> gone =
        server
            .server()
            .adjust(
                ServerConfig.loopback(0)
                    .token(AdminToken.of(TestServer.TOKEN))
                    .token("dev", AdminToken.of(OTHER))
                    .build());

    assertThat(gone).containsExactly("viewer");
    assertThat(api(VIEWER)).isEqualTo(401);
    assertThat(api(OTHER)).isEqualTo(200);
    assertThat(dashboard(viewer)).as("signed out").isNotEqualTo(200);
    assertThat(dashboard(operator)).as("the token is the same").isEqualTo(200);

    gone = server.server().adjust(ServerConfig.loopback(0).token(AdminToken.of(OTHER)).build());
    assertThat(gone).as("another token of the same holder").containsExactly("dev", "operator");
    assertThat(api(TestServer.TOKEN)).isEqualTo(401);
    assertThat(dashboard(operator)).isNotEqualTo(200);
    assertThat(api(OTHER)).isEqualTo(200);
  }

  @Test
  void the_last_admin_token_is_not_taken_away() throws Exception {
    assertThatThrownBy(() -> server.server().adjust(ServerConfig.loopback(0).build()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(api(TestServer.TOKEN)).isEqualTo(200);
  }

  @Test
  @Tag("slow")
  void a_stream_ends_with_its_token() throws Exception {
    HttpResponse<InputStream> stream =
        server
            .client()
            .send(
                HttpRequest.newBuilder(server.uri("/api/v1/calls"))
                    .header("Authorization", "Bearer " + VIEWER)
                    .header("Accept", "text/event-stream")
                    .build(),
                BodyHandlers.ofInputStream());
    assertThat(stream.statusCode()).isEqualTo(200);
    server.server().adjust(ServerConfig.loopback(0).token(AdminToken.of(TestServer.TOKEN)).build());
    try (InputStream body = stream.body()) {
      assertThat(body.readAllBytes()).as("up to its end").isNotEmpty();
    }
  }

  @Test
  void operators_see_the_settings_of_now() throws Exception {
    server
        .server()
        .adjust(
            ServerConfig.loopback(0)
                .token(AdminToken.of(TestServer.TOKEN))
                .settings(Map.of("--route-rate", "7/3"))
                .trustedProxies(List.of(AddressRange.of("127.0.0.1")))
                .build());
    assertThat(
            server
                .send(
                    HttpRequest.newBuilder(server.uri("/api/v1/diagnostics"))
                        .header("Authorization", "Bearer " + TestServer.TOKEN))
                .body())
        .contains("\"--route-rate\":\"7/3\"");
    assertThat(signInWith(TestServer.TOKEN, "X-Forwarded-Proto", "https"))
        .as("the proxy is trusted")
        .endsWith("; Secure");
  }

  @Test
  void a_host_takes_over_rates_at_once() throws Exception {
    server.activate(GuestBundle.of("route").route("GET", "/x"));
    HostConfig.Builder config = HostConfig.builder(server.data());
    server.host().adjust(config.routeRate(new RouteRate(1, 1)).build());
    assertThat(route()).isEqualTo(200);
    assertThat(route()).isEqualTo(429);
    server
        .host()
        .adjust(
            config
                .routeRate(RouteRate.UNLIMITED)
                .egress(new Egress(Egress.Mode.OBSERVE, List.of(), 5))
                .jobs(JobPolicy.defaults().withBounds(1, 1))
                .build());
    assertThat(route()).isEqualTo(200);
  }

  private int route() throws Exception {
    return server.send(HttpRequest.newBuilder(server.uri("/api/plugins/route/x"))).statusCode();
  }

  private int api(String token) throws Exception {
    return server
        .send(
            HttpRequest.newBuilder(server.uri("/api/v1/plugins"))
                .header("Authorization", "Bearer " + token))
        .statusCode();
  }

  private int dashboard(String cookie) throws Exception {
    return server
        .send(HttpRequest.newBuilder(server.uri("/dashboard")).header("Cookie", cookie))
        .statusCode();
  }

  private String signIn(String token) throws Exception {
    String set = signInWith(token);
    return set.substring(0, set.indexOf(';'));
  }

  private String signInWith(String token, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.uri("/dashboard/sign-in"))
            .header("Origin", "http://127.0.0.1:" + server.port())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString("token=" + token));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return server.send(request).headers().firstValue("set-cookie").orElseThrow();
  }
}
