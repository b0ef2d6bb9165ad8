package io.gonext.benchmarks;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.openjdk.jmh.runner.RunnerException;

/**
 * {@code ./bench dispatch}: the cost of a filter in a plugin, from {@code Host.applyFilters} to its
 * result, with a guest that does nothing and a pristine instance.
 */
final class DispatchBenchmark implements Benchmark {
  private static final int FORKS = 5;

  private static final double GOAL_MICROS = 2;

  /** Methods of {@link CallStages}: the parts of the whole. */
  private static final Map<String, String> PARTS = parts();

  private static Map<String, String> parts() {
    Map<String, String> parts = new LinkedHashMap<>();
    parts.put("nobody", "look-up of a hook without handlers");
    parts.put("bus", "bus: chain, deadlines, timer");
    parts.put("leaseAndHookFresh", "pool and ABI: checkout, hook, reset");
    parts.put("hostEcho", "all of it, with a value in the answer");
    return parts;
  }

  @Override
  public String name() {
    return "dispatch";
  }

  @Override
  public String description() {
    return "bus, pool and ABI of the smallest filter call, one thread (about a minute)";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    if (!args.isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    Jmh jmh = Jmh.settled(Jmh.JVM_ARGS);
    List<Double> forks = new ArrayList<>();
    for (int i = 0; i < FORKS; i++) {
      forks.add(jmh.median(CallStages.class, "host"));
    }
    double whole = Medians.median(forks);
    out.printf(Locale.ROOT, "%-40s %8s%n", "", "ns");
    for (Map.Entry<String, String> part : PARTS.entrySet()) {
      row(out, part.getValue(), part(jmh, part.getKey()));
    }
    row(out, "all of it: Host.applyFilters", whole);
    out.printf(
        Locale.ROOT,
        "median of %d forks (%s ns); each part is from one fork; goal %.1f us%n",
        FORKS,
        forks.stream().sorted().map(Math::round).toList(),
        GOAL_MICROS);
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("dispatch_us", String.format(Locale.ROOT, "%.3f", whole / 1_000));
    return figures;
  }

  private static double part(Jmh jmh, String method) throws RunnerException {
    return jmh.median(CallStages.class, method);
  }

  private static void row(PrintWriter out, String what, double nanos) {
    out.printf(Locale.ROOT, "%-40s %8.0f%n", what, nanos);
  }
}
