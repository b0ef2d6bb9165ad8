package io.gonext.host.internal.lifecycle;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The recorders of all plugins, by name. A plugin keeps its recorder when another version takes
 * over.
 *
 * <p>Thread-safe.
 */
public final class CallRecorders {
  private final Map<String, CallRecorder> recorders = new ConcurrentHashMap<>();
  private final String hostVersion;
  private final InstantSource clock;
  private final Function<String, Supplier<List<byte[]>>> secretsOf;

  /**
   * @param secretsOf the values that a plugin's secrets have at that moment, which become marks in
   *     recordings; the supplier reads nothing from the store
   */
  public CallRecorders(
      String hostVersion, InstantSource clock, Function<String, Supplier<List<byte[]>>> secretsOf) {
    this.hostVersion = hostVersion;
    this.clock = clock;
    this.secretsOf = secretsOf;
  }

  /** The recorder of a plugin, which records nothing until it is started. */
  public CallRecorder of(String plugin) {
    return recorders.computeIfAbsent(
        plugin, name -> new CallRecorder(name, hostVersion, clock, secretsOf));
  }

  /** Drops what is kept of a plugin that is no longer installed. */
  void forget(String plugin) {
    recorders.remove(plugin);
  }
}
