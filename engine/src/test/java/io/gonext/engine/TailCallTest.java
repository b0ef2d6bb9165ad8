package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static io.gonext.engine.WrittenModule.F64;
import static io.gonext.engine.WrittenModule.I32;
import static io.gonext.engine.WrittenModule.I64;
import static io.gonext.engine.WrittenModule.types;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TailCallTest {
  private static final Duration SHORT = Duration.ofMillis(40);
  private static final int TEN_MILLION = 10_000_000;
  private static final int END = 0x0B;
  private static final int IF = 0x04;
  private static final int NO_RESULT = 0x40;
  private static final int CALL = 0x10;
  private static final int RETURN_CALL = 0x12;
  private static final int RETURN_CALL_INDIRECT = 0x13;
  private static final int GET = 0x20;
  private static final int SET = 0x21;
  private static final int CONST = 0x41;
  private static final int ADD = 0x6A;
  private static final int SUB = 0x6B;

  @RegisterExtension final TestEngine engine = new TestEngine();

  private final WrittenModule module = new WrittenModule();

  private GuestInstance guest() {
    return engine.engine.compile(module.toBytes()).instantiate(engine.config());
  }

  /** The countdown in local 0, minus one. */
  private static WasmBytes oneLess() {
    return part().bytes(GET, 0, CONST, 1, SUB);
  }

  /** If local 0 is zero the first code, else the second, which tail-calls. */
  private static WasmBytes ifDone(WasmBytes done, WasmBytes goOn) {
    return part().bytes(GET, 0, 0x45, IF, NO_RESULT).append(done).bytes(0x0F, END).append(goOn);
  }

  /** count(n, sum): n == 0 ? sum : count(n - 1, sum + 1). */
  private void count() {
    int type = module.type(types(I32, I32), types(I32));
    module.function(
        type,
        "count",
        ifDone(part().bytes(GET, 1), oneLess().bytes(GET, 1, CONST, 1, ADD, RETURN_CALL, 0)));
  }

  @Test
  void a_function_calls_itself_ten_million_times_in_constant_space() {
    count();

    assertThat(TestEngine.call(guest(), "count", TEN_MILLION, 5)).isEqualTo(TEN_MILLION + 5);
  }

  @Test
  void each_tail_call_costs_the_fuel_of_a_call() {
    count();
    GuestInstance guest =
        engine.engine.compile(module.toBytes(), Metering.FUEL).instantiate(engine.config());

    TestEngine.call(guest, "count", 1_000, 0);

    // A round: the call, three instructions up to the if, seven after it.
    assertThat(guest.lastRun().fuel()).isEqualTo(1_000 * 11 + 5);
  }

  @Test
  void functions_of_different_types_call_each_other_ten_million_times() {
    int ints = module.type(types(I32, I64), types(I64));
    int floats = module.type(types(I32, F64, I64, I32), types(I64));
    module.function(
        ints,
        "even",
        ifDone(
            part().bytes(GET, 1),
            oneLess().bytes(0x44, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, GET, 1, CONST, 7, RETURN_CALL, 1)));
    // Adds two times 1.5 to the sum.
    module.function(
        floats,
        null,
        ifDone(
            part().bytes(GET, 2),
            oneLess().bytes(GET, 2, GET, 1, GET, 1, 0xA0, 0xB0, 0x7C).bytes(RETURN_CALL, 0)));

    assertThat(TestEngine.call(guest(), "even", TEN_MILLION, 1))
        .isEqualTo(3L * TEN_MILLION / 2 + 1);
  }

  @Test
  void functions_call_each_other_by_a_table_ten_million_times() {
    int type = module.type(types(I32, I32), types(I32));
    // Calls element n % 2, then each the other one.
    module.function(
        type,
        "one",
        ifDone(
            part().bytes(GET, 1),
            oneLess()
                .bytes(GET, 1, CONST, 1, ADD)
                .bytes(GET, 0, CONST, 1, 0x71, RETURN_CALL_INDIRECT, type, 0)));
    module.function(
        type,
        null,
        ifDone(
            part().bytes(GET, 1),
            oneLess().bytes(GET, 1, CONST, 2, ADD, CONST, 0, RETURN_CALL_INDIRECT, type, 0)));

    long sum = TestEngine.call(guest(), "one", TEN_MILLION, 0);

    assertThat(sum).isBetween((long) TEN_MILLION, 2L * TEN_MILLION);
  }

  @Test
  void a_tail_call_of_a_host_function_returns_its_result() {
    int type = module.type(types(I32), types(I32));
    module.importHost(type);
    module.function(type, "direct", part().bytes(GET, 0, RETURN_CALL, 0));
    module.function(
        type, "indirect", part().bytes(GET, 0, CONST, 0, RETURN_CALL_INDIRECT, type, 0));
    var guest = guest();

    assertThat(TestEngine.call(guest, "direct", 41)).isEqualTo(42);
    assertThat(TestEngine.call(guest, "indirect", 51)).isEqualTo(52);
  }

  @Test
  void a_tail_call_passes_arguments_that_no_jvm_method_could_take() {
    int wide = module.type(wide(), types(I32, I64));
    int none = module.type(types(), types(I32, I64));
    int sum = module.type(types(), types(I32));
    module.function(wide, null, part().bytes(GET).u32(199).bytes(0xA7, GET).u32(198));
    var args = part();
    for (int i = 0; i < 200; i++) {
      args.bytes(0x42).signed(i);
    }
    module.function(none, null, args.bytes(RETURN_CALL, 0));
    module.function(sum, "sum", part().bytes(CALL, 1, 0xA7, ADD));

    assertThat(TestEngine.call(guest(), "sum")).isEqualTo(199 + 198);
  }

  private static int[] wide() {
    var types = new int[200];
    Arrays.fill(types, I64);
    return types;
  }

  @Test
  void a_tail_call_out_of_a_loop_in_much_code_leaves_its_function() {
    int type = module.type(types(I32, I32), types(I32));
    var loop =
        part()
            .bytes(0x03, NO_RESULT)
            .repeat(300, GET, 1, CONST, 3, 0x6C, SET, 2)
            .bytes(GET, 1, CONST, 1, ADD, 0x22, 1, CONST, 5, 0x71, IF, NO_RESULT)
            .append(oneLess())
            .bytes(GET, 1, RETURN_CALL, 0, END, 0x0C, 0, END, 0x00);
    module.function(
        type,
        "run",
        part().u32(1).bytes(1, I32),
        ifDone(part().bytes(GET, 1), part().repeat(500, GET, 1, SET, 2).append(loop)));

    assertThat(TestEngine.call(guest(), "run", 1_000, 0)).isPositive();
  }

  @Test
  void endless_tail_calls_end_at_their_deadline() {
    int type = module.type(types(I32, I32), types(I32));
    module.function(type, "self", part().bytes(GET, 0, GET, 1, RETURN_CALL, 0));
    module.function(type, "other", part().bytes(GET, 0, GET, 1, RETURN_CALL, 2));
    module.function(
        type, null, part().bytes(GET, 0, GET, 1, CONST, 1, RETURN_CALL_INDIRECT, type, 0));

    assertThat(TestEngine.trap(guest(), SHORT, "self", 1, 1).trapCause())
        .isEqualTo(new TrapCause.Deadline(SHORT));
    assertThat(TestEngine.trap(guest(), SHORT, "other", 1, 1).trapCause())
        .isEqualTo(new TrapCause.Deadline(SHORT));
  }

  @Test
  void recursion_in_a_tail_called_function_exhausts_the_stack() {
    int type = module.type(types(), types(I32));
    module.function(type, "run", part().bytes(CALL, 1, CONST, 1, ADD));
    module.function(type, null, part().bytes(RETURN_CALL, 0));

    assertThat(TestEngine.trap(guest(), "run").trapCause())
        .isInstanceOf(TrapCause.StackExhausted.class);
  }

  @Test
  void a_backtrace_has_no_function_that_a_tail_call_left() {
    int type = module.type(types(), types());
    module.function(type, "outer", part().bytes(CALL, 1));
    module.function(type, null, part().bytes(RETURN_CALL, 2));
    module.function(type, null, part().bytes(0x00));

    GuestTrap trap = TestEngine.trap(guest(), "outer");

    assertThat(trap.backtrace()).extracting(GuestFrame::functionIndex).containsExactly(2, 0);
    assertThat(trap.backtrace()).allMatch(frame -> frame.codeOffset() > 0);
  }

  @Test
  void a_tail_call_of_a_function_with_another_type_traps_where_it_is() {
    int type = module.type(types(), types());
    int other = module.type(types(I32), types());
    module.function(type, "run", part().bytes(CONST, 1, RETURN_CALL_INDIRECT, type, 0));
    module.function(other, null, part());
    module.function(type, "beyond", part().bytes(CONST, 9, RETURN_CALL_INDIRECT, type, 0));

    GuestTrap trap = TestEngine.trap(guest(), "run");

    assertThat(trap.trapCause()).isInstanceOf(TrapCause.IndirectCall.class);
    assertThat(trap.backtrace()).extracting(GuestFrame::functionIndex).containsExactly(0);
    assertThat(TestEngine.trap(guest(), "beyond").trapCause())
        .isInstanceOf(TrapCause.IndirectCall.class);
  }

  @Test
  void a_tail_call_of_a_function_with_other_results_is_refused() {
    int type = module.type(types(), types());
    module.function(type, null, part().bytes(RETURN_CALL, 1));
    module.function(module.type(types(), types(I32)), null, part().bytes(CONST, 0));

    assertThatThrownBy(this::guest)
        .isInstanceOf(ModuleRejectedException.class)
        .hasMessageContaining(
            "type mismatch in function 0: a tail call needs a function with the same results");
  }

  @Test
  void a_tail_call_that_control_cannot_reach_compiles() {
    int type = module.type(types(), types(I32));
    module.function(type, "run", part().bytes(CONST, 3, 0x0F, RETURN_CALL, 0));

    assertThat(TestEngine.call(guest(), "run")).isEqualTo(3);
  }

  @Test
  void an_instance_is_pristine_after_tail_calls() {
    count();
    var guest = guest();
    TestEngine.call(guest, "count", 10, 0);

    guest.reset();

    assertThat(guest.differenceFromSnapshot()).isNull();
    assertThat(TestEngine.call(guest, "count", 10, 0)).isEqualTo(10);
  }
}
