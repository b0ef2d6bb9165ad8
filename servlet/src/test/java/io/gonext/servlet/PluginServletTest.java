package io.gonext.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A servlet container that is not GoNext's server. */
class PluginServletTest {
  private static final String FORM = "application/x-www-form-urlencoded";

  @TempDir static Path directory;
  private static Host host;
  private static Server server;
  private static HttpClient client;
  private static URI base;

  @BeforeAll
  static void start() throws Exception {
    host = Host.open(HostConfig.builder(directory).warmUp(Duration.ZERO).build());
    host.plugins()
        .deploy(
            GuestBundle.of("route-echo").route("POST", "/echo").route("PUT", "/echo").bytes(),
            Set.of());
    host.plugins().deploy(GuestBundle.of("trap").route("GET", "/boom").bytes(), Set.of());
    server = new Server(0);
    ServletContextHandler context = new ServletContextHandler("/app");
    context.addFilter(new FilterHolder(new ReadsForms()), "/*", EnumSet.of(DispatcherType.REQUEST));
    context.addFilter(
        new FilterHolder(new PluginFilter(host, "/overlay")),
        "/*",
        EnumSet.of(DispatcherType.REQUEST));
    context.addServlet(new ServletHolder(new PluginServlet(host)), "/api/plugins/*");
    context.addServlet(new ServletHolder(new Own()), "/");
    server.setHandler(context);
    server.start();
    base =
        URI.create(
            "http://localhost:%d/app/"
                .formatted(((ServerConnector) server.getConnectors()[0]).getLocalPort()));
    client = HttpClient.newHttpClient();
  }

  @AfterAll
  static void stop() throws Exception {
    client.close();
    server.stop();
    host.close();
  }

  /** As filters against CSRF do. */
  private static final class ReadsForms extends HttpFilter {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doFilter(
        HttpServletRequest request, HttpServletResponse response, FilterChain chain)
        throws IOException, ServletException {
      if (request.getHeader("X-Read-Form") != null) {
        var _ = request.getParameter("_csrf");
      }
      chain.doFilter(request, response);
    }
  }

  private static final class Own extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response
          .getWriter()
          .print(
              "own " + new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(base.resolve(path));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    return send(to(path).POST(BodyPublishers.ofString(body)));
  }

  @Test
  void a_route_gets_the_request_and_answers() throws Exception {
    HttpResponse<String> answer = post("api/plugins/route-echo/echo?q=1", "hello");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("hello");
    assertThat(answer.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
  }

  @Test
  void what_no_plugin_serves_is_not_found() throws Exception {
    for (String path :
        new String[] {
          "api/plugins/route-echo/other", "api/plugins/nobody/x", "api/plugins/", "api/plugins"
        }) {
      HttpResponse<String> answer = post(path, "");
      assertThat(answer.statusCode()).as(path).isEqualTo(404);
      assertThat(answer.body()).contains("no active plugin serves this path");
      assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    }
  }

  @Test
  void a_wrong_method_is_told_which_are_right() throws Exception {
    HttpResponse<String> answer = send(to("api/plugins/route-echo/echo").DELETE());
    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow").orElseThrow()).contains("POST", "PUT");
    HttpResponse<String> options =
        send(to("api/plugins/route-echo/echo").method("OPTIONS", BodyPublishers.noBody()));
    assertThat(options.statusCode()).isEqualTo(204);
    assertThat(options.headers().firstValue("Allow").orElseThrow()).contains("POST", "PUT");
  }

  @Test
  void a_plugin_that_fails_is_a_bad_gateway_without_its_reason() throws Exception {
    HttpResponse<String> answer = send(to("api/plugins/trap/boom"));
    assertThat(answer.statusCode()).isEqualTo(502);
    assertThat(answer.body()).contains("the plugin trap gave no usable answer");
  }

  @Test
  void a_body_beyond_the_limit_is_refused() throws Exception {
    byte[] large = new byte[500_000];
    HttpResponse<byte[]> whole =
        client.send(
            to("api/plugins/route-echo/echo").POST(BodyPublishers.ofByteArray(large)).build(),
            BodyHandlers.ofByteArray());
    assertThat(whole.body().length).isEqualTo(large.length);
    byte[] most = new byte[1024 * 1024];
    HttpResponse<String> refused =
        send(
            to("api/plugins/route-echo/echo")
                .POST(BodyPublishers.ofByteArray(new byte[most.length + 1])));
    assertThat(refused.statusCode()).isEqualTo(413);
    // The length of this one is not known before.
    HttpResponse<String> chunked =
        send(
            to("api/plugins/route-echo/echo")
                .POST(
                    BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(new byte[most.length + 1]))));
    assertThat(chunked.statusCode()).isEqualTo(413);
  }

  @Test
  void a_request_that_a_plugin_could_misread_is_refused() throws Exception {
    assertThat(
            send(to("api/plugins/route-echo/echo")
                    .header("Origin", "http://a")
                    .header("Origin", "http://b")
                    .POST(BodyPublishers.ofString("x")))
                .statusCode())
        .isEqualTo(400);
    assertThat(
            send(to("api/plugins/route-echo/echo")
                    .header("Content-Encoding", "gzip")
                    .POST(BodyPublishers.ofString("x")))
                .statusCode())
        .isEqualTo(415);
    assertThat(post("api/plugins/route-echo/%2e%2e/echo", "x").statusCode()).isEqualTo(400);
  }

  @Test
  void a_form_that_a_filter_has_read_still_reaches_the_plugin() throws Exception {
    String form = "text=a+b%26c&text=second&q=body&_csrf=token";
    HttpResponse<String> answer =
        send(
            to("api/plugins/route-echo/echo?q=query")
                .header("Content-Type", FORM)
                .header("X-Read-Form", "yes")
                .POST(BodyPublishers.ofString(form)));
    assertThat(answer.body().split("&", -1)).containsExactlyInAnyOrder(form.split("&", -1));
  }

  @Test
  void the_filter_serves_active_plugins_and_passes_the_rest_on() throws Exception {
    assertThat(post("overlay/route-echo/echo", "hello").body()).isEqualTo("hello");
    assertThat(post("overlay/route-echo/other", "hello").statusCode()).isEqualTo(404);
    assertThat(post("overlay/nobody/echo", "hello").body()).isEqualTo("own hello");
    assertThat(post("overlaid/route-echo/echo", "hello").body()).isEqualTo("own hello");
    assertThat(post("elsewhere", "hello").body()).isEqualTo("own hello");
    assertThatThrownBy(() -> new PluginFilter(host, "overlay/"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("as /api/plugins does");
  }
}
