package io.gonext.host.internal.lifecycle;

import io.gonext.host.HostNode;
import io.gonext.host.NodeFault;
import io.gonext.host.StoreException;
import io.gonext.host.internal.store.NodeStore;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the other hosts on a shared database that this one is there, and how it is: every 5 s, and
 * when its faults change.
 *
 * <p>{@link StoreWatch}'s thread writes; {@link #nodes} is thread-safe.
 */
public final class NodePresence {
  private static final Logger log = LoggerFactory.getLogger(NodePresence.class);
  private static final long EVERY_NANOS = Duration.ofSeconds(5).toNanos();

  private final NodeStore store;
  private final String id;
  private final String version;
  private final Supplier<List<NodeFault>> faults;
  private final IntSupplier compiling;
  private final LongSupplier nanoTime;

  /** Of the writing thread: what was said last, and when. */
  private SortedMap<String, String> told = new TreeMap<>();

  private long toldAt;
  private String name = "";

  /**
   * @param id of this run of the host
   * @param compiling how many modules are compiled, or wait for it
   */
  public NodePresence(
      NodeStore store,
      String id,
      String version,
      Supplier<List<NodeFault>> faults,
      IntSupplier compiling,
      LongSupplier nanoTime) {
    this.store = store;
    this.id = id;
    this.version = version;
    this.faults = faults;
    this.compiling = compiling;
    this.nanoTime = nanoTime;
  }

  /**
   * Says how this host is, if it is time.
   *
   * @param lag for how long it has not been what the store says
   * @throws StoreException when the database fails; the next call tries again
   */
  void beat(Duration lag) {
    SortedMap<String, String> now = new TreeMap<>();
    faults.get().forEach(fault -> now.put(fault.plugin(), fault.cause()));
    if (!name.isEmpty() && now.equals(told) && nanoTime.getAsLong() - toldAt < EVERY_NANOS) {
      return;
    }
    String known = name.isEmpty() ? machine() : name;
    store.write(new NodeStore.Report(id, known, version, lag, compiling.getAsInt(), now));
    name = known;
    told = now;
    toldAt = nanoTime.getAsLong();
  }

  private static String machine() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }

  /**
   * All hosts on the database, by name.
   *
   * @throws StoreException when the database fails
   */
  public List<HostNode> nodes() {
    return store.list(id);
  }

  /** This host is closed. Where the store does not work, the others find out by themselves. */
  void leave() {
    try {
      store.delete(id);
    } catch (StoreException e) {
      log.debug("this host is still listed among the nodes: {}", e.getMessage());
    }
  }
}
