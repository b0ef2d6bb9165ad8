package io.gonext.benchmarks;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import tools.jackson.databind.JsonNode;

/**
 * The hosts of one store under load: clients that check every answer, and an operator who updates
 * the plugin and rolls it back.
 */
final class SoakStore implements AutoCloseable {
  /** The versions of the plugin, and where their bundles are. */
  record Bundles(Path first, Path second) {
    static final String FIRST = "1.0.0";
    static final String SECOND = "2.0.0";
  }

  private static final int CLIENTS = 4;

  /** One in so many requests computes until its time is over. */
  private static final int DICE = 3000;

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long OPERATOR_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(12);
  private static final long LONGEST_SETTLING_NANOS = TimeUnit.SECONDS.toNanos(120);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long MOST_MICROS = TimeUnit.SECONDS.toMicros(60);

  private static final String ROUTES = "/api/plugins/soak";

  private final String name;
  private final List<SoakHost> hosts;
  private final Bundles bundles;
  private final SoakLedger ledger = new SoakLedger();
  private final AtomicLong changes = new AtomicLong();
  private final List<Thread> threads = new ArrayList<>();
  private final ConcurrentHistogram echoMicros = new ConcurrentHistogram(MOST_MICROS, 3);
  private volatile boolean stopped;

  /**
   * @param hosts that share the store; the first one is never killed where there are two
   */
  SoakStore(String name, List<SoakHost> hosts, Bundles bundles) {
    this.name = name;
    this.hosts = List.copyOf(hosts);
    this.bundles = bundles;
  }

  SoakLedger ledger() {
    return ledger;
  }

  /** How often the plugin was updated or rolled back. */
  long changes() {
    return changes.get();
  }

  /** Starts all hosts, and serves the first version on them. */
  void open() throws IOException, InterruptedException, UnavailableException {
    for (SoakHost host : hosts) {
      host.start();
    }
    HttpResponse<String> installed =
        hosts
            .getFirst()
            .sendBundle("POST", "/api/v1/plugins?grant=true&activate=true", bundles.first());
    if (installed.statusCode() / 100 != 2) {
      throw new UnavailableException("the plugin cannot be installed: " + installed.body());
    }
    awaitVersion(Bundles.FIRST);
  }

  /** Starts the load. */
  void load(long seed) {
    for (int i = 0; i < CLIENTS; i++) {
      Random random = new Random(seed + i);
      String client = name + "-" + i + "-";
      threads.add(Thread.ofVirtual().name("soak-client").start(() -> requests(client, random)));
    }
    threads.add(
        Thread.ofVirtual().name("soak-operator").start(() -> operate(new Random(seed - 1))));
  }

  /** The 99th percentile of the echo since the last call, in milliseconds; 0 without any. */
  double p99Millis() {
    Histogram all = echoMicros.copy();
    echoMicros.reset();
    return all.getTotalCount() == 0 ? 0 : all.getValueAtPercentile(99) / 1e3;
  }

  /** Ends the load, waits for the jobs, and compares what was told with what is there. */
  void settle() throws IOException, InterruptedException, UnavailableException {
    stopped = true;
    for (Thread thread : threads) {
      thread.join();
    }
    for (SoakHost host : hosts) {
      if (!host.isUp()) {
        host.start();
      }
    }
    long end = System.nanoTime() + LONGEST_SETTLING_NANOS;
    JsonNode totals = hosts.getFirst().json(ROUTES + "/totals");
    while (totals.path("shipped").asLong() < totals.path("placed").asLong()
        && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(POLL_NANOS);
      totals = hosts.getFirst().json(ROUTES + "/totals");
    }
    ledger.settle(totals.path("count").asLong(), ids("placed"), ids("shipped"));
  }

  private Set<String> ids(String table)
      throws IOException, InterruptedException, UnavailableException {
    Set<String> ids = new HashSet<>();
    String after = "";
    while (true) {
      JsonNode page = hosts.getFirst().json(ROUTES + "/ids/" + table + "?after=" + after);
      if (page.isEmpty()) {
        return ids;
      }
      for (JsonNode id : page) {
        after = id.asString("");
        ids.add(after);
      }
    }
  }

  // ---- clients ----------------------------------------------------------------------------------

  private void requests(String client, Random random) {
    for (long i = 0; !stopped; i++) {
      List<SoakHost> there = hosts.stream().filter(SoakHost::isUp).toList();
      if (!there.isEmpty()) {
        request(there.get(random.nextInt(there.size())), client + i, random.nextInt(DICE));
      }
      LockSupport.parkNanos(random.nextLong(PAUSE_NANOS));
    }
  }

  private void request(SoakHost host, String id, int dice) {
    int lives = host.lives();
    Kind kind = Kind.of(dice);
    long begin = System.nanoTime();
    try {
      HttpResponse<String> answer = host.send(kind.method, kind.path(id), kind.body(id));
      if (kind == Kind.ECHO && host == hosts.getFirst()) {
        echoMicros.recordValue(Math.min(MOST_MICROS, (System.nanoTime() - begin) / 1_000));
      }
      judge(host, lives, kind, id, answer);
    } catch (IOException e) {
      failed(host, lives, kind, id, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What a client asks for, with its share of the requests in one of {@link #DICE}. */
  private enum Kind {
    SPIN(1, "GET", ROUTES + "/spin"),
    TRAP(10, "GET", ROUTES + "/trap"),
    ORDER(300, "POST", ROUTES + "/order/"),
    COUNT(450, "POST", ROUTES + "/count"),
    FETCH(300, "GET", ROUTES + "/fetch/"),
    FILTER(900, "POST", "/api/v1/filters/soak.echo"),
    ECHO(DICE, "GET", ROUTES + "/echo/");

    private final int share;
    private final String method;
    private final String start;

    Kind(int share, String method, String start) {
      this.share = share;
      this.method = method;
      this.start = start;
    }

    /** The last one takes what is left. */
    static Kind of(int dice) {
      int rest = dice;
      for (Kind kind : values()) {
        if (rest < kind.share) {
          return kind;
        }
        rest -= kind.share;
      }
      return ECHO;
    }

    String path(String id) {
      return start.endsWith("/") ? start + id : start;
    }

    String body(String id) {
      return this == FILTER ? "{\"value\":\"" + id + "\",\"fail_closed\":true}" : "";
    }

    boolean mustFail() {
      return this == TRAP || this == SPIN;
    }
  }

  private void judge(SoakHost host, int lives, Kind kind, String id, HttpResponse<String> answer) {
    int status = answer.statusCode();
    if (kind.mustFail()) {
      if (status / 100 == 5) {
        ledger.answered(kind.name());
      } else {
        ledger.mixed(kind + " answered " + status);
      }
      return;
    }
    if (status != 200) {
      failed(host, lives, kind, id, status + " " + answer.body());
      return;
    }
    String text = kind == Kind.FILTER ? value(answer.body()) : answer.body();
    int space = text.lastIndexOf(' ');
    String said = space < 0 ? text : text.substring(0, space);
    String version = text.substring(space + 1);
    boolean known = version.equals(Bundles.FIRST) || version.equals(Bundles.SECOND);
    if (!known || (kind != Kind.COUNT && !said.equals(id))) {
      ledger.mixed(kind + " " + id + " on " + host.name() + " answered " + text);
      return;
    }
    switch (kind) {
      case ORDER -> ledger.placed(id);
      case COUNT -> ledger.counted(Long.parseLong(said));
      default -> {
        // Nothing stays.
      }
    }
    ledger.answered(kind.name());
  }

  /** What a filter made of its value. */
  private static String value(String answer) {
    try {
      return StrictJson.parse(answer.getBytes(StandardCharsets.UTF_8)).path("value").asString("");
    } catch (InvalidJsonException e) {
      return answer;
    }
  }

  private void failed(SoakHost host, int lives, Kind kind, String id, String how) {
    boolean excused = !host.isUp() || host.lives() != lives;
    if (excused) {
      ledger.answered("cut off by a kill");
    } else {
      ledger.lost(kind + " " + id + " on " + host.name() + ": " + how);
    }
    switch (kind) {
      case ORDER -> ledger.perhapsPlaced(id);
      case COUNT -> ledger.perhapsCounted();
      default -> {
        // Nothing stays.
      }
    }
  }

  // ---- the operator -----------------------------------------------------------------------------

  /** Changes the version every few seconds, by an update or by a rollback of one. */
  private void operate(Random random) {
    boolean updated = false;
    while (!stopped) {
      park(OPERATOR_PAUSE_NANOS);
      SoakHost host = hosts.get(random.nextInt(hosts.size()));
      if (stopped || !host.isUp()) {
        continue;
      }
      int lives = host.lives();
      try {
        boolean first = version(host).equals(Bundles.FIRST);
        boolean back = updated && random.nextInt(3) == 0;
        HttpResponse<String> answer =
            back
                ? host.sendAdmin("POST", "/api/v1/plugins/soak/rollback")
                : host.sendBundle(
                    "PUT",
                    "/api/v1/plugins/soak/bundle?allow_downgrade=true&approve=true",
                    first ? bundles.second() : bundles.first());
        updated = !back;
        if (answer.statusCode() != 200) {
          throw new IOException(answer.statusCode() + " " + answer.body());
        }
        changes.incrementAndGet();
        awaitVersion(first ? Bundles.SECOND : Bundles.FIRST);
      } catch (IOException e) {
        // The change may have been made, or not.
        updated = false;
        if (host.isUp() && host.lives() == lives) {
          ledger.lost("a change on " + host.name() + ": " + e.getMessage());
        }
      } catch (UnavailableException e) {
        ledger.lost(String.valueOf(e.getMessage()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** Which version a host serves. */
  private static String version(SoakHost host) throws IOException, InterruptedException {
    String[] answer = host.send("GET", ROUTES + "/echo/version", "").body().split(" ", -1);
    return answer[answer.length - 1];
  }

  /** Waits until all hosts that are up serve a version. */
  private void awaitVersion(String version)
      throws IOException, InterruptedException, UnavailableException {
    long end = System.nanoTime() + LONGEST_SETTLING_NANOS;
    for (SoakHost host : hosts) {
      while (host.isUp()) {
        int lives = host.lives();
        try {
          if (version(host).equals(version)) {
            break;
          }
        } catch (IOException e) {
          if (host.isUp() && host.lives() == lives) {
            throw e;
          }
        }
        if (System.nanoTime() - end > 0) {
          throw new UnavailableException(host.name() + " does not serve version " + version);
        }
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
  }

  private void park(long nanos) {
    long end = System.nanoTime() + nanos;
    while (!stopped && end - System.nanoTime() > 0) {
      LockSupport.parkNanos(Math.min(POLL_NANOS, end - System.nanoTime()));
    }
  }

  @Override
  public void close() throws IOException {
    stopped = true;
    for (SoakHost host : hosts) {
      host.close();
    }
  }
}
