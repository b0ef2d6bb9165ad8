package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.Global;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The state that a guest can change, as it was after start-up: memory bytes and size, mutable
 * globals, tables, dropped data and element segments. {@link Wasi} keeps its own state.
 *
 * <p>Immutable. Instances with the same memory contents after start-up share the memory's image.
 */
final class Snapshot {
  /** A bound for what a state may name; modules have fewer. */
  private static final int MAX_SEGMENTS = 100_000;

  private final MemoryImage memory;
  private final GlobalValue[] globals;
  private final List<GuestTable.Image> tables;
  private final BitSet droppedData;
  private final BitSet droppedElements;

  /** Made when it is first asked for; any thread's is as good. */
  private @Nullable InstanceState noChanges;

  private Snapshot(
      MemoryImage memory,
      GlobalValue[] globals,
      List<GuestTable.Image> tables,
      BitSet droppedData,
      BitSet droppedElements) {
    this.memory = memory;
    this.globals = globals;
    this.tables = tables;
    this.droppedData = droppedData;
    this.droppedElements = droppedElements;
  }

  /** One mutable global: a number's bits, or a reference. */
  private record GlobalValue(
      int index, boolean isReference, long bits, @Nullable Object reference) {
    static GlobalValue of(int index, boolean isReference, GuestCode code) {
      return isReference
          ? new GlobalValue(index, true, 0, code.globalReference(index))
          : new GlobalValue(index, false, code.global(index), null);
    }

    void restore(GuestCode code) {
      if (isReference) {
        code.setGlobalReference(index, reference);
      } else {
        code.setGlobal(index, bits);
      }
    }
  }

  /**
   * Takes a snapshot of the instance's current state. The instance shares nothing with others.
   *
   * @param shared another instance's image, which replaces a copy if the contents are equal
   */
  static Snapshot take(GuestCode code, @Nullable MemoryImage shared) {
    var globals = new ArrayList<GlobalValue>();
    List<Global> defined = code.definition().globals();
    for (int i = 0; i < defined.size(); i++) {
      if (defined.get(i).isMutable()) {
        globals.add(GlobalValue.of(i, defined.get(i).type().isReference(), code));
      }
    }
    var tables = new ArrayList<GuestTable.Image>();
    for (int i = 0; i < code.tableCount(); i++) {
      tables.add(code.table(i).takeImage());
    }
    return new Snapshot(
        code.linear().takeImage(shared),
        globals.toArray(GlobalValue[]::new),
        List.copyOf(tables),
        (BitSet) code.droppedData().clone(),
        (BitSet) code.droppedElements().clone());
  }

  /** The memory's image, which the next instance may share. */
  MemoryImage memory() {
    return memory;
  }

  /** The heap bytes of the memory's image, or 0 if it is the shared one. */
  long weightBytes(MemoryImage shared) {
    return memory == shared ? 0 : memory.weightBytes();
  }

  /** Restores the state. */
  void restore(GuestCode code) {
    code.linear().restore(memory);
    restore(code.droppedData(), droppedData);
    restore(code.droppedElements(), droppedElements);
    for (GlobalValue value : globals) {
      value.restore(code);
    }
    for (int i = 0; i < tables.size(); i++) {
      code.table(i).restore(tables.get(i));
    }
  }

  /**
   * How the instance differs from this; empty if a table or a reference does.
   *
   * @param before what this method returned last for the instance, or null
   */
  Optional<InstanceState> changes(GuestCode code, @Nullable InstanceState before) {
    for (GlobalValue value : globals) {
      if (value.isReference && !value.equals(GlobalValue.of(value.index, true, code))) {
        return Optional.empty();
      }
    }
    for (int i = 0; i < tables.size(); i++) {
      if (!code.table(i).isEqualTo(tables.get(i))) {
        return Optional.empty();
      }
    }
    List<Integer> data = dropped(code.droppedData(), droppedData);
    List<Integer> elements = dropped(code.droppedElements(), droppedElements);
    @Nullable List<InstanceState.Block> blocks =
        code.linear().written(before == null ? List.of() : before.blocks());
    if (before != null
        && blocks == null
        && before.pages() == code.linear().pages()
        && hasNumbers(code, before.globals())
        && data.equals(before.droppedData())
        && elements.equals(before.droppedElements())) {
      return Optional.of(before);
    }
    List<Long> numbers = new ArrayList<>();
    for (GlobalValue value : globals) {
      if (!value.isReference) {
        numbers.add(code.global(value.index));
      }
    }
    return Optional.of(
        new InstanceState(
            code.linear().pages(),
            blocks != null ? blocks : before == null ? List.of() : before.blocks(),
            numbers,
            data,
            elements));
  }

  /** Whether the mutable globals that are numbers have these bits. */
  private boolean hasNumbers(GuestCode code, List<Long> bits) {
    int number = 0;
    for (GlobalValue value : globals) {
      if (!value.isReference && code.global(value.index) != bits.get(number++)) {
        return false;
      }
    }
    return true;
  }

  /** The state of an instance that is as this. */
  InstanceState noChanges(GuestCode code) {
    InstanceState known = noChanges;
    if (known == null) {
      known = changes(code, null).orElseThrow();
      noChanges = known;
    }
    return known;
  }

  private static List<Integer> dropped(BitSet now, BitSet then) {
    if (now.equals(then)) {
      return List.of();
    }
    return now.stream().filter(segment -> !then.get(segment)).boxed().toList();
  }

  /**
   * Applies the changes to an instance that is as this.
   *
   * @throws IllegalArgumentException when they are not changes of such an instance
   */
  void apply(InstanceState state, GuestCode code) {
    List<GlobalValue> numbers = Arrays.stream(globals).filter(value -> !value.isReference).toList();
    int missing = state.pages() - code.linear().pages();
    if (numbers.size() != state.globals().size()
        || missing < 0
        || (missing > 0 && code.linear().grow(missing) < 0)) {
      throw new IllegalArgumentException("the state is one of another module");
    }
    for (InstanceState.Block block : state.blocks()) {
      long end = Integer.toUnsignedLong(block.pointer()) + block.bytes().length;
      if (end > code.linear().sizeBytes()) {
        throw new IllegalArgumentException("the state has memory that the module does not have");
      }
      code.linear().write(block.pointer(), block.bytes());
    }
    for (int i = 0; i < numbers.size(); i++) {
      code.setGlobal(numbers.get(i).index, state.globals().get(i));
    }
    drop(state.droppedData(), code.droppedData());
    drop(state.droppedElements(), code.droppedElements());
  }

  private static void drop(List<Integer> segments, BitSet dropped) {
    for (int segment : segments) {
      if (segment < 0 || segment > MAX_SEGMENTS) {
        throw new IllegalArgumentException("there is no segment " + segment);
      }
      dropped.set(segment);
    }
  }

  private static void restore(BitSet dropped, BitSet then) {
    // A segment that was dropped stays dropped.
    dropped.and(then);
  }

  /**
   * The first difference between this snapshot and the instance's current state, or null. Compares
   * every byte. For tests and debugging, because it takes as long as a copy.
   */
  @Nullable String firstDifference(GuestCode code) {
    byte[] now = code.linear().contents();
    if (now.length != memory.sizeBytes()) {
      return "memory has " + now.length + " bytes, not " + memory.sizeBytes();
    }
    byte[] then = memory.contents();
    int at = Arrays.mismatch(now, then);
    if (at >= 0) {
      return "memory[" + at + "] is " + now[at] + ", not " + then[at];
    }
    int segment = firstDifference(code.droppedData(), droppedData);
    if (segment >= 0) {
      return "data segment " + segment + " differs";
    }
    for (GlobalValue value : globals) {
      if (!value.equals(GlobalValue.of(value.index, value.isReference, code))) {
        return value.isReference
            ? "global " + value.index + " differs"
            : "global " + value.index + " is " + code.global(value.index) + ", not " + value.bits;
      }
    }
    for (int i = 0; i < tables.size(); i++) {
      if (!code.table(i).isEqualTo(tables.get(i))) {
        return "table " + i + " differs";
      }
    }
    int element = firstDifference(code.droppedElements(), droppedElements);
    return element >= 0 ? "element segment " + element + " differs" : null;
  }

  /** The first segment that is in only one of the two sets, or -1. */
  private static int firstDifference(BitSet now, BitSet then) {
    var difference = (BitSet) now.clone();
    difference.xor(then);
    return difference.nextSetBit(0);
  }
}
