package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.KeyValueQuota;
import io.gonext.host.StoreException;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The embedded store on a disk that becomes full, or loses its power, at each of its writes: what
 * was answered is kept, and the store works again once there is space.
 */
@Tag("slow")
@Timeout(value = 1, unit = TimeUnit.HOURS)
class FailingDiskTest {
  /** More in the profile {@code long}. */
  private static final int ROUNDS = Integer.getInteger("gonext.test.diskRounds", 3);

  private static final int FIRST_WRITES = 12;
  private static final String FILE = "gonext.mv.db";
  private static final String NOISE = "noise";

  @TempDir private Path directory;
  private final long seed = Long.getLong("gonext.test.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final FailingDisk disk = new FailingDisk();

  /** Plugins whose insertion was answered, and whose removal was not begun. */
  private final Set<String> answered = new ConcurrentSkipListSet<>();

  private int names;

  @ParameterizedTest
  @EnumSource
  void a_disk_that_is_full_from_any_write_on_loses_no_answered_change(FailingDisk.Fault fault)
      throws Exception {
    Path data = directory.resolve("data");
    try (PluginStore store = open(data)) {
      begin(store);
      for (int round = 0; round < ROUNDS; round++) {
        disk.fillAfter(round, fault);
        while (!disk.isFull()) {
          tryInsert(store, 200_000);
          tryNoise(store);
        }
        onThreads(
            3,
            () -> {
              for (int i = 0; i < 4; i++) {
                tryInsert(store, 2_000 + 200_000 * (i % 2));
                tryNoise(store);
                tryList(store);
              }
            });
        disk.free();
        assertThat(tryInsert(store, 1_000) || tryInsert(store, 1_001))
            .as("seed %d, round %d: the store works at the second attempt", seed, round)
            .isTrue();
        assertThat(names(store)).as("seed %d, round %d", seed, round).containsAll(answered);
        if (round % 3 == 0) {
          try (PluginStore next = open(copy(data.resolve(FILE), "killed" + round))) {
            assertThat(names(next)).as("seed %d, round %d", seed, round).containsAll(answered);
          }
        }
        removeSome(store);
      }
    }
    try (PluginStore next = open(data)) {
      assertThat(names(next)).as("seed %d", seed).containsAll(answered);
    }
  }

  @Test
  void a_first_start_on_a_full_disk_says_so_and_the_next_one_works() {
    for (int writes = 0; writes < 12; writes++) {
      Path data = directory.resolve("first" + writes);
      disk.fillAfter(writes, FailingDisk.Fault.NOTHING_WRITTEN);
      assertThatThrownBy(() -> open(data))
          .as("after %d writes", writes)
          .isInstanceOf(StoreException.class)
          .message()
          .contains("No space left")
          .doesNotContain("\n");
      disk.free();
      try (PluginStore store = open(data)) {
        assertThat(names(store)).isEmpty();
      }
    }
  }

  @Test
  void a_power_cut_at_any_of_the_first_writes_after_a_stop_loses_no_answered_change()
      throws Exception {
    Path stopped = directory.resolve("stopped");
    try (PluginStore store = open(stopped)) {
      begin(store);
    }
    byte[] file = Files.readAllBytes(stopped.resolve(FILE));
    for (int writes = 0; writes < FIRST_WRITES; writes++) {
      Path data = Files.createDirectory(directory.resolve("stopped" + writes));
      Files.write(data.resolve(FILE), file);
      disk.follow(file);
      Path next = Files.createDirectory(directory.resolve("cut" + writes));
      Cut cut = new Cut(next, writes);
      disk.beforeWrite(cut);
      try (PluginStore store = open(data)) {
        while (cut.answeredThen == null) {
          tryNoise(store);
        }
        disk.beforeWrite(() -> {});
      }
      try (PluginStore store = open(next)) {
        assertThat(names(store)).as("seed %d, %d writes", seed, writes).containsAll(answered);
      }
    }
  }

  @Test
  void a_power_cut_at_any_write_loses_no_answered_change() throws Exception {
    Path data = directory.resolve("life0");
    try (PluginStore store = open(data)) {
      begin(store);
    }
    for (int round = 1; round <= 2 * ROUNDS; round++) {
      disk.follow(Files.readAllBytes(data.resolve(FILE)));
      Path next = Files.createDirectory(directory.resolve("life" + round));
      Cut cut = new Cut(next, random.nextInt(60));
      disk.beforeWrite(cut);
      try (PluginStore store = open(data)) {
        assertThat(names(store)).as("seed %d, life %d", seed, round).containsAll(answered);
        while (cut.answeredThen == null) {
          tryInsert(store, 1_000 + random.nextInt(100_000));
          for (int i = random.nextInt(6); i > 0; i--) {
            tryNoise(store);
          }
          if (random.nextInt(4) == 0) {
            removeSome(store);
          }
        }
        disk.beforeWrite(() -> {});
      }
      answered.clear();
      answered.addAll(Objects.requireNonNull(cut.answeredThen));
      data = next;
    }
    try (PluginStore store = open(data)) {
      assertThat(names(store)).as("seed %d", seed).containsAll(answered);
    }
  }

  /** Cuts the power at a write: keeps what is on the disk, and what was answered. */
  private final class Cut implements Runnable {
    private final Path to;
    private int writesLeft;
    private volatile @Nullable Set<String> answeredThen;

    Cut(Path to, int writesLeft) {
      this.to = to;
      this.writesLeft = writesLeft;
    }

    @Override
    public void run() {
      if (writesLeft-- == 0) {
        try {
          Files.write(to.resolve(FILE), disk.afterPowerCut(random));
        } catch (IOException e) {
          throw new IllegalStateException(e);
        }
        answeredThen = Set.copyOf(answered);
      }
    }
  }

  private PluginStore open(Path data) {
    return PluginStore.open(data, new EmbeddedDatabase(disk), UnaryOperator.identity());
  }

  private void begin(PluginStore store) {
    assertThat(insert(store, NOISE, 1)).isTrue();
    assertThat(tryInsert(store, 100_000)).isTrue();
  }

  private boolean tryInsert(PluginStore store, int bytes) {
    String name;
    synchronized (this) {
      name = "plugin-" + names++;
    }
    try {
      return insert(store, name, bytes);
    } catch (StoreException e) {
      return false;
    }
  }

  private boolean insert(PluginStore store, String name, int bytes) {
    byte[] bundle = new byte[bytes];
    new Random(bytes).nextBytes(bundle);
    boolean done =
        store.insert(name, new StoredVersion("1.0.0", "ab".repeat(32), Instant.EPOCH), bundle);
    answered.add(name);
    return done;
  }

  private void removeSome(PluginStore store) {
    for (StoredPlugin plugin : store.list()) {
      if (!plugin.name().equals(NOISE) && random.nextInt(3) > 0) {
        answered.remove(plugin.name());
        store.delete(plugin, false);
      }
    }
  }

  /** Changes that need not survive, and that free space and take it. */
  private static void tryNoise(PluginStore store) {
    try {
      store
          .keyValues()
          .change(
              NOISE,
              List.of(new KeyValueChange.Set("k", new byte[5_000])),
              KeyValueQuota.defaults());
    } catch (StoreException e) {
      // The disk is full.
    }
  }

  private static void tryList(PluginStore store) {
    try {
      store.list();
    } catch (StoreException e) {
      // The store cannot be opened.
    }
  }

  private static Set<String> names(PluginStore store) {
    Set<String> names = new TreeSet<>();
    store.list().forEach(plugin -> names.add(plugin.name()));
    return names;
  }

  private Path copy(Path file, String name) throws IOException {
    Path to = Files.createDirectory(directory.resolve(name));
    Files.copy(file, to.resolve(FILE));
    return to;
  }

  private static void onThreads(int count, Runnable task) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      threads.add(Thread.ofPlatform().daemon().start(task));
    }
    for (Thread thread : threads) {
      assertThat(thread.join(Duration.ofMinutes(1))).as("a thread ends").isTrue();
    }
  }
}
