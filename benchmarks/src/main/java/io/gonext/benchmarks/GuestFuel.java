package io.gonext.benchmarks;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.FunctionType;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.HostFunction;
import io.gonext.engine.InstanceConfig;
import io.gonext.engine.Metering;
import io.gonext.engine.ValueType;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;

/**
 * What counting fuel costs. Also a program for a JVM of its own: it calls a kernel compiled with
 * and without fuel in turns, and prints the processor time of a call of each, in nanoseconds.
 */
final class GuestFuel {
  private static final List<Kernel> KERNELS =
      List.of(Kernel.SORT, Kernel.SHA256, Kernel.JSON, Kernel.SCAN, Kernel.UNROLLED);

  /** The name of the guest that calls itself. */
  private static final String RECURSION = "recursion";

  private static final int RECURSION_DEPTH = 25;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** The JIT compiles both in the first part, which does not count. */
  private static final Duration WARM_UP = Duration.ofSeconds(6);

  private static final Duration QUICK_WARM_UP = Duration.ofSeconds(1);
  private static final Duration MEASURED = Duration.ofSeconds(3);
  private static final Duration QUICK_MEASURED = Duration.ofSeconds(1);
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private GuestFuel() {}

  /**
   * Measures the kernels of the guest {@code compute}, each in a JVM of its own.
   *
   * @param quick to check that it works, not to measure
   * @return the median of the kernels' ratios, and the recursion's
   */
  static SequencedMap<String, String> compare(List<String> jvmArgs, boolean quick, PrintWriter out)
      throws IOException, InterruptedException {
    var table = new RatioTable(out, "", "processor time", "with fuel", "without");
    List<Double> ratios = new ArrayList<>();
    for (Kernel kernel : KERNELS) {
      ratios.add(row(table, kernel.title(), kernel.name(), jvmArgs, quick));
    }
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("fuel_cost", RatioTable.ratio(Medians.median(ratios)));
    figures.put(
        "fuel_cost_recursion",
        RatioTable.ratio(row(table, "a function that calls itself", RECURSION, jvmArgs, quick)));
    return figures;
  }

  private static double row(
      RatioTable table, String title, String kernel, List<String> jvmArgs, boolean quick)
      throws IOException, InterruptedException {
    List<String> words = JavaProgram.command(jvmArgs, GuestFuel.class);
    words.add(kernel);
    words.add((quick ? QUICK_WARM_UP : WARM_UP).toString());
    words.add((quick ? QUICK_MEASURED : MEASURED).toString());
    String[] nanos = ProgramResult.run(Checkout.root(), words).requireOutput().split(" ", -1);
    double counted = Double.parseDouble(nanos[0]);
    double free = Double.parseDouble(nanos[1]);
    table.row(title, counted, free);
    return counted / free;
  }

  public static void main(String[] args) throws IOException {
    Duration warmUp = Duration.parse(args[1]);
    Duration measured = Duration.parse(args[2]);
    boolean isRecursion = args[0].equals(RECURSION);
    byte[] wasm = isRecursion ? Guests.wasm("engine-fuel") : ComputeGuest.wasmOfFork();
    String function = isRecursion ? "recurses" : "compute";
    int argument = isRecursion ? RECURSION_DEPTH : Kernel.valueOf(args[0]).index();
    try (var engine = new Engine(EngineLimits.defaults());
        GuestInstance counting = instance(engine.compile(wasm, Metering.FUEL), isRecursion);
        GuestInstance free = instance(engine.compile(wasm), isRecursion)) {
      var ofCounting = new ArrayList<Double>();
      var ofFree = new ArrayList<Double>();
      long begin = System.nanoTime();
      while (System.nanoTime() - begin < warmUp.plus(measured).toNanos()) {
        boolean counts = System.nanoTime() - begin > warmUp.toNanos();
        double withFuel = nanos(counting, function, argument);
        double withoutFuel = nanos(free, function, argument);
        if (counts) {
          ofCounting.add(withFuel);
          ofFree.add(withoutFuel);
        }
      }
      System.out.printf(
          Locale.ROOT, "%.0f %.0f%n", Medians.median(ofCounting), Medians.median(ofFree));
    }
  }

  private static GuestInstance instance(CompiledModule module, boolean importsHost) {
    var host =
        HostFunction.of(
            "env",
            "host",
            FunctionType.of(ValueType.I32).returning(ValueType.I32),
            (_, args) -> args[0]);
    return module.instantiate(
        InstanceConfig.builder().hostFunctions(importsHost ? List.of(host) : List.of()).build());
  }

  private static double nanos(GuestInstance guest, String function, int argument) {
    long before = THREADS.getCurrentThreadCpuTime();
    guest.run(LIMIT, call -> call.call(guest.function(function), argument));
    return THREADS.getCurrentThreadCpuTime() - before;
  }
}
