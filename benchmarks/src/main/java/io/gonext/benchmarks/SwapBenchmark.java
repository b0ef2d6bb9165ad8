package io.gonext.benchmarks;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.PluginRequest;
import io.gonext.host.RouteOutcome;
import io.gonext.host.RouteRate;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.UpdateResult;
import io.gonext.host.hook.FilterResult;
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
 * {@code ./bench swap}: filters and routes under load while their plugin is swapped between two
 * versions every second. Every answer names the version that made each part of it. Then it makes a
 * thousand swaps as fast as possible, with calls between them, and measures the growth of heap and
 * metaspace. After its table it fails if an answer was lost or mixed two versions, if an update was
 * not a swap, or if memory grew.
 */
final class SwapBenchmark implements Benchmark {
  private static final int SECONDS = 60;
  private static final int STEADY_SECONDS = 10;
  private static final int CALLERS = 4;
  private static final int FAST_SWAPS = 1_000;

  /** Swaps before memory is measured, so that one-time allocations are not counted. */
  private static final int FIRST_SWAPS = 100;

  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Each caller rests between calls, so that they do not fill two cores. */
  private static final long REST_NANOS = 200_000;

  /**
   * The growth that a thousand swaps may cause. A version that stays in memory takes about 100 KiB.
   */
  private static final long MAX_HEAP_GROWTH_BYTES = 16L << 20;

  private static final long MAX_METASPACE_GROWTH_BYTES = 8L << 20;

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
        throw new UsageException("'" + args.getFirst() + "' is not a number of seconds.");
      }
    }
    Path data = Files.createTempDirectory("gonext-bench-swap");
    HostConfig loaded =
        HostConfig.builder(data.resolve("loaded")).routeRate(RouteRate.UNLIMITED).build();
    HostConfig idle =
        HostConfig.builder(data.resolve("idle"))
            .updates(UpdatePolicy.development())
            .routeRate(RouteRate.UNLIMITED)
            .build();
    try (Host host = Host.open(loaded);
        Host bare = Host.open(idle)) {
      host.plugins().activate(host.plugins().install(version("1")).manifest().name());
      bare.plugins().activate(bare.plugins().install(version("1")).manifest().name());
      return run(host, bare, seconds, out);
    } finally {
      delete(data);
    }
  }

  private static SequencedMap<String, String> run(
      Host host, Host bare, int seconds, PrintWriter out) throws Exception {
    new Load(host).run(STEADY_SECONDS, second -> false);
    Load steady = new Load(host);
    steady.run(STEADY_SECONDS, second -> false);
    byte[][] versions = {version("2"), version("1")};
    Load swapped = new Load(host);
    swapped.run(seconds, second -> isSwap(host.plugins().update(versions[second % 2])));
    Memory memory = swapFast(bare, versions);

    double steadyP99 = steady.medianP99();
    double afterSwapP99 = swapped.medianP99();
    out.printf(Locale.ROOT, "%-34s %12s %12s%n", "", "steady", "swapped");
    row(out, "calls", steady.calls.get(), swapped.calls.get());
    row(out, "failed", steady.failed.get(), swapped.failed.get());
    row(out, "of two versions", steady.mixed.get(), swapped.mixed.get());
    for (double percentile : new double[] {50, 99, 99.9, 100}) {
      row(
          out,
          "p" + percentile + " us, all the time",
          steady.all.getValueAtPercentile(percentile) / 1e3,
          swapped.all.getValueAtPercentile(percentile) / 1e3);
    }
    row(out, "p99 us of the second, median", steadyP99, afterSwapP99);
    row(out, "p99 us of the second, worst", steady.worstP99(), swapped.worstP99());
    out.printf(
        Locale.ROOT,
        "%n%,d swaps in a row, %,d calls between them: %.1f ms each%n",
        FAST_SWAPS,
        memory.calls,
        memory.millisPerSwap);
    out.printf(
        Locale.ROOT,
        "heap %.1f -> %.1f MiB, metaspace %.1f -> %.1f MiB%n",
        memory.heapBefore / 1048576.0,
        memory.heapAfter / 1048576.0,
        memory.metaspaceBefore / 1048576.0,
        memory.metaspaceAfter / 1048576.0);

    List<String> broken = new ArrayList<>();
    long failed = steady.failed.get() + swapped.failed.get() + memory.failed;
    long mixed = steady.mixed.get() + swapped.mixed.get() + memory.mixed;
    if (failed > 0) {
      broken.add(failed + " calls failed");
    }
    if (mixed > 0) {
      broken.add(mixed + " answers were of two versions");
    }
    if (swapped.swaps < Math.min(seconds, 2)) {
      broken.add("only " + swapped.swaps + " updates were swaps");
    }
    if (memory.heapAfter - memory.heapBefore > MAX_HEAP_GROWTH_BYTES) {
      broken.add("the heap grew over " + FAST_SWAPS + " swaps");
    }
    if (memory.metaspaceAfter - memory.metaspaceBefore > MAX_METASPACE_GROWTH_BYTES) {
      broken.add("the metaspace grew over " + FAST_SWAPS + " swaps");
    }
    if (!broken.isEmpty()) {
      throw new BrokenPromiseException(String.join("; ", broken));
    }
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("swaps", Integer.toString(swapped.swaps));
    figures.put("failed", Long.toString(failed));
    figures.put("mixed", Long.toString(mixed));
    figures.put(
        "p99_after_swap_ratio", String.format(Locale.ROOT, "%.2f", afterSwapP99 / steadyP99));
    return figures;
  }

  private static boolean isSwap(UpdateResult result) {
    return result instanceof UpdateResult.Replaced;
  }

  /** The memory after many swaps in a row. */
  private record Memory(
      long heapBefore,
      long heapAfter,
      long metaspaceBefore,
      long metaspaceAfter,
      double millisPerSwap,
      long calls,
      long failed,
      long mixed) {}

  private static Memory swapFast(Host host, byte[][] versions) throws Exception {
    Load load = new Load(host);
    for (int i = 0; i < FIRST_SWAPS; i++) {
      swapOnce(host, versions[i % 2], load);
    }
    long heapBefore = heapBytes();
    long metaspaceBefore = metaspaceBytes();
    long begin = System.nanoTime();
    for (int i = 0; i < FAST_SWAPS; i++) {
      swapOnce(host, versions[i % 2], load);
    }
    double millis = (System.nanoTime() - begin) / 1e6 / FAST_SWAPS;
    return new Memory(
        heapBefore,
        heapBytes(),
        metaspaceBefore,
        metaspaceBytes(),
        millis,
        load.calls.get(),
        load.failed.get(),
        load.mixed.get());
  }

  private static void swapOnce(Host host, byte[] version, Load load) throws Exception {
    if (!isSwap(host.plugins().update(version))) {
      throw new BrokenPromiseException("an update of the thousand was no swap");
    }
    load.once(load::filter);
    load.once(load::route);
  }

  private static void row(PrintWriter out, String label, long steady, long swapped) {
    out.printf(Locale.ROOT, "%-34s %,12d %,12d%n", label, steady, swapped);
  }

  private static void row(PrintWriter out, String label, double steady, double swapped) {
    out.printf(Locale.ROOT, "%-34s %12.1f %12.1f%n", label, steady, swapped);
  }

  /** A version whose answers name it twice. */
  private static byte[] version(String number) {
    return GuestBundle.of("app", Guests.wasm("version-" + number))
        .version(number + ".0.0")
        .filter("version")
        .route("GET", "/")
        .bytes();
  }

  /** Runs at the beginning of each second; returns whether it swapped versions. */
  @FunctionalInterface
  private interface EachSecond {
    boolean run(int second) throws InterruptedException;
  }

  /** Callers, half of a filter and half of a route. */
  private static final class Load {
    final AtomicLong calls = new AtomicLong();
    final AtomicLong failed = new AtomicLong();
    final AtomicLong mixed = new AtomicLong();
    final Histogram all = new ConcurrentHistogram(LONGEST_NANOS, 3);
    int swaps;

    /** In microseconds, for each second after the action at its beginning. */
    private final List<Double> p99s = new ArrayList<>();

    private final Host host;
    private final AtomicBoolean stop = new AtomicBoolean();

    /** Of the current second. */
    private volatile Histogram current = new ConcurrentHistogram(LONGEST_NANOS, 3);

    Load(Host host) {
      this.host = host;
    }

    void run(int seconds, EachSecond eachSecond) throws InterruptedException {
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        Call call = i % 2 == 0 ? this::filter : this::route;
        callers.add(Thread.ofPlatform().daemon().start(() -> callUntilStopped(call)));
      }
      try {
        for (int second = 0; second < seconds; second++) {
          swaps += eachSecond.run(second) ? 1 : 0;
          measureSecond();
        }
      } finally {
        stop.set(true);
        for (Thread caller : callers) {
          caller.join();
        }
      }
    }

    private void measureSecond() {
      Histogram second = new ConcurrentHistogram(LONGEST_NANOS, 3);
      current = second;
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
      while (end - System.nanoTime() > 0) {
        LockSupport.parkNanos(end - System.nanoTime());
      }
      p99s.add(second.getValueAtPercentile(99) / 1e3);
    }

    double medianP99() {
      return p99s.stream().sorted().skip((p99s.size() - 1) / 2).findFirst().orElse(0.0);
    }

    double worstP99() {
      return p99s.stream().max(Comparator.naturalOrder()).orElse(0.0);
    }

    private void callUntilStopped(Call call) {
      while (!stop.get()) {
        once(call);
        LockSupport.parkNanos(REST_NANOS);
      }
    }

    void once(Call call) {
      long begin = System.nanoTime();
      try {
        call.run();
      } catch (InterruptedException | RuntimeException | Error e) {
        failed.incrementAndGet();
      }
      long nanos = Math.min(System.nanoTime() - begin, LONGEST_NANOS);
      all.recordValue(nanos);
      current.recordValue(nanos);
      calls.incrementAndGet();
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
