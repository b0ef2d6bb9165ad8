package io.gonext.engine;

import io.gonext.engine.GuestCode.ImportedFunction;
import io.gonext.engine.LinearMemory.RoomyWhen;
import io.gonext.engine.ModuleDefinition.Kind;
import io.gonext.engine.ModuleDefinition.Mode;
import io.gonext.engine.bytecode.PartSizes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.ImportFunction;
import run.endive.runtime.ImportValues;
import run.endive.runtime.Instance;
import run.endive.runtime.MStack;
import run.endive.runtime.TrapException;
import run.endive.wasm.InvalidException;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.Instruction;
import run.endive.wasm.types.OpCode;
import run.endive.wasm.types.ValType;
import run.endive.wasm.types.Value;

/**
 * Runs a module in Endive's interpreter or in wasmi, and compiled, and compares all that can be
 * seen: results, traps, calls of host functions, globals, tables and the memory. NaNs are compared
 * without their payloads, references by the function that they refer to.
 */
final class ModuleComparison {
  private static final TrapTranslator TRAPS = new TrapTranslator(_ -> List.of());
  private static final InterpretedSpecRuntime ENDIVE = new InterpretedSpecRuntime();
  private static final Set<OpCode> OPENERS =
      EnumSet.of(OpCode.BLOCK, OpCode.LOOP, OpCode.IF, OpCode.TRY_TABLE);
  private static final Set<OpCode> UNSURE =
      EnumSet.of(OpCode.RETURN_CALL, OpCode.RETURN_CALL_INDIRECT, OpCode.THROW_REF);
  private static final Set<OpCode> WRAPPING =
      EnumSet.of(OpCode.I32_STORE8, OpCode.I32_STORE16, OpCode.I64_STORE8, OpCode.I64_STORE32);
  private static final int CALLS = 3;
  private static final int FUEL = 1_000;
  private static final int CAP_PAGES = 1_024;
  private static final int CAP_ELEMENTS = 100_000;
  private static final long UNKNOWN = -1;

  /** How a module is compiled. */
  record Variant(PartSizes sizes, RoomyWhen roomyWhen, boolean isMetered) {
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
          false);
    }

    /** The same, counting fuel. */
    Variant metered() {
      return new Variant(sizes, roomyWhen, true);
    }
  }

  private final byte[] wasm;
  private final int fuelGlobal;
  private final long seed;
  private final ModuleDefinition module;

  /** Null if the interpreter does not read the module: legacy exceptions. */
  private final @Nullable WasmModule parsed;

  /**
   * A comparison of one module.
   *
   * @param fuelGlobal the index of the i32 global that the module counts down so that it ends
   * @param seed of the arguments and of what host functions return
   * @throws ModuleRejectedException when admission refuses the module
   */
  ModuleComparison(byte[] wasm, int fuelGlobal, long seed) {
    this.wasm = wasm.clone();
    this.fuelGlobal = fuelGlobal;
    this.seed = seed;
    this.module = Admission.admit(wasm, EngineLimits.defaults()).definition();
    this.parsed = parse(wasm);
  }

  /** Null if Endive refuses what it does not support, or is wrong about. */
  private @Nullable WasmModule parse(byte[] wasm) {
    if (!module.legacyTries().isEmpty()) {
      return null;
    }
    try {
      return Parser.parse(wasm);
    } catch (InvalidException e) {
      // Its validator refuses some valid uses of try_table.
      if (module.tagTypes().length > 0) {
        return null;
      }
      throw e;
    }
  }

  /**
   * The first difference between the interpreter and these variants, or null. If the interpreter
   * does not read the module, or is known to be wrong in what it uses, a difference between the
   * variants.
   *
   * <p>Variants that count fuel must also count as each other. They must count as the interpreter,
   * unless a call traps or the module has exceptions: of a block that an exception leaves, compiled
   * code has charged everything.
   */
  @Nullable String firstDifference(Variant... variants) {
    Interpreted interpreted = parsed == null ? null : new Interpreted();
    Object reference = interpreted == null ? variants[0] : "interpreter";
    List<String> expected =
        (interpreted == null ? new Compiled(variants[0]) : interpreted).observe();
    Compiled metered = null;
    for (Variant variant : variants) {
      var compiled = new Compiled(variant);
      List<String> actual = compiled.observe();
      if (actual.equals(expected)) {
        if (variant.isMetered) {
          boolean isUnknown = reference instanceof Variant || module.tagTypes().length > 0;
          String difference = null;
          if (metered != null) {
            difference = metered.fuelDifference(compiled, false);
          } else if (interpreted != null) {
            difference = interpreted.fuelDifference(compiled, isUnknown);
          }
          if (difference != null) {
            return difference + " in " + variant;
          }
          metered = compiled;
        }
        continue;
      }
      if (reference instanceof String && isOversight(actual)) {
        reference = variant;
        expected = actual;
        continue;
      }
      return difference(reference, expected, variant, actual);
    }
    return null;
  }

  /**
   * The first difference between variants that count fuel, when each call has this much. They must
   * end at the same place.
   */
  @Nullable String firstDifference(FuelBudget fuel, Variant first, Variant... others) {
    var reference = new Compiled(first, fuel, false);
    List<String> expected = reference.observe();
    for (Variant variant : others) {
      var compiled = new Compiled(variant, fuel, false);
      List<String> actual = compiled.observe();
      if (!actual.equals(expected)) {
        return fuel + ": " + difference(first, expected, variant, actual);
      }
      String difference = reference.fuelDifference(compiled, false);
      if (difference != null) {
        return fuel + ": " + difference + " in " + variant;
      }
    }
    return null;
  }

  /**
   * The first difference between an engine in another process and a variant, or null. It sees only
   * what the module exports, so the fuel is not filled up between the calls.
   */
  @Nullable String firstDifference(OutsideEngine outside, Variant variant) {
    List<String> expected = new Outside(outside).observe();
    List<String> actual = new Compiled(variant, FuelBudget.UNLIMITED, true).observe();
    return actual.equals(expected) ? null : difference("wasmi", expected, variant, actual);
  }

  private static String difference(
      Object reference, List<String> expected, Variant variant, List<String> actual) {
    int at = 0;
    while (at < expected.size() && at < actual.size() && expected.get(at).equals(actual.get(at))) {
      at++;
    }
    return "after %s%n  %s: %s%n  %s: %s"
        .formatted(
            at == 0 ? "nothing" : expected.get(at - 1),
            reference,
            at < expected.size() ? expected.get(at) : "nothing",
            variant,
            at < actual.size() ? actual.get(at) : "nothing");
  }

  /**
   * Whether the interpreter (Endive 1.0.0) may be wrong, and not the compiled module:
   *
   * <ul>
   *   <li>It loses operands below a block with parameters.
   *   <li>It rounds {@code f32.convert_i64_u} up, and not to the nearest.
   *   <li>It ignores the offset of an active element segment without elements, which must not lie
   *       behind the table's end.
   *   <li>It fails in a tail call with operands below the arguments.
   *   <li>It does not trap when a null reference is thrown.
   * </ul>
   */
  private boolean isOversight(List<String> compiled) {
    if (compiled.equals(List.of("instantiation: OUT_OF_BOUNDS"))
        && module.elements().stream()
            .anyMatch(segment -> segment.mode() == Mode.ACTIVE && segment.elements().isEmpty())) {
      return true;
    }
    return Arrays.stream(Objects.requireNonNull(parsed).codeSection().functionBodies())
        .flatMap(body -> body.instructions().stream())
        .anyMatch(instruction ->
            instruction.opcode() == OpCode.F32_CONVERT_I64_U
                || UNSURE.contains(instruction.opcode())
                || (OPENERS.contains(instruction.opcode()) && hasParameters(instruction)));
  }

  private boolean hasParameters(Instruction opener) {
    long type = opener.operand(0);
    return type >= 0
        && type < module.types().size()
        && !module.types().get((int) type).parameters().isEmpty();
  }

  /** Endive adds the offset of these stores modulo 2^32: traps instead. */
  private static void checkAddress(Instruction instruction, MStack stack) {
    if (WRAPPING.contains(instruction.opcode()) && stack.array()[stack.size() - 2] << 32 < 0) {
      throw new TrapException("out of bounds memory access");
    }
  }

  /** One way to run the module. */
  private abstract class Guest {
    final List<String> seen = new ArrayList<>();

    /** The fuel of each call, or {@link #UNKNOWN}. */
    final List<Long> fuel = new ArrayList<>();

    private final boolean onlyExports;
    private int hostCalls;

    /** A guest of which everything, or only what the module exports, is looked at. */
    Guest(boolean onlyExports) {
      this.onlyExports = onlyExports;
    }

    abstract void instantiate();

    abstract long[] call(int function, long[] args);

    abstract void beginFuel();

    abstract long usedFuel();

    /** What a call that trapped used. */
    abstract long fuelOfTrap();

    abstract String trapCode(Throwable thrown);

    abstract long global(int index);

    abstract void setGlobal(int index, long value);

    /** The function's index, or -1 for null. */
    abstract long globalReference(int index);

    abstract int tableSize(int table);

    abstract long element(int table, int index);

    abstract byte[] memory();

    final List<String> observe() {
      try {
        instantiate();
      } catch (RuntimeException | StackOverflowError thrown) {
        seen.add("instantiation: " + code(thrown));
        return seen;
      }
      seen.add("instantiated");
      var random = new SplittableRandom(seed);
      for (int round = 0; round < CALLS; round++) {
        module
            .exports()
            .forEach((name, export) -> {
              if (export.kind() == Kind.FUNCTION) {
                call(name, export.index(), random);
              }
            });
      }
      state();
      return seen;
    }

    private void call(String name, int function, SplittableRandom random) {
      FunctionType type = module.typeOf(function);
      long[] args = values(type.parameters(), random);
      if (!onlyExports) {
        setGlobal(fuelGlobal, FUEL);
      }
      String call = name + text(type.parameters(), args);
      beginFuel();
      try {
        seen.add(call + " = " + text(type.results(), call(function, args.clone())));
        fuel.add(usedFuel());
      } catch (RuntimeException | StackOverflowError thrown) {
        seen.add(call + " traps: " + code(thrown));
        fuel.add(fuelOfTrap());
      }
    }

    /** The first difference to another guest's fuel that is known, or null. */
    final @Nullable String fuelDifference(Guest other, boolean isUnknown) {
      for (int i = 0; i < fuel.size(); i++) {
        long mine = isUnknown ? UNKNOWN : fuel.get(i);
        if (mine != UNKNOWN && mine != other.fuel.get(i)) {
          return "call " + i + " used " + mine + " units of fuel, and " + other.fuel.get(i);
        }
      }
      return null;
    }

    /** wasmi has one name for an index behind a table's end, for a call and for an access. */
    private String code(Throwable thrown) {
      String code = trapCode(thrown);
      return onlyExports && code.equals("INDIRECT_CALL") ? "OUT_OF_BOUNDS" : code;
    }

    private void state() {
      if (onlyExports) {
        exportedGlobals();
      } else {
        globalsAndTables();
      }
      if (module.memory() != null) {
        byte[] memory = memory();
        seen.add("memory of " + memory.length + " bytes");
        for (int from = 0; from < memory.length; from += 64) {
          byte[] line = Arrays.copyOfRange(memory, from, from + 64);
          if (!Arrays.equals(line, new byte[64])) {
            seen.add(from + ": " + Arrays.toString(line));
          }
        }
      }
    }

    private void exportedGlobals() {
      module
          .exports()
          .forEach((name, export) -> {
            if (export.kind() == Kind.GLOBAL) {
              ValueType type = module.globals().get(export.index()).type();
              if (!type.isReference()) {
                seen.add("global " + name + " = " + text(type, global(export.index())));
              }
            }
          });
    }

    private void globalsAndTables() {
      for (int i = 0; i < module.globals().size(); i++) {
        ValueType type = module.globals().get(i).type();
        seen.add(
            "global "
                + i
                + " = "
                + (type.isReference() ? globalReference(i) : text(type, global(i))));
      }
      for (int table = 0; table < module.tables().size(); table++) {
        var elements = new StringBuilder("table " + table + " =");
        for (int i = 0; i < tableSize(table); i++) {
          elements.append(' ').append(element(table, i));
        }
        seen.add(elements.toString());
      }
    }

    /** What a host function does in all guests. */
    final long[] host(int function, long[] args) {
      FunctionType type = module.typeOf(function);
      seen.add("host " + function + text(type.parameters(), args));
      return values(type.results(), new SplittableRandom(seed + ++hostCalls));
    }
  }

  private final class Interpreted extends Guest {
    private final ReferenceFuel counted = new ReferenceFuel(module, CAP_PAGES, CAP_ELEMENTS);
    private @Nullable Instance instance;

    Interpreted() {
      super(false);
    }

    @Override
    void beginFuel() {
      counted.begin();
    }

    @Override
    long usedFuel() {
      return counted.used();
    }

    @Override
    long fuelOfTrap() {
      return UNKNOWN;
    }

    private void before(Instruction instruction, MStack stack) {
      checkAddress(instruction, stack);
      if (instance != null) {
        counted.execute(instruction, stack);
      }
    }

    private Instance instance() {
      return Objects.requireNonNull(instance);
    }

    @Override
    void instantiate() {
      var imports = ImportValues.builder();
      for (int i = 0; i < module.importedFunctions(); i++) {
        int function = i;
        FunctionType type = module.typeOf(i);
        imports.addFunction(
            new ImportFunction(
                module.imports().get(i).module(),
                module.imports().get(i).name(),
                run.endive.wasm.types.FunctionType.of(
                    types(type.parameters()), types(type.results())),
                (_, args) -> host(function, args)));
      }
      instance =
          Instance.builder(Objects.requireNonNull(parsed))
              .withImportValues(imports.build())
              .withUnsafeExecutionListener(this::before)
              .withStart(false)
              .build();
      counted.instance(instance);
    }

    private static List<ValType> types(List<ValueType> types) {
      return types.stream()
          .map(type ->
              switch (type) {
                case I32 -> ValType.I32;
                case I64 -> ValType.I64;
                case F32 -> ValType.F32;
                case F64 -> ValType.F64;
                case FUNCREF -> ValType.FuncRef;
                case EXTERNREF -> ValType.ExternRef;
                case EXNREF -> ValType.ExnRef;
              })
          .toList();
    }

    @Override
    long[] call(int function, long[] args) {
      List<ValueType> types = module.typeOf(function).parameters();
      for (int i = 0; i < args.length; i++) {
        if (types.get(i).isReference()) {
          args[i] = Value.REF_NULL_VALUE;
        }
      }
      long[] results = instance().getMachine().call(function, args);
      return results == null ? new long[0] : results;
    }

    @Override
    String trapCode(Throwable thrown) {
      return ENDIVE.trapCode(thrown);
    }

    @Override
    long global(int index) {
      return instance().global(index).getValue();
    }

    @Override
    void setGlobal(int index, long value) {
      instance().global(index).setValue(value);
    }

    @Override
    long globalReference(int index) {
      return (int) instance().global(index).getValue();
    }

    @Override
    int tableSize(int table) {
      return instance().table(table).size();
    }

    @Override
    long element(int table, int index) {
      return instance().table(table).ref(index);
    }

    @Override
    byte[] memory() {
      return instance().memory().readBytes(0, instance().memory().pages() << 16);
    }
  }

  private final class Compiled extends Guest {
    private final Variant variant;
    private final FuelBudget budget;
    private @Nullable GuestCode code;

    Compiled(Variant variant) {
      this(variant, FuelBudget.UNLIMITED, false);
    }

    Compiled(Variant variant, FuelBudget budget, boolean onlyExports) {
      super(onlyExports);
      this.variant = variant;
      this.budget = budget;
    }

    @Override
    void beginFuel() {
      code().beginFuel(budget);
    }

    @Override
    long usedFuel() {
      return code().usedFuel();
    }

    @Override
    long fuelOfTrap() {
      return usedFuel();
    }

    private GuestCode code() {
      return Objects.requireNonNull(code);
    }

    @Override
    void instantiate() {
      var classes =
          ModuleCompiler.emit(module, variant.sizes(), variant.isMetered(), () -> false).classes();
      GuestCode made = new GuestClassLoader(classes).instances(ModuleCompiler.CLASS_NAME).get();
      code = made;
      var functions = new ImportedFunction[module.importedFunctions()];
      Arrays.setAll(functions, function -> args -> host(function, args));
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
    long[] call(int function, long[] args) {
      long[] results = code().call(function, args);
      GuestCode.checkFuel(code());
      return results;
    }

    @Override
    String trapCode(Throwable thrown) {
      TrapCause cause = TRAPS.translate(thrown, null, null).trapCause();
      return cause instanceof TrapCause.HostFailure ? String.valueOf(thrown) : cause.code();
    }

    @Override
    long global(int index) {
      return code().globalBits(index);
    }

    @Override
    void setGlobal(int index, long value) {
      GuestGlobal shared = code().sharedGlobals[index];
      if (shared == null) {
        code().setGlobal(index, value);
      } else {
        shared.bits = value;
      }
    }

    @Override
    long globalReference(int index) {
      return index(code().anyGlobalReference(index));
    }

    private static long index(@Nullable Object reference) {
      return reference == null ? -1 : ((FunctionReference) reference).function;
    }

    @Override
    int tableSize(int table) {
      return code().table(table).size();
    }

    @Override
    long element(int table, int index) {
      return index(code().table(table).get(index));
    }

    @Override
    byte[] memory() {
      return code().linear().contents();
    }
  }

  /** The module in an engine that shows only its exports. */
  private final class Outside extends Guest {
    private final OutsideEngine engine;

    Outside(OutsideEngine engine) {
      super(true);
      this.engine = engine;
    }

    @Override
    void instantiate() {
      engine.instantiate(wasm, this::host);
    }

    @Override
    long[] call(int function, long[] args) {
      return engine.call(exported(Kind.FUNCTION, function), args, this::host);
    }

    private String exported(Kind kind, int index) {
      return module.exports().entrySet().stream()
          .filter(export -> export.getValue().kind() == kind && export.getValue().index() == index)
          .map(Map.Entry::getKey)
          .findFirst()
          .orElseThrow();
    }

    @Override
    String trapCode(Throwable thrown) {
      if (thrown instanceof OutsideEngine.Refused refused) {
        throw refused;
      }
      String name = String.valueOf(thrown.getMessage());
      return switch (name) {
        case "UnreachableCodeReached" -> "UNREACHABLE";
        case "MemoryOutOfBounds", "TableOutOfBounds" -> "OUT_OF_BOUNDS";
        case "IndirectCallToNull", "BadSignature" -> "INDIRECT_CALL";
        case "IntegerDivisionByZero", "IntegerOverflow", "BadConversionToInteger" -> "DIVISION";
        case "StackOverflow" -> "STACK_EXHAUSTED";
        default -> name.contains("DoesNotFit") ? "OUT_OF_BOUNDS" : String.valueOf(thrown);
      };
    }

    @Override
    void beginFuel() {
      // It counts none.
    }

    @Override
    long usedFuel() {
      return UNKNOWN;
    }

    @Override
    long fuelOfTrap() {
      return UNKNOWN;
    }

    @Override
    long global(int index) {
      return engine.global(exported(Kind.GLOBAL, index));
    }

    @Override
    byte[] memory() {
      return engine.memory();
    }

    @Override
    void setGlobal(int index, long value) {
      throw new UnsupportedOperationException();
    }

    @Override
    long globalReference(int index) {
      throw new UnsupportedOperationException();
    }

    @Override
    int tableSize(int table) {
      throw new UnsupportedOperationException();
    }

    @Override
    long element(int table, int index) {
      throw new UnsupportedOperationException();
    }
  }

  // Values ----------------------------------------------------------------------------------------

  private static long[] values(List<ValueType> types, SplittableRandom random) {
    return types.stream().mapToLong(type -> value(type, random)).toArray();
  }

  private static long value(ValueType type, SplittableRandom random) {
    return switch (type) {
      case I32 -> (int) integer(random, Integer.MIN_VALUE, Integer.MAX_VALUE);
      case I64 -> integer(random, Long.MIN_VALUE, Long.MAX_VALUE);
      case F32 -> Float.floatToRawIntBits((float) real(random));
      case F64 -> Double.doubleToRawLongBits(real(random));
      case FUNCREF, EXTERNREF, EXNREF -> 0;
    };
  }

  private static long integer(SplittableRandom random, long least, long most) {
    return switch (random.nextInt(8)) {
      case 0 -> least;
      case 1 -> most;
      case 2 -> random.nextLong();
      case 3 -> random.nextInt(1 << 16);
      case 4 -> 0;
      default -> random.nextInt(-20, 20);
    };
  }

  private static double real(SplittableRandom random) {
    return switch (random.nextInt(8)) {
      case 0 -> Double.NaN;
      case 1 -> random.nextBoolean() ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
      case 2 -> random.nextBoolean() ? -0.0 : 0.0;
      case 3 -> random.nextInt();
      case 4 -> random.nextLong();
      case 5 -> random.nextDouble(-1e30, 1e30);
      default -> random.nextInt(-40, 40) / 2.0;
    };
  }

  private static String text(List<ValueType> types, long[] values) {
    if (values.length != types.size()) {
      return values.length + " values, not " + types.size();
    }
    var text = new StringBuilder("(");
    for (int i = 0; i < values.length; i++) {
      text.append(i == 0 ? "" : ", ").append(text(types.get(i), values[i]));
    }
    return text.append(')').toString();
  }

  private static String text(ValueType type, long bits) {
    return switch (type) {
      case I32 -> String.valueOf((int) bits);
      case I64 -> bits + "L";
      case F32 -> Float.intBitsToFloat((int) bits) + "f";
      case F64 -> String.valueOf(Double.longBitsToDouble(bits));
      case FUNCREF, EXTERNREF, EXNREF -> "reference";
    };
  }
}
