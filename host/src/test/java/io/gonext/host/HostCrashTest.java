package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.internal.store.StoreFixture;
import io.gonext.host.internal.store.TestPostgres;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Hosts are killed (SIGKILL) while they change a plugin, one after the other on one store that none
 * of them closes.
 */
@Tag("slow")
@Timeout(value = 1, unit = TimeUnit.HOURS)
@Execution(ExecutionMode.CONCURRENT)
class HostCrashTest {
  /** More in the profile {@code long}. */
  private static final int KILLS = Integer.getInteger("gonext.test.kills", 4);

  private static final long MAX_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  @TempDir private Path data;
  private final long seed = Long.getLong("gonext.test.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @ParameterizedTest
  @EnumSource
  void a_killed_host_restarts_in_the_state_it_had_acknowledged(StoreFixture fixture)
      throws Exception {
    List<String> arguments = new ArrayList<>(List.of(data.toString()));
    if (fixture == StoreFixture.POSTGRESQL) {
      arguments.add(TestPostgres.createDatabase());
    }
    int made = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      made = killAfter(made, kill, arguments);
    }
    assertThat(made).isGreaterThan(KILLS);
  }

  /**
   * Starts a host, checks what it finds and kills it.
   *
   * @param before how many changes were said to be made
   * @return how many are now
   */
  private int killAfter(int before, int kill, List<String> arguments) throws Exception {
    int more = 1 + random.nextInt(2 * BusyHost.CHANGES.size());
    long pauseNanos = random.nextLong(MAX_PAUSE_NANOS);
    Process child = ChildHosts.start(BusyHost.class.getName(), arguments.toArray(String[]::new));
    StringBuilder said = new StringBuilder();
    String serving = "";
    int made = before;
    int last = Integer.MAX_VALUE;
    try (BufferedReader output = child.inputReader();
        BufferedWriter input = child.outputWriter()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        said.append(line).append('\n');
        if (line.startsWith("serving ")) {
          serving = line.substring("serving ".length());
        } else if (line.startsWith("found ")) {
          String found = line.substring("found ".length());
          // What was said to be made is, or the change after it is as well.
          made =
              IntStream.of(before, before + 1)
                  .filter(changes -> found.equals(foundAfter(changes)))
                  .findFirst()
                  .orElse(-1);
          assertThat(made)
              .as("seed %d, kill %d: '%s' after '%s'", seed, kill, found, foundAfter(before))
              .isNotNegative();
          assertThat(serving)
              .as("seed %d, kill %d", seed, kill)
              .isEqualTo(BusyHost.servedIn(found));
          last = made + more;
          input.write(made + "\n");
          input.flush();
        } else if (line.equals(change(made).name())) {
          made++;
        }
        if (made >= last && child.isAlive()) {
          LockSupport.parkNanos(pauseNanos); // to be anywhere in the next change
          child.toHandle().destroyForcibly();
        }
      }
    } finally {
      child.toHandle().destroyForcibly();
    }
    assertThat(child.waitFor()).as("seed %d, kill %d: %s", seed, kill, said).isEqualTo(128 + 9);
    return made;
  }

  private static BusyHost.Change change(int number) {
    return BusyHost.CHANGES.get(number % BusyHost.CHANGES.size());
  }

  private static String foundAfter(int changes) {
    return changes == 0 ? "nothing" : change(changes - 1).found();
  }
}
