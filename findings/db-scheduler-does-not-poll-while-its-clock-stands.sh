#!/usr/bin/env bash
# One expects: the clock of db-scheduler (SchedulerBuilder.clock) says what is due, and the polling interval is real time. So a
# test sets a clock that stands still, moves it by hand, and what is due by then runs at the next poll.
# What happens: in 16.7.1 the pause between two polls ends at a time of that clock, too. Once it stands still, db-scheduler polls no
# more: an execution that is due, written by another node or another connection, is not found, however long one waits. It is found
# after the clock has moved by a polling interval, or triggerCheckForDueExecutions() is called. If the clock moves between a poll and
# the pause after it, what became due waits for the move after that one: a test then hangs now and then.
# Why it matters: a fake clock needs a caller that triggers the check, in real time.
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
cat > Standing.java <<'JAVA'
import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.h2.jdbcx.JdbcDataSource;

class Standing {
  static final Semaphore ran = new Semaphore(0);

  static boolean runs(String what, int seconds) throws InterruptedException {
    boolean did = ran.tryAcquire(seconds, TimeUnit.SECONDS);
    System.out.printf("%-50s %s%n", what, did ? "runs" : "has not run after " + seconds + " s");
    return did;
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
    AtomicReference<Instant> clock = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    OneTimeTask<Void> task = Tasks.oneTime("work").execute((instance, context) -> ran.release());
    Scheduler node = Scheduler.create(database, task).threads(1).clock(clock::get)
        .pollingInterval(Duration.ofMillis(100)).build();
    // As another node would write it: not through the scheduler that polls.
    SchedulerClient other = SchedulerClient.Builder.create(database, task).build();
    other.schedule(task.instance("1"), clock.get());
    node.start();
    boolean atStart = runs("due at the start", 20);
    Thread.sleep(500);
    other.schedule(task.instance("2"), clock.get());
    boolean standing = runs("due while the clock stands, polled each 100 ms", 5);
    clock.updateAndGet(now -> now.plusSeconds(1));
    boolean moved = runs("after the clock has moved", 20);
    Thread.sleep(500);
    other.schedule(task.instance("3"), clock.get());
    node.triggerCheckForDueExecutions();
    boolean triggered = runs("due while the clock stands, and triggered", 20);
    System.exit(atStart && !standing && moved && triggered ? 0 : 1);
  }
}
JAVA
echo "db-scheduler 16.7.1, $(java -version 2>&1 | head -n 1)"
java -cp 'lib/*' Standing.java 2>/dev/null && status=0 || status=$?
# Seen: due at the start: runs; due while the clock stands: has not run after 5 s; after the clock has moved: runs;
# due while the clock stands, and triggered: runs.
[ $status -eq 0 ] && echo "seen: no polls while the clock stands still" || echo "CHANGED: it polls in real time"
exit $status
