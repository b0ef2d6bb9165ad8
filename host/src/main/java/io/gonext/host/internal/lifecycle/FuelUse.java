package io.gonext.host.internal.lifecycle;

import io.gonext.engine.GuestInstance;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Counts the fuel that all calls of one version use, if they count it. Thread-safe. */
final class FuelUse {
  private final MeterRegistry meters;
  private final String plugin;

  /** Created with the first call that counts fuel. A second creation is the same counter. */
  private volatile @Nullable Counter counter;

  /** Gets the units of each call; null when nobody listens. */
  private volatile @Nullable LongConsumer watch;

  FuelUse(MeterRegistry meters, String plugin) {
    this.meters = meters;
    this.plugin = plugin;
  }

  /** Reports what each call from now on uses. */
  void watch(LongConsumer units) {
    watch = units;
  }

  /** A run of this instance has ended, however it did. */
  void ran(GuestInstance instance) {
    if (!instance.module().isMetered()) {
      return;
    }
    long units = instance.lastRun().fuel();
    counter().increment((double) units);
    LongConsumer told = watch;
    if (told != null) {
      told.accept(units);
    }
  }

  private Counter counter() {
    Counter known = counter;
    if (known == null) {
      known =
          Counter.builder("gonext.plugin.fuel")
              .description("Units of fuel that a plugin's calls used")
              .tag("plugin", plugin)
              .register(meters);
      counter = known;
    }
    return known;
  }
}
