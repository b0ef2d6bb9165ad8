package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.engine.bytecode.EmittedClasses;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompileCacheTest {
  private static final byte[] KEY = "a key of the host's".getBytes(StandardCharsets.UTF_8);
  private static final long PLENTY = 1L << 30;
  private static final byte[] GUEST = Guests.wasm("engine-mutator");

  @TempDir Path directory;

  private CompileCache open(byte[] key) throws IOException {
    return CompileCache.open(directory, key, PLENTY);
  }

  /** Compiles and runs the guest in a new engine, like a new process. */
  private static long digest(CompileCache cache) {
    try (var engine = Engine.withCache(EngineLimits.defaults(), cache)) {
      var instance = engine.compile(GUEST).instantiate(InstanceConfig.defaults());
      return TestEngine.call(instance, "digest");
    }
  }

  private List<Path> entries() throws IOException {
    try (var files = Files.list(directory)) {
      return files.toList();
    }
  }

  @Test
  void a_second_engine_loads_what_the_first_compiled() throws IOException {
    CompileCache cache = open(KEY);
    long compiled = digest(cache);

    assertThat(digest(cache)).isEqualTo(compiled);

    assertThat(cache.statistics()).isEqualTo(new CompileCache.Statistics(1, 1, 0));
    assertThat(entries()).hasSize(1);
  }

  @Test
  void a_changed_entry_is_deleted_and_the_module_is_compiled_again() throws IOException {
    long compiled = digest(open(KEY));
    Path entry = entries().getFirst();
    byte[] good = Files.readAllBytes(entry);
    for (int at : new int[] {0, 31, 32, good.length / 2, good.length - 1}) {
      byte[] bad = good.clone();
      bad[at] ^= 1;
      Files.write(entry, bad);
      CompileCache cache = open(KEY);

      assertThat(digest(cache)).isEqualTo(compiled);

      assertThat(cache.statistics()).isEqualTo(new CompileCache.Statistics(0, 0, 1));
      // There is a valid entry again.
      assertThat(digest(cache)).isEqualTo(compiled);
      assertThat(cache.statistics().hits()).isEqualTo(1);
    }
  }

  @Test
  void a_truncated_entry_is_refused() throws IOException {
    digest(open(KEY));
    Path entry = entries().getFirst();
    Files.write(entry, new byte[10]);
    CompileCache cache = open(KEY);

    assertThat(digest(cache)).isNotZero();

    assertThat(cache.statistics().rejected()).isEqualTo(1);
  }

  @Test
  void a_file_too_large_for_an_entry_is_deleted_without_reading_it() throws IOException {
    digest(open(KEY));
    Path entry = entries().getFirst();
    try (var file = new java.io.RandomAccessFile(entry.toFile(), "rw")) {
      // The file is sparse: it takes no space, but reading it would take 16 GB.
      file.setLength(16L << 30);
    }
    CompileCache cache = open(KEY);

    assertThat(digest(cache)).isNotZero();

    assertThat(cache.statistics()).isEqualTo(new CompileCache.Statistics(0, 0, 1));
    assertThat(Files.size(entry)).isLessThan(1 << 20);
  }

  @Test
  void temporary_files_of_a_killed_process_are_removed_after_an_hour() throws IOException {
    Path orphan = Files.createTempFile(directory, "entry", ".tmp");
    Path fresh = Files.createTempFile(directory, "entry", ".tmp");
    Files.setLastModifiedTime(
        orphan,
        java.nio.file.attribute.FileTime.from(
            java.time.Instant.now().minus(java.time.Duration.ofMinutes(61))));

    digest(open(KEY));

    assertThat(orphan).doesNotExist();
    assertThat(fresh).exists();
  }

  private static EmittedClasses classes(int bytes) {
    return new EmittedClasses(Map.of("A", new byte[bytes]), Set.of("IL"));
  }

  @Test
  void an_entry_larger_than_the_cache_is_not_kept() throws IOException {
    CompileCache cache = CompileCache.open(directory, KEY, 10_000);

    assertThat(cache.put("a".repeat(64), new CompileCache.Entry(classes(10_000), Duration.ZERO)))
        .isFalse();

    assertThat(entries()).isEmpty();
  }

  @Test
  void an_entry_of_another_module_or_another_host_is_refused() throws IOException {
    digest(open(KEY));
    Path entry = entries().getFirst();
    String other = entry.getFileName().toString().replaceFirst("^[0-9a-f]{64}", "0".repeat(64));
    Files.copy(entry, directory.resolve(other));

    CompileCache cache = open(KEY);
    assertThat(cache.get("0".repeat(64))).isNull();
    assertThat(cache.statistics().rejected()).isEqualTo(1);
    assertThat(directory.resolve(other)).doesNotExist();

    CompileCache foreign = open("a key of another host".getBytes(StandardCharsets.UTF_8));
    assertThat(digest(foreign)).isNotZero();
    assertThat(foreign.statistics().hits()).isZero();
  }

  @Test
  void the_least_recently_used_entries_are_evicted_first() throws IOException {
    CompileCache cache = CompileCache.open(directory, KEY, 10_000);
    var entry = new CompileCache.Entry(classes(4_000), Duration.ofMillis(1500));
    for (String name : List.of("a", "b")) {
      assertThat(cache.put(name.repeat(64), entry)).isTrue();
    }
    for (Path file : entries()) {
      Files.setLastModifiedTime(
          file,
          java.nio.file.attribute.FileTime.fromMillis(
              file.getFileName().toString().startsWith("a") ? 1_000 : 2_000));
    }
    assertThat(cache.get("a".repeat(64))).isNotNull();

    cache.put("c".repeat(64), entry);

    assertThat(cache.get("b".repeat(64))).isNull();
    assertThat(cache.get("a".repeat(64)))
        .extracting(CompileCache.Entry::compileTime)
        .isEqualTo(Duration.ofMillis(1500));
    assertThat(entries()).hasSize(2);
  }

  @Test
  void a_module_compiles_when_the_cache_directory_is_not_writable() throws IOException {
    CompileCache cache = open(KEY);
    Files.delete(directory);

    assertThat(digest(cache)).isNotZero();

    assertThat(cache.statistics()).isEqualTo(new CompileCache.Statistics(0, 1, 0));
    Files.createDirectory(directory);
  }

  @Test
  void a_short_key_is_refused() {
    assertThatThrownBy(() -> open(new byte[15])).isInstanceOf(IllegalArgumentException.class);
  }
}
