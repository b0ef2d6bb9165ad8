package io.gonext.benchmarks;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.trust.TrustPolicy;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;

/**
 * {@code ./bench record}: what a call costs while it is recorded, and while nothing is. Each round
 * measures a call four times in turn: on a host that has never recorded, and on another one with
 * the recording off after it was on, with all calls kept, and with only failures kept.
 *
 * <p>{@code on_cost} is the time with all calls kept, beside off; {@code off_cost} is off beside
 * the host that has never recorded. Each is the median over the rounds of the ratio within a round,
 * and the worst of the kinds of calls. Times are those of the processor in the calling thread,
 * which does all of a call's work, so that other load of the machine counts less.
 */
final class RecordBenchmark implements Benchmark {
  private static final int ROUNDS = 31;
  private static final long SHARE_NANOS = TimeUnit.MILLISECONDS.toNanos(60);
  private static final int WARM_UPS = 40;

  /** Looking at the clock takes part of a microsecond. */
  private static final int CALLS_A_LOOK = 8;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final RecordingPolicy FAILURES = new RecordingPolicy(true, Optional.empty(), 0);

  @Override
  public String name() {
    return "record";
  }

  @Override
  public String description() {
    return "a call while it is recorded, and while it is not: [--quick] (about 1 minute)";
  }

  /**
   * A kind of calls.
   *
   * @param value of the filter
   */
  private record Kind(String title, String plugin, String hook, String value) {}

  /** Work that can be timed. */
  @FunctionalInterface
  private interface Work {
    void run() throws InterruptedException;
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    int rounds = Arguments.quick(args) ? 7 : ROUNDS;
    Path directory = Files.createTempDirectory("gonext-bench-record");
    List<Kind> kinds =
        List.of(
            new Kind(
                "a filter of the example hello-rust, 4 KB", "hello-rust", "the_content", text()),
            new Kind("the same, 20 bytes", "hello-rust", "the_content", "a *b* c, and no more"),
            new Kind("20 reads of the configuration", "services", "services", "c20"));
    try (Host never = host(directory.resolve("never"));
        Host host = host(directory.resolve("recording"))) {
      RatioTable table = new RatioTable(out, "-", "one call", "recorded", "off");
      double on = 0;
      double failures = 0;
      double off = 0;
      for (Kind kind : kinds) {
        Costs costs = costs(kind, never, host, rounds, table);
        on = Math.max(on, costs.on);
        failures = Math.max(failures, costs.failures);
        off = Math.max(off, costs.off);
      }
      SequencedMap<String, String> figures = new LinkedHashMap<>();
      figures.put("on_cost", ratio(on));
      figures.put("traps_cost", ratio(failures));
      figures.put("off_cost", ratio(off));
      return figures;
    } finally {
      SwapBenchmark.delete(directory);
    }
  }

  private static String text() {
    return "A line of a *post* that is as long as lines of posts are, or so.\n".repeat(64);
  }

  private static Host host(Path data) throws Exception {
    Host host = Host.open(HostConfig.builder(data).trust(TrustPolicy.off()).build());
    Path example = Checkout.root().resolve("examples/hello-rust");
    host.plugins().install(Files.readAllBytes(example.resolve("hello-rust-0.1.0.gnplugin")));
    host.plugins()
        .install(
            GuestBundle.of("services", Guests.wasm("services"))
                .filter("services")
                .field(
                    "config",
                    "{\"schema\":{\"type\":\"object\",\"properties\":{\"request\":{\"type\":"
                        + "\"object\",\"default\":{\"a\":1}}}}}")
                .bytes());
    for (String plugin : List.of("hello-rust", "services")) {
      host.plugins().grantRequested(plugin);
      host.plugins().activate(plugin);
    }
    return host;
  }

  /** Ratios of times: beside off, and off beside a host that has never recorded. */
  private record Costs(double on, double failures, double off) {}

  private static Costs costs(Kind kind, Host never, Host host, int rounds, RatioTable table)
      throws InterruptedException {
    Work plain = () -> call(never, kind);
    Work work = () -> call(host, kind);
    List<Double> on = new ArrayList<>();
    List<Double> failures = new ArrayList<>();
    List<Double> off = new ArrayList<>();
    List<Double> allNanos = new ArrayList<>();
    List<Double> trapsNanos = new ArrayList<>();
    List<Double> offNanos = new ArrayList<>();
    for (int i = -WARM_UPS; i < rounds; i++) {
      host.recordings().start(kind.plugin, RecordingPolicy.ALL);
      double all = nanos(work);
      host.recordings().start(kind.plugin, FAILURES);
      double traps = nanos(work);
      host.recordings().stop(kind.plugin);
      double stopped = nanos(work);
      double unrecorded = nanos(plain);
      if (i >= 0) {
        on.add(all / stopped);
        failures.add(traps / stopped);
        off.add(stopped / unrecorded);
        allNanos.add(all);
        trapsNanos.add(traps);
        offNanos.add(stopped);
      }
    }
    table.row(kind.title + ", all kept", Medians.median(allNanos), Medians.median(offNanos));
    table.row("  only failures kept", Medians.median(trapsNanos), Medians.median(offNanos));
    return new Costs(Medians.median(on), Medians.median(failures), Medians.median(off));
  }

  private static void call(Host host, Kind kind) throws InterruptedException {
    FilterResult result = host.applyFilters(kind.hook, kind.value);
    if (!result.degraded().isEmpty()) {
      throw new IllegalStateException("a call of the guest failed: " + result.degraded());
    }
  }

  private static double nanos(Work work) throws InterruptedException {
    long begin = THREADS.getCurrentThreadCpuTime();
    long spent;
    long done = 0;
    do {
      for (int i = 0; i < CALLS_A_LOOK; i++) {
        work.run();
      }
      done += CALLS_A_LOOK;
      spent = THREADS.getCurrentThreadCpuTime() - begin;
    } while (spent < SHARE_NANOS);
    return (double) spent / done;
  }

  private static String ratio(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
