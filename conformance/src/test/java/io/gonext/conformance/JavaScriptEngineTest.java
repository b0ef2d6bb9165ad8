package io.gonext.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.FunctionImport;
import io.gonext.engine.GuestCall;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.HostFunction;
import io.gonext.engine.InstanceConfig;
import io.gonext.engine.TrapCause;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A guest that others built: QuickJS, whose interpreter is one function of 37 KB. It runs compiled,
 * and whatever the script does, the host keeps its promises.
 */
@Tag("slow")
class JavaScriptEngineTest {
  private static final Path MODULE =
      Path.of(System.getProperty("gonext.root"))
          .resolve("conformance/src/test/npm/node_modules/quickjs-wasi/quickjs.wasm");

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Duration SHORT_LIMIT = Duration.ofMillis(300);

  private static Engine engine;
  private static CompiledModule module;

  @BeforeAll
  static void compile() throws IOException {
    TestTool.require("npm", Files.exists(MODULE), "run 'npm ci' in conformance/src/test/npm");
    engine = new Engine(EngineLimits.defaults());
    module = engine.compile(Files.readAllBytes(MODULE));
  }

  @AfterAll
  static void close() {
    if (engine != null) {
      engine.close();
    }
  }

  private static GuestInstance instance() {
    // What a script may reach. None of it is needed here.
    List<HostFunction> host =
        module.imports().stream()
            .filter(function -> !function.isWasi())
            .map(JavaScriptEngineTest::nothing)
            .toList();
    return module.instantiate(InstanceConfig.builder().hostFunctions(host).build());
  }

  private static HostFunction nothing(FunctionImport function) {
    return HostFunction.of(function.module(), function.name(), function.type(), (call, args) -> 0);
  }

  private static String evaluate(GuestInstance instance, String script) {
    return evaluate(instance, script, LIMIT);
  }

  private static String evaluate(GuestInstance instance, String script, Duration limit) {
    return instance.run(
        limit,
        call -> {
          assertThat(call(instance, call, "qjs_init")).isZero();
          byte[] bytes = script.getBytes(UTF_8);
          long code = text(instance, call, bytes);
          long file = text(instance, call, "test.js".getBytes(UTF_8));
          long value = call(instance, call, "qjs_eval", code, bytes.length, file, 0);
          if (call(instance, call, "qjs_is_exception", value) != 0) {
            value = call(instance, call, "qjs_get_exception");
          }
          return string(call, call(instance, call, "qjs_get_string", value));
        });
  }

  private static long call(GuestInstance instance, GuestCall call, String export, long... args) {
    return call.call(instance.function(export), args);
  }

  /** Writes a text that ends with a zero byte, and returns its address. */
  private static long text(GuestInstance instance, GuestCall call, byte[] bytes) {
    long pointer = call(instance, call, "wasm_malloc", bytes.length + 1L);
    call.memory().write(pointer, bytes);
    call.memory().writeByte(pointer + bytes.length, (byte) 0);
    return pointer;
  }

  private static String string(GuestCall call, long pointer) {
    long end = pointer;
    while (call.memory().read(end, 1)[0] != 0) {
      end++;
    }
    return call.memory().readUtf8(pointer, end - pointer);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "6 * 7 | 42",
        "0.1 + 0.2 | 0.30000000000000004",
        "-0 === 0 && 1 / -0 | -Infinity",
        "2n ** 100n | 1267650600228229401496703205376",
        "[3, 1, 2].sort().map(n => n * n).join() | 1,4,9",
        "JSON.stringify(JSON.parse('{\"a\":[1,{\"b\":null}]}')) | {\"a\":[1,{\"b\":null}]}",
        "'2026-11-30'.replace(/(\\d+)-(\\d+)-(\\d+)/, '$3.$2.$1') | 30.11.2026",
        "try { null.x } catch (e) { e.name } | TypeError",
        "(function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) })(20) | 6765",
        "let s = ''; for (const x of new Set([1, 1, 2])) s += x; s | 12",
        "throw new RangeError('too far') | RangeError: too far"
      })
  void a_script_has_its_result(String script, String result) {
    try (GuestInstance instance = instance()) {
      assertThat(evaluate(instance, script)).isEqualTo(result);
    }
  }

  @Test
  void a_script_that_gets_hot_keeps_its_result() {
    try (GuestInstance instance = instance()) {
      for (int i = 0; i < 10; i++) {
        assertThat(
                evaluate(
                    instance,
                    "let a = []; for (let i = 0; i < 3000; i++) a.push((i * 7919) % 3001);"
                        + " a.sort((x, y) => x - y); a.every((x, i) => i == 0 || a[i - 1] <= x)"
                        + " + ':' + a.reduce((sum, x) => sum + x)"))
            .isEqualTo("true:4500416");
        instance.reset();
      }
    }
  }

  @Test
  void a_reset_takes_everything_that_a_script_left() {
    try (GuestInstance instance = instance()) {
      evaluate(instance, "globalThis.left = 'something'; Array.prototype.first = () => 1");

      instance.reset();

      assertThat(evaluate(instance, "typeof left + typeof [].first"))
          .isEqualTo("undefinedundefined");
      assertThat(instance.differenceFromSnapshot()).isNotNull();
      instance.reset();
      assertThat(instance.differenceFromSnapshot()).isNull();
    }
  }

  @Test
  void a_script_that_never_ends_meets_its_deadline() {
    try (GuestInstance instance = instance()) {
      assertThatThrownBy(() -> evaluate(instance, "for (;;) {}", SHORT_LIMIT))
          .isInstanceOfSatisfying(
              GuestTrap.class,
              trap -> assertThat(trap.trapCause()).isInstanceOf(TrapCause.Deadline.class));
    }
  }

  /**
   * QuickJS has a limit of its own. Which of the two is met first depends on the thread's stack.
   */
  @Test
  void a_script_that_calls_itself_without_end_ends_with_an_error() {
    try (GuestInstance instance = instance()) {
      String result;
      try {
        result = evaluate(instance, "(function f() { return f() + 1 })()");
      } catch (GuestTrap trap) {
        result = trap.trapCause().toString();
      }
      assertThat(result).matches("StackExhausted.*|RangeError: .*");
    }
  }

  @Test
  void a_script_that_takes_all_memory_gets_an_error_of_its_own() {
    try (GuestInstance instance = instance()) {
      assertThat(evaluate(instance, "let a = []; for (;;) a.push('x'.repeat(1e6) + a.length)"))
          .contains("out of memory");
    }
  }
}
