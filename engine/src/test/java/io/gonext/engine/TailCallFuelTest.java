package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static io.gonext.engine.WrittenModule.I32;
import static io.gonext.engine.WrittenModule.types;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.gonext.engine.CompiledGuest.Variant;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tail calls in parts of any size: the fuel that they use, and how they end without fuel, by a trap
 * or an interrupt. Operands lie below their arguments, and they stand in loops, which become parts.
 */
class TailCallFuelTest {
  private static final int END = 0x0B;
  private static final int NO_RESULT = 0x40;
  private static final int RETURN_CALL = 0x12;
  private static final int RETURN_CALL_INDIRECT = 0x13;
  private static final int GET = 0x20;
  private static final int CONST = 0x41;
  private static final int SUB = 0x6B;

  private static final int RUN = 0;
  private static final int RUN_BY_TABLE = 2;

  /** The units of a run whose countdown is 0, and of each step before it, by the table too. */
  private static final int LAST = 8;

  private static final int STEP = 36;
  private static final int STEP_BY_TABLE = 38;
  private static final int DIVISOR = 7;

  static Stream<Variant> variants() {
    return IntStream.range(0, 2 * Variant.SIZES.size()).mapToObj(Variant::of);
  }

  @AfterEach
  void forgetTheInterrupt() {
    Thread.interrupted();
  }

  private static long units(int function, int steps) {
    return LAST + (long) steps * (function == RUN ? STEP : STEP_BY_TABLE);
  }

  @ParameterizedTest
  @MethodSource("variants")
  void tail_calls_cost_the_same_fuel_in_parts_of_any_size(Variant variant) {
    for (int function : List.of(RUN, RUN_BY_TABLE)) {
      for (int steps : List.of(0, 1, 100)) {
        for (Variant each : List.of(variant.metered(), variant.counted())) {
          var guest = guest(each, FuelBudget.UNLIMITED);
          guest.beginFuel(function);

          assertThat(guest.call(function, new long[] {steps, DIVISOR})).containsExactly(14);
          assertThat(guest.usedFuel()).isEqualTo(units(function, steps));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void a_run_of_tail_calls_needs_exactly_what_it_uses(Variant variant) {
    for (int function : List.of(RUN, RUN_BY_TABLE)) {
      long used = units(function, 50);
      for (long units : List.of(used, used - 1, used / 2, 40L, 1L)) {
        var guest = guest(variant.metered(), new FuelBudget(units));
        guest.beginFuel(function);

        Throwable thrown = catchThrowable(() -> guest.call(function, new long[] {50, DIVISOR}));

        assertThat(thrown == null ? "none" : guest.trapCode(thrown))
            .isEqualTo(units == used ? "none" : "OUT_OF_FUEL");
        assertThat(guest.fuelOfTrap()).isEqualTo(units);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void a_trap_after_tail_calls_costs_the_same_fuel_in_parts_of_any_size(Variant variant) {
    for (int function : List.of(RUN, RUN_BY_TABLE)) {
      var guest = guest(variant.metered(), FuelBudget.UNLIMITED);
      guest.beginFuel(function);

      Throwable thrown = catchThrowable(() -> guest.call(function, new long[] {20, 0}));

      assertThat(guest.trapCode(thrown)).isEqualTo("DIVISION");
      assertThat(guest.fuelOfTrap()).isEqualTo(units(function, 20));
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void an_interrupt_ends_endless_tail_calls_in_parts_of_any_size(Variant variant) {
    for (Variant each : List.of(variant, variant.metered())) {
      for (int function : List.of(RUN, RUN_BY_TABLE)) {
        var guest = guest(each, FuelBudget.UNLIMITED);
        guest.beginFuel(function);
        Thread.currentThread().interrupt();

        Throwable thrown = catchThrowable(() -> guest.call(function, new long[] {-1, DIVISOR}));

        assertThat(Thread.interrupted()).isTrue();
        assertThat(guest.trapCode(thrown)).isEqualTo("INTERRUPTED");
      }
    }
  }

  /**
   * run(n, divisor): n == 0 ? 100 / divisor : other(n - 1, divisor), after three rounds of a loop;
   * other(n, divisor): run(n, divisor). Another pair does the same by the table.
   */
  private static CompiledGuest guest(Variant variant, FuelBudget fuel) {
    var module = new WrittenModule();
    int type = module.type(types(I32, I32), types(I32));
    var direct = part().bytes(RETURN_CALL, 1);
    module.function(type, "run", part().u32(1).bytes(1, I32), step(direct));
    module.function(type, null, other(part().bytes(RETURN_CALL, 0)));
    var byTable = part().bytes(CONST, 3, RETURN_CALL_INDIRECT, type, 0);
    module.function(type, "runByTable", part().u32(1).bytes(1, I32), step(byTable));
    module.function(type, null, other(part().bytes(CONST, 2, RETURN_CALL_INDIRECT, type, 0)));

    ModuleDefinition definition =
        Admission.admit(module.toBytes(), EngineLimits.defaults()).definition();
    var guest = new CompiledGuest(definition, variant, fuel);
    guest.instantiate((_, _) -> new long[0]);
    return guest;
  }

  private static WasmBytes step(WasmBytes tailCall) {
    return part()
        .bytes(CONST, 5, GET, 0, 0x45, 0x04, NO_RESULT)
        .bytes(CONST, 0xE4, 0, GET, 1, 0x6D, 0x0F, END)
        .bytes(0x44, 0, 0, 0, 0, 0, 0, 0, 0, GET, 1, CONST, 3, 0x21, 2)
        .bytes(0x03, NO_RESULT)
        .bytes(0x03, NO_RESULT, GET, 2, CONST, 1, SUB, 0x22, 2, 0x0D, 0, END)
        .bytes(CONST, 9, GET, 0, CONST, 1, SUB, GET, 1)
        .append(tailCall)
        .bytes(END, 0x00);
  }

  private static WasmBytes other(WasmBytes tailCall) {
    return part()
        .bytes(CONST, 7, 0x03, NO_RESULT, CONST, 8, GET, 0, GET, 1)
        .append(tailCall)
        .bytes(END, 0x00);
  }
}
