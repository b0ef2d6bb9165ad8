package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.OperatorLimits;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.recording.RecordedResult;
import io.gonext.host.recording.Recording;
import io.gonext.host.trust.TrustPolicy;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A trap of a packed plugin, without debug information, is recorded by a host and replayed in
 * another process from the author's project: at the same source line, in all languages.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class RecordedTrapsTest {
  /** The languages whose tools {@code .ci/run} has found or installed: skipped nowhere. */
  private static final List<String> REQUIRED =
      List.of(System.getenv().getOrDefault("GONEXT_TOOLCHAINS", "").split(" ", -1));

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rust | src/lib.rs | Ok(text::bold(&content) + SIGNATURE)"
            + " | { assert!(content != \"boom\"); Ok(text::bold(&content) + SIGNATURE) }"
            + " | GUEST_PANIC",
        "go | main.go | var out strings.Builder"
            + " | var out strings.Builder; _ = text[4:][len(text)-4] | GUEST_PANIC",
        "assemblyscript | assembly/index.ts | let out = parts[0];"
            + " | let out = parts[0]; if (text == \"boom\") throw new Error(\"no\"); | GUEST_PANIC",
        "assemblyscript | assembly/index.ts | let out = parts[0];"
            + " | let out = parts[0]; if (9 / (text.length - 4) == 7) out = \"7\"; | DIVISION",
        "c | plugin.c | gn_append(out, (gn_text){at, end - at}); | gn_append(out, (gn_text){at, end"
            + " - at}); if (9 / (text.length - 4) == 7) gn_logs(GN_INFO, \"7\"); | DIVISION",
      })
  void a_recorded_trap_is_replayed_at_the_same_source_line(
      String language, String file, String good, String bad, String code) throws Exception {
    boolean hasTools = run("doctor", "--lang", language, "--json") == 0;
    assertThat(hasTools || !REQUIRED.contains(language)).as("%s", out).isTrue();
    assumeTrue(hasTools, () -> "plugins in " + language + " cannot be built here: " + out);
    Path project = directory.resolve("trapper");
    assertThat(run("plugin", "init", project.toString(), "--lang", language)).isZero();
    boolean hasCompiler = !out.toString().contains("fix:");
    assertThat(hasCompiler || !REQUIRED.contains(language)).as("%s", out).isTrue();
    assumeTrue(hasCompiler, () -> "no compiler for " + language + ": " + out);
    Path source = project.resolve(file);
    String text = Files.readString(source);
    assertThat(text).contains(good);
    Files.writeString(source, text.replace(good, bad));
    int line = (int) text.substring(0, text.indexOf(good)).lines().count();
    assertThat(run("plugin", "pack", project.toString())).as("%s", out).isZero();

    Recording recording = record(project.resolve("trapper-0.1.0.gnplugin"));
    assertThat(recording.reason()).isEqualTo(code);
    assertThat(((RecordedResult.Trap) recording.calls().getFirst().result()).backtrace())
        .isNotEmpty()
        .allSatisfy(frame -> assertThat(frame.source()).isNull());
    Path saved = Files.write(directory.resolve("a.recording.json"), recording.file());

    Process replay =
        GonextJvm.builder(List.of(), "replay", saved.toString(), "--plugin", project.toString())
            .redirectErrorStream(true)
            .start();
    String output;
    try (var in = replay.getInputStream()) {
      output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(replay.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(output)
        .contains("the trap " + code, "1 as recorded, 0 different")
        .containsPattern("  --> \\S*" + file + ":" + line + "(:\\d+)?\n")
        .containsPattern(" " + line + " \\| .*\n *\\| +\\^");
  }

  private Recording record(Path bundle) throws Exception {
    try (Host host =
        Host.open(
            HostConfig.builder(directory.resolve("data"))
                .trust(TrustPolicy.off())
                .limits(
                    new OperatorLimits(
                        64,
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(20),
                        8))
                .build())) {
      host.plugins().install(bundle);
      host.plugins().grantRequested("trapper");
      host.plugins().activate("trapper");
      host.recordings().start("trapper", new RecordingPolicy(true, Optional.empty(), 0));
      var _ = host.applyFilters("the_content", "boom");
      long id = host.recordings().list("trapper").getFirst().id();
      return host.recordings().get("trapper", id).orElseThrow();
    }
  }

  private int run(String... command) {
    out.getBuffer().setLength(0);
    PrintWriter writer = new PrintWriter(out, true);
    return Main.run(writer, writer, command);
  }
}
