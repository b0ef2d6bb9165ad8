package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static io.gonext.engine.WrittenModule.EXNREF;
import static io.gonext.engine.WrittenModule.EXTERNREF;
import static io.gonext.engine.WrittenModule.F32;
import static io.gonext.engine.WrittenModule.F64;
import static io.gonext.engine.WrittenModule.I32;
import static io.gonext.engine.WrittenModule.I64;
import static io.gonext.engine.WrittenModule.types;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.engine.GuestCode.ImportedFunction;
import io.gonext.engine.bytecode.PartSizes;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExceptionTest {
  private static final Duration SHORT = Duration.ofMillis(40);
  private static final int END = 0x0B;
  private static final int NONE = 0x40;
  private static final int BLOCK = 0x02;
  private static final int LOOP = 0x03;
  private static final int IF = 0x04;
  private static final int BR = 0x0C;
  private static final int BR_IF = 0x0D;
  private static final int RETURN = 0x0F;
  private static final int CALL = 0x10;
  private static final int DROP = 0x1A;
  private static final int GET = 0x20;
  private static final int SET = 0x21;
  private static final int GLOBAL_GET = 0x23;
  private static final int GLOBAL_SET = 0x24;
  private static final int CONST = 0x41;
  private static final int ADD = 0x6A;
  private static final int SUB = 0x6B;
  private static final int MUL = 0x6C;

  private static final int TRY = 0x06;
  private static final int CATCH = 0x07;
  private static final int THROW = 0x08;
  private static final int RETHROW = 0x09;
  private static final int THROW_REF = 0x0A;
  private static final int DELEGATE = 0x18;
  private static final int CATCH_ALL = 0x19;
  private static final int TRY_TABLE = 0x1F;
  private static final int ONE_CATCH = 0;
  private static final int ONE_CATCH_REF = 1;
  private static final int EVERY = 2;
  private static final int EVERY_REF = 3;

  /** The product's sizes, and such that every instruction of a block becomes a method. */
  private static final List<PartSizes> SIZES =
      List.of(
          PartSizes.DEFAULTS, new PartSizes(60, 0, 0, 10, true), new PartSizes(12, 0, 0, 3, true));

  @RegisterExtension final TestEngine engine = new TestEngine();

  private final WrittenModule module = new WrittenModule();

  /** {@code i32 -> i32}. */
  private int unary;

  /** With one i32. */
  private int tag;

  @BeforeEach
  void declare() {
    unary = module.type(types(I32), types(I32));
    tag = module.tag(module.type(types(I32), types()));
  }

  private GuestInstance guest() {
    return engine.engine.compile(module.toBytes()).instantiate(engine.config());
  }

  /**
   * What the function with this index returns, however the module is divided into methods. It also
   * uses the same fuel in each of them.
   */
  private long everywhere(int function, long... args) {
    ModuleDefinition definition =
        Admission.admit(module.toBytes(), EngineLimits.defaults()).definition();
    var results = new TreeSet<Long>();
    var fuel = new TreeSet<Long>();
    for (PartSizes sizes : SIZES) {
      results.add(instance(definition, sizes, false).call(function, args.clone())[0]);
      GuestCode counting = instance(definition, sizes, true);
      counting.beginFuel(new FuelBudget(1 << 20));
      results.add(counting.call(function, args.clone())[0]);
      fuel.add(counting.usedFuel());
    }
    assertThat(fuel).hasSize(1);
    assertThat(results).hasSize(1);
    return results.first();
  }

  private static GuestCode instance(
      ModuleDefinition definition, PartSizes sizes, boolean isMetered) {
    var classes = ModuleCompiler.emit(definition, sizes, isMetered, () -> false).classes();
    GuestCode code = new GuestClassLoader(classes).instances(ModuleCompiler.CLASS_NAME).get();
    code.bind(
        definition,
        new LinearMemory(requireNonNull(definition.memory()), 10),
        definition.tables().stream()
            .map(type -> new GuestTable(type, 100))
            .toArray(GuestTable[]::new),
        new GuestGlobal[definition.globals().size()],
        new ImportedFunction[0]);
    Instantiation.run(code);
    return code;
  }

  /** Throws its argument if it is odd, else returns it. */
  private int throwsOdd() {
    return module.function(
        unary,
        "throws-odd",
        part().bytes(GET, 0, CONST, 1, 0x71, IF, NONE, GET, 0, THROW, tag, END, GET, 0));
  }

  @Test
  void operands_below_a_try_are_still_there_in_its_handler() {
    int odd = throwsOdd();
    int five = module.type(types(), types(I32));
    // 1000 * x + (the exception's value or the result + 1), with an i64, an f32 and an f64 between.
    int run =
        module.function(
            unary,
            "run",
            part()
                .bytes(GET, 0, CONST, 0xE8, 7, MUL)
                .bytes(0x42, 3, 0x43, 0, 0, 0x80, 0x40)
                .bytes(0x44, 0, 0, 0, 0, 0, 0, 0x14, 0x40)
                .bytes(BLOCK, 0x7F)
                .bytes(TRY_TABLE, five, 1, ONE_CATCH, tag, 0)
                .bytes(GET, 0, CALL, odd, CONST, 1, ADD, END, END)
                .bytes(0xB7, 0xA0, 0xB6, 0x92, 0xAE, 0x7C, 0xA7, ADD));

    // 3 + 4.0f + 5.0 is 12.
    assertThat(everywhere(run, 4)).isEqualTo(4_000 + 12 + 5);
    assertThat(everywhere(run, 7)).isEqualTo(7_000 + 12 + 7);
  }

  @Test
  void a_handler_sees_what_parts_of_the_try_wrote_before_they_threw() {
    int odd = throwsOdd();
    // Counts the rounds in local 1 and their sum in local 2 until 9 is thrown in round 9.
    int run =
        module.function(
            unary,
            "run",
            part().u32(1).bytes(2, I32),
            part()
                .bytes(BLOCK, 0x7F)
                .bytes(TRY_TABLE, NONE, 1, ONE_CATCH, tag, 0)
                .bytes(LOOP, NONE)
                .bytes(GET, 1, CONST, 1, ADD, SET, 1)
                .bytes(GET, 2, GET, 1, ADD, SET, 2)
                .bytes(GET, 0, GET, 1, MUL, CALL, odd, DROP)
                .bytes(BR, 0, END, END)
                .bytes(CONST, 0, END)
                .bytes(CONST, 0xE4, 0, MUL, GET, 1, CONST, 10, MUL, ADD, GET, 2, ADD));

    // The first odd product of 3 is 3 in round 1.
    assertThat(everywhere(run, 3)).isEqualTo(3 * 100 + 10 + 1);
  }

  @Test
  void a_handler_reads_locals_that_were_set_in_the_try_and_in_the_one_around_it() {
    int odd = throwsOdd();
    int run =
        module.function(
            unary,
            "run",
            part().u32(1).bytes(3, I32),
            part()
                .bytes(BLOCK, 0x7F)
                .bytes(TRY_TABLE, 0x7F, 1, ONE_CATCH, tag, 0)
                .bytes(CONST, 1, SET, 1)
                .bytes(BLOCK, 0x7F)
                .bytes(TRY_TABLE, 0x7F, 1, ONE_CATCH, tag, 0)
                .bytes(CONST, 2, SET, 2)
                .bytes(GET, 0, CALL, odd, CONST, 3, SET, 3, END, END)
                // Reads local 3, which the inner try may not have set. Throws again.
                .bytes(CONST, 10, GET, 3, ADD, SET, 3)
                .bytes(CONST, 5, SET, 1, CONST, 1, 0x72, CALL, odd, END, END)
                .bytes(CONST, 0xE4, 0, MUL, GET, 1, ADD, GET, 2, ADD, GET, 3, ADD));

    assertThat(everywhere(run, 4)).isEqualTo(500 + 5 + 2 + 13);
    assertThat(everywhere(run, 7)).isEqualTo(700 + 5 + 2 + 10);
  }

  @Test
  void a_branch_out_of_a_try_leaves_it() {
    int odd = throwsOdd();
    int run =
        module.function(
            unary,
            "run",
            part()
                .bytes(BLOCK, NONE, BLOCK, 0x7F)
                .bytes(TRY_TABLE, NONE, 1, ONE_CATCH, tag, 0)
                .bytes(GET, 0, CONST, 9, 0x46, BR_IF, 2)
                .bytes(GET, 0, CONST, 8, 0x46, IF, NONE, CONST, 0xE4, 0, RETURN, END)
                .bytes(GET, 0, CALL, odd, BR, 1, END)
                .bytes(0x00, END, CONST, 1, ADD, RETURN, END)
                // No handler is left.
                .bytes(GET, 0, CONST, 1, SUB, CALL, odd));

    assertThat(everywhere(run, 9)).isEqualTo(8);
    assertThat(everywhere(run, 8)).isEqualTo(100);
    assertThat(everywhere(run, 6)).isEqualTo(7);
    assertThat(everywhere(run, 7)).isEqualTo(8);
  }

  @Test
  void an_exception_keeps_values_of_all_types() {
    int all = module.type(types(I32, I64, F32, F64, EXTERNREF), types());
    int caught = module.type(types(), types(I32, I64, F32, F64, EXTERNREF, EXNREF));
    int many = module.tag(all);
    int run =
        module.function(
            unary,
            "run",
            part().u32(1).bytes(1, EXTERNREF),
            part()
                .bytes(BLOCK, caught)
                .bytes(TRY_TABLE, NONE, 1, ONE_CATCH_REF, many, 0)
                .bytes(GET, 0, 0x42, 0x7E, 0x43, 0, 0, 0x20, 0x41)
                .bytes(0x44, 0, 0, 0, 0, 0, 0, 0x2E, 0x40, GET, 1, THROW, many)
                .bytes(END, 0x00, END)
                // The references are null and not null.
                .bytes(0xD1, IF, NONE, 0x00, END, 0xD1, 0x45, IF, NONE, 0x00, END)
                // The numbers are x, -2, 10 and 15.
                .bytes(0xB6, 0x92, 0xAE, 0x7C, 0xA7, ADD));

    assertThat(everywhere(run, 5)).isEqualTo(5 - 2 + 10 + 15);
  }

  @Test
  void a_legacy_delegate_skips_handlers_in_between() {
    int odd = throwsOdd();
    int run =
        module.function(
            unary,
            "run",
            part()
                .bytes(TRY, 0x7F)
                .bytes(TRY, 0x7F)
                .bytes(TRY, 0x7F, GET, 0, CALL, odd, DELEGATE, 1)
                .bytes(CATCH_ALL, 0x00, END)
                .bytes(CATCH, tag, CONST, 0xE4, 0, ADD, END));
    int caller =
        module.function(
            unary,
            "caller",
            part()
                .bytes(TRY, 0x7F)
                .bytes(TRY, 0x7F, GET, 0, CALL, odd, DELEGATE, 1)
                .bytes(CATCH_ALL, 0x00, END));

    assertThat(everywhere(run, 6)).isEqualTo(6);
    assertThat(everywhere(run, 7)).isEqualTo(107);
    assertThat(everywhere(caller, 6)).isEqualTo(6);
    assertThat(TestEngine.trap(guest(), "caller", 7).trapCause())
        .isInstanceOf(TrapCause.UncaughtException.class);
  }

  @Test
  void a_legacy_rethrow_throws_the_exception_of_an_outer_catch() {
    int odd = throwsOdd();
    int run =
        module.function(
            unary,
            "run",
            part()
                .bytes(TRY, 0x7F)
                .bytes(TRY, 0x7F, GET, 0, CALL, odd)
                .bytes(CATCH, tag, DROP)
                .bytes(TRY, 0x7F, CONST, 0xFF, 0, CALL, odd)
                .bytes(CATCH, tag, DROP, RETHROW, 1, END, END)
                .bytes(CATCH, tag, CONST, 0xE4, 0, ADD, END));

    assertThat(everywhere(run, 7)).isEqualTo(107);
  }

  @Test
  void a_try_with_parameters_passes_them_to_its_body_and_not_to_its_handler() {
    int odd = throwsOdd();
    int pair = module.type(types(I32, I32), types(I32));
    int run =
        module.function(
            unary,
            "run",
            part()
                .bytes(CONST, 40, GET, 0, CONST, 2)
                .bytes(TRY, pair, ADD, CALL, odd)
                .bytes(CATCH, tag, CONST, 0xE4, 0, ADD, END, ADD));

    assertThat(everywhere(run, 4)).isEqualTo(46);
    assertThat(everywhere(run, 5)).isEqualTo(147);
  }

  // What a guest cannot catch -------------------------------------------------------------------

  /** A function that calls another one and catches everything, for ever. */
  private int catchesEverything(int called) {
    return module.function(
        unary,
        "run",
        part()
            .bytes(LOOP, NONE, BLOCK, NONE)
            .bytes(TRY_TABLE, NONE, 1, EVERY, 0)
            .bytes(GET, 0, CALL, called, DROP, END, END)
            .bytes(BR, 0, END, 0x00));
  }

  @Test
  void a_guest_that_catches_everything_ends_at_its_deadline() {
    catchesEverything(throwsOdd());

    assertThat(TestEngine.trap(guest(), SHORT, "run", 7).trapCause())
        .isEqualTo(new TrapCause.Deadline(SHORT));
  }

  @Test
  void a_guest_does_not_catch_traps() {
    catchesEverything(module.function(unary, null, part().bytes(CONST, 1, GET, 0, 0x6D)));
    var guest = guest();

    assertThat(TestEngine.trap(guest, "run", 0).trapCause()).isInstanceOf(TrapCause.Division.class);
  }

  @Test
  void a_guest_does_not_catch_the_end_of_its_stack() {
    catchesEverything(module.function(unary, null, part().bytes(GET, 0, CALL, 0, CONST, 1, ADD)));

    assertThat(TestEngine.trap(guest(), "run", 0).trapCause())
        .isInstanceOf(TrapCause.StackExhausted.class);
  }

  @Test
  void a_guest_does_not_catch_what_a_host_function_throws() {
    int host = module.importHost(unary);
    catchesEverything(host);
    module.function(unary, "other", part().bytes(CONST, 0));
    var guest = guest();

    engine.host =
        (call, args) -> {
          throw call.exit(3);
        };
    assertThat(TestEngine.trap(guest, "run", 0).trapCause()).isEqualTo(new TrapCause.Exit(3));

    engine.host =
        (call, args) -> {
          throw new IllegalStateException("of the host");
        };
    assertThat(TestEngine.trap(guest(), "run", 0).trapCause())
        .isInstanceOf(TrapCause.HostFailure.class);
  }

  @Test
  void a_guest_does_not_catch_an_exception_that_passed_through_a_host_function() {
    int host = module.importHost(unary);
    throwsOdd();
    catchesEverything(host);
    engine.host = (call, args) -> call.callGuest(call.function("throws-odd"), 7);

    assertThat(TestEngine.trap(guest(), "run", 0).trapCause())
        .isInstanceOf(TrapCause.UncaughtException.class);
  }

  // Exceptions that leave the guest ---------------------------------------------------------------

  @Test
  void an_exception_that_leaves_the_guest_is_a_trap_with_a_backtrace() {
    int odd = throwsOdd();
    module.function(unary, "run", part().bytes(GET, 0, CALL, odd));
    var guest = guest();

    GuestTrap trap = TestEngine.trap(guest, "run", 7);

    assertThat(trap.trapCause().code()).isEqualTo("UNCAUGHT_EXCEPTION");
    assertThat(trap)
        .hasMessageMatching(
            "the guest threw an exception that it does not catch \\(tag 0\\)"
                + " \\(in throws-odd @0x\\w+ < run @0x\\w+\\)");
    assertThat(guest.isUsable()).isFalse();
  }

  @Test
  void after_many_exceptions_an_uncaught_one_still_has_the_place_where_it_was_thrown() {
    int odd = throwsOdd();
    int count = module.global(I32);
    // Catches 1,000 exceptions, then throws.
    module.function(
        unary,
        "run",
        part()
            .bytes(LOOP, NONE, BLOCK, 0x7F)
            .bytes(TRY_TABLE, 0x7F, 1, ONE_CATCH, tag, 0)
            .bytes(CONST, 1, CALL, odd, END, END)
            .bytes(DROP)
            .bytes(GLOBAL_GET, count, CONST, 1, ADD, GLOBAL_SET, count)
            .bytes(GLOBAL_GET, count, CONST, 0xE8, 7, 0x48, BR_IF, 0, END)
            .bytes(CONST, 1, CALL, odd));

    GuestTrap trap = TestEngine.trap(guest(), "run", 0);

    assertThat(trap.backtrace()).extracting(GuestFrame::name).containsExactly("throws-odd");
    assertThat(trap.backtrace().getFirst().codeOffset())
        .isEqualTo(TestEngine.trap(guest(), "throws-odd", 1).backtrace().getFirst().codeOffset());
  }

  @Test
  void a_null_reference_is_not_thrown() {
    module.function(unary, "run", part().bytes(0xD0, EXNREF, THROW_REF));

    assertThat(TestEngine.trap(guest(), "run", 0))
        .hasMessageStartingWith("the guest threw a null reference in place of an exception");
  }

  // Attacks
  // -----------------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {10, 10_000})
  void an_exception_unwinds_many_frames(int depth) {
    // f(n) = n == 0 ? throw 7 : f(n - 1) + 1, with a handler that throws again in each frame.
    int down =
        module.function(
            unary,
            null,
            part()
                .bytes(GET, 0, 0x45, IF, NONE, CONST, 7, THROW, tag, END)
                .bytes(BLOCK, EXNREF)
                .bytes(TRY_TABLE, NONE, 1, EVERY_REF, 0)
                .bytes(GET, 0, CONST, 1, SUB, CALL, 0, CONST, 1, ADD, RETURN, END)
                .bytes(0x00, END, THROW_REF));
    module.function(
        unary,
        "run",
        part()
            .bytes(BLOCK, 0x7F)
            .bytes(TRY_TABLE, 0x7F, 1, ONE_CATCH, tag, 0)
            .bytes(GET, 0, CALL, down, END, END));

    assertThat(TestEngine.call(guest(), "run", depth)).isEqualTo(7);
  }

  @Test
  void a_pristine_instance_has_no_exception_of_an_earlier_run() {
    int global = module.global(EXNREF);
    module.function(
        unary,
        "keep",
        part()
            .bytes(BLOCK, EXNREF)
            .bytes(TRY_TABLE, NONE, 1, EVERY_REF, 0, GET, 0, THROW, tag, END, 0x00, END)
            .bytes(GLOBAL_SET, global, GET, 0));
    module.function(unary, "has", part().bytes(GLOBAL_GET, global, 0xD1, 0x45));
    var guest = guest();
    TestEngine.call(guest, "keep", 7);
    assertThat(TestEngine.call(guest, "has", 0)).isOne();

    guest.reset();

    assertThat(guest.differenceFromSnapshot()).isNull();
    assertThat(TestEngine.call(guest, "has", 0)).isZero();
  }

  // Refusals
  // ----------------------------------------------------------------------------------------

  private void refused(String message) {
    assertThatThrownBy(this::guest)
        .isInstanceOf(ModuleRejectedException.class)
        .hasMessageContaining(message);
  }

  @Test
  void exceptions_in_exceptions_are_refused() {
    module.tag(module.type(types(EXNREF), types()));

    refused("tag 1 has an exception as a parameter (exnref)");
  }

  @Test
  void a_tag_with_many_parameters_is_refused() {
    module.tag(
        module.type(
            new int[] {
              I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32
            },
            types()));

    refused("tag 1 has 17 parameters, the limit is 16");
  }

  @Test
  void a_catch_clause_that_carries_other_values_than_its_label_is_refused() {
    module.function(
        unary,
        null,
        part().bytes(BLOCK, NONE, TRY_TABLE, NONE, 1, ONE_CATCH, tag, 0, END, END, GET, 0));

    refused(
        "type mismatch in function 0: a catch clause carries other values than its label takes");
  }

  @Test
  void both_encodings_in_one_function_are_refused() {
    module.function(
        unary, null, part().bytes(TRY, NONE, CATCH_ALL, END, TRY_TABLE, NONE, 0, END, GET, 0));

    refused("function 0 uses both encodings of exception handling");
  }

  @Test
  void a_try_with_many_catch_clauses_is_refused() {
    var code = part().bytes(TRY, NONE);
    for (int i = 0; i < 17; i++) {
      code.bytes(CATCH, tag, DROP);
    }
    module.function(unary, null, code.bytes(END, GET, 0));

    refused("function 0 has a try with more than 16 catch clauses");
  }

  @Test
  void tries_with_clauses_nest_no_deeper_than_the_limit() {
    var code = part().repeat(3_000, TRY, NONE);
    code.repeat(3_000, CATCH_ALL, END);
    module.function(unary, null, code.bytes(GET, 0));

    refused("function 0 nests tries deeper than the limit, 10000");
  }

  @ParameterizedTest
  @ValueSource(strings = {"catch", "rethrow", "delegate"})
  void a_legacy_instruction_in_the_wrong_place_is_refused(String instruction) {
    switch (instruction) {
      case "catch" -> module.function(unary, null, part().bytes(BLOCK, NONE, CATCH, tag));
      case "rethrow" -> module.function(unary, null, part().bytes(TRY, NONE, RETHROW, 0));
      default -> module.function(unary, null, part().bytes(BLOCK, NONE, DELEGATE, 0));
    }

    refused(instruction);
  }
}
