package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;
import static io.gonext.host.JobsTest.activate;
import static io.gonext.host.JobsTest.bundle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.host.internal.store.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.JsonNodeFactory;

/** Two hosts that run jobs, on a PostgreSQL server that is stopped and started again. */
@Tag("slow")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class JobsLostDatabaseTest {
  /** More in the profile {@code long}. */
  private static final int STOPS = Integer.getInteger("gonext.test.jobStops", 1);

  private static final String[] JOBS = {"effect", "ok", "hits", "fail", "effect", "trap"};

  /** So that both hosts are at work when the server stops. */
  private static final int JOBS_BEFORE_STOP = 30;

  @TempDir private Path one;
  @TempDir private Path other;
  @TempDir private Path server;
  private final Queue<String> enqueued = new ConcurrentLinkedQueue<>();
  private volatile boolean enough;

  @Test
  void each_job_ends_once_however_often_the_database_stops() throws Exception {
    TestPostgres.Own postgres = TestPostgres.own(server);
    try (Host first = open(one, postgres.url());
        Host second = openSecond(first, postgres.url())) {
      Thread load = Thread.startVirtualThread(() -> enqueue(first, second));
      for (int stop = 0; stop < STOPS; stop++) {
        int before = enqueued.size();
        await()
            .atMost(Duration.ofMinutes(2))
            .until(() -> enqueued.size() > before + JOBS_BEFORE_STOP);
        if (stop % 2 == 0) {
          postgres.stopImmediately();
        } else {
          postgres.stop();
        }
        postgres.start();
      }
      int before = enqueued.size();
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> enqueued.size() > before + JOBS_BEFORE_STOP);
      enough = true;
      load.join();
      EndedJobs ended = new EndedJobs(postgres.url(), STOPS + " stops");
      await().atMost(Duration.ofMinutes(2)).until(ended::areAll);
      ended.assertEachOnce(enqueued);
      ended.assertEachEffectOnce();
      assertThat(ended.count("(select distinct node from job_attempt where outcome = 'OK') as n"))
          .as("both hosts ran jobs")
          .isEqualTo(2);
    } finally {
      enough = true;
      postgres.stop();
    }
  }

  private static Host open(Path data, String url) throws InterruptedException {
    return Host.open(
        HostConfig.builder(data)
            .database(Database.postgreSql(url))
            .jobs(QUICK.withBounds(1_000_000, 100))
            .build());
  }

  /** Once the plugin is in service on the first. */
  private Host openSecond(Host first, String url) throws InterruptedException {
    activate(first, bundle("jobs", "1.0.0", JobsTest.JOBS));
    return open(other, url);
  }

  private void enqueue(Host first, Host second) {
    for (int i = 0; !enough; i++) {
      try {
        Host host = i % 2 == 0 ? first : second;
        enqueued.add(
            host.jobs()
                .run("jobs", JOBS[i % JOBS.length], JsonNodeFactory.instance.objectNode())
                .id());
      } catch (StoreException | ConflictException e) {
        // The server is stopped, or enough jobs wait.
        LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      }
    }
  }
}
