package io.gonext.host;

import io.gonext.engine.GuestInstance;
import io.gonext.engine.TrapState;
import java.util.Collections;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Adds up how calls used the memory of their instances.
 *
 * <p>Thread-safe: calls end on their own threads.
 */
final class MemoryWatch {
  private final Set<GuestInstance> instances = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<TrapState.Kind, Sum> parts = new EnumMap<>(TrapState.Kind.class);
  private long calls;
  private int pages;
  private int maximumPages;

  /** Of one kind of parts. */
  private static final class Sum {
    private long bytes;
    private long written;
    private long mostWritten;
  }

  /** A call in this instance has ended; on its thread, before the instance is reset. */
  void ended(GuestInstance instance) {
    TrapState state = instance.trapState();
    Map<TrapState.Kind, Sum> one = new EnumMap<>(TrapState.Kind.class);
    for (TrapState.Part part : state.parts()) {
      Sum sum = one.computeIfAbsent(part.kind(), _ -> new Sum());
      sum.bytes += part.to() - part.from();
      sum.written += part.writtenBytes();
    }
    synchronized (this) {
      instances.add(instance);
      calls++;
      pages = Math.max(pages, state.pages());
      maximumPages = Math.max(maximumPages, state.maximumPages());
      one.forEach((kind, sum) -> {
        Sum all = parts.computeIfAbsent(kind, _ -> new Sum());
        all.bytes = Math.max(all.bytes, sum.bytes);
        all.written += sum.written;
        all.mostWritten = Math.max(all.mostWritten, sum.written);
      });
    }
  }

  /** What was seen until now. */
  synchronized PluginMemory seen(
      String plugin, String version, boolean keepsState, double seconds, int live, long heapBytes) {
    List<PluginMemory.Part> all =
        parts.entrySet().stream()
            .map(entry -> {
              Sum sum = entry.getValue();
              return new PluginMemory.Part(
                  entry.getKey(), sum.bytes, sum.written / calls, sum.mostWritten);
            })
            .toList();
    return new PluginMemory(
        plugin,
        version,
        keepsState,
        seconds,
        calls,
        instances.size(),
        pages,
        maximumPages,
        live,
        heapBytes,
        all);
  }
}
