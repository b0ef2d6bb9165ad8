package io.gonext.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code ./bench restart}: a {@code gonext serve} under HTTP load is killed (SIGKILL) and started
 * again while the load goes on. It measures how many requests the host serves in the first second
 * after {@code /readyz} says that it is ready, beside a steady second, with and without the
 * exercise of its plugins.
 */
final class RestartBenchmark implements Benchmark {
  private static final int CLIENTS = 4;
  private static final int ROUNDS = 5;

  /** The seconds of load before a kill. A host keeps inputs for the first time after 10. */
  private static final int LOAD_SECONDS = 25;

  private static final int QUICK_LOAD_SECONDS = 14;

  /** The last seconds of the load are the steady ones. */
  private static final int STEADY_SECONDS = 5;

  private static final List<byte[]> REQUESTS =
      List.of(
          HttpLoad.post("/api/v1/filters/the_content", "{\"value\":\"Hello *world*, *again*\"}"),
          HttpLoad.get("/api/plugins/hello-rust/hello/Ada"),
          HttpLoad.post(
              "/api/v1/filters/the_content",
              "{\"value\":\"" + "A *longer* text, with some *marks* in it. ".repeat(20) + "\"}"));

  @Override
  public String name() {
    return "restart";
  }

  @Override
  public String description() {
    return "a killed host's first second after it is ready, with and without warm-up: [--quick],"
        + " needs Rust for WebAssembly (about 6 minutes)";
  }

  /** What one restart came to. */
  private record Restart(double readySeconds, long firstSecond, long steadySecond) {
    double share() {
      return (double) firstSecond / steadySecond;
    }
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    boolean quick = Arguments.quick(args);
    Path directory = Files.createTempDirectory("gonext-bench-restart");
    try {
      Path bundle = pack(directory);
      Life warm = new Life(directory.resolve("warm"), bundle, "10s", quick);
      Life cold = new Life(directory.resolve("cold"), bundle, "0", quick);
      List<Restart> warmed = new ArrayList<>();
      List<Restart> unwarmed = new ArrayList<>();
      // One life of a host each in turns, so that what else the machine does meets both.
      for (int round = 0; round < (quick ? 1 : ROUNDS); round++) {
        warmed.add(warm.restart());
        unwarmed.add(cold.restart());
      }
      return report(warmed, unwarmed, out);
    } finally {
      SwapBenchmark.delete(directory);
    }
  }

  private static SequencedMap<String, String> report(
      List<Restart> warmed, List<Restart> unwarmed, PrintWriter out) {
    out.printf(Locale.ROOT, "%-44s %14s %14s%n", "medians", "--warm-up 10s", "--warm-up 0");
    row(
        out,
        "requests in a steady second",
        median(warmed.stream().map(each -> (double) each.steadySecond).toList()),
        median(unwarmed.stream().map(each -> (double) each.steadySecond).toList()));
    row(
        out,
        "seconds from the start to ready",
        median(warmed.stream().map(Restart::readySeconds).toList()),
        median(unwarmed.stream().map(Restart::readySeconds).toList()));
    row(
        out,
        "requests in the first second after ready",
        median(warmed.stream().map(each -> (double) each.firstSecond).toList()),
        median(unwarmed.stream().map(each -> (double) each.firstSecond).toList()));
    double share = median(warmed.stream().map(Restart::share).toList());
    double unwarmedShare = median(unwarmed.stream().map(Restart::share).toList());
    out.printf(
        Locale.ROOT,
        "%-44s %14.2f %14.2f%n",
        "the first second over the steady one",
        share,
        unwarmedShare);
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("without_warm_up", String.format(Locale.ROOT, "%.2f", unwarmedShare));
    figures.put("first_second_after_ready", String.format(Locale.ROOT, "%.2f", share));
    return figures;
  }

  private static void row(PrintWriter out, String label, double warmed, double unwarmed) {
    out.printf(Locale.ROOT, "%-44s %,14.1f %,14.1f%n", label, warmed, unwarmed);
  }

  private static double median(List<Double> values) {
    return Medians.median(values);
  }

  private static Path pack(Path directory) throws Exception {
    Path project = ExampleProject.copy("examples/hello-rust", "rust", directory);
    Path bundle = directory.resolve("hello-rust.gnplugin");
    ExampleProject.pack(project, bundle);
    return bundle;
  }

  /** One host's data directory, through several starts. */
  private static final class Life {
    private final Path data;
    private final Path bundle;
    private final String warmUp;
    private final int loadSeconds;
    private boolean ranBefore;

    Life(Path data, Path bundle, String warmUp, boolean quick) {
      this.data = data;
      this.bundle = bundle;
      this.warmUp = warmUp;
      this.loadSeconds = quick ? QUICK_LOAD_SECONDS : LOAD_SECONDS;
    }

    /** Loads a host, kills it, and starts it again. */
    Restart restart() throws Exception {
      int port = GonextProcess.freePort();
      try (HttpLoad load = HttpLoad.start(port, CLIENTS, REQUESTS)) {
        long steady;
        try (GonextProcess host = serve(port)) {
          GonextProcess.awaitReady(port);
          steady = steadySecond(load);
          host.kill();
        }
        long begin = System.nanoTime();
        try (GonextProcess host = serve(port)) {
          GonextProcess.awaitReady(port);
          double readySeconds = (System.nanoTime() - begin) / 1e9;
          long first = second(load);
          if (load.served() == 0) {
            throw new UnavailableException("no request was served, " + load.failed() + " failed");
          }
          host.kill();
          return new Restart(readySeconds, first, steady);
        }
      }
    }

    private GonextProcess serve(int port) throws IOException {
      List<String> arguments =
          new ArrayList<>(
              List.of(
                  "serve",
                  "--port",
                  Integer.toString(port),
                  "--data",
                  data.toString(),
                  "--route-rate",
                  "off",
                  "--warm-up",
                  warmUp));
      if (!ranBefore) {
        arguments.addAll(List.of("--plugin", bundle.toString()));
        ranBefore = true;
      }
      return GonextProcess.start(
          ProcessBuilder.Redirect.appendTo(data.resolveSibling("host.log").toFile()),
          arguments.toArray(String[]::new));
    }

    private long steadySecond(HttpLoad load) {
      List<Double> seconds = new ArrayList<>();
      for (int i = 0; i < loadSeconds; i++) {
        seconds.add((double) second(load));
      }
      return Math.round(median(seconds.subList(seconds.size() - STEADY_SECONDS, seconds.size())));
    }
  }

  /** How many requests are served in the next second. */
  private static long second(HttpLoad load) {
    long before = load.served();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
    while (end - System.nanoTime() > 0) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
    return load.served() - before;
  }
}
