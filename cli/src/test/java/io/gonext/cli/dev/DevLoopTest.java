package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.cli.build.Language;
import io.gonext.cli.build.Project;
import io.gonext.cli.build.ScriptedRunner;
import io.gonext.cli.build.SkipRules;
import io.gonext.cli.build.SourceTrees;
import io.gonext.cli.build.ToolCommand;
import io.gonext.cli.build.Toolchain;
import io.gonext.cli.dev.DevEvent.BuildCancelled;
import io.gonext.cli.dev.DevEvent.Capabilities;
import io.gonext.cli.dev.DevEvent.Changed;
import io.gonext.cli.dev.DevEvent.Failed;
import io.gonext.cli.dev.DevEvent.Live;
import io.gonext.cli.dev.DevEvent.Skipped;
import io.gonext.cli.dev.DevEvent.Watching;
import io.gonext.cli.output.CommandFailure;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole loop through its seams; time moves when the test says so. */
@Timeout(60)
class DevLoopTest {
  private static final Duration WINDOW = Duration.ofMillis(200);
  private static final DevLoop.Settings WATCHING = new DevLoop.Settings(true, false);
  private static final DevLoop.Settings STUBBORN = new DevLoop.Settings(true, true);
  private static final DevLoop.Settings ONCE = new DevLoop.Settings(false, false);

  @TempDir private Path root;
  private final ScriptedRunner runner =
      new ScriptedRunner(ScriptedRunner.builds(Samples.module(0)));
  private final Scripted.Watcher watcher = new Scripted.Watcher();
  private final Scripted.Output output = new Scripted.Output();
  private final Scripted.Clock clock = new Scripted.Clock();
  private final Scripted.Host host = new Scripted.Host();
  private @Nullable DevLoop loop;
  private @Nullable CompletableFuture<Integer> exit;

  @BeforeEach
  void project() throws IOException {
    write("src/lib.c", "1");
    Files.write(root.resolve("manifest.json"), Samples.manifest("sample", "kv.read"));
  }

  @AfterEach
  void stop() throws Exception {
    if (exit != null && !exit.isDone()) {
      assertThat(stopped()).isZero();
    }
  }

  // ---- the first pass ----------------------------------------------------------------------

  @Test
  void the_first_pass_builds_uploads_and_begins_to_watch() throws Exception {
    start(WATCHING);
    output.await(Watching.class);
    assertThat(output.all)
        .extracting(event -> event.getClass().getSimpleName())
        .containsExactly("BuildStarted", "Built", "Capabilities", "Live", "Watching");
    assertThat(host.uploads).hasSize(1);
    assertThat(host.uploads.getFirst().wasm()).isEqualTo(Samples.module(0));
    assertThat(host.uploads.getFirst().manifestJson())
        .isEqualTo(Files.readAllBytes(root.resolve("manifest.json")));
    assertThat(runner.typed()).containsExactly("make build/plugin.wasm");
    assertThat(stopped()).isZero();
  }

  @Test
  void without_watching_the_loop_exits_with_0_after_the_upload() throws Exception {
    start(ONCE);
    assertThat(result()).isZero();
    assertThat(host.uploads).hasSize(1);
    assertThat(watcher.isStarted()).isFalse();
  }

  @Test
  void build_only_uploads_nothing() throws Exception {
    start(ONCE, null);
    assertThat(result()).isZero();
    assertThat(output.count(DevEvent.Built.class)).isOne();
    assertThat(output.count(Capabilities.class)).isOne();
    assertThat(output.count(Live.class)).isZero();
  }

  @Test
  void a_failed_first_build_exits_with_1() throws Exception {
    runner.then((command, lines) -> {
      lines.accept("error[E0425]: cannot find value");
      return 101;
    });
    start(WATCHING);
    assertThat(result()).isEqualTo(1);
    assertThat(output.await(DevEvent.BuildOutput.class).line())
        .isEqualTo("error[E0425]: cannot find value");
    assertThat(output.await(Failed.class).failure())
        .hasMessage("make build/plugin.wasm ended with exit code 101");
    assertThat(host.uploads).isEmpty();
  }

  @Test
  void keep_going_stays_in_the_loop_and_recovers() throws Exception {
    runner.then((command, lines) -> 1);
    start(STUBBORN);
    assertThat(output.await(Failed.class).serving()).isZero();
    output.await(Watching.class);
    runner.then(ScriptedRunner.builds(Samples.module(1)));
    edit("src/lib.c", "2");
    Live live = output.await(Live.class);
    assertThat(live.number()).isOne();
    assertThat(live.isRecovery()).isTrue();
  }

  @Test
  void keep_going_without_watching_exits() throws Exception {
    runner.then((command, lines) -> 1);
    start(new DevLoop.Settings(false, true));
    assertThat(result()).isEqualTo(1);
  }

  @Test
  void a_missing_tool_exits_with_3_and_says_how_to_install_it() throws Exception {
    runner.then((command, lines) -> {
      throw new IOException("Cannot run program \"make\": error=2, No such file or directory");
    });
    start(WATCHING);
    assertThat(result()).isEqualTo(3);
    assertThat(output.await(Failed.class).failure().details())
        .anyMatch(line -> line.contains("apt-get install make"));
  }

  @Test
  void a_host_that_does_not_answer_exits_with_4() throws Exception {
    host.failWith(new CommandFailure(CommandFailure.Kind.UNREACHABLE, "no host answers"));
    start(WATCHING);
    assertThat(result()).isEqualTo(4);
    assertThat(output.await(Failed.class).step()).isEqualTo("upload");
  }

  @Test
  void a_build_without_a_module_has_failed() throws Exception {
    runner.then((command, lines) -> 0);
    start(WATCHING);
    assertThat(result()).isEqualTo(1);
    assertThat(output.await(Failed.class).failure())
        .hasMessage("the build succeeded but left no build/plugin.wasm");
  }

  @Test
  void a_missing_or_broken_manifest_is_reported_before_the_build() throws Exception {
    Files.delete(root.resolve("manifest.json"));
    start(WATCHING);
    assertThat(result()).isEqualTo(1);
    Failed missing = output.await(Failed.class);
    assertThat(missing.failure()).hasMessageContaining("there is no manifest.json");
    assertThat(missing.failure().details())
        .singleElement()
        .asString()
        .startsWith("create one: echo");
    Files.createDirectory(root.resolve("manifest.json"));
    start(WATCHING);
    assertThat(result()).isEqualTo(1);
    assertThat(output.await(Failed.class).failure()).hasMessageContaining("is a directory");
    Files.delete(root.resolve("manifest.json"));
    write("manifest.json", "{\"name\":");
    start(WATCHING);
    assertThat(result()).isEqualTo(1);
    assertThat(output.await(Failed.class).failure()).hasMessageContaining("not valid JSON");
    assertThat(runner.commands).isEmpty();
  }

  @Test
  void a_module_that_a_host_would_reject_is_not_uploaded() throws Exception {
    runner.then(ScriptedRunner.builds(Guests.wasm("noalloc")));
    start(WATCHING);
    assertThat(result()).isEqualTo(1);
    Failed failed = output.await(Failed.class);
    assertThat(failed.step()).isEqualTo("check");
    assertThat(failed.failure()).hasMessageContaining("does not export gn_alloc");
    assertThat(host.uploads).isEmpty();
  }

  // ---- the loop ----------------------------------------------------------------------------

  @Test
  void an_edit_goes_live_with_the_duration_of_each_step() throws Exception {
    startAndWatch();
    runner.then((command, lines) -> {
      clock.move(Duration.ofMillis(380));
      return ScriptedRunner.builds(Samples.module(1)).run(command, lines);
    });
    edit("src/lib.c", "2");
    assertThat(output.await(Changed.class).paths()).containsExactly("src/lib.c");
    Live live = output.await(Live.class);
    assertThat(live.number()).isEqualTo(2);
    assertThat(live.isConfirmed()).isTrue();
    assertThat(live.timing().debounce()).isEqualTo(WINDOW);
    assertThat(live.timing().build()).isEqualTo(Duration.ofMillis(380));
    assertThat(live.timing().manifestOnly()).isFalse();
    assertThat(host.uploads.getLast().wasm()).isEqualTo(Samples.module(1));
  }

  @Test
  void after_a_failed_build_the_last_version_still_serves() throws Exception {
    startAndWatch();
    runner.then((command, lines) -> 1);
    edit("src/lib.c", "broken");
    assertThat(output.await(Failed.class).serving()).isOne();
    runner.then(ScriptedRunner.builds(Samples.module(1)));
    edit("src/lib.c", "good");
    Live live = output.await(Live.class);
    assertThat(live.isRecovery()).isTrue();
    assertThat(live.number()).isEqualTo(2);
    runner.then(ScriptedRunner.builds(Samples.module(2)));
    edit("src/lib.c", "better");
    assertThat(output.await(Live.class).isRecovery()).isFalse();
  }

  @Test
  void saving_equal_content_prints_one_line_and_builds_nothing() throws Exception {
    startAndWatch();
    edit("src/lib.c", "1");
    assertThat(output.await(Skipped.class).path()).isEqualTo("src/lib.c");
    edit("src/lib.c", "2");
    output.await(Live.class);
    assertThat(runner.commands).hasSize(2);
    assertThat(output.count(Skipped.class)).isOne();
  }

  @Test
  void a_file_that_is_already_gone_is_not_reported() throws Exception {
    startAndWatch();
    watcher.tell("src/gone");
    watcher.tell("src");
    clock.move(WINDOW);
    // Comes after it, so that it is over once this one has ended.
    Objects.requireNonNull(loop).rebuild();
    output.await(Live.class, live -> live.isUnchanged());
    assertThat(output.count(Skipped.class)).isZero();
    assertThat(runner.commands).hasSize(2);
  }

  @Test
  void a_changed_manifest_is_uploaded_without_a_build() throws Exception {
    startAndWatch();
    Files.write(root.resolve("manifest.json"), Samples.manifest("sample", "http.fetch"));
    tell("manifest.json");
    Capabilities changed = output.await(Capabilities.class, c -> !c.isFirst());
    assertThat(changed.changes())
        .extracting(Object::toString)
        .containsExactly("+ http.fetch (sensitive)", "- kv.read");
    Live live = output.await(Live.class);
    assertThat(live.timing().manifestOnly()).isTrue();
    assertThat(runner.commands).hasSize(1);
    assertThat(host.uploads.getLast().wasm()).isEqualTo(Samples.module(0));
  }

  @Test
  void a_changed_configuration_is_uploaded_without_a_build() throws Exception {
    configured();
    startAndWatch();
    write("gonext.config.json", "{\"greeting\":\"Moin\"}");
    tell("gonext.config.json");
    assertThat(output.await(Live.class).timing().manifestOnly()).isTrue();
    assertThat(runner.commands).hasSize(1);
    assertThat(host.uploads.getFirst().config()).isNull();
    assertThat(host.uploads.getLast().config())
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("{\"greeting\":\"Moin\"}");
  }

  @Test
  void a_configuration_that_git_ignores_is_watched_all_the_same() throws Exception {
    write(".gitignore", "*.json\n");
    configured();
    startAndWatch();
    write("gonext.config.json", "{}");
    tell("gonext.config.json");
    output.await(Live.class);
    assertThat(host.uploads.getLast().config()).isNotNull();
  }

  @Test
  void a_configuration_that_is_not_valid_is_refused_with_all_problems() throws Exception {
    configured();
    startAndWatch();
    write("gonext.config.json", "{\"greeting\":1,\"other\":2}");
    tell("gonext.config.json");
    Failed failed = output.await(Failed.class);
    assertThat(failed.step()).isEqualTo("check");
    assertThat(failed.serving()).isOne();
    assertThat(failed.failure())
        .hasMessage("gonext.config.json does not match config.schema of the manifest:");
    assertThat(failed.failure().details()).hasSize(2);
    assertThat(host.uploads).hasSize(1);
  }

  @Test
  void changed_secrets_are_uploaded_without_a_build() throws Exception {
    withSecrets();
    startAndWatch();
    assertThat(host.uploads.getFirst().secrets()).isNull();
    write("gonext.secrets.json", "{\"API_KEY\":\"k\",\"TOKEN\":{\"env\":\"SAMPLE_TOKEN\"}}");
    Files.setPosixFilePermissions(
        root.resolve("gonext.secrets.json"), PosixFilePermissions.fromString("rw-------"));
    tell("gonext.secrets.json");
    assertThat(output.await(Live.class).timing().manifestOnly()).isTrue();
    assertThat(runner.commands).hasSize(1);
    assertThat(host.uploads.getLast().secrets())
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("{\"API_KEY\":\"k\",\"TOKEN\":\"from-the-variable\"}");
  }

  @Test
  void secrets_that_the_manifest_does_not_name_are_refused() throws Exception {
    withSecrets();
    startAndWatch();
    write("gonext.secrets.json", "{\"OTHER\":{\"env\":\"SAMPLE_TOKEN\"}}");
    tell("gonext.secrets.json");
    Failed failed = output.await(Failed.class);
    assertThat(failed.step()).isEqualTo("check");
    assertThat(failed.failure().details())
        .containsExactly(
            "- OTHER: secrets.keys of the manifest does not name it; it names API_KEY, TOKEN");
    assertThat(host.uploads).hasSize(1);
  }

  private void withSecrets() throws IOException {
    write(
        "manifest.json",
        GuestBundle.of("sample", new byte[0])
            .field("secrets", "{\"keys\":[\"API_KEY\",\"TOKEN\"]}")
            .manifest());
  }

  @Test
  void a_function_that_the_host_does_not_offer_is_a_warning_once() throws Exception {
    write("gonext.functions.json", "{\"posts.find\":{\"answer\":1}}");
    startAndWatch();
    edit("src/lib.c", "2");
    output.await(Live.class);
    assertThat(output.all)
        .filteredOn(DevEvent.Warning.class::isInstance)
        .singleElement()
        .asString()
        .contains("the host does not offer posts.find of gonext.functions.json: ");
  }

  private void configured() throws IOException {
    write(
        "manifest.json",
        GuestBundle.of("sample", new byte[0])
            .field(
                "config",
                "{\"schema\":{\"type\":\"object\",\"additionalProperties\":false,"
                    + "\"properties\":{\"greeting\":{\"type\":\"string\"}}}}")
            .manifest());
  }

  @Test
  void a_repaired_manifest_goes_live() throws Exception {
    startAndWatch();
    write("manifest.json", "{");
    tell("manifest.json");
    Failed failed = output.await(Failed.class);
    assertThat(failed.step()).isEqualTo("check");
    assertThat(failed.serving()).isOne();
    Files.write(root.resolve("manifest.json"), Samples.manifest("sample", "kv.read", "kv.write"));
    tell("manifest.json");
    assertThat(output.await(Live.class).isRecovery()).isTrue();
  }

  @Test
  void capability_changes_of_a_failed_upload_are_shown_again() throws Exception {
    startAndWatch();
    host.failWith(new CommandFailure(CommandFailure.Kind.UNREACHABLE, "gone"));
    Files.write(root.resolve("manifest.json"), Samples.manifest("sample", "http.fetch"));
    tell("manifest.json");
    output.await(Failed.class);
    host.failWith(null);
    edit("src/lib.c", "2");
    output.await(Live.class);
    List<List<String>> told =
        output.all.stream()
            .filter(Capabilities.class::isInstance)
            .map(event -> ((Capabilities) event).changes().stream().map(Object::toString).toList())
            .toList();
    assertThat(told)
        .containsExactly(
            List.of("= kv.read"),
            List.of("+ http.fetch (sensitive)", "- kv.read"),
            List.of("+ http.fetch (sensitive)", "- kv.read"));
  }

  @Test
  void equal_content_is_uploaded_again_after_a_failed_upload() throws Exception {
    startAndWatch();
    host.failWith(new CommandFailure(CommandFailure.Kind.UNREACHABLE, "gone"));
    edit("src/lib.c", "2");
    output.await(Failed.class);
    host.failWith(null);
    runner.then(ScriptedRunner.builds(Samples.module(1)));
    edit("src/lib.c", "2");
    assertThat(output.await(Live.class).number()).isEqualTo(2);
  }

  @Test
  void an_edit_during_a_build_cancels_it_and_builds_again() throws Exception {
    startAndWatch();
    CountDownLatch building = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    runner.then((command, lines) -> {
      building.countDown();
      try {
        new CountDownLatch(1).await();
        return 0;
      } finally {
        runner.then(ScriptedRunner.builds(Samples.module(3)));
        ended.countDown();
      }
    });
    edit("src/lib.c", "2");
    assertThat(building.await(20, TimeUnit.SECONDS)).isTrue();
    edit("src/lib.c", "3");
    assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    output.await(BuildCancelled.class);
    Live live = output.await(Live.class);
    assertThat(live.number()).isEqualTo(2);
    assertThat(live.artifact().wasm()).isEqualTo(Samples.module(3));
    assertThat(host.uploads).hasSize(2);
    assertThat(runner.commands).hasSize(3);
  }

  @Test
  void saving_equal_content_does_not_cancel_a_build() throws Exception {
    startAndWatch();
    CountDownLatch building = new CountDownLatch(1);
    CountDownLatch finish = new CountDownLatch(1);
    runner.then((command, lines) -> {
      building.countDown();
      finish.await();
      return ScriptedRunner.builds(Samples.module(1)).run(command, lines);
    });
    edit("src/lib.c", "2");
    assertThat(building.await(20, TimeUnit.SECONDS)).isTrue();
    edit("src/lib.c", "2");
    finish.countDown();
    output.await(Live.class);
    assertThat(output.count(BuildCancelled.class)).isZero();
    assertThat(runner.commands).hasSize(2);
  }

  @Test
  void an_edit_during_an_upload_waits_for_its_end() throws Exception {
    CountDownLatch uploading = new CountDownLatch(1);
    CountDownLatch finish = new CountDownLatch(1);
    start(
        WATCHING,
        artifact -> {
          uploading.countDown();
          finish.await();
          return host.upload(artifact);
        });
    assertThat(uploading.await(20, TimeUnit.SECONDS)).isTrue();
    runner.then(ScriptedRunner.builds(Samples.module(1)));
    edit("src/lib.c", "2");
    finish.countDown();
    assertThat(output.await(Live.class).number()).isOne();
    assertThat(output.await(Live.class).number()).isEqualTo(2);
    assertThat(output.count(BuildCancelled.class)).isZero();
    assertThat(host.uploads).hasSize(2);
  }

  @Test
  void a_rebuild_requested_during_an_upload_follows_it() throws Exception {
    CountDownLatch uploading = new CountDownLatch(1);
    CountDownLatch finish = new CountDownLatch(1);
    start(
        WATCHING,
        artifact -> {
          uploading.countDown();
          finish.await();
          return host.upload(artifact);
        });
    assertThat(uploading.await(20, TimeUnit.SECONDS)).isTrue();
    runner.then(ScriptedRunner.builds(Samples.module(1)));
    Objects.requireNonNull(loop).rebuild();
    finish.countDown();
    assertThat(output.await(Live.class).number()).isOne();
    assertThat(output.await(Live.class).number()).isEqualTo(2);
    assertThat(runner.commands).hasSize(2);
  }

  @Test
  void a_warning_of_the_host_is_shown_once() throws Exception {
    start(
        ONCE,
        artifact ->
            new UploadAnswer(
                "installed",
                artifact.sha256(),
                List.of("a function is too large"),
                java.util.OptionalDouble.empty(),
                java.util.OptionalLong.empty()));
    assertThat(result()).isZero();
    assertThat(output.await(DevEvent.Warning.class).message()).isEqualTo("a function is too large");
  }

  @Test
  void a_module_in_another_place_is_shown_with_its_path() throws Exception {
    // As where a script is called build.
    write("build", "#!/bin/sh");
    runner.then((command, lines) -> {
      Files.write(root.resolve("made.wasm"), Samples.module(0));
      return 0;
    });
    start(ONCE, host, project -> project.resolve("made.wasm"));
    assertThat(result()).isZero();
    assertThat(output.await(DevEvent.Built.class).path()).isEqualTo("made.wasm");
  }

  @Test
  void a_lock_file_written_by_the_build_causes_no_build() throws Exception {
    runner.then((command, lines) -> {
      write("Cargo.lock", "generated " + runner.commands.size());
      watcher.tell("Cargo.lock");
      clock.move(WINDOW);
      return ScriptedRunner.builds(Samples.module(runner.commands.size())).run(command, lines);
    });
    startAndWatch();
    edit("src/lib.c", "2");
    assertThat(output.await(Live.class).number()).isEqualTo(2);
    watcher.tell("Cargo.lock");
    clock.move(WINDOW);
    output.await(Skipped.class);
    assertThat(runner.commands).hasSize(2);
    assertThat(output.count(BuildCancelled.class)).isZero();
    // A person who changes it, between two builds, is heard.
    edit("Cargo.lock", "by hand");
    assertThat(output.await(Live.class).number()).isEqualTo(3);
  }

  /** A file of one name that is there already, and one of a new name each time. */
  @ParameterizedTest
  @ValueSource(strings = {"src/version.txt", "log/%d.txt"})
  void a_build_that_writes_its_own_input_does_not_repeat_forever(String name) throws Exception {
    write("src/version.txt", "0");
    AtomicInteger builds = new AtomicInteger();
    runner.then((command, lines) -> {
      int build = builds.incrementAndGet();
      String file = name.formatted(build);
      write(file, "written by build " + build);
      watcher.tell(file);
      clock.move(WINDOW);
      if (build <= 2) {
        // It is ended for the sake of its own file: nothing tells it from an edit yet.
        new CountDownLatch(1).await();
      }
      return ScriptedRunner.builds(Samples.module(build)).run(command, lines);
    });
    startAndWatch();
    assertThat(output.count(BuildCancelled.class)).isEqualTo(2);
    assertThat(output.count(Live.class)).isOne();
    awaitRest();
    clock.move(DevLoop.REST);
    assertThat(output.await(DevEvent.Warning.class).message())
        .contains("each build changes its own input " + name.formatted(4))
        .contains(".gitignore");
    assertThat(output.await(Live.class).number()).isEqualTo(2);
    edit("src/lib.c", "2");
    assertThat(output.await(Live.class).number()).isEqualTo(3);
    assertThat(builds).hasValue(5);
    // A person who changes it, between two builds, is heard.
    clock.move(DevLoop.REST);
    edit("src/version.txt", "by hand");
    assertThat(output.await(Live.class).number()).isEqualTo(4);
    assertThat(builds).hasValue(6);
  }

  @Tag("slow")
  @Test
  void a_file_saved_during_and_between_builds_stays_an_input() throws Exception {
    startAndWatch();
    for (int i = 0; i < 3 * BuildWrites.BUILDS; i++) {
      int number = i;
      runner.then((command, lines) -> {
        if (number % 3 < 2) {
          edit("src/lib.c", "during build " + number);
          runner.then(ScriptedRunner.builds(Samples.module(number)));
          new CountDownLatch(1).await();
        }
        return ScriptedRunner.builds(Samples.module(number)).run(command, lines);
      });
      clock.move(DevLoop.REST);
      edit("src/lib.c", "edit " + i);
      output.await(Live.class);
    }
    assertThat(output.count(DevEvent.Warning.class)).isZero();
    assertThat(output.count(BuildCancelled.class)).isEqualTo(2 * BuildWrites.BUILDS);
  }

  @Test
  void a_manifest_that_sources_read_causes_a_build() throws Exception {
    write("src/lib.c", "#embed \"../manifest.json\"");
    startAndWatch();
    runner.then(ScriptedRunner.builds(Samples.module(1)));
    Files.write(root.resolve("manifest.json"), Samples.manifest("sample"));
    tell("manifest.json");
    Live live = output.await(Live.class);
    assertThat(live.timing().manifestOnly()).isFalse();
    assertThat(live.artifact().wasm()).isEqualTo(Samples.module(1));
  }

  @Test
  void an_edit_outside_the_project_goes_live(@TempDir Path shared) throws Exception {
    Files.writeString(shared.resolve("a.h"), "1");
    Files.createSymbolicLink(root.resolve("shared"), shared);
    startAndWatch();
    assertThat(watcher.outside).containsExactly(shared.toRealPath());
    runner.then(ScriptedRunner.builds(Samples.module(1)));
    Files.writeString(shared.resolve("a.h"), "2");
    String path = root.relativize(shared.toRealPath().resolve("a.h")).toString();
    tell(path);
    assertThat(output.await(Changed.class).paths()).containsExactly(path);
    assertThat(output.await(Live.class).number()).isEqualTo(2);
  }

  @Test
  void a_build_with_equal_bytes_keeps_the_version_number() throws Exception {
    startAndWatch();
    edit("src/lib.c", "// a comment");
    Live live = output.await(Live.class);
    assertThat(live.isUnchanged()).isTrue();
    assertThat(live.number()).isOne();
  }

  @Test
  void a_requested_rebuild_builds_unchanged_content() throws Exception {
    startAndWatch();
    runner.then(ScriptedRunner.builds(Samples.module(1)));
    Objects.requireNonNull(loop).rebuild();
    assertThat(output.await(Live.class).number()).isEqualTo(2);
  }

  @Test
  void stop_ends_a_running_build() throws Exception {
    CountDownLatch building = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    runner.then((command, lines) -> {
      building.countDown();
      try {
        new CountDownLatch(1).await();
        return 0;
      } finally {
        ended.countDown();
      }
    });
    start(WATCHING);
    assertThat(building.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(stopped()).isZero();
    assertThat(ended.getCount()).isZero();
    assertThat(watcher.isClosed).isTrue();
  }

  @Test
  void the_loop_goes_on_when_a_deleted_project_comes_back() throws Exception {
    startAndWatch();
    Path aside = root.resolveSibling(root.getFileName() + "-aside");
    Files.move(root, aside);
    watcher.tell("");
    clock.move(WINDOW);
    output.await(Failed.class);
    Files.move(aside, root);
    write("src/lib.c", "2");
    runner.then(ScriptedRunner.builds(Samples.module(1)));
    watcher.tell("");
    clock.move(WINDOW);
    assertThat(output.await(Live.class).number()).isEqualTo(2);
  }

  private void startAndWatch() throws Exception {
    start(WATCHING);
    output.await(Watching.class);
  }

  private void start(DevLoop.Settings settings) {
    start(settings, host);
  }

  private void start(DevLoop.Settings settings, @Nullable Uploader uploader) {
    start(
        settings,
        uploader,
        project -> {
          Path module = project.resolve(Toolchain.OUTPUT);
          if (!Files.exists(module)) {
            throw new CommandFailure(
                CommandFailure.Kind.FAILED, "the build succeeded but left no " + Toolchain.OUTPUT);
          }
          return module;
        });
  }

  private void start(
      DevLoop.Settings settings, @Nullable Uploader uploader, Toolchain.ArtifactPlace artifact) {
    Toolchain toolchain =
        new Toolchain(
            Language.C,
            "make 4.3",
            ToolCommand.of(root, "make", "build/plugin.wasm"),
            artifact,
            Set.of("Cargo.lock"));
    SourceTrees trees = new SourceTrees(root, new SkipRules(root), List.of());
    Attempt.Tools tools =
        new Attempt.Tools(
            new Project(root, "project"),
            toolchain,
            runner,
            uploader,
            Map.of("SAMPLE_TOKEN", "from-the-variable"),
            output,
            clock.sources());
    DevLoop next = new DevLoop(tools, watcher, trees, settings);
    loop = next;
    exit =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return next.run();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            },
            task -> Thread.ofPlatform().daemon().start(task));
  }

  /** Until the loop waits whether someone else than the build writes a file. */
  private void awaitRest() {
    await().until(() -> clock.waiting() > 0);
  }

  private int result() throws Exception {
    return Objects.requireNonNull(exit).get(30, TimeUnit.SECONDS);
  }

  private int stopped() throws Exception {
    Objects.requireNonNull(loop).stop();
    return result();
  }

  private void edit(String file, String content) throws IOException {
    write(file, content);
    tell(file);
  }

  private void tell(String file) {
    await().until(watcher::isStarted);
    // A person does not save at the moment when a build ends.
    clock.move(Duration.ofSeconds(1));
    watcher.tell(file);
    clock.move(WINDOW);
  }

  private void write(String file, String content) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, content);
  }
}
