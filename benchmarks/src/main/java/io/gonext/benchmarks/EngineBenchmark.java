package io.gonext.benchmarks;

import static io.gonext.benchmarks.GuestRuntime.OURS;
import static io.gonext.benchmarks.GuestRuntime.STOCK;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.openjdk.jmh.runner.RunnerException;

/**
 * {@code ./bench engine}: our engine compared with the stock engine with its own memory, with a new
 * instance for each call, and with the same source as a native program.
 */
final class EngineBenchmark implements Benchmark {
  /**
   * The goals are about compute, so it is measured several times, each side and native alternately.
   */
  private static final int COMPUTE_ROUNDS = 2;

  /** JVMs for measurements that a JVM can make only once. */
  private static final int FIRST_CALL_FORKS = 3;

  private static final String NO_CARGO = "no cargo";
  private static final int[] PAYLOADS = {0, 1024, 65_536};
  private static final int[] MEGABYTES = {1, 16, 64};
  private static final int[] BLOCKS = {1, 3, 50};

  @Override
  public String name() {
    return "engine";
  }

  @Override
  public String description() {
    return "compute, calls, reset, growth, compile: against the stock engine and native code"
        + " (about 5 minutes)";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    if (!args.isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    ComputeGuest guest = ComputeGuest.build();
    out.println(guest.origin());
    out.println("medians; each figure of gonext and of stock comes from separate JVMs");
    return new Run(guest, out).measure();
  }

  /** One run of the benchmark and its figures so far. Used by one thread. */
  private static final class Run {
    private final ComputeGuest guest;
    private final PrintWriter out;
    private final Jmh settled;
    private final Jmh patient;
    private final Jmh brief;
    private final List<String> jvmArgs;
    private final SequencedMap<String, String> figures = new LinkedHashMap<>();

    Run(ComputeGuest guest, PrintWriter out) {
      this.guest = guest;
      this.out = out;
      this.jvmArgs = new ArrayList<>(Jmh.JVM_ARGS);
      jvmArgs.addAll(guest.jvmArgs());
      this.settled = Jmh.settled(jvmArgs);
      this.patient = Jmh.patient(jvmArgs);
      this.brief = Jmh.brief(jvmArgs);
    }

    SequencedMap<String, String> measure() throws Exception {
      compute();
      figures.putAll(GuestFuel.compare(jvmArgs, out));
      calls();
      deadline();
      Map<Integer, Double> newInstances = newInstances();
      reset(newInstances);
      growth();
      firstCalls();
      return figures;
    }

    private void compute() throws Exception {
      var table = new RatioTable(out, NO_CARGO, "compute in the guest", OURS, STOCK, "native");
      List<Double> toStock = new ArrayList<>();
      List<Double> toNative = new ArrayList<>();
      for (Kernel kernel : Kernel.PLAIN) {
        Sides sides = compute(settled, kernel, COMPUTE_ROUNDS);
        table.row(kernel.title(), sides.ours, sides.stock, sides.machine);
        toStock.add(sides.ours / sides.stock);
        toNative.add(sides.ours / sides.machine);
      }
      Kernel large = Kernel.UNROLLED;
      // Without the flag, HotSpot does not compile what the stock engine makes of it.
      Sides sides = compute(patient.with("-XX:-DontCompileHugeMethods"), large, 1);
      table.row(large.title(), sides.ours, sides.stock, sides.machine);
      figures.put("compute_vs_stock", mean(toStock));
      figures.put("compute_vs_native", mean(toNative));
    }

    private static String mean(List<Double> ratios) {
      double mean = Medians.geometricMean(ratios);
      return Double.isNaN(mean) ? "none" : RatioTable.ratio(mean);
    }

    private record Sides(double ours, double stock, double machine) {}

    private Sides compute(Jmh jmh, Kernel kernel, int rounds) throws Exception {
      List<Double> ours = new ArrayList<>();
      List<Double> stock = new ArrayList<>();
      List<Double> machine = new ArrayList<>();
      for (int round = 0; round < rounds; round++) {
        machine.add(guest.nativeNanos(kernel).orElse(Double.NaN));
        ours.add(jmh.median(GuestCompute.class, "run", "runtime", OURS, "name", kernel.name()));
        stock.add(jmh.median(GuestCompute.class, "run", "runtime", STOCK, "name", kernel.name()));
      }
      return new Sides(Medians.median(ours), Medians.median(stock), Medians.median(machine));
    }

    private void calls() throws RunnerException {
      var table = new RatioTable(out, "", "calls of a hook", OURS, STOCK);
      for (int bytes : PAYLOADS) {
        table.row(
            bytes == 0 ? "smallest" : bytes / 1024 + " KiB there and back",
            call(OURS, bytes),
            call(STOCK, bytes));
      }
    }

    /** Also in nanoseconds, which the table rounds away. */
    private void deadline() throws RunnerException {
      var table = new RatioTable(out, "", "a call of a function", "its own run", "shared run");
      double own = settled.median(GuestDeadline.class, "own");
      double shared = settled.median(GuestDeadline.class, "shared");
      table.row("that adds two numbers", own, shared);
      out.printf(
          Locale.ROOT,
          "a separate deadline costs a call %.0f ns at most (goal: under 100)%n",
          own - shared);
    }

    private double call(String runtime, int bytes) throws RunnerException {
      return settled.median(
          GuestCalls.class, "call", "runtime", runtime, "bytes", Integer.toString(bytes));
    }

    /** The faster new instance of either side, by the megabytes of its memory. */
    private Map<Integer, Double> newInstances() throws RunnerException {
      var table = new RatioTable(out, "", "a new instance", OURS, STOCK);
      table.row("the Rust guest", start(OURS, ComputeGuest.NAME), start(STOCK, ComputeGuest.NAME));
      Map<Integer, Double> fastest = new HashMap<>();
      for (int megabytes : MEGABYTES) {
        double ours = start(OURS, "memory-" + megabytes);
        double stock = start(STOCK, "memory-" + megabytes);
        table.row("that fills " + megabytes + " MiB", ours, stock);
        fastest.put(megabytes, Math.min(ours, stock));
      }
      return fastest;
    }

    private double start(String runtime, String module) throws RunnerException {
      return brief.median(GuestStart.class, "instantiate", "runtime", runtime, "module", module);
    }

    private void reset(Map<Integer, Double> newInstances) throws RunnerException {
      var table = new RatioTable(out, "", "making it pristine after it wrote to", "reset", "new");
      for (int megabytes : MEGABYTES) {
        double fresh = newInstances.getOrDefault(megabytes, Double.NaN);
        for (int blocks : BLOCKS) {
          double reset =
              brief.median(
                  GuestReset.class,
                  "reset",
                  "megabytes",
                  Integer.toString(megabytes),
                  "blocks",
                  Integer.toString(blocks));
          table.row(blocks + " blocks of " + megabytes + " MiB", reset, fresh);
          if (megabytes == 1 && blocks == 3) {
            figures.put("reset_us", String.format(Locale.ROOT, "%.3f", reset / 1_000));
            figures.put("reset_vs_new", RatioTable.ratio(reset / fresh));
          }
        }
      }
    }

    private void growth() throws RunnerException {
      var table =
          new RatioTable(out, "", "growth to 16 MiB page by page, again and again", OURS, STOCK);
      double stock = settled.median(GuestGrowth.class, STOCK);
      table.row(
          "in a new instance each time",
          settled.median(GuestGrowth.class, OURS, "fresh", "true"),
          stock);
      table.row(
          "in one instance, reset after each time",
          settled.median(GuestGrowth.class, OURS, "fresh", "false"),
          stock);
    }

    private void firstCalls() throws IOException, InterruptedException {
      var table = new RatioTable(out, "", "compile, and the calls after it", OURS, STOCK);
      Map<String, List<Double>> ours = new HashMap<>();
      Map<String, List<Double>> stock = new HashMap<>();
      for (int fork = 0; fork < FIRST_CALL_FORKS; fork++) {
        firstCalls(OURS, ours);
        firstCalls(STOCK, stock);
      }
      SequencedMap<String, String> titles = new LinkedHashMap<>();
      titles.put(FirstCalls.COLD, "compile, in a cold JVM");
      titles.put(FirstCalls.WARM, "compile, in a warm JVM");
      titles.put(FirstCalls.CACHED, "the same from the cache on disk, and one call");
      for (int call : FirstCalls.CALLS) {
        titles.put(FirstCalls.name(call), String.format(Locale.ROOT, "call %,d", call));
      }
      titles.put(FirstCalls.LATE, "from its deadline to a loop's end");
      titles.forEach((name, title) -> table.row(title, median(ours, name), median(stock, name)));
    }

    private static double median(Map<String, List<Double>> nanos, String name) {
      List<Double> each = nanos.get(name);
      return each == null ? Double.NaN : Medians.median(each);
    }

    private void firstCalls(String runtime, Map<String, List<Double>> nanos)
        throws IOException, InterruptedException {
      List<String> words = new ArrayList<>();
      words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      words.addAll(Jmh.JVM_ARGS);
      words.addAll(guest.jvmArgs());
      words.addAll(
          List.of(
              "-cp", System.getProperty("java.class.path"), FirstCalls.class.getName(), runtime));
      for (String line :
          ProgramResult.run(Checkout.root(), words).requireOutput().lines().toList()) {
        String[] figure = line.split(" ", 2);
        nanos.computeIfAbsent(figure[0], _ -> new ArrayList<>()).add(Double.valueOf(figure[1]));
      }
    }
  }
}
