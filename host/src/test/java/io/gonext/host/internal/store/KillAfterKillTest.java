package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.ChildHosts;
import io.gonext.host.Database;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One store is changed, killed, opened, changed, killed and so on, and never closed: each time it
 * holds every step that was answered, and at most the one that was being made.
 */
@Tag("slow")
@Timeout(value = 3, unit = TimeUnit.HOURS)
@Execution(ExecutionMode.CONCURRENT)
class KillAfterKillTest {
  /** 500 in the profile {@code long}. */
  private static final int KILLS = Integer.getInteger("gonext.test.killsAfterKills", 12);

  /** More in the profile {@code long}. */
  private static final int KILLS_UNDER_LOAD = Integer.getInteger("gonext.test.killsUnderLoad", 4);

  private static final int COPIES = Integer.getInteger("gonext.test.copies", 40);
  private static final int MAX_STEPS = 7;

  /** Writes, commits and flushes of one step, at most. */
  private static final int MAX_WRITES = 8;

  private static final long MAX_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  @TempDir private Path directory;
  private final long seed = Long.getLong("gonext.test.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final Life life = new Life();

  @ParameterizedTest
  @EnumSource
  void no_answered_change_is_lost_by_kill_after_kill(StoreFixture fixture) throws Exception {
    Life.Expected expected = life.new Expected(directory.resolve("expected"));
    List<String> arguments = new ArrayList<>(List.of(directory.resolve("data").toString()));
    if (fixture == StoreFixture.POSTGRESQL) {
      arguments.add(TestPostgres.createDatabase());
    }
    int steps = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      steps = killAfter(steps, expected, kill, arguments);
    }
    System.out.printf(
        "%d kills after %d answered steps on %s, seed %d, file %d KiB%n",
        KILLS, steps, fixture, seed, fileKibibytes());
    assertThat(steps).isGreaterThan(KILLS / 2);
  }

  /**
   * Starts a process, checks what it finds and kills it.
   *
   * @param steps that were answered before
   * @return the steps that were answered now
   */
  private int killAfter(int steps, Life.Expected expected, int kill, List<String> arguments)
      throws Exception {
    boolean standsStill = random.nextBoolean();
    int haltAt = standsStill ? 1 + random.nextInt(MAX_STEPS * MAX_WRITES / 2) : 0;
    int more = random.nextInt(MAX_STEPS);
    long pauseNanos = random.nextLong(MAX_PAUSE_NANOS);
    Process child = ChildHosts.start(KilledStore.class.getName(), arguments.toArray(String[]::new));
    StringBuilder said = new StringBuilder();
    int answered = steps;
    try (BufferedReader output = child.inputReader();
        BufferedWriter input = child.outputWriter()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        said.append(line).append('\n');
        if (line.startsWith("found ")) {
          String found = line.substring("found ".length());
          assertThat(found)
              .as("seed %d, kill %d, %d steps were answered", seed, kill, steps)
              .isIn(expected.after(steps).toString(), expected.after(steps + 1).toString());
          answered = found.equals(expected.after(steps).toString()) ? steps : steps + 1;
          more += answered;
          input.write(answered + " " + haltAt + "\n");
          input.flush();
        } else if (line.startsWith("made ")) {
          answered = Integer.parseInt(line.substring("made ".length())) + 1;
        }
        if (line.equals("here")) {
          child.toHandle().destroyForcibly();
        } else if (!standsStill && answered > more && child.isAlive()) {
          LockSupport.parkNanos(pauseNanos); // to be anywhere in a later step
          child.toHandle().destroyForcibly();
        }
      }
    } finally {
      child.toHandle().destroyForcibly();
    }
    assertThat(child.waitFor()).as("seed %d, kill %d: %s", seed, kill, said).isEqualTo(128 + 9);
    return answered;
  }

  @ParameterizedTest
  @EnumSource
  void no_answered_write_is_lost_by_kills_under_load(StoreFixture fixture) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(directory.resolve("data").toString()));
    if (fixture == StoreFixture.POSTGRESQL) {
      arguments.add(TestPostgres.createDatabase());
    }
    long[][] answered = new long[LoadedStore.THREADS][LoadedStore.ENTRIES];
    int writes = 0;
    for (int kill = 0; kill < KILLS_UNDER_LOAD; kill++) {
      writes += killUnderLoad(answered, kill, arguments);
      assertThat(fileKibibytes() * 1024).isLessThan(4 * EmbeddedPool.FLOOR_BYTES);
    }
    System.out.printf(
        "%d kills under load after %d answered writes on %s, seed %d, file %d KiB%n",
        KILLS_UNDER_LOAD, writes, fixture, seed, fileKibibytes());
    assertThat(writes).isGreaterThan(KILLS_UNDER_LOAD);
  }

  /** Returns how many writes were answered. */
  private int killUnderLoad(long[][] answered, int kill, List<String> arguments) throws Exception {
    int more = random.nextInt(200);
    long pauseNanos = random.nextLong(MAX_PAUSE_NANOS);
    long[][] found = new long[LoadedStore.THREADS][LoadedStore.ENTRIES];
    int writes = 0;
    Process child = ChildHosts.start(LoadedStore.class.getName(), arguments.toArray(String[]::new));
    StringBuilder said = new StringBuilder();
    try (BufferedReader output = child.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        String[] words = line.split(" ", 4);
        switch (words[0]) {
          case "found" ->
              found[Integer.parseInt(words[1])][Integer.parseInt(words[2])] =
                  Long.parseLong(words[3]);
          case "ready" -> {
            for (int i = 0; i < answered.length; i++) {
              for (int j = 0; j < answered[i].length; j++) {
                assertThat(found[i][j])
                    .as("seed %d, kill %d, entry %d of thread %d", seed, kill, j, i)
                    .isGreaterThanOrEqualTo(answered[i][j]);
              }
            }
          }
          case "wrote" -> {
            answered[Integer.parseInt(words[1])][Integer.parseInt(words[2])] =
                Long.parseLong(words[3]);
            writes++;
          }
          default -> said.append(line).append('\n');
        }
        if (writes > more && child.isAlive()) {
          LockSupport.parkNanos(pauseNanos);
          child.toHandle().destroyForcibly();
        }
      }
    } finally {
      child.toHandle().destroyForcibly();
    }
    assertThat(child.waitFor()).as("seed %d, kill %d: %s", seed, kill, said).isEqualTo(128 + 9);
    return writes;
  }

  private long fileKibibytes() throws IOException {
    Path file = directory.resolve("data").resolve("gonext.mv.db");
    return Files.exists(file) ? Files.size(file) / 1024 : 0;
  }

  /**
   * What a killed process leaves is what it has written: so the file is copied at a moment of its
   * life, and the copy is what the next life goes on with.
   */
  @Test
  void no_answered_change_is_missing_in_a_file_as_a_kill_leaves_it() throws IOException {
    Life.Expected expected = life.new Expected(directory.resolve("expected"));
    int steps = 0;
    Path data = directory.resolve("copy0");
    for (int copy = 1; copy <= COPIES; copy++) {
      Path next = Files.createDirectory(directory.resolve("copy" + copy));
      CopiedLife copied = new CopiedLife(data, next, 1 + random.nextInt(MAX_STEPS * MAX_WRITES));
      steps = copied.live(steps, expected, copy);
      delete(data);
      data = next;
    }
  }

  private final class CopiedLife {
    private final Path from;
    private final Path to;
    private final int copyAt;
    private int writesLeft;
    private int answered;
    private int answeredInCopy = -1;

    CopiedLife(Path from, Path to, int copyAt) {
      this.from = from;
      this.to = to;
      this.copyAt = copyAt;
    }

    /** Returns the steps that were answered when the file was copied. */
    int live(int steps, Life.Expected expected, int copy) {
      try (PluginStore store =
          PluginStore.open(from, Database.embedded(), real -> WatchedJdbc.of(real, this::before))) {
        life.begin(store);
        Life.State found = Life.State.of(store);
        assertThat(found)
            .as("seed %d, copy %d, %d steps were answered", seed, copy, steps)
            .isIn(expected.after(steps), expected.after(steps + 1));
        answered = found.equals(expected.after(steps)) ? steps : steps + 1;
        writesLeft = copyAt;
        while (answeredInCopy < 0) {
          life.make(store, answered);
          answered++;
        }
      }
      return answeredInCopy;
    }

    private void before(String method, Object... values) {
      boolean write =
          method.equals("executeUpdate")
              || method.equals("commit")
              || (values.length > 0 && "checkpoint sync".equals(values[0]));
      if (write && --writesLeft == 0) {
        answeredInCopy = answered;
        try {
          Files.copy(from.resolve("gonext.mv.db"), to.resolve("gonext.mv.db"));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private static void delete(Path data) throws IOException {
    try (var files = Files.newDirectoryStream(data)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(data);
  }
}
