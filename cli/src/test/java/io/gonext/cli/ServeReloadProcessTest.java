package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import tools.jackson.databind.JsonNode;

/** {@code serve --config} reads its file again on SIGHUP, as {@code systemctl reload} sends it. */
@Tag("slow")
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class ServeReloadProcessTest {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final String OLD = "the-token-of-the-old-days";
  private static final String NEW = "the-token-of-the-new-days";

  @TempDir private Path directory;
  private final HttpClient client = HttpClient.newHttpClient();
  private String url = "";

  @Test
  void what_may_change_changes_at_once_and_the_rest_is_named() throws Exception {
    Path bundle = Files.write(directory.resolve("upper.gnplugin"), GuestBundle.of("upper").bytes());
    Path old = Files.writeString(directory.resolve("old.token"), OLD);
    Path anew = Files.writeString(directory.resolve("new.token"), NEW);
    Path file = directory.resolve("serve.yaml");
    String common =
        "port: 0\njson: true\ndata: '%s'\nplugin: ['%s']\n"
            .formatted(directory.resolve("data"), bundle);
    Files.writeString(file, common + "token: {ops: '" + old + "'}\n");
    Path log = directory.resolve("log");
    Process process = serve("--config", file.toString()).redirectError(log.toFile()).start();
    try (client;
        BufferedReader output = process.inputReader()) {
      url = await(output, "listening").path("url").asString();
      assertThat(status(OLD)).isEqualTo(200);
      assertThat(status(NEW)).isEqualTo(401);

      Files.writeString(
          file,
          common
              + "token: {dev: '%s'}\nroute-rate: 1/1\nverbose: true\ncall-ms: 500\n"
                  .formatted(anew));
      hangUp(process);
      JsonNode told = await(output, "reloaded");
      assertThat(texts(told.path("changed")))
          .containsExactlyInAnyOrder("token", "route-rate", "verbose");
      assertThat(texts(told.path("after_restart"))).containsExactly("call-ms");
      assertThat(texts(told.path("signed_out"))).containsExactly("ops");
      assertThat(status(OLD)).isEqualTo(401);
      assertThat(status(NEW)).isEqualTo(200);
      assertThat(get(NEW, "/api/v1/diagnostics"))
          .contains("\"--route-rate\":\"1/1\"", "\"--token, names\":\"dev\"")
          .doesNotContain("\"--call-ms\":\"500\"");
      assertThat(get(NEW, "/api/v1/log-levels")).contains("\"debug\"");

      Files.writeString(file, common + "token: {}\nroute-rat: 5/5\n");
      hangUp(process);
      assertThat(await(output, "reload_failed").path("cause").asString())
          .contains("line 6", "route-rat", "did you mean route-rate?");
      assertThat(status(NEW)).as("nothing has changed").isEqualTo(200);

      // Another token in the same file.
      Files.writeString(
          file, common + "token: {dev: '%s'}\nroute-rate: 1/1\nverbose: true\n".formatted(anew));
      Files.writeString(anew, OLD);
      hangUp(process);
      told = await(output, "reloaded");
      assertThat(texts(told.path("changed"))).isEmpty();
      assertThat(texts(told.path("signed_out"))).containsExactly("dev");
      assertThat(status(OLD)).isEqualTo(200);
      assertThat(status(NEW)).isEqualTo(401);

      String audit = get(OLD, "/api/v1/audit");
      assertThat(audit).contains("\"reload\"", "\"reload_refused\"", "1/1").doesNotContain(OLD);
      assertThat(Files.readString(log))
          .contains("changed", "stay as they were until the host is restarted: call-ms")
          .contains("the configuration stays as it was")
          .doesNotContain(OLD, NEW, "Exception");
      process.destroy();
      assertThat(process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void without_a_file_the_signal_stops_the_host_as_a_closed_terminal_does() throws Exception {
    Process process =
        serve("--json", "--port", "0", "--data", directory.resolve("data").toString())
            .redirectError(directory.resolve("log").toFile())
            .start();
    try (client;
        BufferedReader output = process.inputReader()) {
      await(output, "listening");
      hangUp(process);
      await(output, "stopped");
      assertThat(process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
  }

  /** Takes the signal also where these tests were started with nohup, which processes inherit. */
  private static ProcessBuilder serve(String... arguments) {
    ProcessBuilder builder =
        GonextJvm.builder(
            List.of(),
            Stream.concat(Stream.of("serve"), Stream.of(arguments)).toArray(String[]::new));
    if (Files.exists(Path.of("/proc/self/status"))) {
      List<String> command = new ArrayList<>(List.of("env", "--default-signal=HUP"));
      command.addAll(builder.command());
      builder.command(command);
    }
    return builder;
  }

  private static void hangUp(Process process) throws IOException, InterruptedException {
    assertThat(new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start().waitFor())
        .isZero();
  }

  private JsonNode await(BufferedReader output, String event)
      throws IOException, InvalidJsonException {
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      JsonNode told = StrictJson.parse(line.getBytes(StandardCharsets.UTF_8));
      if (told.path("event").asString().equals(event)) {
        return told;
      }
    }
    throw new AssertionError(
        "the host ended without " + event + ": " + Files.readString(directory.resolve("log")));
  }

  private int status(String token) throws IOException, InterruptedException {
    return client.send(request(token, "/api/v1/plugins"), BodyHandlers.discarding()).statusCode();
  }

  private String get(String token, String path) throws IOException, InterruptedException {
    return client.send(request(token, path), BodyHandlers.ofString()).body();
  }

  private HttpRequest request(String token, String path) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .header("Authorization", "Bearer " + token)
        .timeout(BOUND)
        .build();
  }

  private static List<String> texts(JsonNode array) {
    return array.valueStream().map(JsonNode::asString).toList();
  }
}
