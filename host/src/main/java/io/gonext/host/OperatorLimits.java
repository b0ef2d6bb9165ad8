package io.gonext.host;

import io.gonext.host.manifest.Manifest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The most that the operator lets any plugin have; a manifest may ask for less.
 *
 * @param memoryMb linear memory of one instance, in MiB
 * @param call one call of a hook or route, waiting for an instance included
 * @param chain all handlers of one filter or action together
 * @param start what an instance may take to start
 * @param instances of one plugin
 * @param softShare of a plugin's call limit, what the guest may take before a call counts as late:
 *     above 0, at most 1; 1 for never
 */
public record OperatorLimits(
    int memoryMb, Duration call, Duration chain, Duration start, int instances, double softShare) {
  /** Pages of WebAssembly's memory, of 64 KiB, in a MiB. */
  public static final int PAGES_PER_MB = 16;

  private static final int PAGE_BYTES = 64 * 1024;

  public OperatorLimits {
    if (memoryMb < 1 || instances < 1) {
      throw new IllegalArgumentException("memoryMb and instances must be at least 1");
    }
    if (!call.isPositive() || !chain.isPositive() || !start.isPositive()) {
      throw new IllegalArgumentException("call, chain and start must be positive");
    }
    if (!(softShare > 0 && softShare <= 1)) {
      throw new IllegalArgumentException("softShare must be above 0 and at most 1: " + softShare);
    }
  }

  /** A call is late after half of its limit. */
  public OperatorLimits(
      int memoryMb, Duration call, Duration chain, Duration start, int instances) {
    this(memoryMb, call, chain, start, instances, 0.5);
  }

  /** 64 MiB, 1 s a call, late after half of it, 3 s a chain, 5 s to start, 8 instances. */
  public static OperatorLimits defaults() {
    return new OperatorLimits(
        64, Duration.ofSeconds(1), Duration.ofSeconds(3), Duration.ofSeconds(5), 8);
  }

  /** A copy with this limit of one instance's memory, in MiB. */
  public OperatorLimits withMemoryMb(int megabytes) {
    return new OperatorLimits(megabytes, call, chain, start, instances, softShare);
  }

  /** A copy with this limit of one call. A chain of handlers gets as much, where it had less. */
  public OperatorLimits withCall(Duration limit) {
    return new OperatorLimits(
        memoryMb, limit, limit.compareTo(chain) > 0 ? limit : chain, start, instances, softShare);
  }

  /** A copy with this limit of an instance's start. */
  public OperatorLimits withStart(Duration limit) {
    return new OperatorLimits(memoryMb, call, chain, limit, instances, softShare);
  }

  /** A copy with this many instances of one plugin at most. */
  public OperatorLimits withInstances(int most) {
    return new OperatorLimits(memoryMb, call, chain, start, most, softShare);
  }

  /** A copy with this share of a call's limit, after which it is late. */
  public OperatorLimits withSoftShare(double share) {
    return new OperatorLimits(memoryMb, call, chain, start, instances, share);
  }

  /** What a plugin gets. */
  public PluginLimits of(Manifest manifest) {
    return new PluginLimits(
        lower(manifest.limits().memoryMb(), memoryMb),
        callOf(manifest),
        warmInstancesOf(manifest),
        instancesOf(manifest));
  }

  /** What a plugin asks for and does not get, a sentence each. */
  public List<String> cuts(Manifest manifest) {
    Manifest.Limits asked = manifest.limits();
    List<String> cuts = new ArrayList<>();
    cut(cuts, "memory_mb", asked.memoryMb(), memoryMb, "--memory-mb");
    Optional<Duration> askedCall = asked.call();
    cut(
        cuts,
        "call_ms",
        askedCall.isPresent()
            ? OptionalInt.of(Math.toIntExact(askedCall.get().toMillis()))
            : OptionalInt.empty(),
        call.toMillis(),
        "--call-ms");
    cut(cuts, "instances_min", asked.instancesMin(), instances, "--instances");
    cut(cuts, "instances_max", asked.instancesMax(), instances, "--instances");
    return cuts;
  }

  private static void cut(
      List<String> cuts, String field, OptionalInt asked, long allowed, String option) {
    if (asked.isPresent() && asked.getAsInt() > allowed) {
      cuts.add(
          "/limits/%s: the plugin gets %d and not %d, since the operator allows no more (gonext serve %s)"
              .formatted(field, allowed, asked.getAsInt(), option));
    }
  }

  public Duration callOf(Manifest manifest) {
    return manifest.limits().call().filter(asked -> asked.compareTo(call) < 0).orElse(call);
  }

  public Duration softCallOf(Manifest manifest) {
    return Duration.ofNanos(Math.max(1, (long) (callOf(manifest).toNanos() * softShare)));
  }

  public int memoryPagesOf(Manifest manifest) {
    return lower(manifest.limits().memoryMb(), memoryMb) * PAGES_PER_MB;
  }

  /**
   * The weight from which an instance is replaced: three quarters of its memory limit, before what
   * leaks there makes it fail; but well above what it weighs when it starts, or each lease would
   * end one.
   */
  public long recycleAtOf(Manifest manifest, int initialPages) {
    return Math.max(memoryPagesOf(manifest) * 3L / 4, initialPages * 4L) * PAGE_BYTES;
  }

  public int instancesOf(Manifest manifest) {
    return lower(manifest.limits().instancesMax(), instances);
  }

  public int warmInstancesOf(Manifest manifest) {
    return Math.min(manifest.limits().instancesMin().orElse(1), instancesOf(manifest));
  }

  private static int lower(OptionalInt asked, int allowed) {
    return Math.min(asked.orElse(allowed), allowed);
  }
}
