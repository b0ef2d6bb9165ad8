package io.gonext.benchmarks;

import com.sun.net.httpserver.HttpServer;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code ./campaign soak}: one host on H2 and two on one PostgreSQL serve filters, routes, SQL,
 * counters, jobs, HTTP requests, traps and endless loops, while their plugin is updated and rolled
 * back, and hosts are killed (SIGKILL). Each answer is checked; at the end all that was
 * acknowledged must be there once. What must not grow is sampled on the host that is never killed.
 */
final class SoakBenchmark implements Benchmark {
  private static final int DEFAULT_SECONDS = 600;
  private static final int SHORTEST_SECONDS = 30;
  private static final long SEED = 20_261_130;

  private static final Pattern SECONDS = Pattern.compile("[1-9][0-9]{1,5}");

  /** Sampled so often, or more often in a short run. */
  private static final int SAMPLE_SECONDS = 20;

  private static final int SAMPLES_OF_A_SHORT_RUN = 30;
  private static final int KILL_SECONDS = 120;
  private static final int KILLS_OF_A_SHORT_RUN = 4;

  @Override
  public String name() {
    return "soak";
  }

  @Override
  public String description() {
    return "hosts under mixed load, updates and kills, which must lose and mix nothing and not"
        + " grow: [SECONDS], needs Rust for WebAssembly and PostgreSQL's binaries (10"
        + " minutes)";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    int seconds = seconds(args);
    Path directory = Files.createTempDirectory("gonext-soak");
    boolean well = false;
    try (EmbeddedPostgres postgres = KvBenchmark.postgres(directory);
        Echo echo = new Echo()) {
      SoakStore.Bundles bundles =
          new SoakStore.Bundles(
              pack(directory, SoakStore.Bundles.FIRST, echo.origin()),
              pack(directory, SoakStore.Bundles.SECOND, echo.origin()));
      SequencedMap<String, String> figures =
          soak(seconds, directory, postgres.getJdbcUrl("postgres", "postgres"), bundles, out);
      well = "0".equals(figures.get("found"));
      return figures;
    } finally {
      if (well) {
        SwapBenchmark.delete(directory);
      } else {
        out.println("the logs and data of the hosts are in " + directory);
      }
    }
  }

  private static int seconds(List<String> args) throws UsageException {
    if (args.isEmpty()) {
      return DEFAULT_SECONDS;
    }
    if (args.size() > 1
        || !SECONDS.matcher(args.getFirst()).matches()
        || Integer.parseInt(args.getFirst()) < SHORTEST_SECONDS) {
      throw new UsageException("it takes a number of seconds, at least " + SHORTEST_SECONDS);
    }
    return Integer.parseInt(args.getFirst());
  }

  private static SequencedMap<String, String> soak(
      int seconds, Path directory, String database, SoakStore.Bundles bundles, PrintWriter out)
      throws Exception {
    Path key = directory.resolve("master.key");
    Files.writeString(key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    List<String> shared =
        List.of(
            "--db",
            database,
            "--master-key-file",
            key.toString(),
            // Short, so that the jobs of a killed host are taken over while this runs.
            "--job-takeover-seconds",
            "10");
    SoakHost embedded = new SoakHost("h2", directory.resolve("h2"), List.of());
    SoakHost steady = new SoakHost("pg-steady", directory.resolve("pg-steady"), shared);
    SoakHost killed = new SoakHost("pg-killed", directory.resolve("pg-killed"), shared);
    try (SoakStore h2 = new SoakStore("h2", List.of(embedded), bundles);
        SoakStore pg = new SoakStore("pg", List.of(steady, killed), bundles);
        Connection watch = DriverManager.getConnection(database)) {
      h2.open();
      pg.open();
      h2.load(SEED);
      pg.load(SEED + 1_000);
      out.println("seed " + SEED);
      Growth growth = new Growth();
      int kills = attack(seconds, List.of(embedded, killed), steady, pg, watch, growth, out);
      h2.settle();
      pg.settle();
      return report(seconds, kills, List.of(h2, pg), growth, out);
    }
  }

  /** Kills hosts in turns and takes samples until the time is over. */
  private static int attack(
      int seconds,
      List<SoakHost> victims,
      SoakHost steady,
      SoakStore pg,
      Connection watch,
      Growth growth,
      PrintWriter out)
      throws Exception {
    long begin = System.nanoTime();
    long end = begin + TimeUnit.SECONDS.toNanos(seconds);
    long sampleNanos =
        TimeUnit.SECONDS.toNanos(
            Math.max(1, Math.min(SAMPLE_SECONDS, seconds / SAMPLES_OF_A_SHORT_RUN)));
    long killNanos =
        TimeUnit.SECONDS.toNanos(Math.min(KILL_SECONDS, seconds / KILLS_OF_A_SHORT_RUN));
    long nextSample = begin + sampleNanos;
    long nextKill = begin + killNanos;
    int kills = 0;
    while (System.nanoTime() - end < 0) {
      if (System.nanoTime() - nextSample > 0) {
        growth.sample(
            steady.metricsAfterCollection(), connections(watch), rows(watch), pg.p99Millis());
        nextSample = System.nanoTime() + sampleNanos;
      }
      if (System.nanoTime() - nextKill > 0) {
        SoakHost victim = victims.get(kills++ % victims.size());
        victim.kill();
        victim.start();
        out.printf(
            Locale.ROOT,
            "%5d s: killed and started %s; %,d requests so far, %d lost, %d mixed%n",
            TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin),
            victim.name(),
            pg.ledger().requests(),
            pg.ledger().lost(),
            pg.ledger().mixed());
        out.flush();
        nextKill += killNanos;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    return kills;
  }

  private static SequencedMap<String, String> report(
      int seconds, int kills, List<SoakStore> stores, Growth growth, PrintWriter out) {
    long requests = 0;
    long lost = 0;
    long mixed = 0;
    long changes = 0;
    for (SoakStore store : stores) {
      SoakLedger ledger = store.ledger();
      ledger.answers().forEach((kind, count) -> out.printf("%-20s %,12d%n", kind, count.get()));
      ledger.faults().forEach(out::println);
      requests += ledger.requests();
      lost += ledger.lost();
      mixed += ledger.mixed();
      changes += store.changes();
    }
    growth.all().forEach(out::println);
    List<String> grown = growth.faults();
    grown.forEach(out::println);
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("attacks", Long.toString(requests));
    figures.put("found", Long.toString(lost + mixed + grown.size()));
    figures.put("soak_s", Integer.toString(seconds));
    figures.put("kills", Integer.toString(kills));
    figures.put("changes", Long.toString(changes));
    figures.put("lost", Long.toString(lost));
    figures.put("mixed", Long.toString(mixed));
    return figures;
  }

  private static double connections(Connection watch) throws SQLException {
    try (Statement statement = watch.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "select count(*) from pg_stat_activity where backend_type = 'client backend'")) {
      rows.next();
      return rows.getInt(1);
    }
  }

  /**
   * The rows of the store that neither a request nor an operator's change adds to for good: not
   * those of the audit log, of jobs and of the plugin's own tables.
   */
  private static double rows(Connection watch) throws SQLException {
    try (Statement statement = watch.createStatement();
        ResultSet rows =
            statement.executeQuery(
                """
                select sum((xpath('/row/n/text()', query_to_xml(
                    format('select count(*) as n from %I.%I', table_schema, table_name),
                    false, true, '')))[1]::text::bigint), count(*)
                from information_schema.tables
                where table_name in ('plugin', 'plugin_version', 'plugin_config', 'capability_grant',
                    'host_node', 'kv_entry', 'kv_usage', 'recent_input', 'job_queue')
                """)) {
      rows.next();
      if (rows.getInt(2) == 0) {
        throw new IllegalStateException("the store has other tables");
      }
      return rows.getLong(1);
    }
  }

  /** What must not grow, on the host that is never killed. */
  private static final class Growth {
    private static final double MIB = 1024 * 1024;

    private final SoakTrend heap = new SoakTrend("heap after a collection, MiB", 1.15, 8);
    private final SoakTrend metaspace = new SoakTrend("metaspace, MiB", 1.1, 4);
    private final SoakTrend code = new SoakTrend("compiled code, MiB", 1.3, 8);
    private final SoakTrend classes = new SoakTrend("loaded classes", 1.05, 200);
    private final SoakTrend threads = new SoakTrend("threads", 1.1, 4);
    private final SoakTrend descriptors = new SoakTrend("open files", 1.1, 8);
    private final SoakTrend connections = new SoakTrend("connections to PostgreSQL", 1.1, 4);
    private final SoakTrend rows = new SoakTrend("rows of the store", 1.1, 100);
    private final SoakTrend p99 = new SoakTrend("p99 of the echo, ms", 1.5, 25);

    void sample(String metrics, double databaseConnections, double storedRows, double p99Millis) {
      heap.add(sum(metrics, "jvm_memory_used_bytes\\{area=\"heap\"}") / MIB);
      metaspace.add(sum(metrics, "jvm_memory_pool_used_bytes\\{pool=\"Metaspace\"}") / MIB);
      code.add(sum(metrics, "jvm_memory_pool_used_bytes\\{pool=\"Code[^}]*}") / MIB);
      classes.add(sum(metrics, "jvm_classes_currently_loaded"));
      threads.add(sum(metrics, "jvm_threads_current"));
      descriptors.add(sum(metrics, "process_open_fds"));
      connections.add(databaseConnections);
      rows.add(storedRows);
      p99.add(p99Millis);
    }

    List<SoakTrend> all() {
      return List.of(heap, metaspace, code, classes, threads, descriptors, connections, rows, p99);
    }

    List<String> faults() {
      return all().stream().map(SoakTrend::fault).flatMap(Optional::stream).toList();
    }

    /** The sum of the series whose names and labels match. */
    private static double sum(String metrics, String series) {
      Matcher values =
          Pattern.compile("^" + series + " (\\S+)$", Pattern.MULTILINE).matcher(metrics);
      double sum = 0;
      boolean found = false;
      while (values.find()) {
        sum += Double.parseDouble(values.group(1));
        found = true;
      }
      if (!found) {
        throw new IllegalStateException("/metrics has no " + series);
      }
      return sum;
    }
  }

  /** Packs a version of the plugin that knows the campaign's server. */
  private static Path pack(Path directory, String version, String origin) throws Exception {
    Path project = directory.resolve("soak-" + version);
    ExampleProject.copy("benchmarks/soak", "rust", project);
    for (String file : List.of("manifest.json", "Cargo.toml", "Cargo.lock", "src/lib.rs")) {
      Path path = project.resolve("benchmarks/soak").resolve(file);
      Files.writeString(
          path,
          Files.readString(path)
              .replace(SoakStore.Bundles.FIRST, version)
              .replace("http://127.0.0.1:80", origin));
    }
    Path bundle = directory.resolve("soak-" + version + ".gnplugin");
    ExampleProject.pack(project.resolve("benchmarks/soak"), bundle);
    return bundle;
  }

  /** Answers each request with the last part of its path. */
  private static final class Echo implements AutoCloseable {
    private final HttpServer server;

    Echo() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext(
          "/",
          exchange -> {
            byte[] body =
                exchange.getRequestURI().getPath().substring(1).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
          });
      server.start();
    }

    String origin() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }
}
