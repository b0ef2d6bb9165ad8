package io.gonext.benchmarks;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.lifecycle.UpdatePolicy;
import io.gonext.host.route.PluginRequest;
import io.gonext.host.route.RouteOutcome;
import io.gonext.host.route.RouteRate;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * {@code ./bench swap}: a filter and a route under load while their plugin is swapped between two
 * versions every second. Every answer names the version that made each part of it. Then a thousand
 * swaps without load, and what they leave in heap and metaspace.
 */
final class SwapBenchmark implements Benchmark {
  private static final int SECONDS = 60;
  private static final int STEADY_SECONDS = 10;
  private static final int BARE_SWAPS = 1_000;
  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Each caller rests between calls, so that two of them do not fill two cores. */
  private static final long REST_NANOS = 100_000;

  @Override
  public String name() {
    return "swap";
  }

  @Override
  public String description() {
    return "a plugin swapped every second under load: [SECONDS], 60 by default";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    int seconds = SECONDS;
    if (args.size() > 1) {
      throw new UsageException("it takes one argument at most, the seconds.");
    }
    if (args.size() == 1) {
      try {
        seconds = Integer.parseInt(args.getFirst());
      } catch (NumberFormatException e) {
        seconds = 0;
      }
      if (seconds < 1) {
        throw new UsageException("'" + args.getFirst() + "' is no number of seconds.");
      }
    }
    Path data = Files.createTempDirectory("gonext-bench-swap");
    HostConfig loaded = HostConfig.of(data.resolve("loaded")).withRouteRate(RouteRate.UNLIMITED);
    HostConfig idle = HostConfig.of(data.resolve("idle")).withUpdates(UpdatePolicy.development());
    try (Host host = Host.open(loaded);
        Host bare = Host.open(idle)) {
      host.activate(host.install(version("1")).manifest().name());
      bare.activate(bare.install(version("1")).manifest().name());
      return run(host, bare, seconds, out);
    } finally {
      delete(data);
    }
  }

  private static SequencedMap<String, String> run(
      Host host, Host bare, int seconds, PrintWriter out) throws InterruptedException {
    Load warming = new Load(host);
    warming.run(STEADY_SECONDS, second -> {});
    Load steady = new Load(host);
    steady.run(STEADY_SECONDS, second -> {});
    byte[][] versions = {version("2"), version("1")};
    Load swapped = new Load(host);
    swapped.run(seconds, second -> host.update(versions[second % 2]));

    long heapBefore = heapBytes();
    long metaspaceBefore = metaspaceBytes();
    long begin = System.nanoTime();
    for (int i = 0; i < BARE_SWAPS; i++) {
      bare.update(versions[i % 2]);
    }
    double bareMillis = (System.nanoTime() - begin) / 1e6 / BARE_SWAPS;
    long heapAfter = heapBytes();
    long metaspaceAfter = metaspaceBytes();

    out.printf(Locale.ROOT, "%-34s %12s %12s%n", "", "steady", "swapped");
    row(out, "calls", steady.calls.get(), swapped.calls.get());
    row(out, "failed", steady.failed.get(), swapped.failed.get());
    row(out, "of two versions", steady.mixed.get(), swapped.mixed.get());
    for (double percentile : new double[] {50, 99, 99.9, 100}) {
      out.printf(
          Locale.ROOT,
          "%-34s %12.1f %12.1f%n",
          "p" + percentile + " us",
          micros(steady, percentile),
          micros(swapped, percentile));
    }
    out.printf(Locale.ROOT, "%n%,d swaps without load: %.1f ms each%n", BARE_SWAPS, bareMillis);
    out.printf(
        Locale.ROOT,
        "heap %.1f -> %.1f MiB, metaspace %.1f -> %.1f MiB%n",
        heapBefore / 1048576.0,
        heapAfter / 1048576.0,
        metaspaceBefore / 1048576.0,
        metaspaceAfter / 1048576.0);
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("swaps", Integer.toString(swapped.swaps));
    figures.put("failed", Long.toString(swapped.failed.get()));
    figures.put("mixed", Long.toString(swapped.mixed.get()));
    figures.put(
        "p99_after_swap_ratio",
        String.format(Locale.ROOT, "%.2f", micros(swapped, 99) / micros(steady, 99)));
    return figures;
  }

  private static void row(PrintWriter out, String label, long steady, long swapped) {
    out.printf(Locale.ROOT, "%-34s %,12d %,12d%n", label, steady, swapped);
  }

  private static double micros(Load load, double percentile) {
    return load.latencies.getValueAtPercentile(percentile) / 1e3;
  }

  /** A version whose answers name it twice. */
  private static byte[] version(String number) {
    return GuestBundle.of("app", Guests.wasm("version-" + number))
        .version(number + ".0.0")
        .filter("version")
        .route("GET", "/")
        .bytes();
  }

  /** What is done each second. */
  @FunctionalInterface
  private interface EachSecond {
    void run(int second) throws InterruptedException;
  }

  /** Two callers, one of a filter and one of a route. */
  private static final class Load {
    final AtomicLong calls = new AtomicLong();
    final AtomicLong failed = new AtomicLong();
    final AtomicLong mixed = new AtomicLong();
    final Histogram latencies = new ConcurrentHistogram(LONGEST_NANOS, 3);
    int swaps;
    private final Host host;
    private final AtomicBoolean stop = new AtomicBoolean();

    Load(Host host) {
      this.host = host;
    }

    void run(int seconds, EachSecond eachSecond) throws InterruptedException {
      List<Thread> callers = new ArrayList<>();
      callers.add(Thread.ofPlatform().start(() -> call(this::filter)));
      callers.add(Thread.ofPlatform().start(() -> call(this::route)));
      long begin = System.nanoTime();
      for (int second = 0; second < seconds; second++) {
        eachSecond.run(second);
        swaps++;
        long next = begin + TimeUnit.SECONDS.toNanos(second + 1L);
        while (next - System.nanoTime() > 0) {
          LockSupport.parkNanos(next - System.nanoTime());
        }
      }
      stop.set(true);
      for (Thread caller : callers) {
        caller.join();
      }
    }

    private void call(Call call) {
      while (!stop.get()) {
        long begin = System.nanoTime();
        try {
          call.run();
        } catch (InterruptedException | RuntimeException e) {
          failed.incrementAndGet();
        }
        latencies.recordValue(Math.min(System.nanoTime() - begin, LONGEST_NANOS));
        calls.incrementAndGet();
        LockSupport.parkNanos(REST_NANOS);
      }
    }

    private void filter() throws InterruptedException {
      FilterResult result = host.applyFilters("version", "x");
      if (!result.degraded().isEmpty() || !result.value().isObject()) {
        failed.incrementAndGet();
        return;
      }
      String body = result.value().path("body").asString("");
      check(
          result.value().path("headers").path("X-Version").asString(""),
          body.equals("MQ==") ? "1" : body.equals("Mg==") ? "2" : body);
    }

    private void route() throws InterruptedException {
      RouteOutcome outcome =
          host.serve("app", new PluginRequest("GET", "/", "", Map.of(), new byte[0]));
      if (outcome instanceof RouteOutcome.Answered answered) {
        check(
            String.valueOf(answered.response().headers().get("X-Version")),
            new String(answered.response().body(), StandardCharsets.UTF_8));
      } else {
        failed.incrementAndGet();
      }
    }

    private void check(String one, String other) {
      if (!one.equals(other)) {
        mixed.incrementAndGet();
      }
    }
  }

  @FunctionalInterface
  private interface Call {
    void run() throws InterruptedException;
  }

  private static long heapBytes() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(Duration.ofMillis(100));
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long metaspaceBytes() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getName().equals("Metaspace"))
        .map(MemoryPoolMXBean::getUsage)
        .mapToLong(usage -> usage.getUsed())
        .sum();
  }

  /** Deletes a directory with all that is in it. */
  static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
