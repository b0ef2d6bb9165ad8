package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;
import static io.gonext.host.JobsTest.activate;
import static io.gonext.host.JobsTest.bundle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.host.internal.store.TestPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two processes on one PostgreSQL database, of which one after the other is killed (SIGKILL). */
@Tag("slow")
@Timeout(value = 1, unit = TimeUnit.HOURS)
class JobsKilledTest {
  /** None but in the profile {@code long}. */
  private static final int KILLS = Integer.getInteger("gonext.test.jobKills", 0);

  private static final int JOBS_BETWEEN_KILLS = 20;

  @TempDir private Path data;
  private final Queue<String> enqueued = new ConcurrentLinkedQueue<>();
  private final long seed = Long.getLong("gonext.test.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @Test
  void each_job_ends_once_however_often_its_nodes_are_killed() throws Exception {
    Assumptions.assumeTrue(KILLS > 0, "runs in the profile long");
    String url = TestPostgres.createDatabase();
    Path own = Files.createDirectory(data.resolve("own"));
    // Looks on, and runs no jobs.
    try (Host host =
        Host.open(
            HostConfig.builder(own)
                .database(Database.postgreSql(url))
                .jobs(QUICK.withThreads(0))
                .build())) {
      activate(host, bundle("jobs", "1.0.0", JobsTest.JOBS));
      Process[] nodes = {start("a", url), start("b", url)};
      try {
        for (int kill = 0; kill < KILLS; kill++) {
          int before = enqueued.size();
          await()
              .atMost(Duration.ofMinutes(2))
              .until(() -> enqueued.size() >= before + JOBS_BETWEEN_KILLS);
          LockSupport.parkNanos(random.nextLong(100_000_000)); // to be anywhere in a job
          int killed = kill % 2;
          nodes[killed].toHandle().destroyForcibly();
          nodes[killed].waitFor();
          nodes[killed] = start(killed == 0 ? "a" : "b", url);
        }
        nodes[0].toHandle().destroyForcibly();
        nodes[1].toHandle().destroyForcibly();
        nodes[0].waitFor();
        nodes[1].waitFor();
        finish(host, url);
      } finally {
        nodes[0].destroyForcibly();
        nodes[1].destroyForcibly();
      }
    }
  }

  /** Another host runs what is left. */
  private void finish(Host host, String url) throws Exception {
    Path last = Files.createDirectory(data.resolve("last"));
    try (Host _ =
        Host.open(
            HostConfig.builder(last).database(Database.postgreSql(url)).jobs(QUICK).build())) {
      for (String id : enqueued) {
        JobInfo job =
            await()
                .atMost(Duration.ofMinutes(5))
                .until(() -> host.jobs().get(id), j -> j.state().isEnded());
        boolean succeeds = job.job().equals("hits") || job.job().equals("ok");
        long succeeded = job.attempts().stream().filter(a -> a.outcome().equals("OK")).count();
        assertThat(succeeded)
            .as("seed %d: %s", seed, job)
            .isEqualTo(job.state() == JobState.SUCCEEDED ? 1 : 0);
        if (!succeeds) {
          assertThat(job.state()).as("seed %d: %s", seed, job).isEqualTo(JobState.DEAD);
        }
        for (int i = 0; i < job.attempts().size(); i++) {
          assertThat(job.attempts().get(i).number()).isEqualTo(i + 1);
        }
      }
    }
  }

  private Process start(String name, String url) throws IOException {
    Path directory = Files.createDirectories(data.resolve(name));
    Process process = ChildJvm.start(JobNode.class.getName(), directory.toString(), url);
    Thread.startVirtualThread(() -> {
      try (BufferedReader output = process.inputReader()) {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
          if (line.startsWith("enqueued ")) {
            enqueued.add(line.substring("enqueued ".length()));
          }
        }
      } catch (IOException e) {
        // It was killed.
      }
    });
    return process;
  }
}
