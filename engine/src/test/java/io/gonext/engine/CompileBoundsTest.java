package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.guests.ChildJvm;
import io.gonext.guests.Guests;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The limits on the cost of compiling: estimated in advance, and survived when exceeded. */
@Tag("slow")
class CompileBoundsTest {
  /** As in a JVM of 1 GB. */
  private static final EngineLimits LIMITS = EngineLimits.defaults().with("compileMb", 512);

  @RegisterExtension final TestEngine engine = new TestEngine();

  static Stream<Arguments> bombs() {
    return Bombs.all().entrySet().stream()
        .map(bomb -> Arguments.argumentSet(bomb.getKey(), bomb.getValue()));
  }

  @ParameterizedTest
  @MethodSource("bombs")
  void a_module_too_costly_to_compile_is_refused_before_it_is_parsed(byte[] module) {
    var refusal =
        catchThrowableOfType(ModuleRejectedException.class, () -> Admission.admit(module, LIMITS));

    assertThat(module).hasSizeLessThan(1_100_000);
    assertThat(refusal.reason()).isEqualTo(ModuleRejectedException.Reason.TOO_LARGE);
    assertThat(refusal)
        .hasMessageMatching(
            "(compiling it takes|its classes become) .*--limit (compile|class)\\w+=NUMBER raises"
                + " it\\)");
  }

  @Test
  void a_refusal_names_the_most_costly_function() {
    byte[] module = Bombs.branches(1, 3_000, 50_000);
    byte[] names = part().u32(1).u32(0).name("main.huge").toBytes();
    byte[] named =
        part()
            .raw(module)
            .section(0, part().name("name").bytes(1).u32(names.length).raw(names))
            .toBytes();

    var refusal =
        catchThrowableOfType(ModuleRejectedException.class, () -> Admission.admit(named, LIMITS));

    assertThat(refusal)
        .hasMessage(
            "compiling it takes more than 512 MB of heap; function 0 (main.huge) takes the most"
                + " (--limit compileMb=NUMBER raises it)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"compute", "engine-basics", "engine-wasi"})
  void a_real_guest_stays_far_below_the_limits(String guest) {
    CompileCost cost = Admission.admit(Guests.wasm(guest), LIMITS).cost();

    assertThat(cost.heapMb()).isPositive().isLessThan(LIMITS.compileMb() / 8);
    assertThat(cost.classBytes()).isPositive().isLessThan((long) LIMITS.classMb() << 17);
    assertThat(cost.steps()).isLessThan(LIMITS.compileSteps() / 8);
  }

  /** One nested block for each case, as Go's compiler emits large switches. */
  private static byte[] cases(int count) {
    var code = part().u32(0).repeat(count + 1, 0x02, 0x40).bytes(0x20, 0, 0x0E).u32(count);
    for (int i = 0; i <= count; i++) {
      code.u32(i);
    }
    for (int i = 0; i < count; i++) {
      code.bytes(
          END, 0x41, 0x80 | ((i * 3) & 0x7F), 0x80 | (((i * 3) >> 7) & 0x7F), (i * 3) >> 14, 0x0F);
    }
    byte[] body = code.bytes(END, 0x41, 0x7F, END).toBytes();
    return WasmBytes.module()
        .section(1, part().u32(1).bytes(0x60, 1, 0x7F, 1, 0x7F))
        .section(3, part().u32(1).u32(0))
        .section(7, part().u32(1).name("pick").bytes(0, 0))
        .section(10, part().u32(1).u32(body.length).raw(body))
        .toBytes();
  }

  private static final int END = 0x0B;

  @ParameterizedTest
  @ValueSource(ints = {1_100, 6_000})
  void a_switch_with_many_cases_computes_the_right_results(int count) {
    CompiledModule module = engine.engine.compile(cases(count));
    var guest = module.instantiate(InstanceConfig.defaults());

    assertThat(module.compileTime()).isPositive();
    for (int i = 0; i < count; i += 97) {
      assertThat(TestEngine.call(guest, "pick", i)).isEqualTo(i * 3L);
    }
    assertThat((int) TestEngine.call(guest, "pick", count)).isEqualTo(-1);
  }

  /** A module with this many functions, each with a different signature. */
  private static byte[] signatures(int first, int count) {
    var types = part().u32(count);
    var functions = part().u32(count);
    for (int i = 0; i < count; i++) {
      types.bytes(0x60, 8);
      for (int bit = 0; bit < 8; bit++) {
        types.bytes((((first + i) >> bit) & 1) == 0 ? 0x7F : 0x7E);
      }
      types.bytes(0);
      functions.u32(i);
    }
    return WasmBytes.module()
        .section(1, types)
        .section(3, functions)
        .section(10, part().u32(count).repeat(count, 2, 0, END))
        .toBytes();
  }

  @Test
  void signatures_are_counted_across_all_modules_of_an_engine() {
    try (var few = new Engine(LIMITS.with("signatures", 100))) {
      few.compile(signatures(0, 60));
      few.compile(signatures(10, 50));

      var refusal =
          catchThrowableOfType(
              ModuleRejectedException.class, () -> few.compile(signatures(60, 50)));

      assertThat(refusal)
          .hasMessage(
              "the module has 50 signatures that no earlier module had, and this process may load"
                  + " 40 more until it is started again: the limit is 100 (--limit"
                  + " signatures=NUMBER raises it)");
      assertThat(few.compile(signatures(60, 40))).isNotNull();
    }
  }

  /**
   * The compiler loads classes at each attempt, and checks before each attempt whether it is
   * abandoned.
   */
  @Test
  void a_module_with_too_many_signatures_is_refused_before_its_classes_load() {
    ModuleOutline outline = Admission.admit(signatures(0, 60), LIMITS);
    var few = new Signatures(59);
    var refusal =
        catchThrowableOfType(
            ModuleRejectedException.class,
            () -> ModuleCompiler.compile(outline, few::add, () -> false));

    assertThat(refusal).hasMessageStartingWith("the module has 60 signatures");
  }

  @Test
  void a_refusal_names_the_first_of_many_type_mismatches() {
    byte[] module = WasmBytes.function(part().u32(0).repeat(20_000, 0x1A)).toBytes();

    var refusal =
        catchThrowableOfType(ModuleRejectedException.class, () -> engine.engine.compile(module));

    assertThat(refusal)
        .hasMessage("the module is not valid: type mismatch in function 0: an operand is missing");
  }

  @Test
  void a_verifier_error_becomes_one_line_with_the_functions_name() {
    ModuleOutline outline = Admission.admit(Guests.wasm("engine-basics"), LIMITS);
    int add = Objects.requireNonNull(outline.exports().get("add")).index();
    var refused =
        new VerifyError(
            "Bad type on operand stack\nException Details:\n  Location:\n"
                + "    io/gonext/engine/guest/Code$0.func_%d(II)I @12: iadd\n".formatted(add)
                + "x".repeat(700_000));

    EngineException refusal = CompileFailure.of(refused, outline);

    assertThat(refusal)
        .isInstanceOf(ModuleRejectedException.class)
        .hasMessage(
            "the JVM refuses the compiled code of function %d (add): Bad type on operand stack"
                .formatted(add))
        .hasNoCause();
  }

  @Test
  void costly_modules_do_not_end_the_process_or_other_calls() throws Exception {
    Process child =
        ChildJvm.plain()
            .builder(List.of("-Xmx256m"), BombedHost.class.getName())
            .redirectErrorStream(true)
            .start();

    String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(child.waitFor()).as(output).isZero();
    assertThat(output)
        .contains("refused: compiling it takes more than 123 MB of heap")
        .contains("refused: compiling the module took more memory than this process has left")
        .contains("calls went on")
        .doesNotContain("call failed");
  }
}
