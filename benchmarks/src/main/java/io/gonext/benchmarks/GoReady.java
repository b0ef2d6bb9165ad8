package io.gonext.benchmarks;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;

/**
 * A program for a JVM of its own: {@code MODULE SECONDS} starts {@code hello-go} in a host, calls
 * its filter from each processor without a pause, and prints when it was ready.
 *
 * <p>It is ready when it first serves 80 % of its steady rate over half a second. The steady rate
 * is that of the last third of the time.
 */
final class GoReady {
  private static final Duration WINDOW = Duration.ofMillis(100);
  private static final int WINDOWS_LOOKED_AT = 5;
  private static final String READY = "ready after ";
  private static final double SHARE = 0.8;

  /** About as long as a paragraph. */
  private static final String TEXT = "Some *marked* words, and some that are not. ".repeat(8);

  private GoReady() {}

  public static void main(String[] args) throws Exception {
    byte[] wasm = Files.readAllBytes(Path.of(args[0]));
    Duration time = Duration.ofSeconds(Long.parseLong(args[1]));
    byte[] manifest =
        Files.readAllBytes(Checkout.root().resolve("examples/hello-go/manifest.json"));
    Path data = Files.createTempDirectory("gonext-bench-go");
    try (Host host = Host.open(data)) {
      host.plugins()
          .install(GuestBundle.zip(Map.of("manifest.json", manifest, "plugin.wasm", wasm)));
      host.plugins().activate("hello-go");
      List<Long> counts = counts(host, time);
      System.out.printf(
          Locale.ROOT,
          "%s%.1f s, calls in each second: %s%n",
          READY,
          readySeconds(counts, WINDOW),
          seconds(counts));
    } finally {
      SwapBenchmark.delete(data);
    }
  }

  private static List<Long> seconds(List<Long> counts) {
    int perSecond = (int) Duration.ofSeconds(1).dividedBy(WINDOW);
    List<Long> seconds = new ArrayList<>();
    for (int from = 0; from + perSecond <= counts.size(); from += perSecond) {
      seconds.add(counts.subList(from, from + perSecond).stream().mapToLong(Long::longValue).sum());
    }
    return seconds;
  }

  /** How many calls ended in each window. */
  private static List<Long> counts(Host host, Duration time) throws Exception {
    var calls = new LongAdder();
    List<Long> counts = new ArrayList<>();
    int processors = Runtime.getRuntime().availableProcessors();
    try (ExecutorService callers = Executors.newFixedThreadPool(processors)) {
      long began = System.nanoTime();
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < processors; i++) {
        running.add(callers.submit(() -> call(host, calls)));
      }
      long before = 0;
      for (int i = 1; i <= time.dividedBy(WINDOW); i++) {
        long end = began + i * WINDOW.toNanos();
        Thread.sleep(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        long sum = calls.sum();
        counts.add(sum - before);
        before = sum;
      }
      callers.shutdownNow();
      for (Future<?> each : running) {
        each.get();
      }
    }
    return counts;
  }

  private static void call(Host host, LongAdder calls) {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        if (!host.applyFilters("the_content", TEXT).degraded().isEmpty()) {
          if (Thread.currentThread().isInterrupted()) {
            return;
          }
          throw new IllegalStateException("the filter of hello-go failed");
        }
        calls.increment();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * When the rate is first at 80 % of the steady one.
   *
   * @param counts the calls in each window, from the first call on
   */
  static double readySeconds(List<Long> counts, Duration window) {
    int last = counts.size() / 3;
    double steady =
        counts.subList(counts.size() - last, counts.size()).stream()
            .mapToLong(Long::longValue)
            .average()
            .orElseThrow();
    for (int end = WINDOWS_LOOKED_AT; end <= counts.size(); end++) {
      double mean =
          counts.subList(end - WINDOWS_LOOKED_AT, end).stream()
              .mapToLong(Long::longValue)
              .average()
              .orElseThrow();
      if (mean >= SHARE * steady) {
        return end * window.toNanos() / 1e9;
      }
    }
    return counts.size() * window.toNanos() / 1e9;
  }

  /** Reads what the program prints. */
  static double readySeconds(String output) {
    return Double.parseDouble(output.substring(READY.length()).split(" ", 2)[0]);
  }
}
