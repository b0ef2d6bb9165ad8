package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.TableType;
import java.util.Arrays;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A table of references, with a cap on its size and snapshots. An element is a {@link
 * FunctionReference}, an external object, or null.
 *
 * <p>Indices and sizes are the guest's unsigned 32-bit numbers. One of 2^31 or more is negative
 * here, and out of bounds, because an array is shorter. Owned by the thread that runs the instance.
 */
final class GuestTable {
  private static final int POLL_EVERY = 1 << 12;
  private static final long BYTES_AN_ELEMENT = 4;

  private final long maximum;

  /** Shared with an image until the first change. */
  private @Nullable Object[] elements;

  /** How many elements the snapshot has. */
  private int imageElements;

  /** Whether anything was set or grown since the last snapshot or restore. */
  private boolean changed = true;

  /**
   * A table of null references.
   *
   * @param capElements the most elements allowed; a lower maximum of the module takes precedence
   * @throws ModuleRejectedException when the initial size is larger
   */
  GuestTable(TableType declared, int capElements) {
    long size = declared.minimum();
    if (size > capElements) {
      throw new ModuleRejectedException(
          ModuleRejectedException.Reason.TOO_LARGE,
          0,
          "the module has a table with " + size + " initial elements, the limit is " + capElements);
    }
    this.maximum = Math.min(declared.maximum(), capElements);
    this.elements = new Object[(int) size];
  }

  int size() {
    return elements.length;
  }

  /** The function to call indirectly. */
  FunctionReference function(int index) {
    if (index < 0 || index >= elements.length) {
      throw indirect(
          "undefined element: " + Integer.toUnsignedLong(index) + " of " + elements.length);
    }
    if (elements[index] instanceof FunctionReference function) {
      return function;
    }
    throw indirect("uninitialized element " + index);
  }

  private static TrapSignal indirect(String text) {
    return new TrapSignal(new TrapCause.IndirectCall(text));
  }

  @Nullable Object get(int index) {
    checkRange(index, 1);
    return elements[index];
  }

  void set(int index, @Nullable Object value) {
    checkRange(index, 1);
    change();
    elements[index] = value;
  }

  /**
   * Grows by that many elements.
   *
   * @return the size before, or -1 if the table cannot become that large
   */
  int grow(@Nullable Object value, int delta) {
    // Growth copies all elements, and compiled code does not poll in a straight line.
    Interrupts.check();
    int before = elements.length;
    if (delta == 0) {
      return before;
    }
    long after = before + Integer.toUnsignedLong(delta);
    if (after > maximum) {
      return -1;
    }
    @Nullable Object[] grown;
    try {
      grown = Arrays.copyOf(elements, (int) after);
    } catch (OutOfMemoryError e) {
      return -1;
    }
    Arrays.fill(grown, before, grown.length, value);
    elements = grown;
    changed = true;
    return before;
  }

  /** Whether growth by so many elements is within the limit. */
  boolean mayGrow(int delta) {
    return elements.length + Integer.toUnsignedLong(delta) <= maximum;
  }

  void fill(int index, @Nullable Object value, int size) {
    set(index, size, _ -> value);
  }

  /** Sets a range, each element to what the function returns for its place in the range. */
  void set(int index, int size, IntFunction<@Nullable Object> values) {
    checkRange(index, size);
    change();
    for (int i = 0; i < size; i++) {
      poll(i);
      elements[index + i] = values.apply(i);
    }
  }

  void copy(int destination, GuestTable from, int source, int size) {
    from.checkRange(source, size);
    checkRange(destination, size);
    Interrupts.check();
    change();
    // At most 10 million elements: about 5 ms.
    System.arraycopy(from.elements, source, elements, destination, size);
  }

  /** Before each element. Compiled code does not poll between instructions in a straight line. */
  private static void poll(int done) {
    if (done % POLL_EVERY == 0) {
      Interrupts.check();
    }
  }

  /** Before a store. */
  private void change() {
    if (!changed) {
      elements = elements.clone();
      changed = true;
    }
  }

  /** Traps unless these elements exist. */
  void checkRange(int index, int size) {
    checkRange(index, size, elements.length);
  }

  static void checkRange(int index, int size, int length) {
    if ((index | size) < 0 || index > length - size) {
      throw new TrapSignal(
          new TrapCause.OutOfBounds(
              "out of bounds table access: "
                  + Integer.toUnsignedLong(size)
                  + " elements at "
                  + Integer.toUnsignedLong(index)
                  + " of "
                  + length));
    }
  }

  /**
   * The heap bytes of the table and its snapshot, without the references in them. Any thread may
   * call this.
   */
  long weightBytes() {
    return (elements.length + (changed ? imageElements : 0)) * BYTES_AN_ELEMENT;
  }

  /** The contents now. The table and the image share the array until the table changes. */
  Image takeImage() {
    changed = false;
    imageElements = elements.length;
    return new Image(elements);
  }

  void restore(Image image) {
    elements = image.elements;
    changed = false;
  }

  boolean isEqualTo(Image image) {
    return Arrays.equals(elements, image.elements);
  }

  /** A table's contents at the snapshot. The array never changes. */
  @SuppressWarnings("ArrayRecordComponent") // compared by isEqualTo only
  record Image(@Nullable Object[] elements) {}
}
