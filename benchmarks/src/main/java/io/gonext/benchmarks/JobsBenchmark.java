package io.gonext.benchmarks;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerBuilder;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Database;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.JobPolicy;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * {@code ./bench jobs}: how many jobs a host runs in a second, when each calls a guest that does
 * nothing, beside db-scheduler alone, whose task does nothing, on the same database with the same
 * number of threads. All jobs are enqueued before the clock starts. Then: a filter of another
 * plugin, called one after the other, while jobs run and while none do. It fails if a job is lost
 * or runs twice.
 */
final class JobsBenchmark implements Benchmark {
  private static final String PLUGIN = "worker";
  private static final String JOB = "nothing";
  private static final String FILTER = "title";
  private static final int THREADS = 4;

  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long BETWEEN_CALLS_NANOS = TimeUnit.MICROSECONDS.toNanos(500);
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /**
   * How much is measured.
   *
   * @param jobs of a round
   * @param calls of the filter in a round, at most
   */
  private record Size(int rounds, int jobs, int calls) {
    static final Size FULL = new Size(5, 1_500, 3_000);
    static final Size QUICK = new Size(1, 300, 300);
  }

  /** What was measured on one database. */
  private record Result(double perSecond, double ratio, long lost, long doubled, double p99Ratio) {}

  @Override
  public String name() {
    return "jobs";
  }

  @Override
  public String description() {
    return "background jobs beside bare db-scheduler, and a filter beside jobs, on H2 and"
        + " PostgreSQL: [--quick] (about 5 minutes)";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    Size size = Arguments.quick(args) ? Size.QUICK : Size.FULL;
    Path directory = Files.createTempDirectory("gonext-bench-jobs");
    try (EmbeddedPostgres postgres = KvBenchmark.postgres(directory)) {
      Result h2 =
          measure(
              "H2",
              HostConfig.builder(directory.resolve("h2")),
              KvBenchmark.h2Url(directory.resolve("h2")),
              size,
              out);
      String url = postgres.getJdbcUrl("postgres", "postgres");
      Result shared =
          measure(
              "PostgreSQL",
              HostConfig.builder(directory.resolve("data")).database(Database.postgreSql(url)),
              url,
              size,
              out);
      SequencedMap<String, String> figures = new LinkedHashMap<>();
      figures.put("jobs_h2_per_s", number(h2.perSecond));
      figures.put("jobs_h2_vs_bare_db_scheduler", RatioTable.ratio(h2.ratio));
      figures.put("jobs_h2_filter_p99_ratio", RatioTable.ratio(h2.p99Ratio));
      figures.put("jobs_per_s", number(shared.perSecond));
      figures.put("vs_bare_db_scheduler", RatioTable.ratio(shared.ratio));
      figures.put("lost", Long.toString(h2.lost + shared.lost));
      figures.put("doubled", Long.toString(h2.doubled + shared.doubled));
      figures.put("filter_p99_ratio", RatioTable.ratio(shared.p99Ratio));
      return figures;
    } finally {
      SwapBenchmark.delete(directory);
    }
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.0f", value);
  }

  private static Result measure(
      String title, HostConfig.Builder config, String url, Size size, PrintWriter out)
      throws Exception {
    MeterRegistry meters = new SimpleMeterRegistry();
    HostConfig settings =
        config
            .meters(meters)
            .jobs(JobPolicy.defaults().withThreads(THREADS).withBounds(1_000_000, 1_000_000))
            .build();
    try (Host host = Host.open(settings);
        HikariDataSource database = database(url)) {
      Ours ours = new Ours(host, meters, database);
      Bare bare = new Bare(database);
      // For the JIT compiler.
      ours.perSecond(size.jobs);
      bare.perSecond(size.jobs);
      List<Double> rates = new ArrayList<>();
      List<Double> others = new ArrayList<>();
      for (int round = 0; round < size.rounds; round++) {
        rates.add(ours.perSecond(size.jobs));
        others.add(bare.perSecond(size.jobs));
      }
      ours.filter(size); // for the JIT compiler, too
      List<Double> alone = new ArrayList<>();
      List<Double> beside = new ArrayList<>();
      for (int round = 0; round < size.rounds; round++) {
        Percentiles percentiles = ours.filter(size);
        alone.add(percentiles.alone);
        beside.add(percentiles.beside);
      }
      double rate = Medians.median(rates);
      double other = Medians.median(others);
      new RatioTable(out, "-", title + ", a job", "ours", "db-sched.")
          .row(THREADS + " threads", 1e9 / rate, 1e9 / other);
      new RatioTable(out, "-", title + ", a filter, p99", "with jobs", "without")
          .row("another plugin's", Medians.median(beside), Medians.median(alone));
      long lost = ours.lost();
      long doubled = ours.doubled();
      if (lost != 0 || doubled != 0) {
        throw new BrokenPromiseException(
            "of "
                + ours.enqueued
                + " jobs on "
                + title
                + ", "
                + lost
                + " did not succeed, and "
                + doubled
                + " ran again");
      }
      return new Result(
          rate, rate / other, lost, doubled, Medians.median(beside) / Medians.median(alone));
    }
  }

  private static HikariDataSource database(String url) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    return new HikariDataSource(config);
  }

  private static long query(HikariDataSource database, String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Waits until so many jobs have run. */
  private static void awaitRuns(LongSupplier runs, long expected) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (runs.getAsLong() < expected) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            runs.getAsLong() + " of " + expected + " jobs ran in " + PATIENCE);
      }
      LockSupport.parkNanos(200_000);
    }
  }

  /** Waits until a table of jobs is empty: the last results are stored. */
  private static void awaitEmpty(HikariDataSource database, String table) throws SQLException {
    while (query(database, "select count(*) from " + table) > 0) {
      LockSupport.parkNanos(200_000);
    }
  }

  /** In nanoseconds. */
  private record Percentiles(double alone, double beside) {}

  /** A host with a plugin that has jobs, and one that has a filter. */
  private static final class Ours {
    private final Host host;
    private final MeterRegistry meters;
    private final HikariDataSource database;
    private long enqueued;

    Ours(Host host, MeterRegistry meters, HikariDataSource database) throws Exception {
      this.host = host;
      this.meters = meters;
      this.database = database;
      host.plugins()
          .install(
              GuestBundle.of(PLUGIN, Guests.wasm("jobs-alone"))
                  .field("jobs", "[\"" + JOB + "\"]")
                  .limit("instances_jobs", THREADS)
                  .bytes());
      host.plugins().activate(PLUGIN);
      host.plugins().install(GuestBundle.of("titles", Guests.wasm("upper")).filter(FILTER).bytes());
      host.plugins().grantRequested("titles");
      host.plugins().activate("titles");
      host.jobs().pause(PLUGIN);
    }

    private long runs() {
      return meters.find("gonext.plugin.job").timers().stream().mapToLong(Timer::count).sum();
    }

    private void enqueue(int jobs) {
      for (int i = 0; i < jobs; i++) {
        var _ = host.jobs().run(PLUGIN, JOB, JsonNodeFactory.instance.objectNode());
      }
      enqueued += jobs;
    }

    private void finish() throws SQLException {
      awaitRuns(this::runs, enqueued);
      awaitEmpty(database, "job_queue");
      host.jobs().pause(PLUGIN);
    }

    double perSecond(int jobs) throws SQLException {
      enqueue(jobs);
      long begin = System.nanoTime();
      host.jobs().resume(PLUGIN);
      awaitRuns(this::runs, enqueued);
      awaitEmpty(database, "job_queue");
      double seconds = (System.nanoTime() - begin) / 1e9;
      host.jobs().pause(PLUGIN);
      return jobs / seconds;
    }

    /** The filter while the jobs wait, and while they run. */
    Percentiles filter(Size size) throws InterruptedException, SQLException {
      enqueue(size.jobs);
      Histogram alone = new Histogram(LONGEST_NANOS, 3);
      call(alone, size.calls, Long.MAX_VALUE);
      host.jobs().resume(PLUGIN);
      Histogram beside = new Histogram(LONGEST_NANOS, 3);
      // The queue is never empty while the filter is measured.
      call(beside, size.calls, enqueued - THREADS);
      finish();
      return new Percentiles(alone.getValueAtPercentile(99), beside.getValueAtPercentile(99));
    }

    private void call(Histogram latencies, int calls, long untilRuns) throws InterruptedException {
      for (int i = 0; i < calls && runs() < untilRuns; i++) {
        long begin = System.nanoTime();
        var result = host.applyFilters(FILTER, "a title");
        latencies.recordValue(Math.min(System.nanoTime() - begin, LONGEST_NANOS));
        if (!result.degraded().isEmpty()) {
          throw new IllegalStateException("a filter failed: " + result.degraded());
        }
        LockSupport.parkNanos(BETWEEN_CALLS_NANOS);
      }
    }

    long lost() throws SQLException {
      return enqueued - query(database, "select count(*) from job where state = 'SUCCEEDED'");
    }

    /** Runs beyond the first one of each job. */
    long doubled() {
      return runs() - enqueued;
    }
  }

  /** db-scheduler with its own table and a task that does nothing. */
  private static final class Bare {
    private final HikariDataSource database;
    private final LongAdder runs = new LongAdder();
    private long scheduled;

    Bare(HikariDataSource database) throws SQLException {
      this.database = database;
      try (Connection connection = database.getConnection();
          Statement statement = connection.createStatement()) {
        // As its documentation has it.
        statement.execute(
            "create table scheduled_tasks (task_name varchar(100) not null, task_instance"
                + " varchar(100) not null, task_data bytea, execution_time timestamp with time"
                + " zone not null, picked boolean not null, picked_by varchar(50), last_success"
                + " timestamp with time zone, last_failure timestamp with time zone,"
                + " consecutive_failures int, last_heartbeat timestamp with time zone, version"
                + " bigint not null, priority smallint, primary key (task_name, task_instance))");
        statement.execute("create index scheduled_tasks_time on scheduled_tasks (execution_time)");
        statement.execute(
            "create index scheduled_tasks_heartbeat on scheduled_tasks (last_heartbeat)");
      }
    }

    double perSecond(int jobs) throws SQLException {
      OneTimeTask<Void> task = Tasks.oneTime(JOB).execute((_, _) -> runs.increment());
      SchedulerBuilder builder =
          Scheduler.create(database, task).threads(THREADS).pollingInterval(Duration.ofSeconds(1));
      if (!database.getJdbcUrl().startsWith("jdbc:h2:")) {
        // The faster one, which it does not offer on H2.
        builder.pollUsingLockAndFetch(0.5, 1.0);
      }
      Scheduler scheduler = builder.build();
      Instant due = Instant.now();
      for (int i = 0; i < jobs; i++) {
        scheduler.schedule(task.instance("job-" + scheduled++), due);
      }
      long begin = System.nanoTime();
      scheduler.start();
      try {
        awaitRuns(runs::sum, scheduled);
        awaitEmpty(database, "scheduled_tasks");
        return jobs / ((System.nanoTime() - begin) / 1e9);
      } finally {
        scheduler.stop();
      }
    }
  }
}
