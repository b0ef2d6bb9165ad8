package io.gonext.host.registry;

import io.gonext.host.RegistryException;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * When an operation must have ended.
 *
 * @param limit of the whole operation
 * @param nanoTime as {@link System#nanoTime}
 * @param end by {@code nanoTime}
 */
record Deadline(Duration limit, LongSupplier nanoTime, long end) {
  static Deadline in(Duration limit, LongSupplier nanoTime) {
    return new Deadline(limit, nanoTime, nanoTime.getAsLong() + limit.toNanos());
  }

  /**
   * What is left, more than nothing.
   *
   * @throws RegistryException when it has passed
   */
  Duration left(String registry) {
    long nanos = end - nanoTime.getAsLong();
    if (nanos <= 0) {
      throw passed(registry);
    }
    return Duration.ofNanos(nanos);
  }

  RegistryException passed(String registry) {
    return new RegistryException(
        RegistryException.Kind.UNAVAILABLE,
        registry + " was not done within " + limit.toSeconds() + " s");
  }
}
