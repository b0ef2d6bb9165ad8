package io.gonext.benchmarks;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.openjdk.jmh.infra.BenchmarkParams;
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
 * {@code ./bench pool}: our checkout and return beside the pools that Java services use, in one
 * run.
 *
 * <p>Every figure is the median over all iterations of all forks, which a burst of other work on
 * the machine moves less than a mean.
 *
 * <p>{@code --quick} takes one short fork of each, to see that it works rather than to measure.
 */
final class PoolBenchmark implements Benchmark {

  private static final int[] THREADS = {1, 2, 8};
  private static final String ALLOCATED = "gc.alloc.rate.norm";
  private static final String CYCLE = "cycleNanos";

  @Override
  public String name() {
    return "pool";
  }

  @Override
  public String description() {
    return "our pool beside those that Java services use (about 8 minutes; --quick: 1)";
  }

  /** One line of the table: what it measures, and the figure of each contender. */
  private record Row(String name, String unit, Map<String, Double> figures) {

    /** Ours in relation to the best other; below 1 we are ahead. */
    double ratio() {
      double best =
          figures.entrySet().stream()
              .filter(entry -> !entry.getKey().equals(PoolContender.OURS))
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
    boolean quick = Arguments.quick(args);
    List<Row> time = new ArrayList<>();
    Row allocated = null;
    for (int threads : THREADS) {
      Collection<RunResult> results = cycles(threads, quick);
      time.add(new Row(threads + " platform", "ns/op", medians(results, PoolBenchmark::primary)));
      if (threads == 1) {
        allocated = new Row("1 platform", "B/op", medians(results, r -> secondary(r, ALLOCATED)));
      }
    }
    Collection<RunResult> flowing = crowds(false, quick);
    Collection<RunResult> exhausted = crowds(true, quick);
    time.add(new Row("1000 virtual", "ns/op", medians(flowing, r -> secondary(r, CYCLE))));
    double worst = time.stream().mapToDouble(Row::ratio).max().orElseThrow();

    out.println("Checkout and return, 8 objects, median of all iterations");
    print(out, time, true);
    if (allocated != null) {
      out.println("Allocation, garbage of one checkout and return");
      print(out, List.of(allocated), false);
    }
    out.println("1,000 virtual threads, little work under each lease");
    print(out, crowdRows(flowing), false);
    out.println(
        "The same, pool exhausted: each also lets the others run while it holds its object");
    print(out, crowdRows(exhausted), false);
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("worst_ratio", String.format(Locale.ROOT, "%.2f", worst));
    return figures;
  }

  private static List<Row> crowdRows(Collection<RunResult> results) {
    return List.of(
        new Row("time", "ns/op", medians(results, r -> secondary(r, CYCLE))),
        new Row("wait p50", "ns", medians(results, r -> secondary(r, "p50Nanos"))),
        new Row("wait p99", "ns", medians(results, r -> secondary(r, "p99Nanos"))),
        new Row("worst wait", "ns", medians(results, r -> secondary(r, "worstNanos"))));
  }

  private static Collection<RunResult> cycles(int threads, boolean quick) throws RunnerException {
    TimeValue time = TimeValue.milliseconds(quick ? 200 : 500);
    return new Runner(
            options(PoolCycle.class, quick)
                .threads(threads)
                .addProfiler(GCProfiler.class)
                .warmupIterations(quick ? 2 : 5)
                .warmupTime(time)
                .measurementIterations(quick ? 2 : 7)
                .measurementTime(time)
                .build())
        .run();
  }

  private static Collection<RunResult> crowds(boolean pause, boolean quick) throws RunnerException {
    return new Runner(
            options(CrowdedPool.class, quick)
                .param("pause", Boolean.toString(pause))
                .warmupIterations(quick ? 2 : 10)
                .measurementIterations(quick ? 2 : 15)
                .build())
        .run();
  }

  private static ChainedOptionsBuilder options(Class<?> benchmark, boolean quick) {
    return new OptionsBuilder()
        .include(benchmark.getName().replace(".", "\\.") + "\\.")
        .param("contender", contenders())
        .forks(quick ? 1 : 3)
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
    Map<String, Double> medians = new LinkedHashMap<>();
    for (RunResult result : results) {
      BenchmarkParams params = result.getParams();
      double[] figures =
          result.getBenchmarkResults().stream()
              .map(BenchmarkResult::getIterationResults)
              .flatMap(Collection::stream)
              .mapToDouble(figure::of)
              .sorted()
              .toArray();
      medians.put(params.getParam("contender"), figures[figures.length / 2]);
    }
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
