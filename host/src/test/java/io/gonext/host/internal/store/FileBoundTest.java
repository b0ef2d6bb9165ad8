package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.Database;
import io.gonext.host.KeyValueQuota;
import io.gonext.host.StoredVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The file of an embedded store stays in proportion to what is live in it, however much is written.
 */
@Tag("slow")
class FileBoundTest {
  private static final int WRITERS = 4;
  private static final int ENTRIES = 10;
  private static final int WRITES = 1_000;

  @TempDir private Path directory;

  @Test
  void many_writes_leave_a_small_file() throws IOException {
    long largest = 0;
    long written = 0;
    try (PluginStore store = PluginStore.open(directory, Database.embedded())) {
      for (int writer = 0; writer < WRITERS; writer++) {
        store.insert(
            "writer-" + writer,
            new StoredVersion("1.0.0", "12".repeat(32), Instant.EPOCH),
            new byte[] {1});
      }
      int rounds = 20;
      for (int round = 0; round < rounds; round++) {
        IntStream.range(0, WRITERS)
            .parallel()
            .forEach(writer -> write(store.keyValues(), "writer-" + writer, WRITES / rounds));
        largest = Math.max(largest, Files.size(directory.resolve("gonext.mv.db")));
      }
      for (int writer = 0; writer < WRITERS; writer++) {
        written += WRITES * (store.keyValues().usage("writer-" + writer).bytes() / ENTRIES);
      }
    }
    long bound = 2 * EmbeddedPool.FLOOR_BYTES;
    assertThat(written).as("what was written in all").isGreaterThan(5 * bound / 2);
    assertThat(largest).isLessThan(bound);
  }

  private static void write(KeyValueStore entries, String plugin, int writes) {
    Random random = new Random(plugin.hashCode());
    byte[] value = new byte[50_000];
    for (int i = 0; i < writes; i++) {
      random.nextBytes(value);
      entries.change(
          plugin,
          List.of(new KeyValueChange.Set("e" + random.nextInt(ENTRIES), value.clone())),
          KeyValueQuota.defaults());
    }
  }
}
