package io.gonext.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import java.io.PrintWriter;
import java.util.List;

/** The command behind {@code ./bench}: lists the benchmarks, or runs one by name. */
final class Bench {
  /** All benchmarks. Add a new one here. */
  private static final List<Benchmark> ALL =
      List.of(
          new CallBenchmark(),
          new DispatchBenchmark(),
          new PoolBenchmark(),
          new PoolScaleBenchmark(),
          new EngineBenchmark(),
          new SwapBenchmark(),
          new ReloadBenchmark(),
          new RestartBenchmark(),
          new StartBenchmark(),
          new KvBenchmark(),
          new ServicesBenchmark(),
          new RecordBenchmark(),
          new JobsBenchmark(),
          new TrustBenchmark(),
          new SoakBenchmark(),
          new ProfileBenchmark());

  private static final int OK = 0;
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  private final List<Benchmark> benchmarks;
  private final PrintWriter out;
  private final PrintWriter err;

  Bench(List<Benchmark> benchmarks, PrintWriter out, PrintWriter err) {
    this.benchmarks = benchmarks;
    this.out = out;
    this.err = err;
  }

  public static void main(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true, UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, UTF_8);
    int exitCode = new Bench(ALL, out, err).run(List.of(args));
    out.flush();
    err.flush();
    System.exit(exitCode);
  }

  /** Runs the command line and returns the exit code. */
  int run(List<String> args) {
    if (args.isEmpty()) {
      return usage("which benchmark?");
    }
    String name = args.getFirst();
    if (name.equals("list")) {
      list(out);
      return OK;
    }
    for (Benchmark benchmark : benchmarks) {
      if (benchmark.name().equals(name)) {
        return run(benchmark, args.subList(1, args.size()));
      }
    }
    return usage("there is no benchmark '" + name + "'.");
  }

  private int run(Benchmark benchmark, List<String> args) {
    try {
      var figures = benchmark.run(args, out);
      out.println(
          figures.entrySet().stream()
              .map(figure -> figure.getKey() + "=" + figure.getValue())
              .collect(joining(" ")));
      return OK;
    } catch (UsageException e) {
      err.println("bench: " + benchmark.name() + ": " + e.getMessage());
      return USAGE;
    } catch (UnavailableException | BrokenPromiseException e) {
      err.println("bench: " + benchmark.name() + ": " + e.getMessage());
      return FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      err.println("bench: " + benchmark.name() + ": interrupted");
      return FAILED;
    } catch (Exception e) {
      // The user works on the code that the benchmark runs and needs the stack trace.
      e.printStackTrace(err);
      return FAILED;
    }
  }

  private int usage(String problem) {
    err.println("bench: " + problem + " Usage: ./bench list, or ./bench NAME [ARGS...]:");
    list(err);
    return USAGE;
  }

  private void list(PrintWriter to) {
    int width = benchmarks.stream().mapToInt(each -> each.name().length()).max().orElse(0);
    for (Benchmark benchmark : benchmarks) {
      String padding = " ".repeat(width - benchmark.name().length());
      to.println("  " + benchmark.name() + padding + "  " + benchmark.description());
    }
  }
}
