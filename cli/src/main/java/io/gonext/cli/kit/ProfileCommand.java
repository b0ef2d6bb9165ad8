package io.gonext.cli.kit;

import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.OptionPairs;
import io.gonext.cli.profile.ProfileOutput;
import io.gonext.cli.profile.TimeConverter;
import io.gonext.engine.CompiledModule;
import io.gonext.engine.Coverage;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestSampler;
import io.gonext.engine.Metering;
import io.gonext.engine.SourceLocation;
import io.gonext.host.PluginProfile;
import io.gonext.host.PluginProfile.Frame;
import io.gonext.host.PluginProfile.Stack;
import io.gonext.host.Profiler;
import io.gonext.host.ReplayLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code gonext plugin profile}: what a plugin spends its time or its fuel with. */
@Command(
    name = "profile",
    description = {
      "Show what a plugin spends its time or its fuel with.",
      "By time: repeats a call, or recorded calls, and looks at what runs.",
      "By fuel: makes them once and counts each instruction, which gives the same",
      "numbers each time."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin profile . filter the_content --value '\"*hi*\"'",
      "  gonext plugin profile . GET /hello/Ada --html flame.html",
      "  gonext plugin profile . --replay calls --by fuel --top 30",
      "  gonext plugin profile . --replay calls --pprof cpu.pb.gz",
      "  go tool pprof -http : cpu.pb.gz",
      "",
      "gonext profile NAME looks at a plugin that serves. Source lines need a build",
      "with debug information, as plugin build makes it.",
      KitCommand.EXIT_CODES
    })
final class ProfileCommand extends KitCommand {
  /** The JIT compiles what runs often; a profile of what came before says little. */
  private static final Duration WARM_UP = Duration.ofSeconds(1);

  private enum By {
    TIME,
    FUEL
  }

  @Mixin private RepeatedCall call;

  @Option(
      names = "--by",
      paramLabel = "WHAT",
      defaultValue = "time",
      description = "time or fuel (default: ${DEFAULT-VALUE}).")
  private By by;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = TimeConverter.class,
      description = "How long to look, for --by time (default: ${DEFAULT-VALUE}).")
  private Duration duration;

  @Mixin private ProfileOutput output;

  @Override
  Answer answer() throws IOException, InterruptedException {
    if (by == By.FUEL) {
      OptionPairs.refuseWith(spec(), "--by fuel", "--duration");
    }
    call.check();
    PluginSource source = call.source();
    PluginProfile profile;
    if (by == By.FUEL) {
      profile = byFuel(call.rehearsed(source, this::note));
    } else {
      profile = call.isRecorded() ? byTime(call.rehearsed(source, this::note)) : byTime(source);
    }
    return new Answer(
        ExitCode.OK, output.write(profile), JsonLines.fields("profile", profile.toJson()));
  }

  private PluginProfile byTime(PluginSource source) throws IOException, InterruptedException {
    try (GivenCall.Ready ready = call.start(source, this::note)) {
      repeat(ready, WARM_UP);
      return ready
          .host()
          .profiler()
          .sample(ready.manifest().name(), Profiler.EVERY, () -> repeat(ready, duration));
    }
  }

  private static void repeat(GivenCall.Ready ready, Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    do {
      var _ = ready.call();
    } while (System.nanoTime() - end < 0);
  }

  private PluginProfile byTime(Rehearsed rehearsed) throws InterruptedException {
    try (var engine = new Engine(EngineLimits.defaults())) {
      List<ReplayLoop> loops = rehearsed.loops(engine, Metering.NONE);
      repeat(rehearsed, loops, WARM_UP);
      try (GuestSampler sampler = GuestSampler.start(Profiler.EVERY)) {
        long began = System.nanoTime();
        repeat(rehearsed, loops, duration);
        double seconds = Math.round((System.nanoTime() - began) / 1e6) / 1e3;
        sampler.stop();
        CompiledModule module = loops.getFirst().module();
        return PluginProfile.of(
            rehearsed.name(),
            rehearsed.version(),
            seconds,
            module.imports().size(),
            sampler.of(module));
      } catch (IllegalStateException e) {
        throw new CommandFailure(CommandFailure.Kind.FAILED, String.valueOf(e.getMessage()));
      } finally {
        loops.forEach(ReplayLoop::close);
      }
    }
  }

  private static void repeat(Rehearsed rehearsed, List<ReplayLoop> loops, Duration time)
      throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    do {
      for (int i = 0; i < loops.size(); i++) {
        var _ = rehearsed.once(loops.get(i), i);
      }
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    } while (System.nanoTime() - end < 0);
  }

  private static PluginProfile byFuel(Rehearsed rehearsed) {
    try (var engine = new Engine(EngineLimits.defaults())) {
      List<ReplayLoop> loops = rehearsed.loops(engine, Metering.BLOCKS);
      try {
        // The start of the instances is not part of the calls.
        for (int i = 0; i < loops.size(); i++) {
          var _ = rehearsed.once(loops.get(i), i);
        }
        CompiledModule module = loops.getFirst().module();
        Coverage before = module.coverage();
        for (int i = 0; i < loops.size(); i++) {
          var _ = rehearsed.once(loops.get(i), i);
        }
        return byFuel(rehearsed, module.coverage().since(before));
      } finally {
        loops.forEach(ReplayLoop::close);
      }
    }
  }

  private static PluginProfile byFuel(Rehearsed rehearsed, Coverage coverage) {
    Map<Integer, Map<SourceLocation, Long>> lines = coverage.fuelByFunctionAndLine();
    List<Stack> stacks = new ArrayList<>();
    for (Coverage.Function function : coverage.functions()) {
      if (function.fuel() == 0) {
        continue;
      }
      long rest = function.fuel();
      for (var line : lines.getOrDefault(function.index(), Map.of()).entrySet()) {
        SourceLocation place = line.getKey();
        if (line.getValue() > 0) {
          stacks.add(
              stack(
                  new Frame(function.name(), place.file(), place.line(), false), line.getValue()));
        }
        rest -= line.getValue();
      }
      if (rest > 0) {
        stacks.add(stack(new Frame(function.name(), null, 0, false), rest));
      }
    }
    stacks.sort(
        Comparator.comparingLong(Stack::weight)
            .reversed()
            .thenComparing(stack -> stack.frames().toString()));
    return new PluginProfile(
        rehearsed.name(), rehearsed.version(), PluginProfile.Unit.FUEL, 0, 0, stacks);
  }

  private static Stack stack(Frame frame, long fuel) {
    return new Stack(List.of(frame), false, fuel);
  }
}
