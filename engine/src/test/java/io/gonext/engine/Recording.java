package io.gonext.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a module does in wasmtime: its results, traps, fuel, calls of imported functions, globals,
 * tables and memory, as {@code src/test/rust/modules/src/record.rs} writes it. Other engines have
 * to repeat it. A NaN is equal to any NaN, but not in the memory.
 */
final class Recording {
  private static final int LINE_BYTES = 64;
  private static final String STACK_EXHAUSTED = "STACK_EXHAUSTED";

  private final ModuleDefinition module;
  private final int fuelGlobal;
  private final int fuelUnits;
  private final boolean growsTables;
  private final byte[] bytes;

  /**
   * The recording of a module.
   *
   * @param fuelGlobal the index of the i32 global that the module counts down so that it ends
   * @param fuelUnits its value before each call
   * @param growsTables whether the module may contain {@code table.grow}
   */
  Recording(
      ModuleDefinition module, int fuelGlobal, int fuelUnits, boolean growsTables, byte[] bytes) {
    this.growsTables = growsTables;
    this.module = module;
    this.fuelGlobal = fuelGlobal;
    this.fuelUnits = fuelUnits;
    this.bytes = bytes.clone();
  }

  /** Why wasmtime does not run the module, or null. */
  @Nullable String refusal() {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return in.get() == 'X' ? text(in) : null;
  }

  /** Repeats it. Returns the first difference, or null. */
  @Nullable String difference(ComparedGuest guest) {
    var replay = new Replay(guest);
    replay.run();
    return replay.difference;
  }

  private static String text(ByteBuffer in) {
    var text = new byte[in.getInt()];
    in.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }

  private static long[] values(ByteBuffer in) {
    var values = new long[in.getInt()];
    Arrays.setAll(values, _ -> in.getLong());
    return values;
  }

  /** The codes of a trap, by wasmtime's name for it. It has one name for two of them. */
  private static Set<String> codes(String name) {
    return switch (name) {
      case "UnreachableCodeReached" -> Set.of("UNREACHABLE");
      case "MemoryOutOfBounds" -> Set.of("OUT_OF_BOUNDS");
      case "TableOutOfBounds" -> Set.of("OUT_OF_BOUNDS", "INDIRECT_CALL");
      case "IndirectCallToNull", "BadSignature" -> Set.of("INDIRECT_CALL");
      case "IntegerDivisionByZero", "IntegerOverflow", "BadConversionToInteger" ->
          Set.of("DIVISION");
      case "StackOverflow" -> Set.of(STACK_EXHAUSTED);
      case "Exception", "NullReference" -> Set.of("UNCAUGHT_EXCEPTION");
      default -> Set.of();
    };
  }

  private static boolean isSame(ValueType type, long expected, long actual) {
    return switch (type) {
      case I32 -> (int) expected == (int) actual;
      case I64 -> expected == actual;
      case F32 ->
          Float.floatToIntBits(Float.intBitsToFloat((int) expected))
              == Float.floatToIntBits(Float.intBitsToFloat((int) actual));
      case F64 ->
          Double.doubleToLongBits(Double.longBitsToDouble(expected))
              == Double.doubleToLongBits(Double.longBitsToDouble(actual));
      case FUNCREF, EXTERNREF, EXNREF -> true;
    };
  }

  private static boolean areSame(List<ValueType> types, long[] expected, long[] actual) {
    if (expected.length != actual.length) {
      return false;
    }
    for (int i = 0; i < actual.length; i++) {
      if (!isSame(types.get(i), expected[i], actual[i])) {
        return false;
      }
    }
    return true;
  }

  /** One repetition. It ends at the first difference, and where an engine's stack ends. */
  private final class Replay {
    private final ComparedGuest guest;
    private final ByteBuffer in = ByteBuffer.wrap(bytes);
    private int calls;
    private int pagesBefore;
    private @Nullable String difference;

    private Replay(ComparedGuest guest) {
      this.guest = guest;
    }

    private void differ(String what, String expected, String actual) {
      if (difference == null) {
        difference = "%s%n  wasmtime: %s%n  here: %s".formatted(what, expected, actual);
      }
    }

    private void run() {
      in.get();
      boolean goesOn =
          ends(
              "the instantiation",
              List.of(),
              () -> {
                guest.instantiate(this::host);
                return new long[0];
              });
      while (goesOn) {
        byte event = in.get();
        switch (event) {
          case 'C' -> goesOn = call();
          case 'F' -> fuel();
          case 'G' -> global();
          case 'E' -> table();
          case 'M' -> memory();
          default -> goesOn = false;
        }
        goesOn &= difference == null;
      }
    }

    private boolean call() {
      String name = text(in);
      long[] args = values(in);
      int function = Objects.requireNonNull(module.exports().get(name)).index();
      FunctionType type = module.typeOf(function);
      for (int i = 0; i < args.length; i++) {
        if (type.parameters().get(i) == ValueType.I32) {
          args[i] = (int) args[i];
        } else if (type.parameters().get(i).isReference()) {
          args[i] = 0;
        }
      }
      guest.setGlobal(fuelGlobal, fuelUnits);
      guest.beginFuel(function);
      pagesBefore = guest.pages();
      return ends(
          "call %d, function %d with %s".formatted(calls++, function, Arrays.toString(args)),
          type.results(),
          () -> guest.call(function, args.clone()));
    }

    /**
     * Wasmtime 48 does not charge for the pages that a memory grows by, as 50 does, and charges for
     * the elements that it refuses to a table, as 50 does not. Its fuel is not exact after an
     * exception.
     */
    private void fuel() {
      long expected = in.getLong() + guest.pages() - pagesBefore;
      long actual = guest.usedFuel();
      if (growsTables && actual < expected) {
        return;
      }
      if (actual != ComparedGuest.UNKNOWN && actual != expected && module.tagTypes().length == 0) {
        differ("the fuel of call " + (calls - 1), Long.toString(expected), Long.toString(actual));
      }
    }

    /** Whether the end of a run is as recorded, and the module can run on. */
    private boolean ends(String what, List<ValueType> types, Supplier<long[]> run) {
      String code = null;
      long[] results = {};
      try {
        results = run.get();
      } catch (RuntimeException | StackOverflowError thrown) {
        code = guest.trapCode(thrown);
      }
      if (difference != null || STACK_EXHAUSTED.equals(code)) {
        return false;
      }
      String actual = code == null ? "results " + Arrays.toString(results) : "trap " + code;
      byte event = in.get();
      switch (event) {
        case 'R' -> {
          long[] expected = values(in);
          if (code != null || !areSame(types, expected, results)) {
            differ(what, "results " + Arrays.toString(expected), actual);
          }
        }
        case 'T' -> {
          String expected = text(in);
          if (codes(expected).contains(STACK_EXHAUSTED)) {
            return false;
          }
          if (code == null || !codes(expected).contains(code)) {
            differ(what, "trap " + expected, actual);
          }
        }
        default -> differ(what, "a call of imported function " + in.getInt(), actual);
      }
      return difference == null;
    }

    private long[] host(int function, long[] args) {
      byte event = in.get();
      String call = "imported function %d with %s".formatted(function, Arrays.toString(args));
      if (event != 'H') {
        differ("a call", "no call of " + call, call);
        throw new IllegalStateException(difference);
      }
      int expected = in.getInt();
      long[] expectedArgs = values(in);
      FunctionType type = module.typeOf(function);
      if (expected != function || !areSame(type.parameters(), expectedArgs, args)) {
        differ(
            "a call",
            "imported function %d with %s".formatted(expected, Arrays.toString(expectedArgs)),
            call);
        throw new IllegalStateException(difference);
      }
      long[] results = values(in);
      for (int i = 0; i < results.length; i++) {
        if (type.results().get(i) == ValueType.I32 || type.results().get(i) == ValueType.F32) {
          results[i] = (int) results[i];
        }
      }
      return results;
    }

    private void global() {
      int index = export();
      long expected = in.getLong();
      ValueType type = module.globals().get(index).type();
      long actual = type.isReference() ? guest.globalReference(index) : guest.global(index);
      if (type.isReference() ? expected != actual : !isSame(type, expected, actual)) {
        differ("global " + index, Long.toString(expected), Long.toString(actual));
      }
    }

    private int export() {
      return Objects.requireNonNull(module.exports().get(text(in))).index();
    }

    private void table() {
      int table = export();
      long[] expected = values(in);
      var actual = new long[guest.tableSize(table)];
      Arrays.setAll(actual, i -> guest.element(table, i));
      if (!Arrays.equals(expected, actual)) {
        differ("table " + table, Arrays.toString(expected), Arrays.toString(actual));
      }
    }

    private void memory() {
      export();
      var expected = new byte[in.getInt()];
      int lines = in.getInt();
      for (int i = 0; i < lines; i++) {
        in.get(expected, in.getInt(), LINE_BYTES);
      }
      byte[] actual = guest.memory();
      int at = Arrays.mismatch(expected, actual);
      if (at >= 0) {
        differ("the memory at " + at, line(expected, at), line(actual, at));
      }
    }

    private static String line(byte[] memory, int at) {
      int end = Math.min(at + LINE_BYTES, memory.length);
      return memory.length + " bytes: " + HexFormat.of().formatHex(memory, Math.min(at, end), end);
    }
  }
}
