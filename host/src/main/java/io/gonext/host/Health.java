package io.gonext.host;

import io.gonext.host.hook.FailureListener;
import io.gonext.host.hook.PastFailure;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.lifecycle.NodePresence;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.internal.lifecycle.StoreWatch;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.pool.PoolStats;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * The state of the host and its plugins: what is in trouble, which calls failed, and the numbers of
 * the pools.
 *
 * <p>Thread-safe.
 */
public final class Health {
  private final PluginStore store;
  private final HookBus hooks;
  private final Lifecycle lifecycle;
  private final StoreWatch watch;
  private final NodePresence presence;
  private final BooleanSupplier closed;

  Health(
      PluginStore store,
      HookBus hooks,
      Lifecycle lifecycle,
      StoreWatch watch,
      NodePresence presence,
      BooleanSupplier closed) {
    this.store = store;
    this.hooks = hooks;
    this.lifecycle = lifecycle;
    this.watch = watch;
    this.presence = presence;
    this.closed = closed;
  }

  /**
   * Why plugins that should serve do not, by plugin: ERRORED with its cause, not started by this
   * host, or behind an open circuit breaker. Does not read the store.
   */
  public Map<String, String> troubles() {
    return lifecycle.troubles();
  }

  /**
   * How far the host has come with exercising the plugins that it started when it was opened. It
   * serves them meanwhile, but more slowly than it will.
   */
  public WarmUpProgress warmUp() {
    return lifecycle.warmUpProgress();
  }

  /**
   * What is wrong with the store; empty when it works. While the store is in trouble, the host
   * refuses changes, key-value entries are not available, and loaded plugins continue to serve.
   */
  public Optional<StoreTrouble> storeTrouble() {
    return store.trouble();
  }

  /** What is wrong with one plugin, as in {@link #troubles}; empty when nothing is. */
  public Optional<String> trouble(StoredPlugin plugin) {
    return lifecycle.trouble(plugin);
  }

  /**
   * Plugins that this host cannot run as the store says, although other hosts on the same database
   * may. The host tries again by itself. With an embedded store such a plugin becomes ERRORED
   * instead, and this list has only plugins that could not be read back after the store failed in a
   * change.
   */
  public List<NodeFault> faults() {
    return lifecycle.faults();
  }

  /**
   * The hosts on a shared database, by name, with their lag and their faults; empty where the
   * database is this host's own. Reads the store.
   *
   * @throws StoreException when the database fails
   */
  public List<HostNode> nodes() {
    return store.isShared() ? presence.nodes() : List.of();
  }

  /** The modules that this host compiles, and those that wait for that. */
  public List<Compiling> compiling() {
    return lifecycle.compiling();
  }

  /**
   * Why this host needs a restart; empty when it does not. Until then it continues with what still
   * works.
   */
  public Optional<String> brokenDown() {
    return watch.isAlive() || closed.getAsBoolean()
        ? Optional.empty()
        : Optional.of("the thread that follows the store has ended");
  }

  /**
   * The last failed turns of a plugin on this host, newest first: at most 20, without those that an
   * open circuit breaker refused.
   */
  public List<PastFailure> recentFailures(String plugin) {
    return hooks.lastFailures(plugin);
  }

  /** The number of failed turns of a plugin since this host was opened. */
  public long failedTurns(String plugin) {
    return hooks.failedTurns(plugin);
  }

  /**
   * Calls a listener for each failed turn of a plugin's hooks and routes, with the guest's
   * backtrace after a trap. It stays when another version takes over. It is meant for tools;
   * metrics and the audit log have the same facts in bounded space.
   *
   * @return removes the listener
   */
  public Runnable listenToFailures(String plugin, FailureListener listener) {
    return hooks.listen(plugin, listener);
  }

  /** The numbers of one plugin's pool, while it is in service. */
  public Optional<PoolStats> pool(String plugin) {
    return lifecycle.active(plugin).map(PluginSlot::poolStats);
  }

  /**
   * Reports, for each call of a plugin, how many bytes of its instance's memory the call wrote to,
   * on the thread of the call. It is meant for tools, because each call then inspects all blocks of
   * that memory. It ends when another version takes over.
   *
   * @throws UnknownPluginException when no plugin of that name is in service
   */
  public void watchMemory(String plugin, LongConsumer touchedBytes) {
    lifecycle
        .active(plugin)
        .orElseThrow(() -> new UnknownPluginException(plugin))
        .watchMemory(touchedBytes);
  }

  /**
   * Reports how many units of fuel each call of a plugin used, on the thread of the call, if the
   * plugin's fuel is counted. It is meant for tools, and ends when another version takes over.
   *
   * @throws UnknownPluginException when no plugin of that name is in service
   */
  public void watchFuel(String plugin, LongConsumer units) {
    lifecycle.active(plugin).orElseThrow(() -> new UnknownPluginException(plugin)).watchFuel(units);
  }

  /** The numbers of the pools of all plugins in service, by plugin. */
  public Map<String, PoolStats> pools() {
    Map<String, PoolStats> pools = new TreeMap<>();
    for (PluginSlot plugin : lifecycle.active()) {
      pools.put(plugin.manifest().name(), plugin.poolStats());
    }
    return pools;
  }
}
