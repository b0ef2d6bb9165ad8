package io.gonext.host.internal.jobs;

import com.github.kagkarlsson.scheduler.task.Execution;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells nodes that are lost from clocks that jumped. The time of a sign of life comes from the node
 * that gives it. If the database's clock jumps, some nodes know it before others, and a node that
 * lives seems to be silent. So a node is lost only if its sign of life stays the same while this
 * process's own clock, which never jumps, advances.
 *
 * <p>For one thread.
 */
final class Silences {
  private final long patience;
  private final LongSupplier nanoTime;
  private final Map<String, Silence> silences = new HashMap<>();

  /** What an execution that seemed to be dead looked like, and when it first did. */
  private record Silence(long version, @Nullable Instant sign, long since) {}

  /**
   * @param patience how long a sign of life has to stay the same
   */
  Silences(Duration patience, LongSupplier nanoTime) {
    this.patience = patience.toNanos();
    this.nanoTime = nanoTime;
  }

  /** Whether the node of an execution, which seems to be dead, is lost. Ask again if it is not. */
  boolean isLost(Execution execution) {
    long now = nanoTime.getAsLong();
    silences.values().removeIf(silence -> now - silence.since > 4 * patience);
    String key = execution.getTaskName() + "/" + execution.getId();
    Silence seen = new Silence(execution.version, execution.lastHeartbeat, now);
    Silence before = silences.get(key);
    if (before == null
        || before.version != seen.version
        || before.sign == null
        || !before.sign.equals(seen.sign)) {
      silences.put(key, seen);
      return false;
    }
    return now - before.since >= patience;
  }
}
