package io.gonext.engine;

import io.gonext.engine.CompiledGuest.Variant;
import io.gonext.engine.ModuleDefinition.Kind;
import io.gonext.engine.ModuleDefinition.Mode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import run.endive.wasm.InvalidException;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.Instruction;
import run.endive.wasm.types.OpCode;

/**
 * Runs a module in Endive's interpreter, and compiled, and compares all that can be seen: results,
 * traps, calls of host functions, globals, tables and the memory. NaNs are compared without their
 * payloads, references by the function that they refer to.
 */
final class ModuleComparison {
  private static final Set<OpCode> OPENERS =
      EnumSet.of(OpCode.BLOCK, OpCode.LOOP, OpCode.IF, OpCode.TRY_TABLE);
  private static final Set<OpCode> UNSURE =
      EnumSet.of(OpCode.RETURN_CALL, OpCode.RETURN_CALL_INDIRECT, OpCode.THROW_REF);
  private static final int CALLS = 3;
  private static final int FUEL = 1_000;

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
   * unless a call traps, or the module has exceptions (of a block that an exception leaves,
   * compiled code has charged everything), or the interpreter may be wrong.
   */
  @Nullable String firstDifference(Variant... variants) {
    Observed interpreted =
        parsed == null ? null : new Observed(new InterpretedGuest(module, parsed, true));
    Object reference = interpreted == null ? variants[0] : "interpreter";
    List<String> expected =
        (interpreted == null ? compiled(variants[0], FuelBudget.UNLIMITED) : interpreted).observe();
    Observed metered = null;
    for (Variant variant : variants) {
      Observed compiled = compiled(variant, FuelBudget.UNLIMITED);
      List<String> actual = compiled.observe();
      if (actual.equals(expected)) {
        if (variant.isMetered()) {
          boolean isUnknown = reference instanceof Variant || module.tagTypes().length > 0;
          String difference = null;
          if (metered != null) {
            difference = metered.fuelDifference(compiled, false);
          } else if (interpreted != null) {
            difference = interpreted.fuelDifference(compiled, isUnknown);
            // It may have taken another way to the same results.
            difference = difference != null && isDoubtful() ? null : difference;
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
    Observed reference = compiled(first, fuel);
    List<String> expected = reference.observe();
    for (Variant variant : others) {
      Observed compiled = compiled(variant, fuel);
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

  private Observed compiled(Variant variant, FuelBudget fuel) {
    return new Observed(new CompiledGuest(module, variant, fuel));
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
    return isDoubtful();
  }

  /** Whether the module has an instruction that the interpreter may be wrong about. */
  private boolean isDoubtful() {
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

  /** One way to run the module, and what was seen. */
  private final class Observed {
    final ComparedGuest guest;
    final List<String> seen = new ArrayList<>();

    /** The fuel of each call, or {@link ComparedGuest#UNKNOWN}. */
    final List<Long> fuel = new ArrayList<>();

    private int hostCalls;

    Observed(ComparedGuest guest) {
      this.guest = guest;
    }

    final List<String> observe() {
      try {
        guest.instantiate(this::host);
      } catch (RuntimeException | StackOverflowError thrown) {
        seen.add("instantiation: " + guest.trapCode(thrown));
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
      guest.setGlobal(fuelGlobal, FUEL);
      String call = name + text(type.parameters(), args);
      guest.beginFuel(function);
      try {
        seen.add(call + " = " + text(type.results(), guest.call(function, args.clone())));
        fuel.add(guest.usedFuel());
      } catch (RuntimeException | StackOverflowError thrown) {
        seen.add(call + " traps: " + guest.trapCode(thrown));
        fuel.add(guest.fuelOfTrap());
      }
    }

    /** The first difference to another guest's fuel that is known, or null. */
    final @Nullable String fuelDifference(Observed other, boolean isUnknown) {
      for (int i = 0; i < fuel.size(); i++) {
        long mine = isUnknown ? ComparedGuest.UNKNOWN : fuel.get(i);
        if (mine != ComparedGuest.UNKNOWN && mine != other.fuel.get(i)) {
          return "call " + i + " used " + mine + " units of fuel, and " + other.fuel.get(i);
        }
      }
      return null;
    }

    private void state() {
      globalsAndTables();
      if (module.memory() != null) {
        byte[] memory = guest.memory();
        seen.add("memory of " + memory.length + " bytes");
        for (int from = 0; from < memory.length; from += 64) {
          byte[] line = Arrays.copyOfRange(memory, from, from + 64);
          if (!Arrays.equals(line, new byte[64])) {
            seen.add(from + ": " + Arrays.toString(line));
          }
        }
      }
    }

    private void globalsAndTables() {
      for (int i = 0; i < module.globals().size(); i++) {
        ValueType type = module.globals().get(i).type();
        seen.add(
            "global "
                + i
                + " = "
                + (type.isReference() ? guest.globalReference(i) : text(type, guest.global(i))));
      }
      for (int table = 0; table < module.tables().size(); table++) {
        var elements = new StringBuilder("table " + table + " =");
        for (int i = 0; i < guest.tableSize(table); i++) {
          elements.append(' ').append(guest.element(table, i));
        }
        seen.add(elements.toString());
      }
    }

    /** What a host function does in all guests. */
    private long[] host(int function, long[] args) {
      FunctionType type = module.typeOf(function);
      seen.add("host " + function + text(type.parameters(), args));
      return values(type.results(), new SplittableRandom(seed + ++hostCalls));
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
