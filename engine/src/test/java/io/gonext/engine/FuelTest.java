package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.engine.bytecode.PartSizes;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The fuel of calls: how much they use, and how they end without it. */
class FuelTest {
  private static final byte[] GUEST = Guests.wasm("engine-fuel");

  @RegisterExtension final TestEngine engine = new TestEngine();

  private GuestInstance guest;

  @BeforeEach
  void instantiate() {
    guest = engine.engine.compile(GUEST, Metering.FUEL).instantiate(engine.config());
  }

  private static RunLimits limits(FuelBudget fuel) {
    long end = System.nanoTime() + TestEngine.LONG.toNanos();
    return new RunLimits(TestEngine.LONG, end, TestEngine.LONG, end, fuel);
  }

  private static long call(GuestInstance guest, FuelBudget fuel, String function, long... args) {
    return guest.run(limits(fuel), call -> call.call(guest.function(function), args));
  }

  private long fuelOf(String function, long... args) {
    TestEngine.call(guest, function, args);
    return guest.lastRun().fuel();
  }

  /** Ends a call with less fuel than it needs, and starts again with another instance. */
  private GuestTrap trap(long units, String function, long... args) {
    GuestTrap trap =
        catchThrowableOfType(
            GuestTrap.class, () -> call(guest, new FuelBudget(units), function, args));
    assertThat(trap).as(function + " with " + units + " units").isNotNull();
    return trap;
  }

  @ParameterizedTest
  @CsvSource({
    "empty, , 1",
    "plain, , 5",
    "rounds, 1, 14",
    "rounds, 1000, 9005",
    "choose, 0, 5",
    "choose, 1, 6",
    "calls, 41, 7",
    "deep, 0, 3",
    "deep, 10, 73",
    "recurses, 0, 6",
    "recurses, 1, 6",
    "recurses, 2, 26"
  })
  void each_instruction_costs_one_unit(String function, Long arg, long units) {
    assertThat(arg == null ? fuelOf(function) : fuelOf(function, arg)).isEqualTo(units);
  }

  @ParameterizedTest
  @CsvSource({
    "copy, 0, 5",
    "copy, 63, 68",
    "copy, 65535, 65540",
    "fill, 6400, 6405",
    "init, 10, 15",
    "grow, 0, 3",
    "grow, 1, 4",
    "grow, 3, 6",
    "grow, 4, 3",
    "grow, 4294967295, 3",
    "tableFill, 7, 12",
    "tableFill, 16, 21",
    "tableCopy, 8, 13",
    "tableInit, 2, 7",
    "tableGrow, 16, 20",
    "tableGrow, 17, 4",
    "tableGrow, 4294967295, 4"
  })
  void bulk_operations_cost_their_size_unless_refused(String function, long size, long units) {
    assertThat(fuelOf(function, size)).isEqualTo(units);
  }

  @Test
  void bulk_operations_in_a_loop_cost_as_much() {
    assertThat(fuelOf("copies", 50, 640)).isEqualTo(1 + 50 * (4 + 640 + 5));
    assertThat(fuelOf("copies", 2_000, 64_000)).isEqualTo(1 + 2_000 * (4 + 64_000 + 5));
  }

  @ParameterizedTest
  @ValueSource(longs = {1 << 20, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL})
  void a_bulk_operation_is_charged_before_it_runs(long size) {
    // Out of bounds, which the operation would find.
    for (String function : List.of("copy", "fill", "init", "tableFill", "tableCopy", "tableInit")) {
      instantiate();
      assertThat(trap(1_000, function, size).trapCause()).isEqualTo(new TrapCause.OutOfFuel(1_000));
    }
    instantiate();
    assertThat(trap(1_000, "copies", 3, size).trapCause())
        .isEqualTo(new TrapCause.OutOfFuel(1_000));
    instantiate();
    assertThat(trap(1L << 40, "copies", 3, size).trapCause())
        .isInstanceOf(TrapCause.OutOfBounds.class);
  }

  /** What Wasmtime 50.0.1 says, with {@code consume_fuel}, for these calls of one instance. */
  @Test
  void a_real_guest_uses_as_much_fuel_as_in_wasmtime() {
    guest =
        engine.engine.compile(Guests.wasm("compute"), Metering.FUEL).instantiate(engine.config());
    List<Long> used = new ArrayList<>();
    for (int kernel = 0; kernel < 5; kernel++) {
      used.add(fuelOf("compute", kernel));
    }

    assertThat(used).containsExactly(12_400_560L, 9_418_149L, 4_495_400L, 25_315_969L, 3_919_396L);
  }

  @Test
  void a_call_needs_exactly_what_it_uses() {
    for (String function : List.of("rounds", "deep", "recurses", "copies")) {
      long[] args = function.equals("copies") ? new long[] {9, 999} : new long[] {9};
      instantiate();
      long used = fuelOf(function, args);

      call(guest, new FuelBudget(used), function, args);
      assertThat(guest.lastRun().fuel()).isEqualTo(used);
      GuestTrap trap = trap(used - 1, function, args);

      assertThat(trap.trapCause()).isEqualTo(new TrapCause.OutOfFuel(used - 1));
      assertThat(trap).hasMessageStartingWith("out of fuel: the call used its " + (used - 1));
      assertThat(guest.lastRun().fuel()).isEqualTo(used - 1);
      assertThat(guest.isUsable()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rounds", "deep", "copies"})
  void endless_work_ends_without_fuel(String function) {
    long[] args = function.equals("copies") ? new long[] {-1, 64} : new long[] {-1};

    GuestTrap trap = trap(20_001, function, args);

    assertThat(trap.trapCause()).isEqualTo(new TrapCause.OutOfFuel(20_001));
    assertThat(trap.backtrace()).isNotEmpty();
    assertThat(guest.lastRun().fuel()).isEqualTo(20_001);
  }

  @Test
  void a_host_function_does_not_run_on_fuel_that_is_not_there() {
    List<Long> calls = new ArrayList<>();
    engine.host =
        (call, args) -> {
          calls.add(args[0]);
          return 0;
        };
    long used = fuelOf("straight", 5);

    assertThat(trap(used - 1, "straight", 5).trapCause())
        .isEqualTo(new TrapCause.OutOfFuel(used - 1));

    assertThat(calls).containsExactly(5L);
  }

  @Test
  void a_call_that_used_too_much_does_not_return() {
    // Its last blocks have no check of their own.
    assertThat(fuelOf("choose", 1)).isEqualTo(6);

    assertThat(trap(5, "choose", 1).trapCause()).isEqualTo(new TrapCause.OutOfFuel(5));
  }

  @Test
  void a_trap_costs_the_whole_block_that_it_is_in() {
    // A page of 65,536 bytes.
    assertThat(fuelOf("trapsInBlock", 0)).isEqualTo(1 + 7);

    GuestTrap trap = trap(100, "trapsInBlock", 65_536);

    assertThat(trap.trapCause()).isInstanceOf(TrapCause.OutOfBounds.class);
    assertThat(guest.lastRun().fuel()).isEqualTo(1 + 7);
  }

  @Test
  void what_a_host_function_calls_in_the_guest_is_part_of_the_run() {
    long alone = fuelOf("calls", 0);
    engine.host = (call, args) -> call.callGuest(call.function("rounds"), 3);

    assertThat(fuelOf("calls", 0)).isEqualTo(alone + 32);
  }

  @Test
  void each_run_has_its_own_fuel_and_earlier_runs_of_a_call_are_subtracted() {
    call(guest, new FuelBudget(41), "rounds", 4);
    call(guest, new FuelBudget(41), "rounds", 4);
    call(guest, new FuelBudget(82, 41), "rounds", 4);
    guest.reset();
    call(guest, new FuelBudget(41), "rounds", 4);
    assertThat(guest.lastRun().fuel()).isEqualTo(41);

    GuestTrap trap =
        catchThrowableOfType(
            GuestTrap.class, () -> call(guest, new FuelBudget(81, 41), "rounds", 4));

    assertThat(trap.trapCause()).isEqualTo(new TrapCause.OutOfFuel(81));
    assertThat(guest.lastRun().fuel()).isEqualTo(40);
  }

  @Test
  void every_call_uses_the_same_fuel_while_the_jit_compiles_it() {
    for (int i = 0; i < 3_000; i++) {
      assertThat(fuelOf("rounds", 200)).isEqualTo(1_805);
      assertThat(fuelOf("recurses", 7)).isEqualTo(406);
    }
    // Longer than all tiers of on-stack replacement.
    assertThat(fuelOf("rounds", 3_000_000)).isEqualTo(27_000_005);
  }

  @Test
  void a_call_ends_at_the_same_place_while_the_jit_compiles_it() {
    CompiledModule module = guest.module();
    for (int i = 0; i < 300; i++) {
      guest =
          module.instantiate(
              InstanceConfig.builder().hostFunctions(engine.config().hostFunctions()).build());
      long[] rounds = new long[1];
      var _ =
          catchThrowableOfType(
              GuestTrap.class,
              () ->
                  guest.run(
                      limits(new FuelBudget(12_345)),
                      call -> {
                        call.call(guest.function("rounds"), 1_000);
                        rounds[0] = call.call(guest.function("seen"));
                        return call.call(guest.function("rounds"), 1_000);
                      }));
      assertThat(rounds[0]).isEqualTo(1_000);
      assertThat(guest.lastRun().fuel()).isEqualTo(12_345);
    }
  }

  @Test
  void fuel_beyond_an_int_is_counted_exactly() {
    long rounds = 130_000_000;
    long used = 5 + 9 * rounds;
    assertThat(used).isGreaterThan(1L << 30);

    assertThat(fuelOf("rounds", rounds)).isEqualTo(used);
    assertThat(trap(used - 1, "rounds", rounds).trapCause())
        .isEqualTo(new TrapCause.OutOfFuel(used - 1));
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MAX_VALUE, Long.MAX_VALUE - 1, 1L << 62, 1L << 31})
  void a_huge_budget_does_not_overflow(long units) {
    call(guest, new FuelBudget(units), "rounds", 10);
    call(guest, new FuelBudget(units), "grow", 1);

    assertThat(guest.lastRun().fuel()).isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE})
  void a_budget_below_one_unit_is_refused(long units) {
    assertThatThrownBy(() -> new FuelBudget(units))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 1 unit");
  }

  @Test
  void fuel_of_a_module_that_does_not_count_it_cannot_be_limited() {
    var uncounted = engine.engine.compile(GUEST).instantiate(engine.config());

    assertThatThrownBy(() -> call(uncounted, new FuelBudget(100), "empty"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("without counting fuel");
    assertThat(TestEngine.call(uncounted, "plain")).isEqualTo(5);
    assertThat(uncounted.lastRun().fuel()).isZero();
  }

  @Test
  void the_start_of_an_instance_has_a_budget_of_its_own() {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-start-loop"), Metering.FUEL);
    InstanceConfig.Builder config = engine.configBuilder().startTimeout(Duration.ofSeconds(10));

    GuestTrap trap =
        catchThrowableOfType(
            GuestTrap.class,
            () -> module.instantiate(config.startFuel(new FuelBudget(5_000)).build()));

    assertThat(trap.trapCause()).isEqualTo(new TrapCause.OutOfFuel(5_000));
  }

  @Test
  void the_deadline_and_the_stack_still_end_a_guest_that_counts_fuel() {
    Duration limit = Duration.ofMillis(30);
    assertThat(TestEngine.trap(guest, limit, "recurses", 60).trapCause())
        .isEqualTo(new TrapCause.Deadline(limit));
    instantiate();

    assertThat(trap(1L << 40, "deep", -1).trapCause()).isInstanceOf(TrapCause.StackExhausted.class);
  }

  @Test
  void a_module_that_does_not_count_fuel_has_no_code_for_it() {
    ModuleDefinition module = Admission.admit(GUEST, EngineLimits.defaults()).definition();

    assertThat(text(module, false)).doesNotContain("fuel").doesNotContain("callImportMetered");
    assertThat(text(module, true)).contains("fuel").contains("callImportMetered");
  }

  private static String text(ModuleDefinition module, boolean isMetered) {
    var text = new StringBuilder();
    ModuleCompiler.emit(module, PartSizes.DEFAULTS, isMetered, () -> false)
        .classes()
        .values()
        .forEach(bytes -> text.append(new String(bytes, StandardCharsets.ISO_8859_1)));
    return text.toString();
  }

  @Test
  void a_module_is_compiled_and_cached_apart_with_and_without_fuel(@TempDir Path directory)
      throws IOException {
    byte[] key = "a key of the host's".getBytes(StandardCharsets.UTF_8);
    for (int start = 0; start < 2; start++) {
      CompileCache cache = CompileCache.open(directory, key, 1L << 30);
      try (var next = Engine.withCache(EngineLimits.defaults(), cache)) {
        CompiledModule counting = next.compile(GUEST, Metering.FUEL);
        CompiledModule other = next.compile(GUEST, Metering.NONE);

        assertThat(counting.isMetered()).isTrue();
        assertThat(other.isMetered()).isFalse();
        assertThat(counting.sha256()).isEqualTo(other.sha256());
        assertThat(next.compile(GUEST, Metering.FUEL)).isSameAs(counting);
        assertThat(next.compile(GUEST)).isSameAs(other);
        GuestInstance made = counting.instantiate(engine.config());
        TestEngine.call(made, "plain");
        assertThat(made.lastRun().fuel()).isEqualTo(5);
      }
      assertThat(cache.statistics())
          .isEqualTo(new CompileCache.Statistics(2L * start, 2L * (1 - start), 0));
      try (var files = Files.list(directory)) {
        assertThat(files).hasSize(2);
      }
    }
  }
}
