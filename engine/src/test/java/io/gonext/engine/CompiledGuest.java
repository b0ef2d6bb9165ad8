package io.gonext.engine;

import io.gonext.engine.GuestCode.ImportedFunction;
import io.gonext.engine.LinearMemory.RoomyWhen;
import io.gonext.engine.bytecode.CountedBlocks;
import io.gonext.engine.bytecode.PartSizes;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The module compiled by the engine in one of many ways. */
final class CompiledGuest implements ComparedGuest {
  private static final TrapTranslator TRAPS = new TrapTranslator(_ -> List.of());

  /** How a module is compiled. */
  record Variant(PartSizes sizes, RoomyWhen roomyWhen, Metering metering) {
    /** The product's sizes, and some that make many small parts. */
    static final List<PartSizes> SIZES =
        List.of(
            PartSizes.DEFAULTS,
            new PartSizes(200, 0, 0, 60, true),
            new PartSizes(60, 0, 0, 10, false),
            new PartSizes(12, 0, 0, 3, true),
            new PartSizes(12, 0, 1_000, 3, true));

    static Variant of(int number) {
      return new Variant(
          SIZES.get(number / 2 % SIZES.size()),
          number % 2 == 0 ? RoomyWhen.MUCH_COPIED : RoomyWhen.ALWAYS,
          Metering.NONE);
    }

    /** The same, counting fuel. */
    Variant metered() {
      return new Variant(sizes, roomyWhen, Metering.FUEL);
    }

    /** The same, counting its blocks; then their counts say how much fuel it used. */
    Variant counted() {
      return new Variant(sizes, roomyWhen, Metering.BLOCKS);
    }

    boolean isMetered() {
      return metering.countsFuel();
    }
  }

  private final ModuleDefinition module;
  private final Variant variant;
  private final FuelBudget budget;
  private final CountedBlocks counted = new CountedBlocks();
  private @Nullable GuestCode code;

  CompiledGuest(ModuleDefinition module, Variant variant) {
    this(module, variant, FuelBudget.UNLIMITED);
  }

  /** A guest each of whose calls has this much fuel. */
  CompiledGuest(ModuleDefinition module, Variant variant, FuelBudget budget) {
    this.module = module;
    this.variant = variant;
    this.budget = budget;
  }

  @Override
  public void beginFuel(int function) {
    code().beginFuel(budget);
    Arrays.fill(code().counts, 0);
  }

  @Override
  public long usedFuel() {
    return switch (variant.metering()) {
      case NONE -> UNKNOWN;
      case FUEL -> code().usedFuel();
      case BLOCKS -> countedFuel();
    };
  }

  /** What the counts say. Fails if it is not what the guest charged. */
  private long countedFuel() {
    long sum = 0;
    List<CountedBlocks.Counter> counters = counted.counters();
    for (int i = 0; i < counters.size(); i++) {
      long count = code().counts[i];
      sum +=
          switch (counters.get(i)) {
            case CountedBlocks.Block block -> count * block.charged().length;
            case CountedBlocks.Bulk _ -> count;
          };
    }
    // Without enough fuel, the last block was counted and is more than was left.
    long used = code().usedFuel();
    if (used == budget.left() ? sum < used : sum != used) {
      throw new AssertionError("the blocks' counts say " + sum + " units, the guest " + used);
    }
    return used;
  }

  @Override
  public long fuelOfTrap() {
    return usedFuel();
  }

  private GuestCode code() {
    return Objects.requireNonNull(code);
  }

  @Override
  public void instantiate(Host host) {
    var blocks = variant.metering() == Metering.BLOCKS ? counted : null;
    var classes =
        ModuleCompiler.emit(module, variant.sizes(), variant.isMetered(), blocks, () -> false)
            .classes();
    GuestCode made = new GuestClassLoader(classes).instances(ModuleCompiler.CLASS_NAME).get();
    code = made;
    made.counts = new long[counted.counters().size()];
    var functions = new ImportedFunction[module.importedFunctions()];
    Arrays.setAll(functions, function -> args -> host.call(function, args));
    made.bind(
        module,
        linear(),
        module.tables().stream()
            .map(type -> new GuestTable(type, CAP_ELEMENTS))
            .toArray(GuestTable[]::new),
        globals(),
        functions);
    Instantiation.run(made);
  }

  private LinearMemory linear() {
    if (module.memory() == null) {
      return LinearMemory.none();
    }
    return new LinearMemory(module.memory(), CAP_PAGES, variant.roomyWhen());
  }

  private @Nullable GuestGlobal[] globals() {
    return module.globals().stream()
        .map(global -> global.isShared() ? new GuestGlobal() : null)
        .toArray(GuestGlobal[]::new);
  }

  @Override
  public long[] call(int function, long[] args) {
    long[] results = code().call(function, args);
    GuestCode.checkFuel(code());
    return results;
  }

  @Override
  public String trapCode(Throwable thrown) {
    TrapCause cause = TRAPS.translate(thrown, null, null).trapCause();
    return cause instanceof TrapCause.HostFailure ? String.valueOf(thrown) : cause.code();
  }

  @Override
  public long global(int index) {
    return code().globalBits(index);
  }

  @Override
  public void setGlobal(int index, long value) {
    GuestGlobal shared = code().sharedGlobals[index];
    if (shared == null) {
      code().setGlobal(index, value);
    } else {
      shared.bits = value;
    }
  }

  @Override
  public long globalReference(int index) {
    return index(code().anyGlobalReference(index));
  }

  private static long index(@Nullable Object reference) {
    return reference == null ? -1 : ((FunctionReference) reference).function;
  }

  @Override
  public int tableSize(int table) {
    return code().table(table).size();
  }

  @Override
  public long element(int table, int index) {
    return index(code().table(table).get(index));
  }

  @Override
  public int pages() {
    return code().linear().pages();
  }

  @Override
  public byte[] memory() {
    return code().linear().contents();
  }
}
