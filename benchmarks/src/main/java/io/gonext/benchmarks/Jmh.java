package io.gonext.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Short JMH runs, each in a separate JVM, so that a table of many rows takes minutes. Immutable.
 */
final class Jmh {
  /** The options of every JVM that runs guests, as {@code ./gonext} sets them. */
  static final List<String> JVM_ARGS = jvmArgs(Runtime.getRuntime().availableProcessors());

  /** From so many processors on, the JVM itself takes four compiler threads or more. */
  private static final int ENOUGH_PROCESSORS = 8;

  private final List<String> jvmArgs;
  private final int warmups;
  private final int measurements;
  private final int iterationMillis;

  private Jmh(List<String> jvmArgs, int warmups, int measurements, int iterationMillis) {
    this.jvmArgs = List.copyOf(jvmArgs);
    this.warmups = warmups;
    this.measurements = measurements;
    this.iterationMillis = iterationMillis;
  }

  private static List<String> jvmArgs(int processors) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED", // the engine's ByteArrays
                "--sun-misc-unsafe-memory-access=allow", // JMH itself
                "-Xss4m",
                "-XX:-ClipInlining",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"));
    if (processors < ENOUGH_PROCESSORS) {
      args.add("-XX:CICompilerCount=4");
    }
    return List.copyOf(args);
  }

  /** For guest code, which takes the JIT some seconds. */
  static Jmh settled(List<String> jvmArgs) {
    return new Jmh(jvmArgs, 6, 5, 300);
  }

  /** For the host's own small operations. */
  static Jmh brief(List<String> jvmArgs) {
    return new Jmh(jvmArgs, 4, 5, 200);
  }

  /** To check that a benchmark works. */
  static Jmh quick(List<String> jvmArgs) {
    return new Jmh(jvmArgs, 2, 3, 100);
  }

  /**
   * Measures one method for one set of parameters.
   *
   * @param params names and values in turn
   * @return the median, in the benchmark's own unit
   */
  double median(Class<?> benchmark, String method, String... params) throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + (benchmark.getName() + "." + method).replace(".", "\\.") + "$")
            .forks(1)
            .warmupIterations(warmups)
            .warmupTime(time())
            .measurementIterations(measurements)
            .measurementTime(time())
            .jvmArgsAppend(jvmArgs.toArray(String[]::new))
            .verbosity(VerboseMode.SILENT);
    for (int i = 0; i < params.length; i += 2) {
      options.param(params[i], params[i + 1]);
    }
    RunResult result = new Runner(options.build()).runSingle();
    return result.getPrimaryResult().getStatistics().getPercentile(50);
  }

  private TimeValue time() {
    return new TimeValue(iterationMillis, TimeUnit.MILLISECONDS);
  }
}
