package io.gonext.benchmarks;

import static io.gonext.benchmarks.GuestRuntime.OURS;
import static io.gonext.benchmarks.GuestRuntime.STOCK;

import io.gonext.benchmarks.EngineOptions.Part;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.openjdk.jmh.runner.RunnerException;

/**
 * {@code ./bench engine}: our engine compared with the stock engine, with wasmtime and wazero, with
 * a new instance for each call, and with the same source as a native program.
 */
final class EngineBenchmark implements Benchmark {
  /** JVMs for measurements that a JVM can make only once. */
  private static final int FORKS = 3;

  private static final int GO_FORKS = 2;
  private static final int GO_SECONDS = 30;
  private static final int QUICK_GO_SECONDS = 10;
  private static final int[] PAYLOADS = {0, 1024, 65_536};
  private static final int[] MEGABYTES = {1, 16, 64};
  private static final int[] BLOCKS = {1, 3, 50};

  @Override
  public String name() {
    return "engine";
  }

  @Override
  public String description() {
    return "[--quick] [--before DIR] [PART...]: compute, dispatch, calls, memory, compile, go:"
        + " beside native code, wasmtime, wazero and the stock engine (about 10 minutes)";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    return new Run(EngineOptions.parse(args), out).measure();
  }

  /** One run of the benchmark and its figures so far. Used by one thread. */
  private static final class Run {
    private final EngineOptions options;
    private final PrintWriter out;
    private final int forks;
    private final Pace brief;
    private final Map<KernelSource, KernelSource.Built> guests = new EnumMap<>(KernelSource.class);
    private final ForeignRuntime wasmtime;
    private final ForeignRuntime wazero;
    private final List<String> jvmArgs;
    private final Jmh guestCode;
    private final Jmh hostCode;
    private final SequencedMap<String, String> figures = new LinkedHashMap<>();

    Run(EngineOptions options, PrintWriter out) throws IOException, InterruptedException {
      this.options = options;
      this.out = out;
      this.forks = options.quick() ? 1 : FORKS;
      this.brief = options.quick() ? Pace.QUICK_OPERATION : Pace.OPERATION;
      out.println("building the guests and the programs to compare with");
      for (KernelSource source : KernelSource.values()) {
        KernelSource.Built built = source.build();
        guests.put(source, built);
        out.println(source.title() + ": " + built.origin());
      }
      out.println("benchmarks/wasmtime: the first build takes some minutes");
      this.wasmtime = built(ForeignRuntime.wasmtime());
      this.wazero = built(ForeignRuntime.wazero());
      this.jvmArgs = ComputeGuest.jvmArgs(computeGuest());
      List<String> jmhArgs = new ArrayList<>(Jmh.JVM_ARGS);
      jmhArgs.addAll(jvmArgs);
      this.guestCode = options.quick() ? Jmh.quick(jmhArgs) : Jmh.settled(jmhArgs);
      this.hostCode = options.quick() ? Jmh.quick(jmhArgs) : Jmh.brief(jmhArgs);
    }

    private ForeignRuntime built(ForeignRuntime runtime) {
      out.println(
          runtime.program() == null
              ? runtime.title() + " is missing: " + runtime.problem()
              : runtime.title());
      return runtime;
    }

    private Path computeGuest() {
      KernelSource.Built built = guests.get(KernelSource.COMPUTE);
      if (built == null || built.wasm() == null) {
        throw new IllegalStateException("there is always a compute guest");
      }
      return built.wasm();
    }

    SequencedMap<String, String> measure() throws Exception {
      if (measures(Part.COMPUTE)) {
        figures.putAll(
            new KernelComparison(guests, wasmtime, wazero, options.quick(), forks, out).measure());
      }
      if (options.parts().size() > 1) {
        out.println();
        out.println("medians; each figure of gonext and of stock comes from separate JVMs");
      }
      if (measures(Part.FUEL)) {
        figures.putAll(GuestFuel.compare(jvmArgs, options.quick(), out));
      }
      if (measures(Part.DISPATCH)) {
        dispatch();
      }
      if (measures(Part.CALLS)) {
        calls();
        deadline();
      }
      if (measures(Part.MEMORY)) {
        reset(newInstances());
        growth();
      }
      if (measures(Part.COMPILE)) {
        firstCalls();
      }
      if (measures(Part.GO)) {
        goReady();
      }
      return figures;
    }

    private boolean measures(Part part) {
      return options.parts().contains(part);
    }

    private void dispatch() throws Exception {
      String done = module("done");
      var table =
          new RatioTable(
              out,
              "-",
              "a pool of 8, the smallest hook",
              OURS,
              KernelFigures.WASMTIME,
              KernelFigures.WAZERO,
              KernelFigures.UNLIMITED);
      double ours = guestCode.median(Dispatch.class, "single");
      double pooled = wasmtime.nanos(brief, "dispatch", done);
      double limited = wazero.nanos(brief, "dispatch", done);
      double unlimited = wazero.nanos(brief, "--no-deadline", "dispatch", done);
      table.row("checkout, call, return", ours, pooled, limited, unlimited);
      table.row(
          "the same, a call of 100 callers at once",
          guestCode.median(Dispatch.class, "crowd"),
          Double.NaN,
          wazero.nanos(brief, "crowd", done),
          wazero.nanos(brief, "--no-deadline", "crowd", done));
      out.println(
          "gonext makes the instance pristine; wasmtime makes a new one from its pool, and");
      out.println("drops it; wazero keeps what the guest wrote");
      figures.put("pristine_vs_wasmtime", figure(ours / pooled));
      figures.put("dispatch_vs_wazero", figure(ours / limited));
      figures.put("dispatch_vs_wazero_without_deadline", figure(ours / unlimited));
    }

    /** A guest of the repository as a file, for programs other than JVMs. */
    private static String module(String name) throws IOException {
      return Files.write(Checkout.target(name + ".wasm"), Guests.wasm(name)).toString();
    }

    private static String figure(double ratio) {
      return Double.isNaN(ratio) ? "none" : RatioTable.ratio(ratio);
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
      double own = guestCode.median(GuestDeadline.class, "own");
      double shared = guestCode.median(GuestDeadline.class, "shared");
      table.row("that adds two numbers", own, shared);
      figures.put("deadline_ns", String.format(Locale.ROOT, "%.0f", own - shared));
      out.printf(
          Locale.ROOT,
          "a separate deadline costs a call %.0f ns at most (goal: under 100)%n",
          own - shared);
    }

    private double call(String runtime, int bytes) throws RunnerException {
      return guestCode.median(
          GuestCalls.class, "call", "runtime", runtime, "bytes", Integer.toString(bytes));
    }

    /** The faster new instance of ours and of stock, by the megabytes of its memory. */
    private Map<Integer, Double> newInstances() throws Exception {
      var table =
          new RatioTable(
              out,
              "-",
              "a new instance",
              OURS,
              STOCK,
              KernelFigures.WASMTIME,
              KernelFigures.WAZERO);
      String guest = computeGuest().toString();
      double limited = wazero.nanos(brief, "start", guest);
      double own = start(OURS, ComputeGuest.NAME);
      table.row(
          "the Rust guest",
          own,
          start(STOCK, ComputeGuest.NAME),
          wasmtime.nanos(brief, "start", guest),
          limited);
      figures.put("instantiate_vs_wazero", figure(own / limited));
      Map<Integer, Double> fastest = new HashMap<>();
      for (int megabytes : MEGABYTES) {
        String name = "memory-" + megabytes;
        String module = module(name);
        double ours = start(OURS, name);
        double stock = start(STOCK, name);
        table.row(
            "that fills " + megabytes + " MiB",
            ours,
            stock,
            wasmtime.nanos(brief, "start", module),
            wazero.nanos(brief, "start", module));
        fastest.put(megabytes, Math.min(ours, stock));
      }
      return fastest;
    }

    private double start(String runtime, String module) throws RunnerException {
      return hostCode.median(GuestStart.class, "instantiate", "runtime", runtime, "module", module);
    }

    private void reset(Map<Integer, Double> newInstances) throws RunnerException {
      var table = new RatioTable(out, "", "making it pristine after it wrote to", "reset", "new");
      for (int megabytes : MEGABYTES) {
        double fresh = newInstances.getOrDefault(megabytes, Double.NaN);
        for (int blocks : BLOCKS) {
          double reset =
              hostCode.median(
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
      double stock = guestCode.median(GuestGrowth.class, STOCK);
      double first = guestCode.median(GuestGrowth.class, OURS, "fresh", "true");
      table.row("in a new instance each time", first, stock);
      table.row(
          "in one instance, reset after each time",
          guestCode.median(GuestGrowth.class, OURS, "fresh", "false"),
          stock);
      figures.put("growth_vs_stock", RatioTable.ratio(first / stock));
    }

    private void firstCalls() throws IOException, InterruptedException {
      Path older = options.before();
      var table =
          older == null
              ? new RatioTable(out, "", "compile, and the calls after it", OURS, STOCK)
              : new RatioTable(out, "", "compile, and the calls after it", OURS, STOCK, "before");
      List<String> words = JavaProgram.command(jvmArgs, FirstCalls.class);
      Map<String, List<Double>> ours = new HashMap<>();
      Map<String, List<Double>> stock = new HashMap<>();
      Map<String, List<Double>> before = new HashMap<>();
      for (int fork = 0; fork < forks; fork++) {
        firstCalls(words, OURS, ours);
        if (older != null) {
          firstCalls(
              JavaProgram.command(jvmArgs, FirstCalls.class, older.toString()), OURS, before);
        }
        firstCalls(words, STOCK, stock);
      }
      SequencedMap<String, String> titles = new LinkedHashMap<>();
      titles.put(FirstCalls.COLD, "compile, in a cold JVM");
      titles.put(FirstCalls.WARM, "compile, in a warm JVM");
      titles.put(FirstCalls.CACHED, "the same from the cache on disk, and one call");
      for (int call : FirstCalls.CALLS) {
        titles.put(FirstCalls.name(call), String.format(Locale.ROOT, "call %,d", call));
      }
      titles.put(FirstCalls.LATE, "from its deadline to a loop's end");
      titles.forEach((name, title) -> {
        if (older == null) {
          table.row(title, median(ours, name), median(stock, name));
        } else {
          table.row(title, median(ours, name), median(stock, name), median(before, name));
        }
      });
      if (older != null) {
        figures.put("compile_cold_vs_before", ratio(ours, before, FirstCalls.COLD));
        figures.put("compile_warm_vs_before", ratio(ours, before, FirstCalls.WARM));
      }
    }

    private static String ratio(
        Map<String, List<Double>> ours, Map<String, List<Double>> before, String name) {
      return figure(median(ours, name) / median(before, name));
    }

    private static double median(Map<String, List<Double>> nanos, String name) {
      List<Double> each = nanos.get(name);
      return each == null ? Double.NaN : Medians.median(each);
    }

    private static void firstCalls(
        List<String> command, String runtime, Map<String, List<Double>> nanos)
        throws IOException, InterruptedException {
      List<String> words = new ArrayList<>(command);
      words.add(runtime);
      for (String line :
          ProgramResult.run(Checkout.root(), words).requireOutput().lines().toList()) {
        String[] figure = line.split(" ", 2);
        nanos.computeIfAbsent(figure[0], _ -> new ArrayList<>()).add(Double.valueOf(figure[1]));
      }
    }

    private void goReady() throws IOException, InterruptedException {
      Path module = Checkout.target("go/hello-go.wasm");
      String problem = GoBuild.guest(Checkout.root().resolve("examples/hello-go"), ".", module);
      if (problem != null) {
        out.println("hello-go is missing: " + problem);
        figures.put("go_ready_s", "none");
        return;
      }
      out.printf(
          Locale.ROOT, "%nhello-go under load, in a new JVM: seconds to 80 %% of its rate%n");
      int seconds = options.quick() ? QUICK_GO_SECONDS : GO_SECONDS;
      List<Double> ready = new ArrayList<>();
      for (int fork = 0; fork < Math.min(forks, GO_FORKS); fork++) {
        List<String> words = JavaProgram.command(List.of(), GoReady.class);
        words.add(module.toString());
        words.add(Integer.toString(seconds));
        String output = ProgramResult.run(Checkout.root(), words).requireOutput();
        out.println(output);
        ready.add(GoReady.readySeconds(output));
      }
      figures.put("go_ready_s", String.format(Locale.ROOT, "%.1f", Medians.median(ready)));
    }
  }
}
