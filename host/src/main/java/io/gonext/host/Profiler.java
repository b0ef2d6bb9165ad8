package io.gonext.host;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.GuestSampler;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.manifest.Manifest;
import io.gonext.pool.PoolStats;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/**
 * Looks at what the code of a plugin spends its time with, while the host serves, with the JDK's
 * Flight Recorder. It sees the time that a plugin and the functions of the host for it compute, not
 * the time that they wait.
 *
 * <p>Thread-safe. One profile at a time.
 */
public final class Profiler {
  /** How often a thread is looked at, unless something else is asked for. */
  public static final Duration EVERY = Duration.ofMillis(10);

  private final Lifecycle lifecycle;
  private final ChangeRecord record;
  private final Semaphore free = new Semaphore(1);

  Profiler(Lifecycle lifecycle, ChangeRecord record) {
    this.lifecycle = lifecycle;
    this.record = record;
  }

  /** What happens while a plugin is watched. */
  @FunctionalInterface
  public interface Work {
    /** Does it, on the calling thread. */
    void run() throws InterruptedException;
  }

  /**
   * Watches the version of a plugin that serves now.
   *
   * @param duration how long; the call takes as long
   * @throws ConflictException when the plugin is not in service, another profile is being taken, or
   *     the JVM has no Flight Recorder
   */
  public PluginProfile sample(String plugin, Duration duration) throws InterruptedException {
    return sample(plugin, EVERY, () -> Thread.sleep(duration));
  }

  /**
   * Watches a plugin while something happens.
   *
   * @param every the time between two looks at a thread
   * @throws ConflictException as above
   */
  public PluginProfile sample(String plugin, Duration every, Work work)
      throws InterruptedException {
    PluginSlot slot = inService(plugin);
    if (!free.tryAcquire()) {
      throw new ConflictException("another profile is being taken; try again when it is done");
    }
    try {
      String version = slot.manifest().version().toString();
      CompiledModule module = slot.module();
      try (GuestSampler sampler = start(every)) {
        long began = System.nanoTime();
        work.run();
        double seconds = secondsSince(began);
        sampler.stop();
        PluginProfile profile =
            PluginProfile.of(plugin, version, seconds, module.imports().size(), sampler.of(module));
        record.done("profiled", plugin, ChangeRecord.detail().put("seconds", seconds));
        return profile;
      }
    } finally {
      free.release();
    }
  }

  /**
   * Watches how the calls of a plugin use the memory of their instances, while something happens.
   * Until then, each call inspects all blocks of that memory when it has ended. Jobs are not
   * watched.
   *
   * @throws ConflictException when the plugin is not in service, or another profile is being taken
   */
  public PluginMemory memory(String plugin, Work work) throws InterruptedException {
    PluginSlot slot = inService(plugin);
    if (!free.tryAcquire()) {
      throw new ConflictException("another profile is being taken; try again when it is done");
    }
    try {
      String version = slot.manifest().version().toString();
      boolean keepsState = slot.manifest().limits().isolation() == Manifest.Isolation.REUSED;
      MemoryWatch watch = new MemoryWatch();
      long began = System.nanoTime();
      Runnable end = slot.watchInstances(watch::ended);
      try {
        work.run();
      } finally {
        end.run();
      }
      double seconds = secondsSince(began);
      PoolStats pool = slot.poolStats();
      record.done(
          "profiled", plugin, ChangeRecord.detail().put("seconds", seconds).put("of", "memory"));
      return watch.seen(plugin, version, keepsState, seconds, pool.live(), pool.bytes());
    } finally {
      free.release();
    }
  }

  private PluginSlot inService(String plugin) {
    return lifecycle
        .active(plugin)
        .orElseThrow(() ->
            new ConflictException(
                plugin + " is not in service, so it runs no code: activate it first"));
  }

  private static double secondsSince(long began) {
    return Math.round((System.nanoTime() - began) / 1e6) / 1e3;
  }

  private static GuestSampler start(Duration every) {
    try {
      return GuestSampler.start(every);
    } catch (IllegalStateException e) {
      throw new ConflictException(String.valueOf(e.getMessage()));
    }
  }
}
