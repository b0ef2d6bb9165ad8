package io.gonext.benchmarks;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Database;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.hook.FilterResult;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * {@code ./bench kv}: a plugin that adds to its key-value entries, from the call of its hook to the
 * answer, beside plain JDBC that adds to rows of a table of the same database, one transaction a
 * write in both. Plain JDBC has a connection for each writer, no quota, and no ages of entries. In
 * each round both are measured, one after the other. It fails if a count differs from the number of
 * answered writes.
 */
final class KvBenchmark implements Benchmark {
  private static final String PLUGIN = "counter";
  private static final int WRITERS = 8;
  private static final int ROUNDS = 7;
  private static final int WARM_UPS = 3;
  private static final long ROUND_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Of the key-value entries, on each database; what the product promises is measured by it. */
  private static final double GOAL_PER_SECOND = 2_000;

  /** Which writers write which counters. */
  private record Load(String title, int writers, boolean oneCounter) {
    String counter(int writer) {
      return oneCounter ? "shared" : "own-" + writer;
    }

    List<String> counters() {
      List<String> counters = new ArrayList<>();
      for (int writer = 0; writer < (oneCounter ? 1 : writers); writer++) {
        counters.add(counter(writer));
      }
      return counters;
    }
  }

  private static final Load SHARED = new Load(WRITERS + " writers, one counter", WRITERS, true);

  private static final List<Load> LOADS =
      List.of(
          SHARED,
          new Load(WRITERS + " writers, a counter each", WRITERS, false),
          new Load("1 writer", 1, false));

  @Override
  public String name() {
    return "kv";
  }

  @Override
  public String description() {
    return "key-value writes of a plugin beside plain JDBC, on H2 and PostgreSQL: [--quick]"
        + " (about 2 minutes)";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    int rounds = Arguments.quick(args) ? 2 : ROUNDS;
    Path directory = Files.createTempDirectory("gonext-bench-kv");
    try (EmbeddedPostgres postgres = postgres(directory)) {
      SequencedMap<String, String> figures = new LinkedHashMap<>();
      double h2 =
          measure(
              "H2",
              HostConfig.builder(directory.resolve("h2")).build(),
              h2Url(directory.resolve("h2")),
              rounds,
              out,
              figures);
      String url = postgres.getJdbcUrl("postgres", "postgres");
      double onPostgres =
          measure(
              "PostgreSQL",
              HostConfig.builder(directory.resolve("data"))
                  .database(Database.postgreSql(url))
                  .build(),
              url,
              rounds,
              out,
              figures);
      figures.put("kv_writes_ratio", RatioTable.ratio(Math.min(h2, onPostgres)));
      return figures;
    } finally {
      SwapBenchmark.delete(directory);
    }
  }

  /** The URL by which plain JDBC reaches the embedded database of a host in this JVM. */
  static String h2Url(Path data) {
    return "jdbc:h2:steady:"
        + data.resolve("gonext")
        + ";DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0;QUERY_CACHE_SIZE=64";
  }

  /** A server whose commits are on the disk when they return. */
  static EmbeddedPostgres postgres(Path directory) throws UnavailableException {
    try {
      return EmbeddedPostgres.builder()
          .setDataDirectory(directory.resolve("postgres"))
          // As in production: a commit is on the disk when it returns.
          .setServerConfig("fsync", "on")
          .setServerConfig("synchronous_commit", "on")
          .start();
    } catch (IOException | RuntimeException e) {
      throw new UnavailableException("no PostgreSQL server starts here: " + e.getMessage());
    }
  }

  /** The ratio of our writes to plain JDBC's when all writers write one counter. */
  private static double measure(
      String database,
      HostConfig config,
      String url,
      int rounds,
      PrintWriter out,
      SequencedMap<String, String> figures)
      throws Exception {
    RatioTable table = new RatioTable(out, "-", database + ", a write", "ours", "JDBC");
    double ratio = 0;
    try (Host host = Host.open(config);
        Plain plain = new Plain(url)) {
      host.plugins()
          .install(
              GuestBundle.of(PLUGIN, Guests.wasm("kv"))
                  .filter("kv")
                  .field("capabilities", "[\"kv.read\",\"kv.write\"]")
                  .limit("instances_max", WRITERS)
                  .bytes());
      host.plugins().grantRequested(PLUGIN);
      host.plugins().activate(PLUGIN);
      // For the JIT compiler: what is measured first would be the slowest otherwise.
      for (int round = 0; round < WARM_UPS; round++) {
        for (Load load : LOADS) {
          perSecond(load, (counter, writer) -> add(host, counter));
          perSecond(load, plain::add);
        }
      }
      for (Load load : LOADS) {
        List<Double> ours = new ArrayList<>();
        List<Double> others = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
          ours.add(perSecond(load, (counter, writer) -> add(host, counter)));
          others.add(perSecond(load, plain::add));
        }
        double our = Medians.median(ours);
        double other = Medians.median(others);
        table.row(load.title, 1e9 / our, 1e9 / other);
        if (load.equals(SHARED)) {
          ratio = our / other;
          String key = "kv_writes_" + database.toLowerCase(Locale.ROOT);
          figures.put(key + "_per_s", String.format(Locale.ROOT, "%.0f", our));
          figures.put(key + "_goal", our >= GOAL_PER_SECOND ? "met" : "missed");
        }
      }
    }
    return ratio;
  }

  @FunctionalInterface
  private interface Write {
    /** Adds one to a counter and returns the sum. */
    long add(String counter, int writer) throws Exception;
  }

  /** Writes answered in a second, by all writers together. */
  private static double perSecond(Load load, Write write) throws Exception {
    long before = 0;
    for (String counter : load.counters()) {
      before += write.add(counter, 0);
    }
    long begin = System.nanoTime();
    long end = begin + ROUND_NANOS;
    long writes = 0;
    try (ExecutorService writers = Executors.newFixedThreadPool(load.writers)) {
      List<Future<Long>> running = new ArrayList<>();
      for (int i = 0; i < load.writers; i++) {
        int writer = i;
        running.add(
            writers.submit(() -> {
              long made = 0;
              while (end - System.nanoTime() > 0) {
                write.add(load.counter(writer), writer);
                made++;
              }
              return made;
            }));
      }
      for (Future<Long> writer : running) {
        writes += writer.get();
      }
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    long after = 0;
    for (String counter : load.counters()) {
      after += write.add(counter, 0) - 1;
    }
    if (after - before != writes) {
      throw new BrokenPromiseException(
          writes + " writes were answered, and " + (after - before) + " were made");
    }
    return writes / seconds;
  }

  private static long add(Host host, String counter) throws InterruptedException {
    FilterResult result = host.applyFilters("kv", "i" + counter + "=1");
    if (!result.degraded().isEmpty()) {
      throw new IllegalStateException("a write failed: " + result.degraded());
    }
    return Long.parseLong(result.value().asString());
  }

  /** A table of counters, and a connection for each writer. */
  private static final class Plain implements AutoCloseable {
    private final List<Connection> connections = new ArrayList<>();

    Plain(String url) throws SQLException {
      for (int i = 0; i < WRITERS; i++) {
        connections.add(DriverManager.getConnection(url));
      }
      try (Statement statement = connections.getFirst().createStatement()) {
        statement.execute("create table bench (name varchar(256) primary key, n bigint not null)");
        List<String> names = new ArrayList<>();
        LOADS.forEach(load -> names.addAll(load.counters()));
        for (String name : names.stream().distinct().toList()) {
          statement.execute("insert into bench values ('" + name + "', 0)");
        }
      }
      for (Connection connection : connections) {
        connection.setAutoCommit(false);
      }
    }

    long add(String counter, int writer) throws SQLException {
      Connection connection = connections.get(writer);
      try (PreparedStatement update =
              connection.prepareStatement("update bench set n = n + 1 where name = ?");
          PreparedStatement select =
              connection.prepareStatement("select n from bench where name = ?")) {
        update.setString(1, counter);
        update.executeUpdate();
        select.setString(1, counter);
        long sum;
        try (var rows = select.executeQuery()) {
          rows.next();
          sum = rows.getLong(1);
        }
        connection.commit();
        return sum;
      }
    }

    @Override
    public void close() throws SQLException {
      for (Connection connection : connections) {
        connection.close();
      }
    }
  }
}
