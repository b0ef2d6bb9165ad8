package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/**
 * One instance's state as compiled code sees it. A module's compiled class extends this class with
 * its globals and its functions. Public only because compiled code has its own class loader.
 *
 * <p>The static methods are what compiled code calls for instructions that are not worth being in
 * place. They take the operands in the guest's order, then immediates, then the instance.
 *
 * <p>Owned by the thread that runs the instance.
 */
public abstract class GuestCode {
  /** The linear memory; one of size 0 if the module has none. */
  public GuestAccess memory;

  /** The globals that are shared with other instances, by index; null for the others. */
  public @Nullable GuestGlobal[] sharedGlobals = {};

  /**
   * Calls a function that is exported, in a table, or the start function, or an imported one.
   *
   * @param args the parameters' bits
   * @return the results' bits; an i32 or f32 is sign-extended
   */
  public abstract long[] call(int function, long[] args);

  /** The bits of the number in a global that is not shared; an i32 or f32 is sign-extended. */
  public abstract long global(int index);

  /** Sets a global that is not shared. */
  public abstract void setGlobal(int index, long bits);

  /** The reference in a global that is not shared. */
  public abstract @Nullable Object globalReference(int index);

  /** Sets a global that is not shared. */
  public abstract void setGlobalReference(int index, @Nullable Object reference);

  // What compiled code calls ---------------------------------------------------------------------

  /** Ends the guest if its thread was interrupted. */
  public static void poll() {
    throw new UnsupportedOperationException();
  }

  /** For {@code unreachable}. */
  public static RuntimeException unreachable() {
    throw new UnsupportedOperationException();
  }

  /** An access beyond every memory, because of its offset. */
  public static RuntimeException beyondMemory(int base, long offset) {
    throw new UnsupportedOperationException();
  }

  /** Calls an imported function. */
  public static long[] callImport(int function, long[] args, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  /** For {@code call_indirect}: the function in a table. Traps if there is none. */
  public static FunctionReference target(int index, int table, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  /** Calls another instance's function. Traps if it does not have that type. */
  public static long[] callForeign(FunctionReference target, int type, long[] args, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  /** The trap of an indirect call of a function with another type. */
  public static RuntimeException wrongType(FunctionReference target) {
    throw new UnsupportedOperationException();
  }

  /** For {@code ref.func}; always the same object for one function of one instance. */
  public static Object reference(int function, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static int memorySize(GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static int memoryGrow(int delta, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static void memoryCopy(int destination, int source, int size, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static void memoryFill(int destination, int value, int size, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static void memoryInit(
      int destination, int source, int size, int segment, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static void dataDrop(int segment, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static @Nullable Object tableGet(int index, int table, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static void tableSet(int index, @Nullable Object value, int table, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static int tableSize(int table, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static int tableGrow(@Nullable Object value, int delta, int table, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static void tableFill(
      int index, @Nullable Object value, int size, int table, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static void tableCopy(
      int destination, int source, int size, int toTable, int fromTable, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static void tableInit(
      int destination, int source, int size, int segment, int table, GuestCode code) {
    throw new UnsupportedOperationException();
  }

  public static void elementDrop(int segment, GuestCode code) {
    throw new UnsupportedOperationException();
  }
}
