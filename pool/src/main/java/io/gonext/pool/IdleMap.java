package io.gonext.pool;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * One bit for each slot of a large pool: set when an instance is returned to the slot, and cleared
 * by the search that looks there. It is only a hint: the slot of a set bit may be leased again, and
 * in rare cases the slot of a clear bit is idle. A search of all slots finds that one.
 *
 * <p>A search reads a word for every 64 slots and clears the stale bits it meets. Each return sets
 * at most one bit, so the amortized cost of clearing is constant per return. Safe for use by
 * several threads.
 */
final class IdleMap {

  private final AtomicLongArray words;

  IdleMap(int slots) {
    words = new AtomicLongArray((slots + Long.SIZE - 1) / Long.SIZE);
  }

  /**
   * Only reads when the bit is set already, as it is for a thread that uses one slot repeatedly.
   */
  void mark(int slot) {
    int word = slot / Long.SIZE;
    long bit = 1L << slot;
    long seen = words.get(word);
    while ((seen & bit) == 0 && !words.compareAndSet(word, seen, seen | bit)) {
      seen = words.get(word);
    }
  }

  /** Clears a bit. */
  void unmark(int slot) {
    int word = slot / Long.SIZE;
    long bit = 1L << slot;
    long seen = words.get(word);
    while ((seen & bit) != 0 && !words.compareAndSet(word, seen, seen & ~bit)) {
      seen = words.get(word);
    }
  }

  /** The first slot from {@code from} on whose bit is set; -1 when there is none. */
  int next(int from) {
    int word = from / Long.SIZE;
    if (word >= words.length()) {
      return -1;
    }
    long left = words.get(word) & (-1L << from);
    while (left == 0) {
      if (++word == words.length()) {
        return -1;
      }
      left = words.get(word);
    }
    return word * Long.SIZE + Long.numberOfTrailingZeros(left);
  }
}
