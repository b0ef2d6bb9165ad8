package io.gonext.benchmarks;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * {@code ./bench pool}: our checkout and return compared with the pools that Java services use, in
 * one run.
 *
 * <p>Every figure is the median over all iterations of all forks, which other work on the machine
 * affects less than a mean. The contenders take turns, a fork each, so that a slow minute of the
 * machine affects all of them.
 *
 * <p>Names of rows, {@code 1 2 8 virtual exhausted}, run those alone. {@code --quick} takes one
 * short fork of each, to check that it works, not to measure.
 */
final class PoolBenchmark implements Benchmark {

  private static final String QUICK = "--quick";
  private static final List<String> PLATFORM_ROWS = List.of("1", "2", "8");
  private static final String VIRTUAL = "virtual";
  private static final String EXHAUSTED = "exhausted";
  private static final String ALLOCATED = "gc.alloc.rate.norm";
  private static final String CYCLE = "cycleNanos";

  @Override
  public String name() {
    return "pool";
  }

  @Override
  public String description() {
    return "our pool beside those that Java services use (about 10 minutes; rows 1 2 8 virtual"
        + " exhausted; --quick)";
  }

  /** One line of the table: what it measures, and the figure of each contender. */
  private record Row(String name, String unit, Map<String, Double> figures) {

    /** Ours in relation to the best other that has a pool's duties; below 1 we are ahead. */
    double ratio() {
      return ratio(Set.of(PoolContender.OURS, PoolContender.BARE));
    }

    /** Ours in relation to the best of all others. */
    double ratioToAny() {
      return ratio(Set.of(PoolContender.OURS));
    }

    private double ratio(Set<String> leftOut) {
      double best =
          figures.entrySet().stream()
              .filter(entry -> !leftOut.contains(entry.getKey()))
              .mapToDouble(Map.Entry::getValue)
              .min()
              .orElseThrow();
      return ours() / best;
    }

    private double ours() {
      Double ours = figures.get(PoolContender.OURS);
      if (ours == null) {
        throw new IllegalStateException("the run left out " + PoolContender.OURS);
      }
      return ours;
    }
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    boolean quick = args.contains(QUICK);
    Set<String> rows = chosen(args);
    List<Row> time = new ArrayList<>();
    List<Row> allocated = new ArrayList<>();
    for (String threads : PLATFORM_ROWS) {
      if (rows.contains(threads)) {
        Collection<RunResult> results = cycles(Integer.parseInt(threads), quick);
        String name = threads + " platform";
        time.add(new Row(name, "ns/op", medians(results, PoolBenchmark::primary)));
        allocated.add(new Row(name, "B/op", medians(results, r -> secondary(r, ALLOCATED))));
      }
    }
    Collection<RunResult> flowing = rows.contains(VIRTUAL) ? crowds(false, quick) : List.of();
    if (!flowing.isEmpty()) {
      time.add(new Row("1000 virtual", "ns/op", medians(flowing, r -> secondary(r, CYCLE))));
      time.add(new Row("  wait p99", "ns", medians(flowing, r -> secondary(r, "p99Nanos"))));
    }
    Collection<RunResult> exhausted = rows.contains(EXHAUSTED) ? crowds(true, quick) : List.of();

    SequencedMap<String, String> figures = new LinkedHashMap<>();
    if (!time.isEmpty()) {
      out.println("Checkout and return, 8 objects, median of all iterations");
      print(out, time, true);
      figures.put("worst_ratio", worst(time, Row::ratio));
      figures.put("with_bare_stormpot", worst(time, Row::ratioToAny));
    }
    if (!allocated.isEmpty()) {
      out.println("Allocation, garbage of one checkout and return");
      print(out, allocated, false);
    }
    if (!flowing.isEmpty()) {
      out.println("1,000 virtual threads, little work under each lease");
      print(out, crowdRows(flowing), false);
    }
    if (!exhausted.isEmpty()) {
      out.println(
          "The same, pool exhausted: each also lets the others run while it holds its object");
      print(out, crowdRows(exhausted), false);
    }
    return figures;
  }

  private static String worst(List<Row> rows, ToDoubleFunction<Row> ratio) {
    return String.format(Locale.ROOT, "%.2f", rows.stream().mapToDouble(ratio).max().orElseThrow());
  }

  private static Set<String> chosen(List<String> args) throws UsageException {
    List<String> all = new ArrayList<>(PLATFORM_ROWS);
    all.addAll(List.of(VIRTUAL, EXHAUSTED));
    Set<String> chosen = new LinkedHashSet<>();
    for (String arg : args) {
      if (!arg.equals(QUICK) && !all.contains(arg)) {
        throw new UsageException("'" + arg + "' is neither " + QUICK + " nor one of " + all + ".");
      }
      if (!arg.equals(QUICK)) {
        chosen.add(arg);
      }
    }
    return chosen.isEmpty() ? new LinkedHashSet<>(all) : chosen;
  }

  private static List<Row> crowdRows(Collection<RunResult> results) {
    return List.of(
        new Row("time", "ns/op", medians(results, r -> secondary(r, CYCLE))),
        new Row("wait p50", "ns", medians(results, r -> secondary(r, "p50Nanos"))),
        new Row("wait p99", "ns", medians(results, r -> secondary(r, "p99Nanos"))),
        new Row("worst wait", "ns", medians(results, r -> secondary(r, "worstNanos"))));
  }

  private static Collection<RunResult> cycles(int threads, boolean quick) throws RunnerException {
    TimeValue time = TimeValue.milliseconds(150);
    return inTurns(
        options(PoolCycle.class)
            .threads(threads)
            .addProfiler(GCProfiler.class)
            .warmupIterations(quick ? 4 : 8)
            .warmupTime(time)
            .measurementIterations(quick ? 4 : 20)
            .measurementTime(time),
        quick ? 1 : 3);
  }

  private static Collection<RunResult> crowds(boolean pause, boolean quick) throws RunnerException {
    return inTurns(
        options(CrowdedPool.class)
            .param("pause", Boolean.toString(pause))
            .warmupIterations(quick ? 4 : 10)
            .measurementIterations(quick ? 4 : 15),
        quick ? 1 : pause ? 2 : 6);
  }

  private static Collection<RunResult> inTurns(ChainedOptionsBuilder options, int forks)
      throws RunnerException {
    List<RunResult> results = new ArrayList<>();
    for (int i = 0; i < forks; i++) {
      results.addAll(new Runner(options.build()).run());
    }
    return results;
  }

  private static ChainedOptionsBuilder options(Class<?> benchmark) {
    return new OptionsBuilder()
        .include(benchmark.getName().replace(".", "\\.") + "\\.")
        .param("contender", contenders())
        .forks(1)
        .shouldFailOnError(true)
        .verbosity(VerboseMode.SILENT);
  }

  private static String[] contenders() {
    return Stream.concat(Stream.of(PoolContender.OURS), Arrays.stream(PoolContender.OTHERS))
        .toArray(String[]::new);
  }

  @FunctionalInterface
  private interface Figure {
    double of(IterationResult iteration);
  }

  private static Map<String, Double> medians(Collection<RunResult> results, Figure figure) {
    Map<String, List<Double>> figures = new LinkedHashMap<>();
    for (RunResult result : results) {
      List<Double> ofContender =
          figures.computeIfAbsent(
              result.getParams().getParam("contender"), contender -> new ArrayList<>());
      for (BenchmarkResult fork : result.getBenchmarkResults()) {
        fork.getIterationResults().forEach(i -> ofContender.add(figure.of(i)));
      }
    }
    Map<String, Double> medians = new LinkedHashMap<>();
    figures.forEach((contender, all) -> medians.put(contender, Medians.median(all)));
    return medians;
  }

  private static double primary(IterationResult iteration) {
    return iteration.getPrimaryResult().getScore();
  }

  private static double secondary(IterationResult iteration, String name) {
    Result<?> result = iteration.getSecondaryResults().get(name);
    if (result == null) {
      throw new IllegalStateException(
          name + " is not among " + iteration.getSecondaryResults().keySet());
    }
    return result.getScore();
  }

  private static void print(PrintWriter out, List<Row> rows, boolean withRatios) {
    out.printf(Locale.ROOT, "%-22s", "");
    rows.getFirst().figures().keySet().forEach(name -> out.printf("%20s", name));
    out.println(withRatios ? "     ratio" : "");
    for (Row row : rows) {
      out.printf(Locale.ROOT, "%-14s%-8s", row.name(), row.unit());
      row.figures().values().forEach(figure -> out.printf(Locale.ROOT, "%,20.1f", figure));
      out.println(withRatios ? String.format(Locale.ROOT, "%10.2f", row.ratio()) : "");
    }
    out.println();
  }
}
