package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.cli.build.Language;
import io.gonext.cli.build.ToolCommand;
import io.gonext.cli.dev.DevEvent.Timing;
import io.gonext.cli.output.CommandFailure;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.ManifestReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The loop's events as a person and as a program read them. */
class TextOutputTest {
  private static final Path PROJECT = Path.of("/p");

  private final StringWriter written = new StringWriter();
  private final Scripted.Clock clock = new Scripted.Clock();
  private final Artifact artifact = Samples.artifact(new byte[] {1});

  @Test
  void a_whole_session_prints_these_lines() {
    TextOutput out = plain();
    session(out);
    assertThat(written.toString())
        .isEqualTo(
            """
            [12:03:58] detected language: rust (Cargo.toml), cargo 1.90
            [12:03:58] host: started in this process on http://localhost:8080
            [12:03:58] build: rust
                   Compiling hello v0.1.0
            [12:03:58] built build/plugin.wasm (41 KB) in 2.3s
            capabilities:
              = kv.read
            [12:03:58] uploaded: sample@1.0.0 sha256:4bf5122f3445… live in 18 ms
            [12:03:58] watching hello (Ctrl-C to stop)

            [12:03:58] change detected: src/lib.rs
            [12:03:58] live: #2, debounce 200 + build 380 + upload 6 + swap 9 = 595 ms, 0 requests failed
            [12:03:58] Cargo.lock saved, no input changed: skipped
            [12:03:58] change detected: manifest.json
            capabilities changed:
              + http.fetch
              - kv.read
            [12:03:58] live: #3, manifest only, 231 ms
            [12:03:58] change detected: a, b, c and 2 more
            error[E0425]: cannot find value `nmae` in this scope
            [12:03:58] build failed after 290 ms, still serving #3
            [12:03:58] live: #4 (recovered)
            [12:03:58] stopped: host closed, no child processes left
            """
                .replace("error[", "    error["));
  }

  @Test
  void a_repeated_failure_is_printed_without_its_backtrace() {
    DevOutput out = plain();
    var frame = new TurnFailure.Frame("fib", 16, "src/lib.rs:3");
    var failed =
        new DevEvent.CallFailed(
            "the_content",
            "STACK_EXHAUSTED",
            "the guest exhausted the call stack",
            List.of(frame, frame, frame, new TurnFailure.Frame("gn_handle_hook", 26, null)));
    out.emit(failed);
    out.emit(failed);
    String again =
        "[12:03:58] call failed: the_content: STACK_EXHAUSTED: the guest exhausted the call stack";
    assertThat(written.toString())
        .isEqualTo(
            again
                + "\n    at fib (src/lib.rs:3), 3 times\n    at gn_handle_hook (@0x1a)\n"
                + again
                + " (same backtrace)\n");
  }

  @Test
  void without_a_terminal_no_escape_sequence_is_printed() {
    session(plain());
    assertThat(written.toString()).doesNotContain("\033").doesNotContain("\r");
  }

  @Test
  void on_a_terminal_a_build_shows_progress_and_erases_it() {
    TextOutput out =
        new TextOutput(new PrintWriter(written), clock.sources(), Path.of("nowhere"), true, false);
    out.emit(new DevEvent.BuildStarted(Language.RUST, ToolCommand.of(PROJECT, "cargo")));
    clock.move(Duration.ofMillis(1250));
    assertThat(written.toString()).contains("build: rust 1.2s");
    out.emit(new DevEvent.Built("build/plugin.wasm", 12, Duration.ofMillis(1250)));
    // Whatever was shown is erased before a line is printed.
    String[] lines = written.toString().split("\n", -1);
    assertThat(lines[lines.length - 2])
        .endsWith("\r\033[K[12:03:58] built build/plugin.wasm (12 bytes) in 1.3s");
    int length = written.getBuffer().length();
    clock.move(Duration.ofSeconds(1));
    assertThat(written.getBuffer().length()).isEqualTo(length);
    assertThat(clock.waiting()).isZero();
  }

  @Test
  void problems_and_advice_are_printed_below_a_failure() {
    plain()
        .emit(
            new DevEvent.Failed(
                "check",
                new CommandFailure(
                    CommandFailure.Kind.FAILED, "a host would reject the plugin:", "- a", "- b"),
                Duration.ofMillis(3),
                0));
    assertThat(written.toString())
        .isEqualTo(
            """
            [12:03:58] check failed after 3 ms
                a host would reject the plugin:
                - a
                - b
            """);
  }

  @Test
  void log_lines_show_their_level_and_dropped_lines_a_count() {
    TextOutput out = plain();
    out.emit(new DevEvent.Log("WARN", "careful"));
    out.emit(new DevEvent.LogsDropped(17));
    assertThat(written.toString())
        .isEqualTo(
            """
            [12:03:58] warn  careful
            [12:03:58] 17 log lines were dropped because they came too fast
            """);
  }

  @Test
  void json_output_has_one_object_on_each_line() throws Exception {
    session(new JsonOutput(new PrintWriter(written)));
    List<String> names = new java.util.ArrayList<>();
    for (String line : written.toString().lines().toList()) {
      JsonNode json = StrictJson.parse(line.getBytes(StandardCharsets.UTF_8));
      names.add(json.path("event").asString());
      if (json.path("event").asString().equals("live") && json.path("number").asInt() == 2) {
        assertThat(json.path("sha256").asString()).isEqualTo(artifact.sha256());
        assertThat(json.path("debounce_ms").asDouble()).isEqualTo(200);
        assertThat(json.path("build_ms").asDouble()).isEqualTo(370);
        assertThat(json.path("check_ms").asDouble()).isEqualTo(10);
        assertThat(json.path("upload_ms").asDouble()).isEqualTo(6);
        assertThat(json.path("swap_ms").asDouble()).isEqualTo(9);
        assertThat(json.path("total_ms").asDouble()).isEqualTo(595);
        assertThat(json.path("requests_failed").asInt()).isZero();
      }
    }
    assertThat(names)
        .startsWith(
            "detected", "host", "build", "output", "built", "capabilities", "live", "watching")
        .endsWith("stopped");
  }

  private TextOutput plain() {
    return new TextOutput(
        new PrintWriter(written), clock.sources(), Path.of("nowhere"), false, false);
  }

  private void session(DevOutput out) {
    out.emit(new DevEvent.Detected(Language.RUST, "cargo 1.90"));
    out.emit(new DevEvent.HostReady("started in this process on http://localhost:8080"));
    out.emit(new DevEvent.BuildStarted(Language.RUST, ToolCommand.of(PROJECT, "cargo", "build")));
    out.emit(new DevEvent.BuildOutput("   Compiling hello v0.1.0"));
    out.emit(new DevEvent.Built("build/plugin.wasm", 42_000, Duration.ofMillis(2300)));
    out.emit(capabilities(null, "kv.read"));
    out.emit(live(1, "installed", false, new Timing(ms(0), false, ms(2300), ms(5), ms(7), ms(11))));
    out.emit(new DevEvent.Watching("hello", List.of(), ""));
    out.emit(new DevEvent.Changed(List.of("src/lib.rs")));
    out.emit(live(2, "reloaded", false, new Timing(ms(200), false, ms(370), ms(10), ms(6), ms(9))));
    out.emit(new DevEvent.Skipped("Cargo.lock"));
    out.emit(new DevEvent.Changed(List.of("manifest.json")));
    out.emit(capabilities("kv.read", "http.fetch"));
    out.emit(live(3, "reloaded", false, new Timing(ms(200), true, ms(0), ms(11), ms(10), ms(10))));
    out.emit(new DevEvent.Changed(List.of("a", "b", "c", "d", "e")));
    out.emit(new DevEvent.BuildStarted(Language.RUST, ToolCommand.of(PROJECT, "cargo", "build")));
    out.emit(new DevEvent.BuildOutput("error[E0425]: cannot find value `nmae` in this scope"));
    out.emit(
        new DevEvent.Failed(
            "build",
            new CommandFailure(CommandFailure.Kind.FAILED, "cargo build ended with exit code 101"),
            ms(290),
            3));
    out.emit(live(4, "reloaded", true, new Timing(ms(200), false, ms(1), ms(1), ms(1), ms(1))));
    out.emit(new DevEvent.Stopped("host closed, no child processes left"));
    out.close();
  }

  private static DevEvent capabilities(
      @org.jspecify.annotations.Nullable String before, String after) {
    return DevEvent.Capabilities.between(
        before == null ? null : ManifestReader.read(Samples.manifest("sample", before)),
        ManifestReader.read(Samples.manifest("sample", after)));
  }

  private DevEvent live(int number, String action, boolean recovered, Timing timing) {
    UploadAnswer answer =
        new UploadAnswer(
            action, artifact.sha256(), List.of(), OptionalDouble.of(1), OptionalLong.of(0));
    return new DevEvent.Live(number, artifact, answer, true, recovered, timing);
  }

  private static Duration ms(long millis) {
    return Duration.ofMillis(millis);
  }
}
