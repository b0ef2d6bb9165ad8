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
import java.util.function.Function;
import java.util.zip.ZipFile;

/**
 * {@code ./bench start}: from a process's start to the first answer of a plugin's route, and the
 * resident memory afterwards, beside a Go service with wazero and the same plugin. All starts but
 * the first are second starts: the store, the compiled module and the caches are there.
 */
final class StartBenchmark implements Benchmark {
  private static final int ROUNDS = 7;
  private static final int QUICK_ROUNDS = 3;
  private static final int CLIENTS = 4;
  private static final long LONGEST_START_NANOS = TimeUnit.MINUTES.toNanos(2);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(15);
  private static final long LOAD_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final byte[] REQUEST = HttpLoad.get("/api/plugins/hello-rust/hello/Ada");

  @Override
  public String name() {
    return "start";
  }

  @Override
  public String description() {
    return "a host's start to its first answer, and its memory, beside a Go service: [--quick],"
        + " needs Go (about 4 minutes)";
  }

  /** One start: times in milliseconds, memory in MiB. */
  private record Start(double firstAnswer, double processor, double idle, double loaded) {}

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    int rounds = Arguments.quick(args) ? QUICK_ROUNDS : ROUNDS;
    ForeignRuntime wazero = ForeignRuntime.wazero();
    if (wazero.program() == null) {
      throw new UnavailableException("the Go service: " + wazero.problem());
    }
    Path directory = Files.createTempDirectory("gonext-bench-start");
    try {
      Path bundle = Checkout.root().resolve("examples/hello-rust/hello-rust-0.1.0.gnplugin");
      Path module = directory.resolve("plugin.wasm");
      try (ZipFile files = new ZipFile(bundle.toFile())) {
        Files.copy(files.getInputStream(files.getEntry("plugin.wasm")), module);
      }
      String data = directory.resolve("data").toString();
      String port = Integer.toString(GonextProcess.freePort());
      List<String> first =
          List.of(
              Checkout.root().resolve("gonext").toString(),
              "serve",
              "--port",
              port,
              "--data",
              data,
              "--route-rate",
              "off",
              "--plugin",
              bundle.toString());
      List<String> ours = first.subList(0, first.size() - 2);
      List<String> plain = List.of(wazero.program().toString(), "serve", module.toString(), port);
      List<String> cached = new ArrayList<>(plain);
      cached.add(directory.resolve("compiled").toString());
      Path log = directory.resolve("log");
      measure(first, Integer.parseInt(port), log, false);
      measure(cached, Integer.parseInt(port), log, false);
      List<Start> host = new ArrayList<>();
      List<Start> service = new ArrayList<>();
      List<Start> cachedService = new ArrayList<>();
      for (int round = 0; round < rounds; round++) {
        boolean withMemory = round < QUICK_ROUNDS;
        host.add(measure(ours, Integer.parseInt(port), log, withMemory));
        service.add(measure(plain, Integer.parseInt(port), log, withMemory));
        cachedService.add(measure(cached, Integer.parseInt(port), log, withMemory));
      }
      return report(host, service, cachedService, wazero.title(), out);
    } finally {
      SwapBenchmark.delete(directory);
    }
  }

  private static Start measure(List<String> command, int port, Path log, boolean withMemory)
      throws IOException, UnavailableException {
    long begin = System.nanoTime();
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    try {
      while (HttpLoad.status(port, REQUEST) != 200) {
        if (!process.isAlive() || System.nanoTime() - begin > LONGEST_START_NANOS) {
          throw new UnavailableException(
              String.join(" ", command) + " did not answer: " + Files.readString(log));
        }
        LockSupport.parkNanos(POLL_NANOS);
      }
      double firstAnswer = (System.nanoTime() - begin) / 1e6;
      double processor = process.info().totalCpuDuration().orElseThrow().toNanos() / 1e6;
      if (!withMemory) {
        return new Start(firstAnswer, processor, Double.NaN, Double.NaN);
      }
      await(IDLE_NANOS);
      double idle = residentMebibytes(process.pid());
      try (HttpLoad load = HttpLoad.start(port, CLIENTS, List.of(REQUEST))) {
        await(LOAD_NANOS);
        if (load.failed() > 0) {
          throw new UnavailableException(load.failed() + " requests failed: " + command);
        }
        return new Start(firstAnswer, processor, idle, residentMebibytes(process.pid()));
      }
    } finally {
      process.destroy();
      process.onExit().join();
    }
  }

  private static void await(long nanos) {
    long end = System.nanoTime() + nanos;
    while (end - System.nanoTime() > 0) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }

  /** As the kernel says, on Linux. */
  private static double residentMebibytes(long pid) throws IOException, UnavailableException {
    Path status = Path.of("/proc", Long.toString(pid), "status");
    if (Files.notExists(status)) {
      throw new UnavailableException("resident memory is read from /proc, which Linux has");
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
      }
    }
    throw new UnavailableException("there is no VmRSS in " + status);
  }

  private static SequencedMap<String, String> report(
      List<Start> host, List<Start> service, List<Start> cached, String title, PrintWriter out) {
    out.printf("The Go service: %s%n%n", title);
    out.printf(
        Locale.ROOT, "%-36s %12s %12s %16s%n", "medians", "gonext", "Go service", "with its cache");
    row(out, "first answer after, ms", Start::firstAnswer, host, service, cached);
    row(out, "processor time until then, ms", Start::processor, host, service, cached);
    row(out, "resident after 15 idle s, MiB", Start::idle, host, service, cached);
    row(out, "resident after 20 s of load, MiB", Start::loaded, host, service, cached);
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put(
        "second_start_ms", String.format(Locale.ROOT, "%.0f", median(host, Start::firstAnswer)));
    figures.put(
        "start_ratio_cached",
        ratio(median(host, Start::firstAnswer), median(cached, Start::firstAnswer)));
    figures.put(
        "start_ratio",
        ratio(median(host, Start::firstAnswer), median(service, Start::firstAnswer)));
    figures.put("idle_mib", String.format(Locale.ROOT, "%.0f", median(host, Start::idle)));
    figures.put(
        "load_memory_ratio", ratio(median(host, Start::loaded), median(service, Start::loaded)));
    return figures;
  }

  private static String ratio(double ours, double theirs) {
    return String.format(Locale.ROOT, "%.1f", ours / theirs);
  }

  private static void row(
      PrintWriter out,
      String label,
      Function<Start, Double> part,
      List<Start> host,
      List<Start> service,
      List<Start> cached) {
    out.printf(
        Locale.ROOT,
        "%-36s %,12.1f %,12.1f %,16.1f%n",
        label,
        median(host, part),
        median(service, part),
        median(cached, part));
  }

  private static double median(List<Start> starts, Function<Start, Double> part) {
    return Medians.median(starts.stream().map(part).filter(value -> !value.isNaN()).toList());
  }
}
