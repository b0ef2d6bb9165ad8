package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The inputs that a bundle brings to be exercised with: {@code warmup/*.json}. */
class BundledInputsTest {
  private static final Duration LONG = Duration.ofMinutes(2);

  /**
   * Beside other tests, the JIT compiler may never be calm: then this is how long a start takes.
   */
  private static final Duration WARM_UP = Duration.ofSeconds(5);

  private static final Manifest MANIFEST =
      Bundle.read(
              GuestBundle.of("upper")
                  .filter("the_content")
                  .action("save_post")
                  .route("POST", "/posts/{id}")
                  .bytes())
          .manifest();

  @TempDir private Path data;
  private SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    open(config().build());
  }

  private void open(HostConfig config) throws InterruptedException {
    host = Host.open(config);
  }

  @AfterEach
  void close() {
    host.close();
  }

  private HostConfig.Builder config() {
    meters = new SimpleMeterRegistry();
    return Patience.config(data).toBuilder()
        .meters(meters)
        .updates(UpdatePolicy.development())
        .warmUp(WARM_UP);
  }

  private void reopen() throws InterruptedException {
    host.close();
    open();
  }

  private void activate(GuestBundle bundle) throws InterruptedException {
    host.plugins().activate(host.plugins().install(bundle.bytes()).manifest().name());
  }

  private void awaitWarm() {
    await().atMost(LONG).until(() -> !host.health().warmUp().isWarming());
  }

  private double exercised() {
    return meters.get("gonext.warmup.calls").counter().count();
  }

  private static GuestBundle upper() {
    return GuestBundle.of("upper").filter("shout");
  }

  @Test
  void a_plugin_that_fails_in_the_exercise_is_not_blamed() throws Exception {
    activate(
        GuestBundle.of("trap")
            .filter("h")
            .file("warmup/a.json", "{\"filter\":\"h\",\"value\":1}")
            .file("warmup/b.json", "{\"filter\":\"h\",\"value\":2}"));
    activate(
        GuestBundle.of("loop")
            .filter("h2")
            .limit("call_ms", 50)
            .file("warmup/a.json", "{\"filter\":\"h2\",\"value\":1}"));
    activate(upper().file("warmup/a.json", "{\"filter\":\"shout\",\"value\":\"a\"}"));
    reopen();
    awaitWarm();
    assertThat(meters.get("gonext.warmup.failures").tag("plugin", "trap").counter().count())
        .isEqualTo(2);
    assertThat(meters.get("gonext.warmup.failures").tag("plugin", "loop").counter().count())
        .isEqualTo(1);
    assertThat(exercised()).isGreaterThan(10_000);
    assertThat(host.health().troubles()).isEmpty();
    assertThat(host.health().failedTurns("trap")).isZero();
    assertThat(host.plugins().list())
        .extracting(StoredPlugin::state)
        .containsOnly(PluginState.ACTIVE);
    assertThat(host.audit().newest("trap", 20))
        .extracting(AuditRow::event)
        .doesNotContain("trap", "errored");
  }

  @Test
  void a_host_that_is_still_warming_serves_and_can_be_closed() throws Exception {
    activate(
        GuestBundle.of("loop")
            .filter("h")
            .limit("call_ms", 20_000)
            .file("warmup/a.json", "{\"filter\":\"h\",\"value\":1}"));
    activate(upper());
    host.close();
    open(config().warmUp(LONG).build());
    assertThat(host.health().warmUp()).isEqualTo(new WarmUpProgress(true, 2, 1));
    assertThat(host.applyFilters("shout", "a").value().stringValue()).isEqualTo("A");
    assertThat(host.health().warmUp().isWarming()).isTrue();
    host.close();
    assertThat(meters.find("gonext.warmup.failures").counter()).isNull();
  }

  @Test
  void the_inputs_of_a_bundle_are_used_when_it_is_first_activated() throws Exception {
    host.close();
    open(config().updates(UpdatePolicy.defaults().withWarmUp(LONG)).build());
    activate(
        GuestBundle.of("app", Guests.wasm("version-1"))
            .route("GET", "/posts/{id}")
            .file("warmup/a.json", "{\"route\":\"GET /posts/7?a=b\"}"));
    UpdateResult.Replaced updated =
        (UpdateResult.Replaced)
            host.plugins()
                .update(
                    GuestBundle.of("app", Guests.wasm("version-2"))
                        .version("2.0.0")
                        .route("GET", "/")
                        .file("warmup/a.json", "{\"route\":\"GET /\"}")
                        .bytes());
    assertThat(updated.warmUpCalls()).isPositive();
  }

  @Test
  void a_bundle_with_a_bad_input_is_refused_with_the_reason() {
    byte[] bundle = upper().file("warmup/a.json", "{\"filter\":\"other\",\"value\":\"a\"}").bytes();
    assertThatThrownBy(() -> host.plugins().install(bundle))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessage("warmup/a.json: the manifest has no filter other in /hooks/filters");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"filter\":\"the_content\",\"value\":null}",
        "{\"filter\":\"the_content\",\"value\":\"a\",\"args\":[1,{}]}",
        "{\"action\":\"save_post\"}",
        "{\"action\":\"save_post\",\"args\":[42]}",
        "{\"route\":\"POST /posts/7?a=b\",\"headers\":{\"Accept\":\"a/b\"},\"body\":\"text\"}",
        "{\"route\":\"POST /posts/a%20b\",\"body_base64\":\"AAEC\"}",
      })
  void a_call_of_a_filter_an_action_or_a_route_is_an_input(String json) {
    assertThat(problems(Map.of("warmup/first.json", json, "README.md", "text"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a.txt | {} | not the name of an input; allowed: names such as warmup/first.json",
        "b/a.json | {} | not the name of an input; allowed: names such as warmup/first.json",
        "a.json | { | not JSON: ",
        "a.json | [] | not a call: give an object with one of \"filter\", \"action\" and \"route\"",
        "a.json | {\"filter\":\"a\",\"action\":\"b\"} | not a call: give an object with one of",
        "a.json | {\"filter\":\"the_content\"} | a filter needs a \"value\"",
        "a.json | {\"filter\":1,\"value\":1} | \"filter\" is not a text",
        "a.json | {\"filter\":\"x\",\"value\":1} | the manifest has no filter x in /hooks/filters",
        "a.json | {\"action\":\"x\"} | the manifest has no action x in /hooks/actions",
        "a.json | {\"action\":\"save_post\",\"args\":1} | \"args\" is not an array",
        "a.json | {\"action\":\"save_post\",\"body\":1} | the field body is not known; allowed:"
            + " action, args",
        "a.json | {\"route\":\"/posts/7\"} | \"route\" is a method and a path, such as",
        "a.json | {\"route\":\"GET /posts/7\"} | the manifest has no route for GET /posts/7 in"
            + " /http/serve",
        "a.json | {\"route\":\"POST /posts/%zz\"} | the path is not percent-encoded",
        "a.json | {\"route\":\"POST /posts/7\",\"headers\":1} | \"headers\" is not an object",
        "a.json | {\"route\":\"POST /posts/7\",\"headers\":{\"A\":1}} | the header A is not a text",
        "a.json | {\"route\":\"POST /posts/7\",\"body\":1} | \"body\" is not a text",
        "a.json | {\"route\":\"POST /posts/7\",\"body_base64\":\"?\"} | \"body_base64\" is not"
            + " base64",
        "a.json | {\"route\":\"POST /posts/7\",\"body\":\"\",\"body_base64\":\"\"} | give \"body\""
            + " or \"body_base64\", not both",
      })
  void a_file_that_is_not_a_call_of_the_plugin_has_one_problem(
      String name, String json, String problem) {
    assertThat(problems(Map.of("warmup/" + name, json)))
        .singleElement()
        .asString()
        .startsWith("warmup/" + name + ": " + problem);
  }

  @Test
  void there_are_at_most_32_files_and_256_kib_of_inputs() {
    Map<String, String> files = new TreeMap<>();
    for (int i = 0; i < 32; i++) {
      files.put("warmup/" + i + ".json", "{\"action\":\"save_post\"}");
    }
    assertThat(problems(files)).isEmpty();
    files.put("warmup/more.json", "{\"action\":\"save_post\"}");
    assertThat(problems(files))
        .containsExactly(
            "warmup/: 33 files of 726 bytes; allowed: 32 files, and 262144 bytes together");
    assertThat(problems(Map.of("warmup/a.json", " ".repeat(262_145))))
        .containsExactly(
            "warmup/: 1 files of 262145 bytes; allowed: 32 files, and 262144 bytes together");
  }

  private static List<String> problems(Map<String, String> files) {
    Map<String, byte[]> bytes = new TreeMap<>();
    files.forEach((name, text) -> bytes.put(name, text.getBytes(StandardCharsets.UTF_8)));
    return PluginCheck.warmUpProblems(MANIFEST, bytes);
  }
}
