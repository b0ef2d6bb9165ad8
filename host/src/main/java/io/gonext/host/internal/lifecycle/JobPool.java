package io.gonext.host.internal.lifecycle;

import io.gonext.engine.GuestInstance;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.host.internal.audit.PluginAudit;
import io.gonext.host.internal.hook.Turn;
import io.gonext.host.manifest.Manifest;
import io.gonext.pool.InstancePool;
import io.gonext.pool.PoolSnapshot;
import io.gonext.pool.PoolStats;
import io.micrometer.core.instrument.Counter;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The instances in which one version of a plugin runs its jobs, apart from those of its hooks and
 * routes. Jobs have no circuit breaker: a job that fails waits by itself.
 *
 * <p>Thread-safe.
 */
final class JobPool {
  private static final Logger log = LoggerFactory.getLogger(JobPool.class);

  /** How long a job has to end once its thread was interrupted. */
  private static final Duration CUT_OFF = Duration.ofSeconds(1);

  private final String plugin;
  private final InstancePool<GuestInstance> pool;
  private final Breakers.Guard guard;
  private final Map<String, Job> jobs;

  /** The threads that run a job. */
  private final Set<Thread> running = ConcurrentHashMap.newKeySet();

  /** A job of this version. */
  record Job(PluginHook hook, Duration timeout, PooledCalls calls) {}

  /**
   * @param longest the most time that an attempt has
   * @param limits of the plugin's other calls; an attempt may wait as long as those
   * @param lateCounter of the plugin; no job is late
   */
  JobPool(
      Manifest manifest,
      InstancePool<GuestInstance> pool,
      PluginAudit audit,
      Duration longest,
      EffectiveLimits limits,
      FuelUse fuel,
      Counter lateCounter,
      LongSupplier nanoTime,
      CallRecorder recorder) {
    this.plugin = manifest.id();
    this.pool = pool;
    this.guard =
        new Breakers.Guard(
            new HookBreaker("jobs", BreakerPolicy.OFF, nanoTime, opening -> {}), lateCounter);
    this.jobs =
        manifest.jobs().stream()
            .collect(
                Collectors.toMap(
                    Manifest.Job::name,
                    declared -> {
                      Duration timeout =
                          declared.timeout().compareTo(longest) < 0 ? declared.timeout() : longest;
                      return new Job(
                          PluginHook.job(declared.name()),
                          timeout,
                          new PooledCalls(
                              manifest.version().toString(),
                              pool,
                              audit,
                              new LateCalls(manifest.id(), timeout, lateCounter, nanoTime),
                              fuel,
                              limits.ofJob(timeout),
                              false,
                              recorder));
                    }));
  }

  /** Makes the pool ready; it creates its first instance for its first job. */
  void start() throws InterruptedException {
    pool.start();
  }

  /** The job of that name; null when there is none. */
  @Nullable Job of(String name) {
    return jobs.get(name);
  }

  /** The pool's numbers now. */
  PoolStats stats() {
    return pool.stats();
  }

  /** The pool's numbers and instances now. */
  PoolSnapshot snapshot() {
    return pool.snapshot();
  }

  HookReply run(Job job, byte[] payload, Turn turn)
      throws HookFailedException, InterruptedException {
    running.add(Thread.currentThread());
    try {
      return job.calls.call(guard, job.hook, payload, turn, reply -> reply);
    } finally {
      running.remove(Thread.currentThread());
    }
  }

  /** See {@link ActivePlugin#stop}. */
  void stop(Duration patience) {
    retire(patience).join();
  }

  /** As {@link ActivePlugin#retire}, and ends jobs that still run then. */
  CompletableFuture<Void> retire(Duration patience) {
    return pool.drain()
        .orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS)
        .handleAsync(
            (report, late) -> {
              if (late != null) {
                log.warn("jobs of {} still ran after {} and are cut off", plugin, patience);
                running.forEach(Thread::interrupt);
                pool.close(CUT_OFF);
              }
              return null;
            },
            Thread::startVirtualThread);
  }
}
