package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;
import static io.gonext.host.JobsTest.activate;
import static io.gonext.host.JobsTest.bundle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.ChildJvm;
import io.gonext.host.internal.store.TestPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Deque;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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

  /** So that a process that is killed has begun to work. */
  private static final int JOBS_BEFORE_KILL = 20;

  /** From so many on, a kill is sure to hit a job that has had its effect and has not ended. */
  private static final int MANY_KILLS = 20;

  @TempDir private Path data;
  private final Queue<String> enqueued = new ConcurrentLinkedQueue<>();
  private final long seed = Long.getLong("gonext.test.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private String url = "";

  /**
   * A process that runs jobs.
   *
   * @param enqueued how many jobs it has enqueued
   * @param said its last lines
   */
  private record Node(String name, Process process, AtomicInteger enqueued, Deque<String> said) {
    void kill() throws InterruptedException {
      process.toHandle().destroyForcibly();
      process.waitFor();
    }
  }

  @Test
  void each_job_ends_once_however_often_its_nodes_are_killed() throws Exception {
    Assumptions.assumeTrue(KILLS > 0, "runs in the profile long");
    url = TestPostgres.createDatabase();
    // It runs no jobs.
    try (Host host = open("own", QUICK.withThreads(0))) {
      activate(host, bundle("jobs", "1.0.0", JobsTest.JOBS));
    }
    Node[] nodes = {start("a"), start("b")};
    try {
      for (int kill = 0; kill < KILLS; kill++) {
        Node killed = nodes[kill % 2];
        await().atMost(Duration.ofMinutes(2)).until(() -> isWorking(killed));
        LockSupport.parkNanos(random.nextLong(100_000_000)); // to be anywhere in a job
        killed.kill();
        nodes[kill % 2] = start(killed.name);
      }
      nodes[0].kill();
      nodes[1].kill();
    } finally {
      nodes[0].process.destroyForcibly();
      nodes[1].process.destroyForcibly();
    }
    // Another host runs what is left.
    try (Host _ = open("last", QUICK)) {
      await().atMost(Duration.ofMinutes(5)).until(() -> new EndedJobs(url, "").areAll());
    }
    EndedJobs ended = new EndedJobs(url, "seed " + seed);
    ended.assertEachOnce(enqueued);
    ended.assertEachEffectOnce();
    assertThat(ended.count("job_attempt where outcome = 'NODE_LOST'")).isPositive();
    if (KILLS >= MANY_KILLS) {
      assertThat(ended.ranAfterTheirEffect()).isPositive();
    }
  }

  private static boolean isWorking(Node node) {
    assertThat(node.process.isAlive()).as("%s: %s", node.name, node.said).isTrue();
    return node.enqueued.get() >= JOBS_BEFORE_KILL;
  }

  private Host open(String name, JobPolicy jobs) throws IOException, InterruptedException {
    return Host.open(
        HostConfig.builder(Files.createDirectory(data.resolve(name)))
            .database(Database.postgreSql(url))
            .jobs(jobs)
            .build());
  }

  private Node start(String name) throws IOException {
    Path directory = Files.createDirectories(data.resolve(name));
    Process process = ChildJvm.plain().start(JobNode.class.getName(), directory.toString(), url);
    Node node = new Node(name, process, new AtomicInteger(), new ConcurrentLinkedDeque<>());
    Thread.startVirtualThread(() -> {
      try (BufferedReader output = process.inputReader()) {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
          if (line.startsWith("enqueued ")) {
            enqueued.add(line.substring("enqueued ".length()));
            node.enqueued.incrementAndGet();
          } else {
            node.said.addLast(line);
            if (node.said.size() > 50) {
              node.said.removeFirst();
            }
          }
        }
      } catch (IOException e) {
        // It was killed.
      }
    });
    return node;
  }
}
