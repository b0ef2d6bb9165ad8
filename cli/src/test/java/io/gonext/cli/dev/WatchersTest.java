package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.cli.build.Inputs;
import io.gonext.cli.build.SkipRules;
import io.gonext.cli.build.SourceTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Editors and Git at work before a real watcher: what they change is told, the rest is not. */
class WatchersTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Nested
  class ByEvents extends Contract {
    @Override
    FileWatcher watcher(Path root, SkipRules rules) {
      return new EventWatcher(
          root, rules, EventWatcher.SYSTEM, why -> told.add(Path.of("ended: " + why)));
    }

    @Test
    void a_project_that_is_deleted_and_created_again_is_watched() throws Exception {
      start();
      deleteTree(root);
      awaitTold("src/lib.rs");
      write("src/back.rs", "1");
      awaitTold("");
      told.clear();
      // Registered again once this is told.
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> {
            write("src/back.rs", "2" + System.nanoTime());
            assertThat(told).contains(Path.of("src/back.rs"));
          });
    }
  }

  @Nested
  class Outside {
    @TempDir private Path directory;
    private final Set<Path> told = ConcurrentHashMap.newKeySet();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void directories_outside_can_be_added_and_removed(boolean poll) throws Exception {
      Path root = Files.createDirectory(directory.resolve("project"));
      Path shared = Files.createDirectories(directory.resolve("shared/deep"));
      SourceTrees.Tree tree =
          new SourceTrees.Tree(
              directory.resolve("shared"), SkipRules.outside(directory.resolve("shared"), root));
      SourceTrees.Tree one =
          new SourceTrees.Tree(directory, SkipRules.only(directory, Set.of(Path.of("one.h"))));
      try (Watchers watchers = new Watchers(root, new SkipRules(root), poll, how -> {})) {
        watchers.start(told::add);
        assertThat(watchers.alsoWatch(List.of(tree, one))).isEmpty();
        Files.writeString(shared.resolve("a.rs"), "1");
        Files.writeString(directory.resolve("two.h"), "1");
        Files.writeString(directory.resolve("one.h"), "1");
        await()
            .atMost(PATIENCE)
            .untilAsserted(() ->
                assertThat(told).contains(Path.of("../shared/deep/a.rs"), Path.of("../one.h")));
        assertThat(told).doesNotContain(Path.of("../two.h"));
        watchers.alsoWatch(List.of(one));
        told.clear();
        Files.writeString(shared.resolve("a.rs"), "22");
        Files.writeString(directory.resolve("one.h"), "22");
        await().atMost(PATIENCE).until(() -> told.contains(Path.of("../one.h")));
        assertThat(told).doesNotContain(Path.of("../shared/deep/a.rs"));
      }
    }
  }

  @Nested
  class ByPolling extends Contract {
    @Override
    FileWatcher watcher(Path root, SkipRules rules) {
      return new PollingWatcher(root, rules, Duration.ofMillis(20), "a test");
    }
  }

  abstract static class Contract {
    @TempDir private Path directory;
    Path root;
    final Set<Path> told = ConcurrentHashMap.newKeySet();
    private @Nullable FileWatcher watcher;

    abstract FileWatcher watcher(Path root, SkipRules rules);

    @BeforeEach
    void project() throws IOException {
      root = Files.createDirectory(directory.resolve("project"));
      write("src/lib.rs", "1");
      write("Cargo.toml", "[package]");
    }

    void start() throws IOException {
      FileWatcher fresh = watcher(root, new SkipRules(root));
      watcher = fresh;
      fresh.start(told::add);
    }

    @AfterEach
    void close() {
      Objects.requireNonNull(watcher).close();
    }

    @Test
    void a_truncating_save_is_reported() throws Exception {
      start();
      write("src/lib.rs", "22");
      awaitTold("src/lib.rs");
    }

    @Test
    void every_atomic_save_is_reported() throws Exception {
      start();
      for (int i = 0; i < 5; i++) {
        told.clear();
        Path aside = root.resolve("src/.lib.rs.tmp" + i);
        Files.writeString(aside, "version " + i);
        Files.move(aside, root.resolve("src/lib.rs"), StandardCopyOption.ATOMIC_MOVE);
        awaitTold("src/lib.rs");
      }
    }

    @Test
    void a_save_of_vim_is_reported_without_temporary_files() throws Exception {
      start();
      write("src/4913", "");
      Files.delete(root.resolve("src/4913"));
      Files.move(root.resolve("src/lib.rs"), root.resolve("src/lib.rs~"));
      write("src/.lib.rs.swp", "x");
      write("src/lib.rs", "by vim");
      Files.delete(root.resolve("src/lib.rs~"));
      Files.delete(root.resolve("src/.lib.rs.swp"));
      awaitTold("src/lib.rs");
      assertOnly("src/lib.rs", "src");
    }

    @Test
    void a_save_of_jetbrains_is_reported_without_temporary_files() throws Exception {
      start();
      write("src/lib.rs___jb_tmp___", "by idea");
      Files.move(root.resolve("src/lib.rs"), root.resolve("src/lib.rs___jb_old___"));
      Files.move(root.resolve("src/lib.rs___jb_tmp___"), root.resolve("src/lib.rs"));
      Files.delete(root.resolve("src/lib.rs___jb_old___"));
      awaitTold("src/lib.rs");
      assertOnly("src/lib.rs", "src");
    }

    @Test
    void files_of_a_new_directory_are_reported() throws Exception {
      start();
      write("src/deep/er/mod.rs", "1");
      awaitTold("src/deep/er/mod.rs");
      told.clear();
      write("src/deep/er/mod.rs", "22");
      awaitTold("src/deep/er/mod.rs");
    }

    @Test
    void a_moved_or_renamed_directory_is_reported_by_its_new_name() throws Exception {
      Path outside = Files.createDirectory(directory.resolve("outside"));
      Files.writeString(outside.resolve("a.rs"), "1");
      start();
      Files.move(outside, root.resolve("src/moved"));
      awaitTold("src/moved/a.rs");
      Files.move(root.resolve("src/moved"), root.resolve("src/renamed"));
      awaitTold("src/renamed/a.rs");
      told.clear();
      write("src/renamed/a.rs", "22");
      awaitTold("src/renamed/a.rs");
    }

    @Test
    void deleting_and_creating_a_file_are_both_reported() throws Exception {
      start();
      Files.delete(root.resolve("src/lib.rs"));
      awaitTold("src/lib.rs");
      told.clear();
      write("src/lib.rs", "back");
      awaitTold("src/lib.rs");
    }

    @Test
    void a_directory_that_is_created_again_is_watched_again() throws Exception {
      start();
      deleteTree(root.resolve("src"));
      awaitTold("src/lib.rs");
      told.clear();
      write("src/lib.rs", "back");
      awaitTold("src/lib.rs");
      told.clear();
      write("src/lib.rs", "back again");
      awaitTold("src/lib.rs");
    }

    @Test
    void outputs_and_ignored_files_are_not_reported() throws Exception {
      write(".gitignore", "*.log\n/gen/\n");
      start();
      write("build/plugin.wasm", "x");
      write("target/release/x.wasm", "x");
      write("node_modules/a/index.js", "x");
      write(".git/index.lock", "x");
      write("gen/out.rs", "x");
      write("src/debug.log", "x");
      write("src/last.rs", "x");
      awaitTold("src/last.rs");
      assertOnly("src/last.rs", "src");
    }

    @Test
    void a_directory_that_is_no_longer_ignored_is_watched() throws Exception {
      write(".gitignore", "/gen/\n");
      write("gen/out.rs", "1");
      start();
      write(".gitignore", "\n");
      awaitTold(".gitignore");
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> {
            write("gen/out.rs", "2" + System.nanoTime());
            assertThat(told).contains(Path.of("gen/out.rs"));
          });
    }

    @Test
    void all_files_of_a_checkout_of_500_are_reported() throws Exception {
      for (int i = 0; i < 500; i++) {
        write("src/d" + i % 20 + "/f" + i + ".rs", "one");
      }
      start();
      Inputs before = Inputs.scan(root, new SkipRules(root), Inputs.NONE, Set.of());
      for (int i = 0; i < 500; i++) {
        write("src/d" + i % 20 + "/f" + i + ".rs", "two2");
      }
      await().atMost(PATIENCE).until(() -> !told.isEmpty());
      // Events may be merged into "anything"; what counts is what is found then.
      await()
          .atMost(PATIENCE)
          .until(() ->
              told.contains(Path.of(""))
                  || told.stream().filter(path -> path.toString().endsWith(".rs")).count() == 500);
      Inputs after = Inputs.scan(root, new SkipRules(root), before, Set.copyOf(told));
      assertThat(before.differenceTo(after)).hasSize(500);
    }

    @Test
    void a_closed_watcher_reports_nothing() throws Exception {
      start();
      close();
      write("src/lib.rs", "22");
      try (FileWatcher second =
          new PollingWatcher(root, new SkipRules(root), Duration.ofMillis(10), "a test")) {
        Set<Path> seen = ConcurrentHashMap.newKeySet();
        second.start(seen::add);
        write("src/lib.rs", "333");
        await().atMost(PATIENCE).until(() -> !seen.isEmpty());
      }
      assertThat(told).isEmpty();
    }

    void awaitTold(String path) {
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(5))
          .until(() -> told.contains(Path.of(path)));
    }

    private void assertOnly(String... paths) {
      assertThat(told).isSubsetOf(Stream.of(paths).map(Path::of).toList());
    }

    void write(String name, String text) throws IOException {
      Path file = root.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    }

    static void deleteTree(Path tree) throws IOException {
      try (Stream<Path> files = Files.walk(tree)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"true,polling every 500 ms: --poll", "false,''"})
  void the_description_of_a_watcher_names_polling(boolean poll, String said, @TempDir Path root)
      throws IOException {
    try (FileWatcher watcher = new Watchers(root, new SkipRules(root), poll, how -> {})) {
      assertThat(watcher.start(path -> {})).isEqualTo(said);
    }
  }

  @Test
  void a_watcher_without_events_goes_on_polling_and_says_so(@TempDir Path root) throws IOException {
    Set<Path> told = ConcurrentHashMap.newKeySet();
    BlockingQueue<String> said = new LinkedBlockingQueue<>();
    EventWatcher.Registration limited =
        (directory, events) -> {
          if (directory.endsWith("one-too-many")) {
            throw new IOException("User limit of inotify watches reached");
          }
          return EventWatcher.SYSTEM.register(directory, events);
        };
    try (FileWatcher watcher = new Watchers(root, new SkipRules(root), false, limited, said::add)) {
      assertThat(watcher.start(told::add)).isEmpty();
      Path directory = Files.createDirectory(root.resolve("one-too-many"));
      await().atMost(Duration.ofSeconds(20)).until(() -> told.contains(Path.of("")));
      assertThat(said)
          .containsExactly(
              "polling every 500 ms: the system sends no events"
                  + " (User limit of inotify watches reached)");
      Files.writeString(directory.resolve("a.rs"), "1");
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> told.contains(Path.of("one-too-many/a.rs")));
    }
  }
}
