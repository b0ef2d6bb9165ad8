#!/usr/bin/env bash
# One expects: of two db-scheduler nodes on one database, each with a running scheduler, only one runs an execution at a time. Its
# heartbeats tell the other one that it is alive.
# What happens: in 16.7.1 the node that runs writes its heartbeat by its own clock, and the other one compares it with its own
# clock. When the clocks differ by more than (missed heartbeats limit x heartbeat interval), the node that is ahead takes every
# running execution for dead at once and frees it, and one of the nodes runs it a second time beside the first.
# Why it matters: a short heartbeat is chosen so that a dead node is replaced soon; with 4 x 5 s, clocks that are a minute apart
# double every long job. Give all nodes one clock: SchedulerBuilder.clock(), with the time of the database.
# Needs: a JDK 17 or newer, Maven. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>
<dependency><groupId>com.github.kagkarlsson</groupId><artifactId>db-scheduler</artifactId><version>16.7.1</version></dependency>
<dependency><groupId>com.h2database</groupId><artifactId>h2</artifactId><version>2.4.240</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { cat mvn.log; exit 2; }
cat > Clocks.java <<'JAVA'
import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;

class Clocks {
  static final AtomicInteger running = new AtomicInteger();
  static final CountDownLatch first = new CountDownLatch(1);
  static final CountDownLatch second = new CountDownLatch(2);

  static Scheduler node(DataSource database, String name, Duration ahead) {
    OneTimeTask<Void> task = Tasks.oneTime("work").execute((instance, context) -> {
      System.out.printf("node %-6s begins %s, %d run now%n", name, instance.getId(), running.incrementAndGet());
      first.countDown();
      second.countDown();
      try {
        second.await(20, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      running.decrementAndGet();
    });
    Scheduler node = Scheduler.create(database, task)
        .schedulerName(new SchedulerName.Fixed(name)).threads(2).clock(() -> Instant.now().plus(ahead))
        .pollingInterval(Duration.ofMillis(200)).heartbeatInterval(Duration.ofSeconds(1)).missedHeartbeatsLimit(4).build();
    node.start();
    if (ahead.isZero()) node.schedule(task.instance("job 1"), Instant.now());
    return node;
  }

  public static void main(String[] args) throws Exception {
    JdbcDataSource database = new JdbcDataSource();
    database.setURL("jdbc:h2:mem:x;DB_CLOSE_DELAY=-1");
    try (var connection = database.getConnection(); var statement = connection.createStatement()) {
      statement.execute("create table scheduled_tasks (task_name varchar(100), task_instance varchar(100), task_data blob,"
          + " execution_time timestamp with time zone, picked boolean, picked_by varchar(50), last_success timestamp with time zone,"
          + " last_failure timestamp with time zone, consecutive_failures int, last_heartbeat timestamp with time zone,"
          + " version bigint, primary key (task_name, task_instance))");
    }
    Scheduler right = node(database, "right", Duration.ZERO);
    first.await();
    Scheduler ahead = node(database, "ahead", Duration.ofMinutes(1));
    boolean twice = second.await(15, TimeUnit.SECONDS);
    System.exit(twice ? 0 : 1);
  }
}
JAVA
echo "db-scheduler 16.7.1, $(java -version 2>&1 | head -n 1)"
java -cp 'lib/*' Clocks.java 2>/dev/null && status=0 || status=$?
# Seen: node right begins job 1, 1 run now; node right (or ahead) begins job 1, 2 run now.
[ $status -eq 0 ] && echo "seen: one execution runs twice at once" || echo "CHANGED: the node that is ahead waits"
exit $status
