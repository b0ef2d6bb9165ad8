package io.gonext.testkit;

import java.security.SecureRandom;
import java.util.SplittableRandom;

/**
 * Random numbers that are the same in each run of a test: they begin anew before each call, from
 * the seed and the number of the call.
 *
 * <p>Thread-safe.
 */
final class SeededRandom extends SecureRandom {
  private static final long serialVersionUID = 1L;

  private final long seed;

  @SuppressWarnings("serial") // never written
  private SplittableRandom numbers;

  @SuppressWarnings("NullAway") // It has no provider.
  SeededRandom(long seed) {
    super(null, null);
    this.seed = seed;
    this.numbers = new SplittableRandom(seed);
  }

  /** Begins anew. */
  synchronized void begin(long call) {
    numbers = new SplittableRandom(seed * 31 + call);
  }

  @Override
  public synchronized void nextBytes(byte[] bytes) {
    numbers.nextBytes(bytes);
  }

  @Override
  public String getAlgorithm() {
    return "seeded";
  }
}
