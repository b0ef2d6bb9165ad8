package com.example.posts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gonext.host.Host;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;

@QuarkusTest
class PostsTest {
  private final HttpClient client = HttpClient.newHttpClient();

  @TestHTTPResource("/")
  URI url;

  @Inject Host host;

  @Test
  void a_page_goes_through_the_applications_filter_and_the_plugins() throws Exception {
    assertEquals(
        "Hello. Post <strong>7</strong>\n<p><em>Sent with the hello-rust plugin.</em></p>",
        send("GET", "posts/7").body());
  }

  @Test
  void a_plugin_answers_its_routes() throws Exception {
    HttpResponse<String> answer = send("GET", "api/plugins/hello-rust/hello/Ada%20L.");
    assertEquals(200, answer.statusCode());
    assertTrue(answer.body().contains("\"greeting\":\"Hello, Ada L.!\""), answer.body());
    assertEquals(404, send("GET", "api/plugins/hello-rust/nothing").statusCode());
    assertEquals(404, send("GET", "api/plugins/nobody/hello/Ada").statusCode());
    assertEquals(405, send("DELETE", "api/plugins/hello-rust/hello/Ada").statusCode());
  }

  @Test
  void the_host_offers_the_applications_function() {
    assertEquals("posts.find", host.functions().getFirst().name());
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(url.resolve(path)).method(method, BodyPublishers.noBody()).build(),
        BodyHandlers.ofString());
  }
}
