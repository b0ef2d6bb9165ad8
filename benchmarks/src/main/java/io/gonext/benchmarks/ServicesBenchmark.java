package io.gonext.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.AddressRange;
import io.gonext.host.Database;
import io.gonext.host.Egress;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.HostFunctionCall;
import io.gonext.host.HostFunctionHandler;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.hook.FilterResult;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.client.HttpClient;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * {@code ./bench services}: what one call of a guest into a service of the host costs, beside the
 * same work in plain Java. In each round both are measured, one after the other. A guest calls a
 * service many times in one call of its hook; what the hook costs without them is taken off. The
 * ratios of reads are those on PostgreSQL; those on H2 have names of their own.
 */
final class ServicesBenchmark implements Benchmark {
  private static final String PLUGIN = "services";

  /** Many short ones: another load of the machine falls on both sides of a round. */
  private static final int ROUNDS = 21;

  private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(130);
  private static final int WARM_UPS = 12;

  /** After so many, the JIT compiler has done its work also for calls that take long. */
  private static final int WARM_UP_CALLS = 20_000;

  /** Calls of a service in one call of the hook. */
  private static final int CALLS = 200;

  /** As many requests as a call may send, or fewer. */
  private static final int FETCHES = 8;

  private static final String CONTENT = "an entry";

  private static final String MIGRATION =
      """
      create table entry (id bigint primary key, content varchar(200) not null);
      insert into entry values (7, '%s');
      """
          .formatted(CONTENT);

  @Override
  public String name() {
    return "services";
  }

  @Override
  public String description() {
    return "a guest's call into a service beside plain Java: [--quick] (about 2 minutes)";
  }

  /** Work that can be timed. */
  @FunctionalInterface
  private interface Work {
    void run() throws Exception;
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    int rounds = Arguments.quick(args) ? 7 : ROUNDS;
    Path directory = Files.createTempDirectory("gonext-bench-services");
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    HttpServer server = server();
    try (EmbeddedPostgres postgres = KvBenchmark.postgres(directory)) {
      String h2 = KvBenchmark.h2Url(directory.resolve("h2"));
      try (Contest contest =
          Contest.of(config(directory.resolve("h2")).build(), server, h2, rounds, out, "H2")) {
        contest.computing(figures);
        figures.put("fetch_ratio", RatioTable.ratio(contest.fetch().ratio()));
        contest.reads(figures, "_h2");
      }
      String url = postgres.getJdbcUrl("postgres", "postgres");
      HostConfig onPostgres =
          config(directory.resolve("data")).database(Database.postgreSql(url)).build();
      try (Contest contest = Contest.of(onPostgres, server, url, rounds, out, "PostgreSQL")) {
        contest.reads(figures, "");
      }
      return figures;
    } finally {
      server.stop(0);
      SwapBenchmark.delete(directory);
    }
  }

  private static HttpServer server() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] answer = "{\"status\":\"ok\"}".getBytes(UTF_8);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.setExecutor(Executors.newCachedThreadPool(Thread.ofPlatform().daemon().factory()));
    server.start();
    return server;
  }

  private static HostConfig.Builder config(Path data) {
    return HostConfig.builder(data)
        .egress(
            new Egress(
                Egress.Mode.ENFORCE,
                List.of(new Egress.Allowed(AddressRange.of("127.0.0.0/8"), 0)),
                1_000_000))
        .function(HostFunctionSpec.builder("bench.echo", ECHO).capability("kv.read").build());
  }

  private static final HostFunctionHandler ECHO =
      call -> Map.of("id", call.request().path("id").asInt(), "title", "a title");

  /**
   * Medians of the rounds.
   *
   * @param ours the nanoseconds of one call of the guest
   * @param ratio what it takes beside the same in plain Java
   * @param difference in nanoseconds
   */
  private record Compared(double ours, double ratio, double difference) {}

  /** A host with the guest, and what plain Java needs for the same. */
  private record Contest(
      Host host, HttpServer server, Connection connection, int rounds, RatioTable table)
      implements AutoCloseable {

    static Contest of(
        HostConfig config,
        HttpServer server,
        String url,
        int rounds,
        PrintWriter out,
        String database)
        throws Exception {
      Host host = Host.open(config);
      String target = "http://127.0.0.1:" + server.getAddress().getPort();
      host.plugins()
          .install(
              GuestBundle.zip(
                  new LinkedHashMap<>(
                      Map.of(
                          "manifest.json",
                          manifest(target).getBytes(UTF_8),
                          "plugin.wasm",
                          Guests.wasm("services"),
                          "migrations/V1__entry.sql",
                          MIGRATION.getBytes(UTF_8)))));
      host.plugins().grantRequested(PLUGIN);
      host.plugins().activate(PLUGIN);
      Connection connection = DriverManager.getConnection(url);
      return new Contest(
          host,
          server,
          connection,
          rounds,
          new RatioTable(out, "-", "one call (" + database + ")", "ours", "plain"));
    }

    private static String manifest(String target) {
      return GuestBundle.of(PLUGIN, Guests.wasm("services"))
          .filter(PLUGIN)
          .field(
              "capabilities", "[\"kv.read\",\"kv.write\",\"db.read\",\"db.write\",\"http.fetch\"]")
          .field("http", "{\"serve\":[],\"fetch\":{\"allow\":[\"" + target + "\"]}}")
          .field(
              "config",
              """
              {"schema":{"type":"object","properties":{"request":{"type":"object",\
              "default":{"method":"GET","url":"%s/"}}}}}\
              """
                  .formatted(target))
          .manifest();
    }

    /** Services that only compute. */
    void computing(SequencedMap<String, String> figures) throws Exception {
      HostFunctionCall call =
          new HostFunctionCall(
              JsonNodeFactory.instance.objectNode().put("id", 7),
              PLUGIN,
              "1.0.0",
              "services",
              Duration.ofSeconds(1));
      Compared app = compared("the application's function", 'a', CALLS, () -> ECHO.handle(call));
      figures.put("app_call_us", micros(app.difference()));
      Map<String, String> values = Map.of("request", "{}");
      Compared config =
          compared("a value of the configuration", 'c', CALLS, () -> values.get("request"));
      figures.put("config_us", micros(config.ours()));
    }

    Compared fetch() throws Exception {
      String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
      HttpClient client = new HttpClient();
      client.start();
      try {
        return compared(
            "a fetch over loopback, Jetty's client", 'f', FETCHES, () -> client.GET(url));
      } finally {
        client.stop();
      }
    }

    void reads(SequencedMap<String, String> figures, String ending) throws Exception {
      host.applyFilters(PLUGIN, "s1");
      try (Statement statement = connection.createStatement()) {
        statement.execute(
            "create table plain_entry (plugin varchar(64), name varchar(256),"
                + " content varchar(200), primary key (plugin, name))");
        statement.execute("insert into plain_entry values ('services', 'key', '" + CONTENT + "')");
        statement.execute("create table plain_row (id bigint primary key, content varchar(200))");
        statement.execute("insert into plain_row values (7, '" + CONTENT + "')");
      }
      Compared kv =
          compared(
              "a key-value entry, JDBC",
              'k',
              CALLS,
              () ->
                  read(
                      "select content from plain_entry where plugin = ? and name = ?",
                      PLUGIN,
                      "key"));
      figures.put("kv_get_ratio" + ending, RatioTable.ratio(kv.ratio()));
      Compared db =
          compared(
              "a row by SQL, JDBC",
              'd',
              CALLS,
              () -> read("select content from plain_row where id = ?", 7L));
      figures.put("db_read_ratio" + ending, RatioTable.ratio(db.ratio()));
    }

    private void read(String sql, Object... arguments) throws SQLException {
      try (PreparedStatement select = connection.prepareStatement(sql)) {
        for (int i = 0; i < arguments.length; i++) {
          select.setObject(i + 1, arguments[i]);
        }
        try (ResultSet rows = select.executeQuery()) {
          if (!rows.next() || !CONTENT.equals(rows.getString(1))) {
            throw new IllegalStateException("the row is missing");
          }
        }
      }
    }

    private Compared compared(String title, char operation, int calls, Work plain)
        throws Exception {
      double warm = 0;
      for (int i = 0; i < WARM_UPS || warm < WARM_UP_CALLS; i++) {
        warm += ROUND_NANOS / Math.max(1, ours(operation, calls));
        nanos(plain);
      }
      List<Double> ours = new ArrayList<>();
      List<Double> others = new ArrayList<>();
      List<Double> ratios = new ArrayList<>();
      List<Double> differences = new ArrayList<>();
      for (int i = 0; i < rounds; i++) {
        double our = ours(operation, calls);
        double other = nanos(plain);
        ours.add(our);
        others.add(other);
        ratios.add(our / other);
        differences.add(our - other);
      }
      table.row(title, Medians.median(ours), Medians.median(others));
      return new Compared(
          Medians.median(ours), Medians.median(ratios), Medians.median(differences));
    }

    private double ours(char operation, int calls) throws Exception {
      double empty = nanos(() -> called('n', calls));
      return (nanos(() -> called(operation, calls)) - empty) / calls;
    }

    private void called(char operation, int calls) throws InterruptedException {
      FilterResult result = host.applyFilters(PLUGIN, "" + operation + calls);
      if (!result.degraded().isEmpty() || result.value().asInt() != calls) {
        throw new IllegalStateException(
            "a call of the guest failed: " + result.degraded() + " " + result.value());
      }
    }

    @Override
    public void close() throws SQLException {
      connection.close();
      host.close();
    }
  }

  private static double nanos(Work work) throws Exception {
    long begin = System.nanoTime();
    long spent;
    long done = 0;
    do {
      work.run();
      done++;
      spent = System.nanoTime() - begin;
    } while (spent < ROUND_NANOS);
    return (double) spent / done;
  }

  private static String micros(double nanos) {
    return String.format(Locale.ROOT, "%.2f", nanos / 1_000);
  }
}
