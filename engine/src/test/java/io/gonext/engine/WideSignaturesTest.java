package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How the JVM's limit of 255 argument slots applies to modules. The compiler needs some slots for
 * itself, and boxes the arguments if there are too many.
 */
class WideSignaturesTest {
  @RegisterExtension final TestEngine engine = new TestEngine();

  enum Way {
    DIRECT,
    INDIRECT,
    IMPORT,
    RESULTS
  }

  private static int code(ValueType type) {
    return type == ValueType.I32 ? 0x7F : 0x7E;
  }

  private static List<ValueType> all(int count, ValueType type) {
    return Collections.nCopies(count, type);
  }

  /** The constants 0, 1, 2, ... as operands. */
  private static WasmBytes operands(int count, ValueType type) {
    var code = part();
    for (int i = 0; i < count; i++) {
      code.bytes(type == ValueType.I32 ? 0x41 : 0x42, i % 60);
    }
    return code;
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
      bodies.append(body(part().bytes(0x10, 0).repeat(count - 1, 0x1A)));
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
    "DIRECT, 127, I64",
    "DIRECT, 255, I64",
    "DIRECT, 251, I32",
    "DIRECT, 254, I32",
    "DIRECT, 255, I32",
    "INDIRECT, 125, I64",
    "INDIRECT, 251, I32",
    "IMPORT, 125, I64",
    "IMPORT, 251, I32",
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

    assertThat(TestEngine.call(guest, "caller")).isEqualTo((count - 1) % 60);
    if (way != Way.IMPORT) {
      var arguments = new long[count];
      arguments[count - 1] = 4711;
      assertThat(TestEngine.call(guest, "last", arguments)).isEqualTo(4711);
    }
  }

  @ParameterizedTest
  @CsvSource({"2, I64", "126, I64", "127, I64", "252, I32", "255, I32"})
  void many_results_arrive_in_order(int count, ValueType type) {
    var guest =
        engine
            .engine
            .compile(module(Way.RESULTS, count, type))
            .instantiate(InstanceConfig.defaults());

    assertThat(TestEngine.call(guest, "caller")).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "DIRECT|126|I64|type 0 has parameters of 252 slots",
        "DIRECT|252|I32|type 0 has parameters of 252 slots",
        "DIRECT|253|I32|type 0 has parameters of 253 slots",
        "INDIRECT|126|I64|type 0 has parameters of 252 slots",
        "INDIRECT|127|I64|function 1 (caller) calls through a table with arguments of 254 slots",
        "INDIRECT|254|I32|function 1 (caller) calls through a table with arguments of 254 slots",
        "IMPORT|127|I64|import env.last takes arguments of 254 slots",
        "IMPORT|254|I32|import env.last takes arguments of 254 slots",
        "RESULTS|128|I64|function 0 returns results of 256 slots",
      })
  void a_signature_that_the_compiler_cannot_handle_is_refused(
      Way way, int count, ValueType type, String message) {
    byte[] module = module(way, count, type);

    var refusal =
        catchThrowableOfType(ModuleRejectedException.class, () -> engine.engine.compile(module));

    assertThat(refusal.reason()).isEqualTo(ModuleRejectedException.Reason.UNSUPPORTED_FEATURE);
    assertThat(refusal).hasMessageContaining(message).hasMessageContaining("slots");
  }
}
