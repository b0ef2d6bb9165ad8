package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.PluginProfile;
import io.gonext.host.json.StrictJson;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Profiles of a plugin in service over the admin API. */
@Tag("slow")
class ProfileApiTest {
  @RegisterExtension
  private final TestServer server = TestServer.of(config -> config, TestServer::token);

  @BeforeEach
  void activate() throws InterruptedException {
    server.host().plugins().install(GuestBundle.of("upper").filter("shout").bytes());
    server.host().plugins().activate("upper");
  }

  private HttpResponse<String> profile(String plugin, String body) throws Exception {
    return ask(plugin + "/profile", body);
  }

  private HttpResponse<String> ask(String path, String body) throws Exception {
    return server.send(
        HttpRequest.newBuilder(server.uri("/api/v1/plugins/" + path))
            .header("Authorization", "Bearer " + TestServer.TOKEN)
            .POST(BodyPublishers.ofString(body)));
  }

  @Test
  void a_plugin_that_is_called_is_seen_and_nothing_else_is() throws Exception {
    var asked = new FutureTask<>(() -> profile("upper", "{\"seconds\":3}"));
    Thread.ofPlatform().start(asked);
    while (!asked.isDone()) {
      var _ = server.host().applyFilters("shout", "a".repeat(50_000));
    }

    assertThat(asked.get().statusCode()).as(asked.get().body()).isEqualTo(200);
    PluginProfile profile =
        PluginProfile.parse(StrictJson.parse(asked.get().body().getBytes(StandardCharsets.UTF_8)));
    assertThat(profile.plugin()).isEqualTo("upper");
    assertThat(profile.seconds()).isBetween(3.0, 30.0);
    assertThat(profile.total()).isPositive();
    assertThat(profile.stacks())
        .allSatisfy(stack ->
            assertThat(stack.frames().getFirst().function()).isIn("gn_handle_hook", "gn_alloc"));
    assertThat(server.host().audit().newest(10).toString()).contains("profiled");
  }

  @Test
  void the_memory_of_calls_is_seen_by_part() throws Exception {
    server
        .host()
        .plugins()
        .install(
            GuestBundle.of("kept", Guests.wasm("upper"))
                .filter("keep")
                .limit("isolation", "\"reused\"")
                .bytes());
    server.host().plugins().activate("kept");
    for (String plugin : List.of("upper", "kept")) {
      var asked = new FutureTask<>(() -> ask(plugin + "/memory", "{\"seconds\":1}"));
      Thread.ofPlatform().start(asked);
      long calls = 0;
      while (!asked.isDone()) {
        var _ = server.host().applyFilters(plugin.equals("upper") ? "shout" : "keep", "abc");
        calls++;
      }

      assertThat(asked.get().statusCode()).as(asked.get().body()).isEqualTo(200);
      JsonNode use = StrictJson.parse(asked.get().body().getBytes(StandardCharsets.UTF_8));
      assertThat(use.path("isolation").asString(""))
          .isEqualTo(plugin.equals("kept") ? "reused" : "fresh");
      assertThat(use.path("calls").asLong(0)).isPositive().isLessThanOrEqualTo(calls);
      assertThat(use.path("instances").asInt(0)).isEqualTo(1);
      assertThat(use.path("pages").asInt(0)).isPositive();
      assertThat(use.path("maximum_pages").asInt(0))
          .isGreaterThanOrEqualTo(use.path("pages").asInt(0));
      assertThat(use.path("heap_bytes").asLong(0)).isPositive();
      long size = 0;
      long written = 0;
      for (JsonNode part : use.path("parts")) {
        size += part.path("bytes").asLong(0);
        written += part.path("written_bytes").asLong(0);
        assertThat(part.path("most_written_bytes").asLong(0))
            .isBetween(part.path("written_bytes").asLong(0), part.path("bytes").asLong(0));
      }
      assertThat(size).isEqualTo(use.path("pages").asLong(0) << 16);
      assertThat(written).as("%s", use).isPositive();
    }
  }

  @Test
  void only_one_profile_is_taken_at_a_time() throws Exception {
    var first = new FutureTask<>(() -> profile("upper", "{\"seconds\":5}"));
    Thread.ofPlatform().start(first);

    await()
        .untilAsserted(() -> {
          var second = profile("upper", "{\"seconds\":1}");
          assertThat(second.statusCode()).isEqualTo(409);
          assertThat(second.body()).contains("another profile is being taken");
        });
    assertThat(first.get().statusCode()).isEqualTo(200);
    assertThat(first.get().body()).contains("\"total\":0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "upper  | {\"seconds\":0}   | 400 | not a whole number from 1 to 60",
        "upper  | {\"seconds\":61}  | 400 | not a whole number from 1 to 60",
        "upper  | {\"seconds\":1.5} | 400 | not a whole number from 1 to 60",
        "upper  | {\"time\":1}      | 400 | the only field of a profile",
        "upper  | []                | 400 | JSON object",
        "nobody | {}                | 404 | no plugin named nobody"
      })
  void wrong_requests_get_a_sentence(String plugin, String body, int status, String detail)
      throws Exception {
    for (String path : List.of("/profile", "/memory")) {
      HttpResponse<String> answer = ask(plugin + path, body);

      assertThat(answer.statusCode()).isEqualTo(status);
      assertThat(answer.body()).contains(detail);
    }
  }

  @Test
  void a_plugin_that_is_not_in_service_has_no_profile() throws Exception {
    server.host().plugins().deactivate("upper");

    for (String path : List.of("/profile", "/memory")) {
      HttpResponse<String> answer = ask("upper" + path, "{\"seconds\":1}");

      assertThat(answer.statusCode()).isEqualTo(409);
      assertThat(answer.body()).contains("not in service");
    }
  }
}
