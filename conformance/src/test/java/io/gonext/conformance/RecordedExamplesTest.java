package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.ChildJvm;
import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.OperatorLimits;
import io.gonext.host.PluginRequest;
import io.gonext.host.RecordingInfo;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.UserCompileCache;
import io.gonext.host.json.StrictJson;
import io.gonext.host.recording.RecordedCall;
import io.gonext.host.recording.Recording;
import io.gonext.host.trust.TrustPolicy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.node.ObjectNode;

/**
 * Recorded calls of the examples give the same results and use the same fuel in other processes,
 * which did not compile the module themselves: with both ways of memory access, and by compiled
 * Java code as well as by interpreted.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("examples")
class RecordedExamplesTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));

  /** Of all languages together; with {@code -Plong} 10,000. */
  private static final int CALLS = Integer.getInteger("gonext.test.recorded", 240);

  private static final long SEED = Long.getLong("gonext.recorded.seed", 20261130);

  /** A host keeps 64. */
  private static final int KEPT = 60;

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void recorded_calls_give_equal_results_and_fuels_in_other_processes(Toolchain language)
      throws Exception {
    Path project = ROOT.resolve("examples").resolve(name(language));
    byte[] module = language.module(project);
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("manifest.json", patient(Files.readAllBytes(project.resolve("manifest.json"))));
    files.put("plugin.wasm", module);
    Path wasm = Files.write(directory.resolve("plugin.wasm"), module);
    Path recordings = Files.createDirectory(directory.resolve("recordings"));
    Path compiled = directory.resolve("compiled");
    int calls = CALLS / Toolchain.values().length;
    long fuel = 0;
    try (Host host = Host.open(config(), UserCompileCache.open(compiled))) {
      host.plugins().install(GuestBundle.zip(files));
      host.plugins().grantRequested(name(language));
      host.plugins().activate(name(language));
      Random random = new Random(SEED);
      for (int done = 0; done < calls; ) {
        host.recordings().start(name(language), RecordingPolicy.ALL);
        int before = done;
        while (done < calls && done < before + KEPT) {
          call(host, name(language), random);
          done++;
        }
        List<RecordingInfo> kept = host.recordings().list(name(language));
        for (int i = 0; i < done - before; i++) {
          RecordingInfo info = kept.get(i);
          Recording recording = host.recordings().get(name(language), info.id()).orElseThrow();
          assertThat(recording.isComplete()).as("seed %s, %s", SEED, info).isTrue();
          for (RecordedCall call : recording.calls()) {
            fuel += call.fuel().orElseThrow();
          }
          Files.write(recordings.resolve(info.id() + ".recording.json"), recording.file());
        }
      }
    }
    String same = "same " + calls + " fuel " + fuel;
    String unsafe = "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED";
    for (List<String> access : List.of(List.of(unsafe), List.<String>of())) {
      assertThat(replayed(access, wasm, recordings, compiled))
          .as("seed %s, options %s", SEED, access)
          .isEqualToIgnoringNewLines(same);
    }
  }

  /** With time for a busy machine: where a call ends that has used its time is not repeatable. */
  private static byte[] patient(byte[] manifest) throws Exception {
    ObjectNode json = (ObjectNode) StrictJson.parse(manifest);
    ((ObjectNode) json.get("limits")).put("call_ms", 20_000);
    return StrictJson.write(json);
  }

  private HostConfig config() {
    return HostConfig.builder(directory.resolve("data"))
        .trust(TrustPolicy.off())
        .limits(
            new OperatorLimits(
                    64, Duration.ofSeconds(20), Duration.ofSeconds(30), Duration.ofSeconds(20), 8)
                .withFuel(1_000_000_000L))
        .build();
  }

  /** A filter, an action or a route; some with a payload that the plugin refuses. */
  private static void call(Host host, String plugin, Random random) throws Exception {
    switch (random.nextInt(4)) {
      case 0 -> {
        var _ = host.doAction("save_post", Map.of("id", random.nextInt()));
      }
      case 1 -> {
        var _ =
            host.serve(
                plugin,
                new PluginRequest(
                    "GET", "/hello/n" + random.nextInt(1000), "", Map.of(), new byte[0]));
      }
      case 2 -> {
        var _ = host.applyFilters("the_content", List.of(random.nextInt()));
      }
      default -> {
        String text =
            random
                .ints(random.nextInt(200), 0, 8)
                .mapToObj(i -> "a*b \u00fc\n\u20ac<".substring(i, i + 1))
                .collect(java.util.stream.Collectors.joining());
        var _ = host.applyFilters("the_content", text);
      }
    }
  }

  private static String replayed(List<String> options, Path wasm, Path recordings, Path compiled)
      throws Exception {
    Process process =
        ChildJvm.plain()
            .builder(
                options,
                ReplayedFiles.class.getName(),
                wasm.toString(),
                recordings.toString(),
                compiled.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String output;
    try (var in = process.getInputStream()) {
      output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return output;
  }

  private static String name(Toolchain language) {
    return language == Toolchain.ASSEMBLYSCRIPT ? "hello-as" : "hello-" + language.folder;
  }
}
