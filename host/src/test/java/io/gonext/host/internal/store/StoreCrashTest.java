package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.ChildHosts;
import io.gonext.host.Database;
import io.gonext.host.internal.store.Scenario.Snapshot;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process is killed (SIGKILL) before each write and each commit of every change there is, and
 * after the last: what is found then is the state after the last commit, whole, and nothing else.
 */
@Tag("slow")
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class StoreCrashTest {
  private static final int PROCESSES = 2;

  /** One step in so many is tried, others each time; all of them in the profile {@code long}. */
  private static final int STRIDE = Integer.getInteger("gonext.test.stride", 8);

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void after_a_kill_at_any_step_the_store_is_as_its_last_commit_left_it(StoreFixture fixture)
      throws Exception {
    Path template = directory.resolve("template");
    PluginStore.open(template, Database.embedded()).close();
    List<Snapshot> states = new Scenario(Scenario.LARGE).states(directory.resolve("reference"));

    // Each on PostgreSQL takes a database of its own, so that fewer are tried.
    int stride = fixture == StoreFixture.H2 ? STRIDE : STRIDE * 2;
    AtomicInteger next = new AtomicInteger(1 + new Random().nextInt(stride));
    List<Callable<Integer>> killers = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      killers.add(() -> {
        int kills = 0;
        while (killAt(next.getAndAdd(stride), fixture, template, states)) {
          kills++;
        }
        return kills;
      });
    }
    int kills = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(PROCESSES)) {
      for (Future<Integer> killer : threads.invokeAll(killers)) {
        kills += killer.get();
      }
    }
    // At least two writes and a commit for most of the changes.
    assertThat(kills).isGreaterThan(2 * states.size() / stride);
  }

  /** Returns false when there is no such step. */
  private boolean killAt(int step, StoreFixture fixture, Path template, List<Snapshot> states)
      throws Exception {
    Path data = copy(template, directory.resolve("step" + step));
    List<String> arguments = new ArrayList<>(List.of(data.toString(), String.valueOf(step)));
    Database database = Database.embedded();
    if (fixture == StoreFixture.POSTGRESQL) {
      String url = TestPostgres.createDatabase();
      arguments.add(url);
      database = Database.postgreSql(url);
    }
    int commits = 0;
    boolean settling = false;
    boolean killed = false;
    Process child =
        ChildHosts.start(HaltingStore.class.getName(), arguments.toArray(String[]::new));
    StringBuilder said = new StringBuilder();
    try (BufferedReader output = child.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        said.append(line).append('\n');
        switch (line) {
          case "committed" -> {
            commits++;
            settling = false;
          }
          case "settling" -> settling = true;
          case "here" -> {
            killed = true;
            child.toHandle().destroyForcibly();
          }
          default -> {}
        }
      }
    }
    int status = child.waitFor();
    if (!killed) {
      assertThat(said.toString()).endsWith("done\n");
      return false;
    }
    assertThat(status).as("killed by SIGKILL").isEqualTo(128 + 9);
    try (PluginStore store = PluginStore.open(data, database)) {
      // Committed, though its maker was not told yet.
      int made = settling ? commits + 1 : commits;
      assertThat(Snapshot.of(store))
          .as("killed at step %d, after %d commits, settling %s", step, commits, settling)
          .isEqualTo(states.get(made));
    }
    return true;
  }

  private static Path copy(Path from, Path to) throws IOException {
    Files.createDirectory(to);
    Files.copy(from.resolve("gonext.mv.db"), to.resolve("gonext.mv.db"));
    return to;
  }
}
