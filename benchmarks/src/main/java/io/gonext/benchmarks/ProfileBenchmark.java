package io.gonext.benchmarks;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestSampler;
import io.gonext.engine.InstanceConfig;
import io.gonext.guests.Guests;
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
 * {@code ./bench profile}: what a profile by time adds to the calls of a guest. The same kernels
 * run in turns with and without a sampler. The time is the processor time of the thread, which
 * takes its own samples, because a loaded machine shows the difference only there.
 */
final class ProfileBenchmark implements Benchmark {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final Duration EVERY = Duration.ofMillis(10);
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final int KERNELS = 5;
  private static final int ROUNDS = 21;
  private static final int WARM_UP_ROUNDS = 5;
  private static final int PASSES = 100;

  @Override
  public String name() {
    return "profile";
  }

  @Override
  public String description() {
    return "what a profile by time costs the calls of a guest (about 30 s)";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    boolean quick = Arguments.quick(args);
    int rounds = quick ? 1 : ROUNDS;
    List<Double> without = new ArrayList<>();
    List<Double> with = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    long samples = 0;
    try (var engine = new Engine(EngineLimits.defaults())) {
      CompiledModule module = engine.compile(Guests.wasm(ComputeGuest.NAME));
      try (GuestInstance guest = module.instantiate(InstanceConfig.defaults())) {
        for (int i = quick ? 0 : -WARM_UP_ROUNDS; i < rounds; i++) {
          double lone = i % 2 == 0 ? millis(guest) : 0;
          double sampled;
          try (GuestSampler sampler = GuestSampler.start(EVERY)) {
            sampled = millis(guest);
            sampler.stop();
            samples += sampler.of(module).samples();
          }
          lone = i % 2 == 0 ? lone : millis(guest);
          if (i >= 0) {
            without.add(lone);
            with.add(sampled);
            ratios.add(sampled / lone);
          }
        }
      }
    }
    out.printf(Locale.ROOT, "%-34s %10s%n", "processor time of a round, ms", "median");
    out.printf(Locale.ROOT, "%-34s %10.1f%n", "without a profile", Medians.median(without));
    out.printf(
        Locale.ROOT, "%-34s %10.1f%n", "with one, a sample each 10 ms", Medians.median(with));
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("without_ms", figure(Medians.median(without)));
    figures.put("with_ms", figure(Medians.median(with)));
    figures.put("samples", Long.toString(samples));
    figures.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    figures.put("ratio", String.format(Locale.ROOT, "%.3f", Medians.median(ratios)));
    return figures;
  }

  private static double millis(GuestInstance guest) {
    long began = THREADS.getCurrentThreadCpuTime();
    for (int pass = 0; pass < PASSES; pass++) {
      for (int kernel = 0; kernel < KERNELS; kernel++) {
        long which = kernel;
        var _ = guest.run(LIMIT, call -> call.call(guest.function("compute"), which));
      }
    }
    return (THREADS.getCurrentThreadCpuTime() - began) / 1e6;
  }

  private static String figure(double millis) {
    return String.format(Locale.ROOT, "%.1f", millis);
  }
}
