package io.gonext.host.internal.lifecycle;

import io.gonext.engine.FuelBudget;
import io.gonext.engine.RunLimits;
import io.gonext.host.OperatorLimits;
import io.gonext.host.PluginLimits;
import io.gonext.host.manifest.Manifest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What one plugin gets: the lower of what its manifest asks for and what the operator allows.
 *
 * @param memoryMb linear memory of one instance, in MiB
 * @param call what it computes in one call of a hook or route, waiting for an instance included
 * @param waits what it waits in host functions in one call
 * @param softCall what the guest may take before a call counts as late
 * @param warmInstances kept while nobody calls
 * @param instances the most there are
 * @param jobInstances the most there are for jobs, apart from the others
 * @param fuel what it may use in one call; empty if its fuel is not counted
 */
public record EffectiveLimits(
    int memoryMb,
    Duration call,
    Duration waits,
    Duration softCall,
    int warmInstances,
    int instances,
    int jobInstances,
    OptionalLong fuel) {
  private static final int PAGE_BYTES = 64 * 1024;

  public static EffectiveLimits of(OperatorLimits operator, Manifest manifest) {
    Manifest.Limits asked = manifest.limits();
    Duration call = lower(asked.call(), operator.call());
    int instances = lower(asked.instancesMax(), operator.instances());
    return new EffectiveLimits(
        lower(asked.memoryMb(), operator.memoryMb()),
        call,
        lower(asked.waits(), operator.waits()),
        Duration.ofNanos(Math.max(1, (long) (call.toNanos() * operator.softShare()))),
        Math.min(asked.instancesMin().orElse(1), instances),
        instances,
        Math.min(asked.instancesJobs().orElse(1), operator.instances()),
        lower(asked.fuel(), operator.fuel()));
  }

  private static OptionalLong lower(OptionalLong asked, OptionalLong allowed) {
    return asked.isPresent() && asked.getAsLong() < allowed.orElse(Long.MAX_VALUE)
        ? asked
        : allowed;
  }

  private static int lower(OptionalInt asked, int allowed) {
    return Math.min(asked.orElse(allowed), allowed);
  }

  private static Duration lower(Optional<Duration> asked, Duration allowed) {
    return asked.filter(time -> time.compareTo(allowed) < 0).orElse(allowed);
  }

  /** What a plugin asks for and does not get, a sentence each. */
  public static List<String> cuts(OperatorLimits operator, Manifest manifest) {
    Manifest.Limits asked = manifest.limits();
    List<String> cuts = new ArrayList<>();
    if (operator.fuel().isPresent()) {
      cut(cuts, "fuel", asked.fuel(), operator.fuel().getAsLong(), "--fuel");
    }
    cut(cuts, "memory_mb", asked.memoryMb(), operator.memoryMb(), "--memory-mb");
    cut(cuts, "call_ms", millis(asked.call()), operator.call().toMillis(), "--call-ms");
    cut(cuts, "wait_ms", millis(asked.waits()), operator.waits().toMillis(), "--wait-ms");
    cut(cuts, "instances_min", asked.instancesMin(), operator.instances(), "--instances");
    cut(cuts, "instances_max", asked.instancesMax(), operator.instances(), "--instances");
    cut(cuts, "instances_jobs", asked.instancesJobs(), operator.instances(), "--instances");
    return cuts;
  }

  private static void cut(
      List<String> cuts, String field, OptionalInt asked, long allowed, String option) {
    if (asked.isPresent()) {
      cut(cuts, field, OptionalLong.of(asked.getAsInt()), allowed, option);
    }
  }

  private static OptionalInt millis(Optional<Duration> time) {
    return time.isPresent()
        ? OptionalInt.of(Math.toIntExact(time.get().toMillis()))
        : OptionalInt.empty();
  }

  private static void cut(
      List<String> cuts, String field, OptionalLong asked, long allowed, String option) {
    if (asked.isPresent() && asked.getAsLong() > allowed) {
      cuts.add(
          "/limits/%s: the plugin gets %d and not %d, since the operator allows no more (gonext serve %s)"
              .formatted(field, allowed, asked.getAsLong(), option));
    }
  }

  /**
   * The limits of an attempt of a job.
   *
   * @param timeout what the attempt may take, waits included
   */
  EffectiveLimits ofJob(Duration timeout) {
    return new EffectiveLimits(
        memoryMb, timeout, waits, timeout, warmInstances, instances, jobInstances, fuel);
  }

  /** The limits of a run that begins now and is not part of a turn. */
  RunLimits fromNow() {
    long now = System.nanoTime();
    return new RunLimits(
        call, now + call.toNanos(), waits, now + call.toNanos() + waits.toNanos(), fuelBudget(0));
  }

  /**
   * The fuel of a run.
   *
   * @param spent what earlier runs of the same call used
   */
  FuelBudget fuelBudget(long spent) {
    return fuel.isPresent() ? new FuelBudget(fuel.getAsLong(), spent) : FuelBudget.UNLIMITED;
  }

  /** Linear memory of one instance, in pages of 64 KiB. */
  public int memoryPages() {
    return memoryMb * OperatorLimits.PAGES_PER_MB;
  }

  /**
   * The weight from which an instance is replaced, in bytes. Three quarters of the memory limit, so
   * that a leak does not make it fail first; but at least four times what it weighs at its start,
   * because otherwise each lease would end an instance.
   */
  long recycleAtBytes(int initialPages) {
    return Math.max(memoryPages() * 3L / 4, initialPages * 4L) * PAGE_BYTES;
  }

  PluginLimits shown() {
    return new PluginLimits(memoryMb, call, waits, warmInstances, instances, fuel);
  }
}
