package io.gonext.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.GlobalInstance;
import run.endive.runtime.Instance;
import run.endive.wasm.types.DataSegment;
import run.endive.wasm.types.Element;
import run.endive.wasm.types.MutabilityType;

/**
 * The state that a guest can change, as it was after start-up: memory bytes and size, mutable
 * globals, tables, dropped data and element segments. {@link Wasi} keeps its own state.
 *
 * <p>Immutable. Instances with the same memory contents after start-up share the memory's image.
 */
final class Snapshot {
  private final MemoryImage memory;
  private final GlobalValue[] globals;
  private final List<GuestTable.Image> tables;
  private final DataSegment[] dataSegments;
  private final Element[] elements;

  private Snapshot(
      MemoryImage memory,
      GlobalValue[] globals,
      List<GuestTable.Image> tables,
      DataSegment[] dataSegments,
      Element[] elements) {
    this.memory = memory;
    this.globals = globals;
    this.tables = tables;
    this.dataSegments = dataSegments;
    this.elements = elements;
  }

  /** One mutable global. */
  private record GlobalValue(int index, long low, @Nullable Object reference) {}

  /**
   * Takes a snapshot of the instance's current state.
   *
   * @param shared another instance's image, which replaces a copy if the contents are equal
   */
  static Snapshot take(Instance instance, LinearMemory memory, @Nullable MemoryImage shared) {
    var globals = new ArrayList<GlobalValue>();
    for (int i = 0; i < instance.globalCount(); i++) {
      GlobalInstance global = instance.global(i);
      if (global.getMutabilityType() == MutabilityType.Var) {
        globals.add(new GlobalValue(i, global.getValueLow(), global.getRefValue()));
      }
    }
    var tables = new ArrayList<GuestTable.Image>();
    for (int i = 0; i < instance.tableCount(); i++) {
      tables.add(table(instance, i).takeImage());
    }
    return new Snapshot(
        memory.takeImage(shared),
        globals.toArray(GlobalValue[]::new),
        List.copyOf(tables),
        memory.segments().clone(),
        elements(instance));
  }

  private static GuestTable table(Instance instance, int index) {
    return (GuestTable) instance.table(index);
  }

  private static Element[] elements(Instance instance) {
    var elements = new Element[instance.elementCount()];
    Arrays.setAll(elements, instance::element);
    return elements;
  }

  /** The memory's image, which the next instance may share. */
  MemoryImage memory() {
    return memory;
  }

  /** The heap bytes of the snapshot, without the memory's image if that is the shared one. */
  long weightBytes(MemoryImage shared) {
    long weight = memory == shared ? 0 : memory.weightBytes();
    for (GuestTable.Image table : tables) {
      weight += table.weightBytes();
    }
    return weight;
  }

  /** Restores the state. */
  void restore(Instance instance, LinearMemory linear) {
    linear.restore(memory);
    System.arraycopy(dataSegments, 0, linear.segments(), 0, dataSegments.length);
    for (GlobalValue value : globals) {
      GlobalInstance global = instance.global(value.index);
      global.setValueLow(value.low);
      global.setRefValue(value.reference);
    }
    for (int i = 0; i < tables.size(); i++) {
      table(instance, i).restore(tables.get(i));
    }
    for (int i = 0; i < elements.length; i++) {
      instance.setElement(i, elements[i]);
    }
  }

  /**
   * The first difference between this snapshot and the instance's current state, or null. Compares
   * every byte. For tests and debugging, because it takes as long as a copy.
   */
  @Nullable String firstDifference(Instance instance, LinearMemory linear) {
    byte[] now = linear.contents();
    if (now.length != memory.sizeBytes()) {
      return "memory has " + now.length + " bytes, not " + memory.sizeBytes();
    }
    byte[] then = memory.contents();
    int at = Arrays.mismatch(now, then);
    if (at >= 0) {
      return "memory[" + at + "] is " + now[at] + ", not " + then[at];
    }
    int segment = Arrays.mismatch(linear.segments(), dataSegments);
    if (segment >= 0) {
      return "data segment " + segment + " differs";
    }
    for (GlobalValue value : globals) {
      GlobalInstance global = instance.global(value.index);
      if (global.getValueLow() != value.low
          || !Objects.equals(global.getRefValue(), value.reference)) {
        return "global " + value.index + " is " + global.getValueLow() + ", not " + value.low;
      }
    }
    for (int i = 0; i < tables.size(); i++) {
      if (!table(instance, i).isEqualTo(tables.get(i))) {
        return "table " + i + " differs";
      }
    }
    int element = Arrays.mismatch(elements(instance), elements);
    return element >= 0 ? "element segment " + element + " differs" : null;
  }
}
