package io.gonext.host.internal.lifecycle;

import io.gonext.host.ConflictException;
import io.gonext.host.internal.lifecycle.PluginLoader.CheckedModule;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Starts a version beside the one that serves, if any, and lets it take over. A failure before the
 * change in the store leaves the old version in service. The plugin's change lock is held.
 */
final class Switchover {
  /** How long a version that another host put in service may be exercised here: others wait. */
  private static final Duration FOLLOWING_WARM_UP = Duration.ofSeconds(1);

  private final PluginLoader loader;
  private final Serving serving;
  private final ChangeLocks changes;
  private final KeptInputs kept;
  private final Duration warmUp;
  private final BiConsumer<ActivePlugin, String> onTooManyFailures;

  /**
   * Versions that start and are exercised at once. More of them than processors would only slow
   * each other down, until their starts are out of time.
   */
  private final Semaphore starts =
      new Semaphore(Math.max(2, Runtime.getRuntime().availableProcessors()), true);

  /**
   * @param kept recent inputs of plugins that do not serve
   * @param warmUp how long a version may be exercised
   * @param onTooManyFailures called when a version in service keeps failing
   */
  Switchover(
      PluginLoader loader,
      Serving serving,
      ChangeLocks changes,
      KeptInputs kept,
      Duration warmUp,
      BiConsumer<ActivePlugin, String> onTooManyFailures) {
    this.loader = loader;
    this.serving = serving;
    this.changes = changes;
    this.kept = kept;
    this.warmUp = warmUp;
    this.onTooManyFailures = onTooManyFailures;
  }

  /**
   * @param swap from the moment the version was warm until the last pointer had moved
   * @param warmUpCalls with which it was exercised before
   */
  record Done(Duration swap, long warmUpCalls) {
    static final Done NOT_IN_SERVICE = new Done(Duration.ZERO, 0);
  }

  /** What an operator asked for here. */
  Done make(CheckedModule checked, Runnable allowed, Runnable stored) throws InterruptedException {
    return make(checked, warmUp, allowed, stored);
  }

  /** What the store says already. */
  Done follow(Delivered delivered) throws InterruptedException {
    return follow(
        loader.check(delivered),
        warmUp.compareTo(FOLLOWING_WARM_UP) < 0 ? warmUp : FOLLOWING_WARM_UP);
  }

  /** As {@link #follow}, when the host starts: the version is exercised later, while it serves. */
  WarmStart.Cold open(Delivered delivered) throws InterruptedException {
    Bundle bundle = delivered.bundle();
    CheckedModule checked = loader.check(delivered);
    follow(checked, Duration.ZERO);
    PluginSlot slot = Objects.requireNonNull(serving.slot(bundle.manifest().name()));
    return new WarmStart.Cold(slot, slot.version(), loader.rehearsal(bundle, checked.module()));
  }

  private Done follow(CheckedModule checked, Duration budget) throws InterruptedException {
    Manifest manifest = checked.bundle().manifest();
    serving.requireDependencies(manifest);
    return make(checked, budget, () -> serving.requireDependencies(manifest), () -> {});
  }

  /**
   * @param allowed throws when the version may not serve; asked before the work and at the switch
   * @param stored makes the switch in the store; throws {@link ConflictException} when someone else
   *     was first
   */
  private Done make(CheckedModule checked, Duration budget, Runnable allowed, Runnable stored)
      throws InterruptedException {
    Bundle bundle = checked.bundle();
    allowed.run();
    loader.prepare(bundle);
    String name = bundle.manifest().name();
    PluginSlot slot = serving.slot(name);
    Started started = start(checked, name, slot, budget);
    ActivePlugin fresh = started.fresh;
    @Nullable ActivePlugin old = null;
    long begin = System.nanoTime();
    boolean serves = false;
    try {
      old =
          serving.<@Nullable ActivePlugin>atomically(() -> {
            changes.requireOpen();
            allowed.run();
            loader.requireTrusted(checked);
            stored.run();
            if (slot == null) {
              serving.open(fresh);
              return null;
            }
            return serving.swap(slot, fresh);
          });
      serves = true;
    } finally {
      if (!serves) {
        fresh.stop(Duration.ZERO);
      }
    }
    Duration swap = Duration.ofNanos(System.nanoTime() - begin);
    if (old != null) {
      serving.retire(old);
    }
    return new Done(swap, started.warmUpCalls);
  }

  /** A version that is ready to serve, and the calls with which it was exercised. */
  private record Started(ActivePlugin fresh, long warmUpCalls) {}

  private Started start(
      CheckedModule checked, String name, @Nullable PluginSlot slot, Duration budget)
      throws InterruptedException {
    Bundle bundle = checked.bundle();
    starts.acquire();
    try {
      ActivePlugin fresh =
          loader.start(bundle, checked.module(), serving.metricsOf(name), onTooManyFailures);
      boolean ready = false;
      try {
        if (slot != null) {
          fresh.prepare(slot.poolStats().live());
        }
        long calls =
            budget.isZero() || !bundle.manifest().warmUp()
                ? 0
                : loader.exercise(bundle, checked.module(), recentInputs(name, slot), budget);
        ready = true;
        return new Started(fresh, calls);
      } finally {
        if (!ready) {
          fresh.stop(Duration.ZERO);
        }
      }
    } finally {
      starts.release();
    }
  }

  private List<WarmUp.Input> recentInputs(String name, @Nullable PluginSlot slot) {
    if (slot != null) {
      return slot.recentInputs();
    }
    return kept.read(name).stream()
        .map(input ->
            new WarmUp.Input(input.hook().getBytes(StandardCharsets.UTF_8), input.payload()))
        .toList();
  }
}
