package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.json.StrictJson;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The application's functions as clients of a server see them. */
class FunctionApiTest {
  private static final HostFunctionSpec FIND =
      HostFunctionSpec.builder(
              "posts.find",
              call -> {
                if (call.request().path("id").asInt() == 0) {
                  throw new IllegalStateException("password is hunter2");
                }
                return Map.of("title", "Post " + call.request().path("id"));
              })
          .capability("posts.read")
          .description("Find a post by its id")
          .requestSchema("{\"required\":[\"id\"]}")
          .build();

  @RegisterExtension
  private final TestServer server =
      TestServer.of(
          host -> host.function(FIND).function(HostFunctionSpec.builder("a.b", call -> 1).build()),
          TestServer::token);

  @Test
  void functions_are_listed_for_the_holder_of_a_token() throws Exception {
    HttpResponse<String> answer = send("GET", "/api/v1/functions", TestServer.TOKEN, "");
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(StrictJson.parse(answer.body().getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(
            StrictJson.parse(
                """
                {"functions": [
                  {"name": "posts.find", "description": "Find a post by its id",
                   "capability": "posts.read", "request_schema": {"required": ["id"]}},
                  {"name": "a.b", "description": "", "capability": "a.b"}]}
                """
                    .getBytes(StandardCharsets.UTF_8)));
    assertThat(send("GET", "/api/v1/functions", "wrong", "").statusCode()).isEqualTo(401);
  }

  @Test
  void a_hook_call_over_http_reaches_the_function_and_metrics_show_it() throws Exception {
    deploy();
    assertThat(filter("{\"value\":{\"id\":7}}").body())
        .isEqualTo("{\"value\":{\"title\":\"Post 7\"}}");
    assertThat(send("GET", "/metrics", TestServer.TOKEN, "").body())
        .contains(
            "gonext_plugin_app_call_seconds_count{function=\"posts.find\",outcome=\"OK\","
                + "plugin=\"asks\"} 1");
  }

  @Test
  void the_text_of_an_exception_does_not_reach_a_client() throws Exception {
    deploy();
    HttpResponse<String> answer = filter("{\"value\":{\"id\":0},\"explain\":true}");
    assertThat(answer.body()).startsWith("{\"value\":-2").doesNotContain("hunter2");
    assertThat(send("GET", "/api/v1/plugins/asks/logs", TestServer.TOKEN, "").body())
        .contains("the host's log has the cause")
        .doesNotContain("hunter2");
  }

  private void deploy() throws InterruptedException {
    server
        .host()
        .plugins()
        .deploy(
            GuestBundle.of("asks", Guests.wasm("app"))
                .filter("posts.find")
                .field("capabilities", "[\"posts.read\"]")
                .bytes(),
            Set.of("posts.read"));
  }

  private HttpResponse<String> filter(String body) throws Exception {
    return send("POST", "/api/v1/filters/posts.find", TestServer.TOKEN, body);
  }

  private HttpResponse<String> send(String method, String path, String token, String body)
      throws Exception {
    return server
        .client()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .header("Authorization", "Bearer " + token)
                .method(method, BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
  }
}
