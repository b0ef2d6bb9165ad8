package io.gonext.host.internal.jobs;

import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.manifest.Manifest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * How many jobs this host may claim now: of each plugin that serves here, as many as it has free
 * instances for jobs, and of all together as many as there are free threads. So the jobs of one
 * plugin never keep those of another waiting in this process.
 *
 * <p>Thread-safe.
 */
final class Lanes {
  private final Supplier<List<PluginSlot>> serving;
  private final int threads;

  private final Predicate<PluginSlot> polled;

  /** The plugin of each claimed job, by its id. Guarded by this. */
  private final Map<String, String> running = new HashMap<>();

  /** So that each plugin is first now and then. Guarded by this. */
  private int turn;

  /**
   * @param serving the plugins that serve here
   * @param polled those of them that may have jobs
   * @param threads jobs that may run at once
   */
  Lanes(Supplier<List<PluginSlot>> serving, Predicate<PluginSlot> polled, int threads) {
    this.serving = serving;
    this.polled = polled;
    this.threads = threads;
  }

  /**
   * What may be claimed of one plugin.
   *
   * @param free how many jobs
   * @param concurrency of the jobs that have a limit of their own, on all hosts together
   */
  record Lane(String plugin, int free, Map<String, Integer> concurrency) {}

  /** The plugins of which jobs may be claimed. */
  List<Lane> open() {
    List<PluginSlot> slots = new ArrayList<>(serving());
    List<Lane> open = new ArrayList<>();
    synchronized (this) {
      if (!slots.isEmpty()) {
        Collections.rotate(slots, turn++ % slots.size());
      }
      for (PluginSlot slot : slots) {
        int free =
            Math.min(
                Math.max(1, slot.jobInstances())
                    - Collections.frequency(running.values(), slot.name()),
                threads - running.size());
        if (free > 0) {
          open.add(new Lane(slot.name(), free, concurrency(slot.manifest())));
        }
      }
    }
    return open;
  }

  /** The plugins that serve here and may have jobs. */
  List<PluginSlot> serving() {
    return serving.get().stream().filter(polled).toList();
  }

  private static Map<String, Integer> concurrency(Manifest manifest) {
    return manifest.jobs().stream()
        .filter(job -> job.concurrency().isPresent())
        .collect(Collectors.toMap(Manifest.Job::name, job -> most(job.concurrency())));
  }

  private static int most(OptionalInt concurrency) {
    return concurrency.orElse(Integer.MAX_VALUE);
  }

  /** How many jobs may be claimed of all plugins together. */
  synchronized int free() {
    return threads - running.size();
  }

  synchronized void claimed(String plugin, String id) {
    running.put(id, plugin);
  }

  synchronized void ended(String id) {
    running.remove(id);
  }

  /** Whether this host has claimed a job and not ended it. */
  synchronized boolean isRunning(String id) {
    return running.containsKey(id);
  }
}
