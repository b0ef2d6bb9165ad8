package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.Metering;
import io.gonext.host.Compiling;
import io.gonext.host.manifest.Bundle;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The modules that this host compiles, and those that wait for it.
 *
 * <p>Thread-safe.
 */
final class CompileQueue {
  private final Engine engine;
  private final InstantSource clock;
  private final Set<Entry> entries = ConcurrentHashMap.newKeySet();

  /** Compared by identity: a plugin may be compiled twice at a time. */
  private static final class Entry {
    private final String plugin;
    private final Instant since;
    private volatile boolean begun;

    Entry(String plugin, Instant since) {
      this.plugin = plugin;
      this.since = since;
    }

    Compiling view() {
      return new Compiling(plugin, since, !begun);
    }
  }

  CompileQueue(Engine engine, InstantSource clock) {
    this.engine = engine;
    this.clock = clock;
  }

  /** As {@link Engine#compile(byte[], Metering)}. */
  CompiledModule compile(Bundle bundle, Metering metering) {
    Entry entry = new Entry(bundle.manifest().id(), clock.instant());
    entries.add(entry);
    try {
      return engine.compile(bundle.module(), metering, () -> entry.begun = true);
    } finally {
      entries.remove(entry);
    }
  }

  /** What is compiled, and then what waits; what was asked for first is first. */
  List<Compiling> list() {
    return entries.stream()
        .map(Entry::view)
        .sorted(Comparator.comparing(Compiling::isWaiting).thenComparing(Compiling::since))
        .toList();
  }
}
