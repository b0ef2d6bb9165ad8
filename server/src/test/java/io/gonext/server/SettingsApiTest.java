package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.json.StrictJson;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Configuration and secrets over HTTP. */
class SettingsApiTest {
  private static final String CONFIG = "/api/v1/plugins/settings/config";
  private static final String SECRETS = "/api/v1/plugins/settings/secrets";

  @RegisterExtension
  private final TestServer server = TestServer.of(config -> config, TestServer::token);

  @BeforeEach
  void activate() throws Exception {
    server
        .host()
        .plugins()
        .install(
            GuestBundle.of("settings")
                .filter("h")
                .field(
                    "config",
                    """
                    {"schema":{"type":"object","properties":{
                      "size":{"type":"integer","minimum":1,"default":10},
                      "token":{"type":"string","writeOnly":true}}}}
                    """)
                .field("secrets", "{\"keys\":[\"API_KEY\"]}")
                .bytes());
    server.host().plugins().grantRequested("settings");
    server.host().plugins().activate("settings");
  }

  @Test
  void a_configuration_is_shown_changed_and_used() throws Exception {
    HttpResponse<String> before = send("GET", CONFIG, "");
    assertThat(before.headers().firstValue("etag")).contains("\"0\"");
    assertThat(json(before).path("effective")).isEqualTo(parse("{\"size\":10}"));
    HttpResponse<String> changed = send("PATCH", CONFIG, "{\"size\":3,\"token\":\"geheim\"}");
    assertThat(changed.statusCode()).isEqualTo(200);
    assertThat(changed.headers().firstValue("etag")).contains("\"1\"");
    assertThat(json(changed).path("values")).isEqualTo(parse("{\"size\":3}"));
    assertThat(json(changed).path("hidden")).isEqualTo(parse("[\"/token\"]"));
    assertThat(changed.body()).doesNotContain("geheim");
    assertThat(read("csize")).isEqualTo("3");
    assertThat(json(send("PUT", CONFIG, "{}")).path("values")).isEqualTo(parse("{}"));
    assertThat(read("csize")).isEqualTo("10");
    assertThat(read("ctoken")).isEqualTo("\"geheim\"");
  }

  @Test
  void values_that_break_the_schema_are_422_with_each_problem() throws Exception {
    HttpResponse<String> refused = send("PATCH", CONFIG, "{\"size\":0,\"token\":1}");
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(json(refused).path("problems")).hasSize(2);
  }

  @Test
  void a_change_for_an_older_version_is_412() throws Exception {
    send("PATCH", CONFIG, "{\"size\":3}");
    HttpRequest.Builder late = request("PATCH", CONFIG, "{\"size\":4}").header("If-Match", "\"0\"");
    assertThat(server.client().send(late.build(), BodyHandlers.ofString()).statusCode())
        .isEqualTo(412);
    HttpRequest.Builder now = request("PATCH", CONFIG, "{\"size\":4}").header("If-Match", "\"1\"");
    assertThat(server.client().send(now.build(), BodyHandlers.ofString()).statusCode())
        .isEqualTo(200);
    HttpRequest.Builder odd = request("PATCH", CONFIG, "{\"size\":4}").header("If-Match", "x");
    assertThat(server.client().send(odd.build(), BodyHandlers.ofString()).statusCode())
        .isEqualTo(400);
  }

  @Test
  void a_body_that_is_not_an_object_is_400() throws Exception {
    for (String body : new String[] {"", "[]", "1", "{", "{\"a\":1,\"a\":2}"}) {
      assertThat(send("PUT", CONFIG, body).statusCode()).as(body).isEqualTo(400);
      assertThat(send("PATCH", CONFIG, body).statusCode()).as(body).isEqualTo(400);
    }
  }

  @Test
  void a_plugin_without_a_schema_or_that_is_unknown_has_no_configuration() throws Exception {
    server.host().plugins().install(GuestBundle.of("upper").filter("h").bytes());
    assertThat(send("GET", "/api/v1/plugins/upper/config", "").statusCode()).isEqualTo(409);
    assertThat(send("GET", "/api/v1/plugins/nobody/config", "").statusCode()).isEqualTo(404);
    assertThat(send("GET", "/api/v1/plugins/nobody/secrets", "").statusCode()).isEqualTo(404);
  }

  @Test
  void a_secret_is_written_used_and_never_shown() throws Exception {
    assertThat(send("PUT", SECRETS + "/API_KEY", "geheim").statusCode()).isEqualTo(204);
    assertThat(read("sAPI_KEY")).isEqualTo("\"geheim\"");
    HttpResponse<String> list = send("GET", SECRETS, "");
    JsonNode secret = json(list).path("secrets").path(0);
    assertThat(secret.path("name").asString()).isEqualTo("API_KEY");
    assertThat(secret.path("set").asBoolean()).isTrue();
    assertThat(list.body()).doesNotContain("geheim");
    assertThat(send("DELETE", SECRETS + "/API_KEY", "").statusCode()).isEqualTo(204);
    assertThat(read("sAPI_KEY")).isEqualTo("-4");
    assertThat(send("DELETE", SECRETS + "/API_KEY", "").statusCode()).isEqualTo(409);
  }

  @Test
  void a_secret_that_is_not_requested_empty_or_too_long_is_refused() throws Exception {
    assertThat(send("PUT", SECRETS + "/OTHER", "x").statusCode()).isEqualTo(409);
    assertThat(send("PUT", SECRETS + "/API_KEY", "").statusCode()).isEqualTo(400);
    assertThat(send("PUT", SECRETS + "/API_KEY", "x".repeat(65_537)).statusCode()).isEqualTo(413);
  }

  @Test
  void a_rotation_of_the_master_key_leaves_the_secrets_as_they_are() throws Exception {
    send("PUT", SECRETS + "/API_KEY", "geheim");
    HttpResponse<String> rotated = send("POST", "/api/v1/master-key/rotate", "");
    assertThat(rotated.statusCode()).isEqualTo(200);
    assertThat(json(rotated)).isEqualTo(parse("{\"plugins\":[\"settings\"]}"));
    assertThat(read("sAPI_KEY")).isEqualTo("\"geheim\"");
    assertThat(server.host().audit().newest("settings", 1).getFirst().event())
        .isEqualTo("master_key_rotated");
  }

  private String read(String operation) throws InterruptedException {
    return server.host().applyFilters("h", operation).value().toString();
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    return server.client().send(request(method, path, body).build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String method, String path, String body) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
        .header("Authorization", "Bearer " + TestServer.TOKEN)
        .method(method, BodyPublishers.ofString(body));
  }

  private static JsonNode json(HttpResponse<String> response) throws Exception {
    return parse(response.body());
  }

  private static JsonNode parse(String text) throws Exception {
    return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
  }
}
