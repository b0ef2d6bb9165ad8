package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.Range;
import io.gonext.engine.bytecode.CompiledFunctions;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One instance's state as compiled code sees it. A module's compiled class extends this class with
 * its globals and its functions. Public only because compiled code has its own class loader.
 *
 * <p>The static methods are what compiled code calls for instructions that are not worth being in
 * place. They take the operands in the guest's order, then immediates, then the instance.
 *
 * <p>The constructor leaves an instance without parts; {@link #bind} gives it its parts, and {@link
 * Instantiation} its first contents. Owned by the thread that runs the instance.
 */
public abstract class GuestCode {
  private static final ModuleDefinition UNBOUND = ModuleDefinition.empty();
  private static final Range NOTHING = new Range(0, 0);

  /** The most in one field. Few runs use more, so HotSpot leaves out what comes then. */
  private static final int MOST_FUEL = 1 << 30;

  /**
   * No operation of this size is within bounds. Subtracted from what charges without a check left,
   * it does not overflow.
   */
  private static final int MOST_BULK_FUEL = Integer.MAX_VALUE - (1 << 15);

  /** A guest that does not catch its exceptions throws one. */
  private static final int TRACES_A_RUN = 32;

  /** The linear memory; one of size 0 if the module has none. */
  public GuestAccess memory = LinearMemory.none();

  /** The globals that are shared with other instances, by index; null for the others. */
  public @Nullable GuestGlobal[] sharedGlobals = {};

  /**
   * A part of what the run may still use, without what a running method took of it. Below zero
   * until the next check if the guest used more than that.
   */
  public int fuel;

  /**
   * How often each counted block ran in all instances of the module, by the counter's index; empty
   * if they are not counted.
   */
  public long[] counts = {};

  /** The other part. Not below zero. */
  private long fuelBehind = FuelBudget.UNLIMITED.left();

  /** What the run may use. */
  private FuelBudget fuelBudget = FuelBudget.UNLIMITED;

  private boolean isOutOfFuel;

  /**
   * The function that a function of this instance calls last instead of returning: its index plus
   * one; or for one of another instance, its type's index plus one, negative. Zero if there is
   * none.
   */
  public int tailCall;

  /** The function of another instance that is called last. */
  public @Nullable FunctionReference tailTarget;

  /** The tags by index. */
  public GuestTag[] tags = {};

  /** How many more exceptions of this run get a stack trace. */
  private int tracesLeft;

  private int instructionsUntilPoll;

  /** The module whose instance this is. */
  private ModuleDefinition definition = UNBOUND;

  /** The tables by index. */
  private GuestTable[] tables = {};

  /** The imported functions by index. */
  private ImportedFunction[] imports = {};

  /** The references to this instance's functions by index; null where none was taken. */
  private @Nullable FunctionReference[] references = {};

  private int referencesTaken;

  /** The data segments that were dropped. */
  private final BitSet droppedData = new BitSet();

  /** The element segments that were dropped. */
  private final BitSet droppedElements = new BitSet();

  /** What an imported function does. */
  @FunctionalInterface
  interface ImportedFunction {
    /**
     * Calls it.
     *
     * @param args the parameters' bits; the function may change the array
     * @return the results' bits
     */
    long[] call(long[] args);
  }

  /**
   * Gives the instance its parts. Called once, before anything else.
   *
   * @param linear its memory
   * @param allTables its tables, imported ones first
   * @param shared its shared globals by index, as {@link ModuleDefinition.Global#isShared} says;
   *     null for the others
   * @param functions its imported functions
   */
  final void bind(
      ModuleDefinition module,
      LinearMemory linear,
      GuestTable[] allTables,
      @Nullable GuestGlobal[] shared,
      ImportedFunction[] functions) {
    definition = module;
    memory = linear;
    tables = allTables;
    sharedGlobals = shared;
    imports = functions;
    references = new FunctionReference[module.functionTypes().length];
    tags = new GuestTag[module.tagTypes().length];
    Arrays.setAll(tags, GuestTag::new);
  }

  /** Makes an imported tag the one of the instance that defines it. */
  final void setTag(int index, GuestTag tag) {
    tags[index] = tag;
  }

  final void beginRun() {
    tracesLeft = TRACES_A_RUN;
  }

  final ModuleDefinition definition() {
    return definition;
  }

  final LinearMemory linear() {
    return (LinearMemory) memory;
  }

  final GuestTable table(int index) {
    return tables[index];
  }

  final int tableCount() {
    return tables.length;
  }

  final BitSet droppedData() {
    return droppedData;
  }

  final BitSet droppedElements() {
    return droppedElements;
  }

  /** Makes an imported function's reference the one of the instance that defines it. */
  final void setReference(int function, FunctionReference reference) {
    references[function] = reference;
  }

  final FunctionReference reference(int function) {
    FunctionReference known = references[function];
    if (known == null) {
      known = new FunctionReference(this, function);
      references[function] = known;
      referencesTaken++;
    }
    return known;
  }

  /** The heap bytes of tables and references. Any thread may call this. */
  final long weightBytes() {
    long weight = FunctionReference.BYTES * (long) referencesTaken;
    for (GuestTable table : tables) {
      weight += table.weightBytes();
    }
    return weight;
  }

  /** The bits of the number in any global. */
  final long globalBits(int index) {
    GuestGlobal shared = sharedGlobals[index];
    return shared == null ? global(index) : shared.bits;
  }

  /** The reference in any global. */
  final @Nullable Object anyGlobalReference(int index) {
    GuestGlobal shared = sharedGlobals[index];
    return shared == null ? globalReference(index) : shared.reference;
  }

  /** Begins a run that may use this much fuel. */
  final void beginFuel(FuelBudget budget) {
    fuelBudget = budget;
    isOutOfFuel = false;
    setFuel(budget.left());
  }

  /** The units that the run has used, at most its budget. */
  final long usedFuel() {
    long had = fuelBudget.left();
    return isOutOfFuel ? had : Math.min(had, had - fuelBehind - fuel);
  }

  private void setFuel(long left) {
    fuel = (int) Math.min(left, MOST_FUEL);
    fuelBehind = left - fuel;
  }

  private TrapSignal outOfFuel() {
    isOutOfFuel = true;
    return new TrapSignal(new TrapCause.OutOfFuel(fuelBudget.units()));
  }

  /** The part of the module's bytes that is a data segment's content now. */
  private Range content(int segment) {
    return droppedData.get(segment) ? NOTHING : definition.data().get(segment).content();
  }

  private int elementCount(int segment) {
    return droppedElements.get(segment) ? 0 : definition.elements().get(segment).elements().size();
  }

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

  /** At the start of a function: polls when so many instructions are used up. */
  public static void enter(int instructions, GuestCode code) {
    code.instructionsUntilPoll -= instructions;
    if (code.instructionsUntilPoll < 0) {
      code.instructionsUntilPoll = CompiledFunctions.INSTRUCTIONS_OF_STARTS;
      poll();
    }
  }

  /** For a {@code br_table}: the number at this index, which is unsigned, or the last one. */
  public static int exit(int index, String numbers) {
    int last = numbers.length() - 1;
    return numbers.charAt(Integer.compareUnsigned(index, last) < 0 ? index : last);
  }

  /** Ends the guest if its thread was interrupted. */
  public static void poll() {
    Interrupts.check();
  }

  /** Ends the guest if it used more fuel than it has. */
  public static void checkFuel(GuestCode code) {
    long left = code.fuelBehind + code.fuel;
    if (left < 0) {
      throw code.outOfFuel();
    }
    code.setFuel(left);
  }

  /** Charges a bulk operation. */
  public static void charge(int units, GuestCode code) {
    code.fuel -= units;
    if (code.fuel < 0) {
      checkFuel(code);
    }
  }

  /**
   * For a method that took more than the field had.
   *
   * @param taken what it took
   * @return what it has instead
   */
  public static int takeFuel(int taken, GuestCode code) {
    long left = code.fuelBehind + code.fuel + taken;
    int least = (int) Math.min(left, taken);
    code.setFuel(left - least);
    return least;
  }

  /**
   * For a method that used what it took: polls, and ends the guest if it used more fuel than it
   * has.
   *
   * @param taken what it has left, below zero
   * @return what it has instead
   */
  public static int refuel(int taken, GuestCode code) {
    poll();
    long left = code.fuelBehind + code.fuel + taken;
    if (left < 0) {
      throw code.outOfFuel();
    }
    int again = (int) Math.min(left, CompiledFunctions.FUEL_A_POLL);
    code.setFuel(left - again);
    return again;
  }

  /** Counts what a bulk operation costs. */
  public static void countBulk(int units, int counter, GuestCode code) {
    code.counts[counter] += units;
  }

  /** The units of a bulk operation on so many bytes or elements. */
  public static int fuelOfBulk(int size) {
    return size < 0 ? MOST_BULK_FUEL : Math.min(size, MOST_BULK_FUEL);
  }

  /** The units of {@code memory.grow} by so many pages: none if it will be refused. */
  public static int fuelOfGrowth(int pages, GuestCode code) {
    return code.linear().mayGrow(pages) ? pages : 0;
  }

  /** The units of {@code table.grow} by so many elements: none if it will be refused. */
  public static int fuelOfTableGrowth(int elements, int table, GuestCode code) {
    return code.tables[table].mayGrow(elements) ? elements : 0;
  }

  /** For {@code unreachable}. */
  public static RuntimeException unreachable() {
    return new TrapSignal(new TrapCause.Unreachable());
  }

  /** Traps: an access beyond every memory, because of its offset. */
  @SuppressWarnings("DoNotCallSuggester") // compiled code calls it
  public static void beyondMemory(int base, long offset) {
    throw new TrapSignal(
        new TrapCause.OutOfBounds(
            "out of bounds memory access at " + (Integer.toUnsignedLong(base) + offset)));
  }

  /** Calls an imported function. */
  public static long[] callImport(int function, long[] args, GuestCode code) {
    return code.imports[function].call(args);
  }

  /**
   * Calls an imported function, for code that counts fuel. It does not run on fuel that is not
   * there.
   */
  public static long[] callImportMetered(int function, long[] args, GuestCode code) {
    if (code.fuel < 0) {
      checkFuel(code);
    }
    return callImport(function, args, code);
  }

  /** For {@code call_indirect}: the function in a table. Traps if there is none. */
  public static FunctionReference target(int index, int table, GuestCode code) {
    return code.tables[table].function(index);
  }

  /** Calls another instance's function. Traps if it does not have that type. */
  public static long[] callForeign(
      FunctionReference target, int type, long[] args, GuestCode code) {
    FunctionType wanted = code.definition.types().get(type);
    if (!target.code.definition.typeOf(target.function).equals(wanted)) {
      throw wrongType(target);
    }
    return target.code.call(target.function, args);
  }

  /** For {@code return_call_indirect}: sets what is called last. Traps as a call does. */
  @SuppressWarnings("ReferenceEquality") // an instance is only equal to itself
  public static void tailCall(int index, int table, int type, GuestCode code) {
    FunctionReference target = target(index, table, code);
    if (target.code == code) {
      FunctionType wanted = code.definition.types().get(type);
      if (!code.definition.typeOf(target.function).equals(wanted)) {
        throw wrongType(target);
      }
      code.tailCall = target.function + 1;
    } else {
      code.tailTarget = target;
      code.tailCall = -type - 1;
    }
  }

  /** Takes the function of another instance that is called last. */
  public static FunctionReference takeTailTarget(GuestCode code) {
    FunctionReference target = Objects.requireNonNull(code.tailTarget);
    code.tailTarget = null;
    return target;
  }

  /** The trap of an indirect call of a function with another type. */
  public static RuntimeException wrongType(FunctionReference target) {
    return new TrapSignal(
        new TrapCause.IndirectCall(
            "indirect call type mismatch: function "
                + target.function
                + " is "
                + target.code.definition.typeOf(target.function)));
  }

  /**
   * For {@code throw}: the exception.
   *
   * @param numbers the bits of the values
   * @param references the values that are references; empty if there are none
   * @param distance from the function's first instruction, in bytes
   */
  public static RuntimeException exception(
      long[] numbers,
      @Nullable Object[] references,
      int tag,
      int function,
      int distance,
      GuestCode code) {
    boolean hasTrace = code.tracesLeft > 0;
    if (hasTrace) {
      code.tracesLeft--;
    }
    return new GuestException(code.tags[tag], numbers, references, function, distance, hasTrace);
  }

  /** For {@code throw_ref}: the exception that is referred to. */
  public static RuntimeException exception(@Nullable Object reference) {
    return reference == null
        ? new TrapSignal(
            new TrapCause.UncaughtException(
                "the guest threw a null reference in place of an exception"))
        : (GuestException) reference;
  }

  /** For {@code ref.func}; always the same object for one function of one instance. */
  public static Object reference(int function, GuestCode code) {
    return code.reference(function);
  }

  public static int memorySize(GuestCode code) {
    return code.linear().pages();
  }

  public static int memoryGrow(int delta, GuestCode code) {
    return code.linear().grow(delta);
  }

  public static void memoryCopy(int destination, int source, int size, GuestCode code) {
    code.linear().copy(destination, source, size);
  }

  public static void memoryFill(int destination, int value, int size, GuestCode code) {
    code.linear().fill(destination, value, size);
  }

  public static void memoryInit(
      int destination, int source, int size, int segment, GuestCode code) {
    code.linear()
        .initialize(destination, code.definition.bytes(), code.content(segment), source, size);
  }

  public static void dataDrop(int segment, GuestCode code) {
    code.droppedData.set(segment);
  }

  public static @Nullable Object tableGet(int index, int table, GuestCode code) {
    return code.tables[table].get(index);
  }

  public static void tableSet(int index, @Nullable Object value, int table, GuestCode code) {
    code.tables[table].set(index, value);
  }

  public static int tableSize(int table, GuestCode code) {
    return code.tables[table].size();
  }

  public static int tableGrow(@Nullable Object value, int delta, int table, GuestCode code) {
    return code.tables[table].grow(value, delta);
  }

  public static void tableFill(
      int index, @Nullable Object value, int size, int table, GuestCode code) {
    code.tables[table].fill(index, value, size);
  }

  public static void tableCopy(
      int destination, int source, int size, int toTable, int fromTable, GuestCode code) {
    code.tables[toTable].copy(destination, code.tables[fromTable], source, size);
  }

  public static void tableInit(
      int destination, int source, int size, int segment, int table, GuestCode code) {
    GuestTable into = code.tables[table];
    into.checkRange(destination, size);
    GuestTable.checkRange(source, size, code.elementCount(segment));
    if (size > 0) {
      var elements = code.definition.elements().get(segment).elements();
      into.set(destination, size, i -> elements.get(source + i).reference(code));
    }
  }

  public static void elementDrop(int segment, GuestCode code) {
    code.droppedElements.set(segment);
  }
}
