package io.gonext.host;

/**
 * Receives the events of plugins on this host, each at most once. The events of one plugin arrive
 * one after the other, in the order in which the plugin emitted them. Events of different plugins
 * arrive on different threads.
 *
 * <p>Events of a plugin wait while the listener works for it. When too many wait, the host drops
 * events. A listener that throws misses nothing but that event; the host logs and counts it.
 */
@FunctionalInterface
public interface PluginEventListener {
  /** Handles an event, on a thread of the host. Interrupted when the host closes. */
  void happened(PluginEvent event) throws Exception;
}
