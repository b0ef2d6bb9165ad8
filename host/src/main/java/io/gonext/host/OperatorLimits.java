package io.gonext.host;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * The most that the operator lets any plugin have; a manifest may ask for less.
 *
 * @param memoryMb linear memory of one instance, in MiB
 * @param call what a plugin computes in one call of a hook or route, waiting for an instance
 *     included
 * @param waits what a plugin waits in host functions in one call, such as for the store or another
 *     server; in a hook, not longer than the chain's time
 * @param chain all handlers of one filter or action together
 * @param start what an instance may take to start
 * @param instances of one plugin
 * @param softShare of a plugin's call limit, what the guest may take before a call counts as late:
 *     above 0, at most 1; 1 for never
 * @param fuel what a plugin may use in one call of a hook, route or job, and an instance to start;
 *     empty for no limit, and then only plugins with a limit of their own count their fuel. See
 *     {@link io.gonext.engine.FuelBudget}
 */
public record OperatorLimits(
    int memoryMb,
    Duration call,
    Duration waits,
    Duration chain,
    Duration start,
    int instances,
    double softShare,
    OptionalLong fuel) {
  /** Pages of WebAssembly's memory, of 64 KiB, in a MiB. */
  public static final int PAGES_PER_MB = 16;

  private static final Duration WAITS = Duration.ofSeconds(5);

  public OperatorLimits {
    if (memoryMb < 1 || instances < 1) {
      throw new IllegalArgumentException("memoryMb and instances must be at least 1");
    }
    if (!call.isPositive() || !waits.isPositive() || !chain.isPositive() || !start.isPositive()) {
      throw new IllegalArgumentException("call, waits, chain and start must be positive");
    }
    if (!(softShare > 0 && softShare <= 1)) {
      throw new IllegalArgumentException("softShare must be above 0 and at most 1: " + softShare);
    }
    if (fuel.isPresent() && fuel.getAsLong() < 1) {
      throw new IllegalArgumentException("fuel must be at least 1 unit: " + fuel.getAsLong());
    }
  }

  /** A plugin waits for 5 s at most, and a call is late after half of its limit. */
  public OperatorLimits(
      int memoryMb, Duration call, Duration chain, Duration start, int instances) {
    this(memoryMb, call, WAITS, chain, start, instances, 0.5, OptionalLong.empty());
  }

  /**
   * 64 MiB, 1 s a call, late after half of it, 5 s of waits, 3 s a chain, 5 s to start, 8
   * instances, no limit of fuel.
   */
  public static OperatorLimits defaults() {
    return new OperatorLimits(
        64, Duration.ofSeconds(1), Duration.ofSeconds(3), Duration.ofSeconds(5), 8);
  }

  /** A copy with this limit of one instance's memory, in MiB. */
  public OperatorLimits withMemoryMb(int megabytes) {
    return new OperatorLimits(megabytes, call, waits, chain, start, instances, softShare, fuel);
  }

  /** A copy with this limit of one call. A chain of handlers gets as much, where it had less. */
  public OperatorLimits withCall(Duration limit) {
    return new OperatorLimits(
        memoryMb,
        limit,
        waits,
        limit.compareTo(chain) > 0 ? limit : chain,
        start,
        instances,
        softShare,
        fuel);
  }

  /** A copy with this limit of what a plugin waits in one call. */
  public OperatorLimits withWaits(Duration limit) {
    return new OperatorLimits(memoryMb, call, limit, chain, start, instances, softShare, fuel);
  }

  /** A copy with this limit of an instance's start. */
  public OperatorLimits withStart(Duration limit) {
    return new OperatorLimits(memoryMb, call, waits, chain, limit, instances, softShare, fuel);
  }

  /** A copy with this many instances of one plugin at most. */
  public OperatorLimits withInstances(int most) {
    return new OperatorLimits(memoryMb, call, waits, chain, start, most, softShare, fuel);
  }

  /** A copy with this share of a call's limit, after which it is late. */
  public OperatorLimits withSoftShare(double share) {
    return new OperatorLimits(memoryMb, call, waits, chain, start, instances, share, fuel);
  }

  /**
   * A copy with this limit of the fuel of one call, in units. {@link Long#MAX_VALUE} counts the
   * fuel of all plugins and limits it nowhere.
   */
  public OperatorLimits withFuel(long units) {
    return new OperatorLimits(
        memoryMb, call, waits, chain, start, instances, softShare, OptionalLong.of(units));
  }
}
