package io.gonext.host.internal.lifecycle;

import io.gonext.host.NodeFault;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * The changes of the store that this host could not follow, and when it tries each again: after 1
 * s, then after twice as long each time, at most a minute.
 *
 * <p>Thread-safe.
 */
final class NodeFaults {
  private static final long FIRST_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();
  private static final int MOST_DOUBLINGS = 6;
  private static final long LONGEST_PAUSE_NANOS = Duration.ofMinutes(1).toNanos();

  private record Entry(NodeFault fault, long retryAt) {}

  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final Map<String, Entry> entries = new ConcurrentHashMap<>();

  NodeFaults(InstantSource clock, LongSupplier nanoTime) {
    this.clock = clock;
    this.nanoTime = nanoTime;
  }

  /** Records a failed attempt. */
  NodeFault add(String plugin, String cause) {
    return entries.compute(
            plugin,
            (name, before) -> {
              int attempts = before == null ? 1 : before.fault.attempts() + 1;
              long pause =
                  Math.min(
                      FIRST_PAUSE_NANOS << Math.min(attempts - 1, MOST_DOUBLINGS),
                      LONGEST_PAUSE_NANOS);
              NodeFault fault =
                  new NodeFault(
                      name,
                      cause,
                      before == null ? clock.instant() : before.fault.since(),
                      attempts);
              return new Entry(fault, nanoTime.getAsLong() + pause);
            })
        .fault;
  }

  void clear(String plugin) {
    entries.remove(plugin);
  }

  /** Makes all faults due, because a change may have removed their cause. */
  void retryAll() {
    long now = nanoTime.getAsLong();
    entries.replaceAll((name, entry) -> new Entry(entry.fault, now));
  }

  List<NodeFault> list() {
    return entries.values().stream().map(Entry::fault).toList();
  }

  /** The plugins that are due for another attempt. */
  List<String> due() {
    long now = nanoTime.getAsLong();
    return entries.values().stream()
        .filter(entry -> entry.retryAt - now <= 0)
        .map(entry -> entry.fault.plugin())
        .toList();
  }
}
