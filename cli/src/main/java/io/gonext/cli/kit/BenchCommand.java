package io.gonext.cli.kit;

import com.sun.management.ThreadMXBean;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.OptionPairs;
import io.gonext.cli.output.Sizes;
import io.gonext.cli.profile.TimeConverter;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.Metering;
import io.gonext.host.ReplayLoop;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code gonext plugin bench}: measures a call of a plugin, alone or against another build. */
@Command(
    name = "bench",
    description = {
      "Measure how long a call of a plugin takes, alone or against another build.",
      "Makes the call once in a temporary host, and then again and again with what the",
      "host answered: the time is that of the plugin's code."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin bench . filter the_content --value '\"*hi*\"'",
      "  gonext plugin bench . GET /hello/Ada --vs hello-0.1.0.gnplugin",
      "  gonext plugin bench . --replay calls --vs old.gnplugin --fail-over 5 --json",
      "",
      "Exit codes: 0 done, 1 failed or slower than --fail-over allows, 2 wrong command",
      "line, 3 a toolchain is missing."
    })
final class BenchCommand extends KitCommand {
  private static final Duration LEAST_WARM_UP = Duration.ofMillis(1_500);
  private static final Duration MOST_WARM_UP = Duration.ofSeconds(10);

  /** Each with a new engine, so that the JVM compiles the module anew. */
  private static final int TRIALS = 5;

  private static final Duration BATCH = Duration.ofMillis(100);

  @Mixin private RepeatedCall call;

  @Option(
      names = "--vs",
      paramLabel = "OLD",
      description = "Compare with this build: a .gnplugin file or a project.")
  private @Nullable Path old;

  @Option(
      names = "--fail-over",
      paramLabel = "PERCENT",
      description = "With --vs: end with 1 if the call is slower by more than this.")
  private @Nullable Double failOver;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = TimeConverter.class,
      description = {
        "How long to measure, after the warm-up, both builds",
        "together (default: ${DEFAULT-VALUE})."
      })
  private Duration duration;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** One build. Owned by the command's thread. */
  private final class Build {
    final Rehearsed rehearsed;
    final Timings timings = new Timings();
    List<ReplayLoop> loops = List.of();
    Timings warmUp = new Timings();
    boolean steady = true;
    long allocated;
    long fuel;
    long touched;
    int hostCalls;

    Build(Rehearsed rehearsed) {
      this.rehearsed = rehearsed;
      try (var engine = new Engine(EngineLimits.defaults())) {
        List<ReplayLoop> counting = rehearsed.loops(engine, Metering.FUEL);
        for (int i = 0; i < counting.size(); i++) {
          ReplayLoop.Round round = rehearsed.once(counting.get(i), i);
          fuel += round.fuel();
          touched += round.touchedBytes();
          hostCalls += round.hostCalls();
        }
        counting.forEach(ReplayLoop::close);
      }
    }

    void begin(Engine engine) {
      loops = rehearsed.loops(engine, Metering.NONE);
      warmUp = new Timings();
    }

    void end() {
      loops.forEach(ReplayLoop::close);
      steady &= warmUp.isSteady();
    }

    /** Makes calls for about the time of a batch, at least one. */
    void batch(Timings into) throws InterruptedException {
      long end = System.nanoTime() + BATCH.toNanos();
      long before = threads.getCurrentThreadAllocatedBytes();
      int made = 0;
      do {
        long nanos = 0;
        for (int i = 0; i < loops.size(); i++) {
          nanos += rehearsed.once(loops.get(i), i).nanos();
        }
        into.add(nanos);
        made++;
      } while (System.nanoTime() - end < 0);
      into.endBatch();
      allocated = (threads.getCurrentThreadAllocatedBytes() - before) / made;
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  @Override
  Answer answer() throws IOException, InterruptedException {
    OptionPairs.requireWith(spec(), "--vs", "--fail-over");
    if (failOver != null && !(failOver >= 0 && failOver <= 10_000)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE, "--fail-over " + failOver + ": give a percentage from 0");
    }
    call.check();
    var after = new Build(call.rehearsed(call.source(), this::note));
    if (old == null) {
      var _ = measure(List.of(after));
      List<String> text = List.of(describe(after), head(), line(after, "this"));
      return new Answer(
          ExitCode.OK, text, JsonLines.fields("steady", after.steady, "result", fields(after)));
    }
    return compared(new Build(call.rehearsed(call.source(old), this::note)), after);
  }

  private Answer compared(Build before, Build after) throws InterruptedException {
    List<List<List<Double>>> trials = measure(List.of(before, after));
    Verdict verdict =
        Verdict.of(
            trials.stream().map(trial -> new Verdict.Trial(trial.get(0), trial.get(1))).toList());
    boolean steady = before.steady && after.steady;
    boolean fails = failOver != null && verdict.isSlowerBy(failOver);
    List<String> text = new ArrayList<>();
    text.add(describe(after));
    text.add(head());
    text.add(line(before, "before"));
    text.add(line(after, "after"));
    text.add(verdict + "; " + fuel(before.fuel, after.fuel));
    if (fails) {
      text.add(String.format(Locale.ROOT, "that is more than the %s %% of --fail-over", failOver));
    }
    return new Answer(
        fails ? ExitCode.SOFTWARE : ExitCode.OK,
        text,
        JsonLines.fields(
            "steady",
            steady,
            "before",
            fields(before),
            "result",
            fields(after),
            "verdict",
            verdict.toString(),
            "percent",
            verdict.percent(),
            "percent_least",
            verdict.least(),
            "percent_most",
            verdict.most(),
            "failed",
            fails));
  }

  /** Measures builds in turns. Returns for each trial the medians of each build's batches. */
  private List<List<List<Double>>> measure(List<Build> builds) throws InterruptedException {
    List<List<List<Double>>> trials = new ArrayList<>();
    for (int trial = 0; trial < TRIALS; trial++) {
      note("trial " + (trial + 1) + " of " + TRIALS);
      List<Integer> from = builds.stream().map(build -> build.timings.medians().size()).toList();
      // Each is first in turn, so that a change of the machine meets all.
      List<Build> order = trial % 2 == 0 ? builds : builds.reversed();
      try (var engine = new Engine(EngineLimits.defaults())) {
        order.forEach(build -> build.begin(engine));
        warmUp(order);
        long end = System.nanoTime() + duration.dividedBy(TRIALS).toNanos();
        do {
          for (Build build : order) {
            build.batch(build.timings);
          }
          order = order.reversed();
        } while (System.nanoTime() - end < 0);
      } finally {
        builds.forEach(Build::end);
      }
      List<List<Double>> medians = new ArrayList<>();
      for (int i = 0; i < builds.size(); i++) {
        List<Double> all = builds.get(i).timings.medians();
        medians.add(all.subList(from.get(i), all.size()));
      }
      trials.add(medians);
    }
    return trials;
  }

  /** Makes calls until the times stay the same, but not for ever. */
  private void warmUp(List<Build> builds) throws InterruptedException {
    long began = System.nanoTime();
    long least = Math.min(LEAST_WARM_UP.toNanos() * builds.size(), duration.toNanos());
    long most = Math.min(MOST_WARM_UP.toNanos(), 2 * duration.toNanos());
    while (true) {
      for (Build build : builds) {
        build.batch(build.warmUp);
      }
      long taken = System.nanoTime() - began;
      boolean steady = builds.stream().allMatch(build -> build.warmUp.isSteady());
      if ((steady && taken >= least) || taken >= most) {
        return;
      }
    }
  }

  private static String describe(Build build) {
    int calls = build.rehearsed.calls().size();
    return build.rehearsed.name()
        + ", "
        + (calls == 1
            ? build.rehearsed.calls().getFirst().from()
            : "all " + calls + " recordings as one call")
        + (build.steady ? "" : "; the times did not become steady, so they say little");
  }

  private static String head() {
    return String.format(
        "%-8s %10s %10s %10s %10s  %9s  %12s  %10s  %9s  %9s",
        "", "p50", "p90", "p99", "longest", "calls", "fuel", "host calls", "touches", "allocates");
  }

  private static String line(Build build, String name) {
    Timings times = build.timings;
    return String.format(
        Locale.ROOT,
        "%-8s %10s %10s %10s %10s  %,9d  %,12d  %10d  %9s  %9s",
        name,
        micros(times.percentile(0.5)),
        micros(times.percentile(0.9)),
        micros(times.percentile(0.99)),
        micros(times.percentile(1)),
        times.calls(),
        build.fuel,
        build.hostCalls,
        Sizes.text(build.touched),
        Sizes.text(build.allocated));
  }

  private static String micros(long nanos) {
    return String.format(Locale.ROOT, "%,.1f us", nanos / 1e3);
  }

  private static String fuel(long before, long after) {
    return before == after
        ? "the same fuel"
        : String.format(
            Locale.ROOT,
            "%+.1f %% fuel (%,d instead of %,d)",
            100.0 * (after - before) / Math.max(1, before),
            after,
            before);
  }

  private static Map<String, Object> fields(Build build) {
    Timings times = build.timings;
    return JsonLines.fields(
        "plugin",
        build.rehearsed.name() + "@" + build.rehearsed.version(),
        "calls",
        times.calls(),
        "p50_us",
        times.percentile(0.5) / 1e3,
        "p90_us",
        times.percentile(0.9) / 1e3,
        "p99_us",
        times.percentile(0.99) / 1e3,
        "longest_us",
        times.percentile(1) / 1e3,
        "fuel",
        build.fuel,
        "host_calls",
        build.hostCalls,
        "touched_bytes",
        build.touched,
        "allocated_bytes",
        build.allocated);
  }
}
