package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The JVM's limit of 255 argument slots does not limit what a module's functions take. */
class WideSignaturesTest {
  @RegisterExtension final TestEngine engine = new TestEngine();

  enum Way {
    DIRECT,
    INDIRECT,
    IMPORT,
    RESULTS
  }

  private static int code(ValueType type) {
    return FunctionReader.code(type);
  }

  private static long bits(int value, ValueType type) {
    return switch (type) {
      case F32 -> Float.floatToRawIntBits(value);
      case F64 -> Double.doubleToRawLongBits(value);
      default -> value;
    };
  }

  private static List<ValueType> all(int count, ValueType type) {
    return Collections.nCopies(count, type);
  }

  /** The constants 0, 1, 2, ... as operands. */
  private static WasmBytes operands(int count, ValueType type) {
    var code = part();
    for (int i = 0; i < count; i++) {
      switch (type) {
        case I32 -> code.bytes(0x41, i % 60);
        case I64 -> code.bytes(0x42, i % 60);
        case F32 -> code.bytes(0x43).raw(littleEndian(Float.floatToRawIntBits(i % 60), 4));
        default -> code.bytes(0x44).raw(littleEndian(Double.doubleToRawLongBits(i % 60), 8));
      }
    }
    return code;
  }

  /** Computes {@code a + 3 * (b + 3 * (c + ...))} of the operands a, b, c and so on. */
  private static WasmBytes folding(int count, ValueType type) {
    return switch (type) {
      case I32 -> part().repeat(count - 1, 0x41, 3, 0x6C, 0x6A);
      case I64 -> part().repeat(count - 1, 0x42, 3, 0x7E, 0x7C);
      default -> part().repeat(count - 1, 0x44, 0, 0, 0, 0, 0, 0, 8, 0x40, 0xA2, 0xA0);
    };
  }

  /** What {@link #folding} computes of the constants 0, 1, 2, ... */
  private static long folded(int count, ValueType type) {
    long bits = 0;
    double number = 0;
    for (int i = count - 1; i >= 0; i--) {
      bits = i % 60 + 3 * bits;
      number = i % 60 + 3 * number;
    }
    return switch (type) {
      case I32 -> Integer.toUnsignedLong((int) bits);
      case I64 -> bits;
      default -> Double.doubleToRawLongBits(number);
    };
  }

  private static byte[] littleEndian(long bits, int count) {
    var bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(bits).array();
    return Arrays.copyOf(bytes, count);
  }

  private static WasmBytes body(WasmBytes code) {
    byte[] bytes = part().u32(0).append(code).bytes(0x0B).toBytes();
    return part().u32(bytes.length).raw(bytes);
  }

  /**
   * A module whose function {@code last} has this many parameters and returns the last one, and
   * whose function {@code caller} calls it with the constants 0, 1, 2, ...; or whose function
   * {@code many} returns the constants.
   */
  private static byte[] module(Way way, int count, ValueType type) {
    var types = part().u32(2);
    if (way == Way.RESULTS) {
      types.bytes(0x60, 0).u32(count).repeat(count, code(type));
    } else {
      types.bytes(0x60).u32(count).repeat(count, code(type)).bytes(1, code(type));
    }
    types.bytes(0x60, 0, 1, code(type));
    var module = WasmBytes.module().section(1, types);
    int imports = way == Way.IMPORT ? 1 : 0;
    if (way == Way.IMPORT) {
      module.section(2, part().u32(1).name("env").name("last").bytes(0, 0));
    }
    var bodies = part().u32(2 - imports);
    if (way == Way.RESULTS) {
      bodies.append(body(operands(count, type)));
      bodies.append(body(part().bytes(0x10, 0).append(folding(count, type))));
    } else {
      if (way != Way.IMPORT) {
        bodies.append(body(part().bytes(0x20).u32(count - 1)));
      }
      var call = way == Way.INDIRECT ? part().bytes(0x41, 0, 0x11, 0, 0) : part().bytes(0x10, 0);
      bodies.append(body(operands(count, type).append(call)));
    }
    var functions = imports == 1 ? part().u32(1).u32(1) : part().u32(2).u32(0).u32(1);
    return module
        .section(3, functions)
        .section(4, part().u32(1).bytes(0x70, 0, 1))
        .section(7, part().u32(2).name("last").bytes(0, 0).name("caller").bytes(0, 1))
        .section(9, part().u32(1).bytes(0, 0x41, 0, 0x0B).u32(1).u32(0))
        .section(10, bodies)
        .toBytes();
  }

  @ParameterizedTest
  @CsvSource({
    "DIRECT, 125, I64",
    "DIRECT, 126, I64",
    "DIRECT, 127, I64",
    "DIRECT, 255, I64",
    "DIRECT, 249, I32",
    "DIRECT, 250, I32",
    "DIRECT, 251, I32",
    "DIRECT, 255, I32",
    "DIRECT, 255, F32",
    "DIRECT, 255, F64",
    "INDIRECT, 125, I64",
    "INDIRECT, 126, I64",
    "INDIRECT, 255, I64",
    "INDIRECT, 250, I32",
    "INDIRECT, 251, I32",
    "INDIRECT, 255, I32",
    "IMPORT, 125, I64",
    "IMPORT, 126, I64",
    "IMPORT, 255, I64",
    "IMPORT, 250, I32",
    "IMPORT, 251, I32",
    "IMPORT, 255, I32",
    "IMPORT, 255, F64",
  })
  void many_arguments_arrive_in_order(Way way, int count, ValueType type) {
    var config =
        way == Way.IMPORT
            ? InstanceConfig.builder()
                .hostFunctions(
                    List.of(
                        HostFunction.of(
                            "env",
                            "last",
                            new FunctionType(all(count, type), List.of(type)),
                            (call, args) -> args[count - 1])))
                .build()
            : InstanceConfig.defaults();
    var guest = engine.engine.compile(module(way, count, type)).instantiate(config);

    assertThat(TestEngine.call(guest, "caller")).isEqualTo(bits((count - 1) % 60, type));
    if (way != Way.IMPORT) {
      var arguments = new long[count];
      arguments[count - 1] = bits(4711, type);
      assertThat(TestEngine.call(guest, "last", arguments)).isEqualTo(bits(4711, type));
    }
  }

  @ParameterizedTest
  @CsvSource({"2, I64", "126, I64", "127, I64", "255, I64", "255, I32", "255, F64"})
  void many_results_arrive_in_order(int count, ValueType type) {
    var guest =
        engine
            .engine
            .compile(module(Way.RESULTS, count, type))
            .instantiate(InstanceConfig.defaults());

    assertThat(TestEngine.call(guest, "caller")).isEqualTo(folded(count, type));
  }

  /**
   * {@code turn(n, a, b, c, ...)} returns {@code a + 2 * turn(n - 1, b, c, ..., a)}, and a if n is
   * 0. It reads its own arguments again after the call that passed others in the same fields.
   */
  private static byte[] turning(int count) {
    var code = part().bytes(0x20, 0, 0x50, 0x04, 0x7E, 0x20, 1, 0x05);
    code.bytes(0x20, 0, 0x42, 1, 0x7D);
    for (int i = 2; i < count; i++) {
      code.bytes(0x20).u32(i);
    }
    code.bytes(0x20, 1, 0x10, 0, 0x42, 2, 0x7E, 0x20, 1, 0x7C, 0x0B);
    return WasmBytes.module()
        .section(1, part().u32(1).bytes(0x60).u32(count).repeat(count, 0x7E).bytes(1, 0x7E))
        .section(3, part().u32(1).u32(0))
        .section(7, part().u32(1).name("turn").bytes(0, 0))
        .section(10, part().u32(1).append(body(code)))
        .toBytes();
  }

  private static long turned(long[] args) {
    long[] values = Arrays.copyOfRange(args, 1, args.length);
    long result = values[(int) args[0] % values.length];
    for (int n = (int) args[0] - 1; n >= 0; n--) {
      result = values[n % values.length] + 2 * result;
    }
    return result;
  }

  @Test
  void a_recursive_call_keeps_the_arguments_of_its_caller() {
    var guest = engine.engine.compile(turning(255)).instantiate(InstanceConfig.defaults());
    var arguments = new long[255];
    Arrays.setAll(arguments, i -> i * 0x9E37_79B9_7F4A_7C15L);
    arguments[0] = 400;

    assertThat(TestEngine.call(guest, "turn", arguments)).isEqualTo(turned(arguments));
  }

  @Test
  void endless_recursion_with_many_arguments_is_a_trap() {
    var guest = engine.engine.compile(turning(255)).instantiate(InstanceConfig.defaults());
    var arguments = new long[255];
    arguments[0] = -1;

    assertThat(TestEngine.trap(guest, Duration.ofSeconds(30), "turn", arguments).trapCause())
        .isInstanceOf(TrapCause.StackExhausted.class);
  }

  /** A function with many locals that are all used in a loop and after it. */
  private static byte[] locals(int count) {
    var code = part();
    for (int i = 1; i < count; i++) {
      code.bytes(0x20, 0, 0x41).u32(i % 60).bytes(0x6C, 0x21).u32(i);
    }
    code.bytes(0x03, 0x40);
    for (int i = 2; i < count; i++) {
      code.bytes(0x20).u32(i).bytes(0x20).u32(i - 1).bytes(0x6A, 0x21).u32(i);
    }
    code.bytes(0x20, 0, 0x41, 1, 0x6B, 0x22, 0, 0x0D, 0, 0x0B);
    code.bytes(0x41, 0);
    for (int i = 1; i < count; i++) {
      code.bytes(0x20).u32(i).bytes(0x73);
    }
    byte[] bytes = part().u32(1).u32(count - 1).bytes(0x7F).append(code).bytes(0x0B).toBytes();
    return WasmBytes.module()
        .section(1, part().u32(1).bytes(0x60, 1, 0x7F, 1, 0x7F))
        .section(3, part().u32(1).u32(0))
        .section(7, part().u32(1).name("mix").bytes(0, 0))
        .section(10, part().u32(1).u32(bytes.length).raw(bytes))
        .toBytes();
  }

  private static int mixed(int count, int rounds) {
    var values = new int[count];
    for (int i = 1; i < count; i++) {
      values[i] = rounds * (i % 60);
    }
    for (int round = 0; round < rounds; round++) {
      for (int i = 2; i < count; i++) {
        values[i] += values[i - 1];
      }
    }
    return Arrays.stream(values).skip(1).reduce(0, (one, other) -> one ^ other);
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 251, 1_000})
  void a_part_of_a_function_takes_and_returns_any_number_of_locals(int count) {
    var guest = engine.engine.compile(locals(count)).instantiate(InstanceConfig.defaults());

    assertThat((int) TestEngine.call(guest, "mix", 7)).isEqualTo(mixed(count, 7));
  }
}
