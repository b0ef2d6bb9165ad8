package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.engine.bytecode.ClassLimitException;
import io.gonext.engine.bytecode.EmittedClasses;
import io.gonext.engine.bytecode.PartSizes;
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

  /** The class of the instance, without its globals and indirect calls. */
  private static final int MODULE_BYTES = 100_000;

  @RegisterExtension final TestEngine engine = new TestEngine();

  static Stream<Arguments> bombs() {
    return Bombs.all().entrySet().stream()
        .map(bomb -> Arguments.argumentSet(bomb.getKey(), bomb.getValue()));
  }

  /**
   * What compiles stays within the estimates, and nothing ends in a failure without a way out. No
   * wall-clock time is asserted: the engine's limit of processor time bounds it.
   */
  @ParameterizedTest
  @MethodSource("bombs")
  void a_costly_module_compiles_within_its_estimate_or_is_refused(byte[] module) {
    assertThat(module).hasSizeLessThan(1_100_000);
    ModuleOutline outline = null;
    try {
      outline = Admission.admit(module, LIMITS);
      ModuleDefinition definition = outline.definition();
      EmittedClasses classes =
          LargeStack.call(
              () -> ModuleCompiler.emit(definition, PartSizes.DEFAULTS, false, () -> false));

      assertThat(classes.bytes()).isLessThan(outline.cost().classBytes() + MODULE_BYTES);
    } catch (ModuleRejectedException refused) {
      assertThat(refused.reason()).isEqualTo(ModuleRejectedException.Reason.TOO_LARGE);
      assertThat(refused)
          .hasMessageMatching(".*(=NUMBER raises it\\)|smaller functions|or in memory)");
    } catch (ClassLimitException tooLarge) {
      assertThat(CompileFailure.of(tooLarge, Objects.requireNonNull(outline)))
          .hasMessageContaining("divide it into smaller functions");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"labels far away", "loops with a few instructions", "small functions"})
  void a_module_that_counts_fuel_compiles_within_the_same_estimate(String bomb) {
    byte[] module = Objects.requireNonNull(Bombs.all().get(bomb));
    ModuleOutline outline = Admission.admit(module, LIMITS);

    EmittedClasses classes =
        LargeStack.call(
            () -> ModuleCompiler.emit(outline.definition(), PartSizes.DEFAULTS, true, () -> false));

    assertThat(classes.bytes()).isLessThan(outline.cost().classBytes() + MODULE_BYTES);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "branches that drop many operands",
        "operands at many branches",
        "calls with 255 results",
        "different constants in one function",
        "different callees in one function",
        "nested loops",
        "locals in nested loops",
        "operands",
        "600 operands again and again",
      })
  void admission_refuses_what_cannot_compile_or_takes_too_long(String bomb) {
    byte[] module = Objects.requireNonNull(Bombs.all().get(bomb));

    var refusal =
        catchThrowableOfType(ModuleRejectedException.class, () -> Admission.admit(module, LIMITS));

    assertThat(refusal.reason()).isEqualTo(ModuleRejectedException.Reason.TOO_LARGE);
  }

  @Test
  void a_refusal_names_the_most_costly_function() {
    byte[] module = Objects.requireNonNull(Bombs.all().get("locals alive in many loops"));
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
            "its classes become larger than 64 MB; function 0 (main.huge) takes the most"
                + " (--limit classMb=NUMBER raises it)");
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

  /**
   * Adds up {@code i * x} for each case from the given one on, in 20 locals, in a loop whose switch
   * continues at any case.
   */
  static byte[] resumable(int count) {
    var code = part().u32(1).bytes(21, 0x7F, 0x03, 0x40).repeat(count, 0x02, 0x40);
    code.bytes(0x20, 0, 0x0E).u32(count - 1);
    for (int i = 0; i < count; i++) {
      code.u32(i);
    }
    for (int i = 0; i < count; i++) {
      int local = 2 + i % 20;
      code.bytes(END, 0x20, local, 0x20, 1, 0x41, i & 0x3F, 0x6C, 0x6A, 0x21, local);
      // Every third case goes through the switch again.
      if (i % 3 == 0 && i < count - 1) {
        code.bytes(0x41, 0x80 | ((i + 1) & 0x7F), ((i + 1) >> 7) & 0x3F, 0x21, 0);
        code.bytes(0x0C).u32(count - 1 - i);
      }
    }
    code.bytes(END, 0x41, 0);
    for (int local = 2; local < 22; local++) {
      code.bytes(0x20, local, 0x6A);
    }
    byte[] body = code.bytes(END).toBytes();
    return WasmBytes.module()
        .section(1, part().u32(1).bytes(0x60, 2, 0x7F, 0x7F, 1, 0x7F))
        .section(3, part().u32(1).u32(0))
        .section(7, part().u32(1).name("resume").bytes(0, 0))
        .section(10, part().u32(1).u32(body.length).raw(body))
        .toBytes();
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 800, 3_000})
  void a_function_that_is_one_switch_computes_the_right_results(int count) {
    var guest = engine.engine.compile(resumable(count)).instantiate(InstanceConfig.defaults());

    for (int from = 0; from < count; from += 1 + count / 7) {
      int sum = 0;
      for (int i = from; i < count; i++) {
        sum += 5 * (i & 0x3F);
      }
      assertThat((int) TestEngine.call(guest, "resume", from, 5)).isEqualTo(sum);
    }
  }

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

  /** The signatures that every module's classes have. */
  private static final int OWN_SIGNATURES = 4;

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
    // The class of an instance has signatures of its own.
    try (var few = new Engine(LIMITS.with("signatures", 100 + OWN_SIGNATURES))) {
      few.compile(signatures(0, 60));
      few.compile(signatures(10, 50));

      var refusal =
          catchThrowableOfType(
              ModuleRejectedException.class, () -> few.compile(signatures(60, 50)));

      assertThat(refusal)
          .hasMessage(
              "the module has 50 signatures that no earlier module had, and this process may load"
                  + " 40 more until it is started again: the limit is 104 (--limit"
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
    var few = new Signatures(59 + OWN_SIGNATURES);
    var refusal =
        catchThrowableOfType(
            ModuleRejectedException.class,
            () -> ModuleCompiler.compile(outline, Metering.NONE, few::add, () -> false));

    assertThat(refusal).hasMessageStartingWith("the module has 64 signatures");
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
