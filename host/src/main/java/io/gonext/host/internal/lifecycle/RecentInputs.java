package io.gonext.host.internal.lifecycle;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A few recent payloads of one hook, with which a new version is exercised before it serves, and
 * the same version when the host starts again ({@link KeptInputs}).
 *
 * <p>Thread-safe. Once it is full it looks at one offer in 64; two offers at the same moment may
 * take the same place, and either will do.
 */
final class RecentInputs {
  static final int KEPT = 8;

  /** Longer payloads are not kept, so that a hook keeps 128 KiB at most. */
  static final int MAX_BYTES = 16 * 1024;

  private static final int SAMPLING_MASK = 63;

  private final AtomicReferenceArray<byte @Nullable []> kept = new AtomicReferenceArray<>(KEPT);

  /** The number of payloads that were kept so far; the next one goes to the place after them. */
  private volatile long next;

  /**
   * @param payload must not change after this
   * @param nanos the time, whose bits choose the sample
   */
  void offer(byte[] payload, long nanos) {
    long at = next;
    boolean sampled = at < KEPT || ((nanos >>> 8) & SAMPLING_MASK) == 0;
    if (!sampled || payload.length > MAX_BYTES) {
      return;
    }
    kept.setRelease((int) (at % KEPT), payload);
    next = at + 1;
  }

  /**
   * Adds a payload of an earlier run of the host, unless there are {@link #KEPT} newer ones.
   *
   * @param payload must not change after this
   */
  void restore(byte[] payload) {
    long at = next;
    if (at < KEPT && payload.length <= MAX_BYTES) {
      kept.setRelease((int) at, payload);
      next = at + 1;
    }
  }

  /** A number that is another one after each payload that was kept. */
  long changes() {
    return next;
  }

  void forget() {
    next = 0;
    for (int i = 0; i < KEPT; i++) {
      kept.setRelease(i, null);
    }
  }

  List<byte[]> snapshot() {
    List<byte[]> inputs = new ArrayList<>(KEPT);
    for (int i = 0; i < KEPT; i++) {
      byte[] input = kept.getAcquire(i);
      if (input != null) {
        inputs.add(input);
      }
    }
    return inputs;
  }
}
