package io.gonext.host.internal.jobs;

import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.manifest.Manifest;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How many jobs this host may claim now: of each plugin that serves here, as many as it has free
 * instances for jobs, and of all together as many as there are free threads. So the jobs of one
 * plugin never keep those of another waiting in this process.
 *
 * <p>A claim takes places of a lane first and settles afterwards which of them are in use. So
 * several threads may claim at the same time. Thread-safe.
 */
final class Lanes {
  private final int threads;

  /** The plugin of each claimed job, by its id. Guarded by this. */
  private final Map<String, String> running = new HashMap<>();

  /** Places that a claim has taken, by plugin. Guarded by this. */
  private final Map<String, Integer> taken = new HashMap<>();

  /**
   * The plugins of which more jobs may be due than this host has looked for. The first one is next.
   * Guarded by this.
   */
  private final Set<String> hot = new LinkedHashSet<>();

  /**
   * @param threads jobs that may run at once
   */
  Lanes(int threads) {
    this.threads = threads;
  }

  /**
   * What may be claimed of one plugin. {@link #settle} gives the places back.
   *
   * @param places how many jobs
   * @param concurrency of the jobs that have a limit of their own, on all hosts together
   */
  record Lane(String plugin, int places, Map<String, Integer> concurrency) {}

  /** The limits of a plugin's jobs that have a limit on all hosts together. */
  static Map<String, Integer> concurrency(Manifest manifest) {
    return manifest.jobs().stream()
        .filter(job -> job.concurrency().isPresent())
        .collect(Collectors.toMap(Manifest.Job::name, job -> most(job.concurrency())));
  }

  private static int most(OptionalInt concurrency) {
    return concurrency.orElse(Integer.MAX_VALUE);
  }

  /**
   * Takes all free places of a plugin; empty if there are none.
   *
   * @param ending jobs that are about to end, whose places are free for this claim
   */
  synchronized Optional<Lane> take(PluginSlot slot, Collection<String> ending) {
    int places = places(slot, ending);
    if (places <= 0) {
      return Optional.empty();
    }
    taken.merge(slot.name(), places, Integer::sum);
    // Before the claim looks: what is enqueued from now on makes the lane hot again.
    hot.remove(slot.name());
    return Optional.of(new Lane(slot.name(), places, concurrency(slot.manifest())));
  }

  /** Whether jobs of a plugin may be claimed now. */
  synchronized boolean hasRoom(PluginSlot slot) {
    return places(slot, List.of()) > 0;
  }

  private int places(PluginSlot slot, Collection<String> ending) {
    int ofPlugin = taken.getOrDefault(slot.name(), 0);
    int ofAll = taken.values().stream().mapToInt(Integer::intValue).sum();
    for (Map.Entry<String, String> job : running.entrySet()) {
      if (!ending.contains(job.getKey())) {
        ofPlugin += job.getValue().equals(slot.name()) ? 1 : 0;
        ofAll++;
      }
    }
    return Math.min(Math.max(1, slot.jobInstances()) - ofPlugin, threads - ofAll);
  }

  /** Gives the places of a claim back that it does not need. */
  synchronized Lane keep(Lane lane, int places) {
    taken.merge(lane.plugin, places - lane.places, Integer::sum);
    return new Lane(lane.plugin, places, lane.concurrency);
  }

  /**
   * Gives the places of a claim back, but for those that it uses.
   *
   * @param claimed the ids of the jobs that it claimed
   * @param more whether more jobs may be due
   */
  synchronized void settle(Lane lane, Collection<String> claimed, boolean more) {
    taken.merge(lane.plugin, -lane.places, Integer::sum);
    claimed.forEach(id -> running.put(id, lane.plugin));
    if (more) {
      hot.add(lane.plugin);
    }
  }

  /** Jobs of a plugin may be due. */
  synchronized void heat(String plugin) {
    hot.add(plugin);
  }

  /** Jobs of these plugins may be due, and of no others. */
  synchronized void heatOnly(Set<String> plugins) {
    hot.retainAll(plugins);
    hot.addAll(plugins);
  }

  /** The plugins of which jobs may be due. Who came first comes first, so each has its turn. */
  synchronized List<String> hot() {
    return List.copyOf(hot);
  }

  /** Whether jobs may be due, and there is a thread for them. */
  synchronized boolean isOpen() {
    return !hot.isEmpty()
        && running.size() + taken.values().stream().mapToInt(Integer::intValue).sum() < threads;
  }

  /**
   * Jobs no longer run here.
   *
   * @return their plugins
   */
  synchronized Set<String> ended(Collection<String> ids) {
    Set<String> plugins = new HashSet<>();
    for (String id : ids) {
      String plugin = running.remove(id);
      if (plugin != null) {
        plugins.add(plugin);
      }
    }
    return plugins;
  }

  /** How many jobs this host has claimed and not ended. */
  synchronized int running() {
    return running.size();
  }

  /** Whether this host has claimed a job and not ended it. */
  synchronized boolean isRunning(String id) {
    return running.containsKey(id);
  }
}
