package io.gonext.host;

import java.util.List;

/**
 * The classes that the first calls would initialize. A class whose initialization fails once, for
 * example because the heap is full, cannot be used until the JVM ends. So the host initializes them
 * when it is opened, while memory is free.
 */
final class EarlyClasses {
  /** By name: most are not public, and some are the engine's. */
  private static final List<String> NAMES =
      List.of(
          "io.gonext.host.internal.abi.HookCodec",
          "io.gonext.host.internal.abi.HostAnswer$Done",
          "io.gonext.host.internal.service.kv.PluginEntries$1", // its switch over an enum
          "io.gonext.host.internal.store.KeyValueStore$Outcome",
          "io.gonext.host.internal.store.LockedEntries",
          "io.gonext.host.hook.CallOptions",
          "io.gonext.host.hook.HookFailedException",
          "io.gonext.host.internal.route.RouteCodec",
          "io.gonext.host.ActivityPoint",
          "io.gonext.host.HandlerActivity",
          "io.gonext.host.NotedCall",
          "io.gonext.host.internal.calls.EndedCall$Times",
          "io.gonext.host.internal.calls.RecentTimes",
          "org.HdrHistogram.AtomicHistogram",
          "org.HdrHistogram.IntCountsHistogram",
          "io.gonext.pool.CheckoutEvent",
          "io.gonext.pool.RecycleEvent");

  private EarlyClasses() {}

  static void initialize() {
    for (String name : NAMES) {
      try {
        Class.forName(name, true, EarlyClasses.class.getClassLoader());
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException("a class of this host is not there: " + name, e);
      }
    }
  }
}
