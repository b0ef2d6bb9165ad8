package io.gonext.pool;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * One bit for each slot of a large pool: set when an instance was returned there and nobody has
 * looked since. A hint and no more: a set bit may lead to a slot that was taken again, and a
 * cleared one may rarely hide an idle slot, which a search of all slots then finds.
 *
 * <p>A search passes over a 64th of the slots, and over bits that lead nowhere, which it clears: as
 * many as returns have set, so what it costs is paid for by them. Safe for use by several threads.
 */
final class IdleMap {

  private final AtomicLongArray words;

  IdleMap(int slots) {
    words = new AtomicLongArray((slots + Long.SIZE - 1) / Long.SIZE);
  }

  /** Costs a read when the bit is set, as it is for a thread that uses one slot again and again. */
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
