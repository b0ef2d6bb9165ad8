package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A process that runs jobs and enqueues new ones until it is killed: {@code JobNode DATA URL}. It
 * prints the id of each job once it is enqueued.
 */
final class JobNode {
  private static final String[] JOBS = {"hits", "ok", "effect", "fail", "trap"};

  /** So that the jobs of the first kill and those of the last one run soon after they are due. */
  private static final int MOST_WAITING = 100;

  private static final Duration PAUSE = Duration.ofMillis(20);

  private JobNode() {}

  public static void main(String[] args) throws InterruptedException {
    try (Host host =
        Host.open(
            HostConfig.builder(Path.of(args[0]))
                .database(Database.postgreSql(args[1]))
                .jobs(QUICK.withBounds(1_000_000, MOST_WAITING))
                .build())) {
      for (int i = 0; ; ) {
        try {
          String job = JOBS[i % JOBS.length];
          JobInfo enqueued = host.jobs().run("jobs", job, JsonNodeFactory.instance.objectNode());
          System.out.println("enqueued " + enqueued.id());
          i++;
        } catch (ConflictException e) {
          // Enough of them wait.
          LockSupport.parkNanos(PAUSE.toNanos());
        }
      }
    }
  }
}
