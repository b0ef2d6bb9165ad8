package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;

import java.nio.file.Path;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A process that runs jobs and enqueues new ones until it is killed: {@code JobNode DATA URL}. It
 * says the id of each job once it is enqueued.
 */
final class JobNode {
  private static final String[] JOBS = {"hits", "ok", "fail", "trap"};

  private JobNode() {}

  public static void main(String[] args) throws InterruptedException {
    try (Host host =
        Host.open(
            HostConfig.builder(Path.of(args[0]))
                .database(Database.postgreSql(args[1]))
                .jobs(QUICK.withBounds(1_000_000, 1_000_000))
                .build())) {
      for (int i = 0; ; i++) {
        String job = JOBS[i % JOBS.length];
        System.out.println(
            "enqueued " + host.jobs().run("jobs", job, JsonNodeFactory.instance.objectNode()).id());
      }
    }
  }
}
