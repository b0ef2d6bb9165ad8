package io.gonext.benchmarks;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** {@code ./bench call}: the cost of the smallest hook call, stage by stage. */
final class CallBenchmark implements Benchmark {
  private static final int FORKS = 3;
  private static final int WARMUPS = 4;
  private static final int MEASUREMENTS = 5;

  /** The stages in the order of the table, with the figure's key for scripts. */
  private static final Map<String, String> STAGES = stages();

  private static Map<String, String> stages() {
    Map<String, String> stages = new LinkedHashMap<>();
    stages.put("lease", "checkout and return");
    stages.put("hook", "smallest hook, no pool");
    stages.put("leaseAndHook", "checkout, hook, return (reused)");
    stages.put("leaseAndHookFresh", "checkout, hook, return (fresh)");
    stages.put("host", "Host.applyFilters (fresh)");
    stages.put("hostEcho", "the same, with a value in the answer");
    stages.put("bus", "Host.applyFilters, handler in Java");
    stages.put("nobody", "Host.applyFilters, no handler");
    stages.put("instantiate", "an instance for each hook");
    return stages;
  }

  @Override
  public String name() {
    return "call";
  }

  @Override
  public String description() {
    return "checkout, smallest hook call, return: stage by stage, one thread (about 3 minutes)";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    if (!args.isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    Map<String, Double> medians = new LinkedHashMap<>();
    for (RunResult result :
        new Runner(
                new OptionsBuilder()
                    .include("^" + CallStages.class.getName().replace(".", "\\.") + "\\.")
                    .forks(FORKS)
                    .warmupIterations(WARMUPS)
                    .warmupTime(TimeValue.seconds(1))
                    .measurementIterations(MEASUREMENTS)
                    .measurementTime(TimeValue.seconds(1))
                    .jvmArgsAppend(
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow", // JMH itself
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run()) {
      String label = result.getPrimaryResult().getLabel();
      medians.put(label, result.getPrimaryResult().getStatistics().getPercentile(50));
    }
    double whole = medians.getOrDefault("leaseAndHookFresh", Double.NaN);
    out.printf(Locale.ROOT, "%-34s %10s %8s%n", "stage", "ns", "ratio");
    for (Map.Entry<String, String> stage : STAGES.entrySet()) {
      double nanos = medians.getOrDefault(stage.getKey(), Double.NaN);
      out.printf(Locale.ROOT, "%-34s %10.0f %8.2f%n", stage.getValue(), nanos, nanos / whole);
    }
    out.printf(
        Locale.ROOT,
        "medians of %d forks x %d iterations of 1 s; ratio to checkout, hook, return (fresh)%n",
        FORKS,
        MEASUREMENTS);
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("call_us", micros(whole));
    figures.put("call_reused_us", micros(medians.getOrDefault("leaseAndHook", Double.NaN)));
    figures.put("host_call_us", micros(medians.getOrDefault("host", Double.NaN)));
    return figures;
  }

  private static String micros(double nanos) {
    return String.format(Locale.ROOT, "%.3f", nanos / 1_000);
  }
}
