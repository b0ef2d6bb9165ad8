package io.gonext.host.internal.service.events;

import io.gonext.host.PluginEvent;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;

/**
 * Takes the events that must not be lost, to deliver them at least once. Such an event is stored
 * while the guest runs, and stays stored when the guest's call fails afterwards.
 */
@FunctionalInterface
public interface DurableEvents {
  /**
   * Stores an event for its delivery; the answer is for the guest. Thread-safe.
   *
   * @param depth how many events caused it, with itself
   */
  HostAnswer store(PluginEvent event, int depth);

  /** For a host without a queue of jobs. */
  static DurableEvents none() {
    return (_, _) ->
        new HostAnswer.Explained(
            Refused.INTERNAL,
            "this host has no queue for durable events; emit it without \"durable\": true");
  }
}
