package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.engine.Coverage.Block;
import io.gonext.engine.bytecode.PartSizes;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How often the blocks of a module ran. {@link CompiledGuest} compares the sum of all blocks with
 * the fuel, for random modules with branches, tables, exceptions and tail calls in parts of any
 * size.
 */
class CoverageTest {
  private static final byte[] GUEST = Guests.wasm("engine-fuel");
  private static final Path DEBUG_INFO = Path.of("src/test/resources/debug-info");

  @RegisterExtension final TestEngine engine = new TestEngine();

  private final CompiledModule module = engine.engine.compile(GUEST, Metering.BLOCKS);

  private GuestInstance guest() {
    return module.instantiate(engine.config());
  }

  private List<Block> blocksOf(String function) {
    int index = module.function(function).index();
    return module.coverage().blocks().stream().filter(block -> block.function() == index).toList();
  }

  private Coverage.Function function(String name) {
    int index = module.function(name).index();
    return module.coverage().functions().stream()
        .filter(function -> function.index() == index)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void a_block_of_a_loop_counts_its_rounds() {
    TestEngine.call(guest(), "rounds", 5);

    assertThat(blocksOf("rounds")).extracting(Block::units).containsExactly(1, 9, 4);
    assertThat(blocksOf("rounds")).extracting(Block::runs).containsExactly(1L, 5L, 1L);
    assertThat(function("rounds").calls()).isEqualTo(1);
    assertThat(function("rounds").fuel()).isEqualTo(1 + 5 * 9 + 4);
  }

  @Test
  void a_branch_that_is_not_taken_has_no_runs() {
    GuestInstance guest = guest();

    TestEngine.call(guest, "choose", 1);
    assertThat(blocksOf("choose")).extracting(Block::runs).containsExactly(1L, 1L, 0L);

    TestEngine.call(guest, "choose", 0);
    TestEngine.call(guest, "choose", 0);
    assertThat(blocksOf("choose")).extracting(Block::runs).containsExactly(3L, 1L, 2L);
  }

  @Test
  void a_block_says_where_its_first_and_last_instructions_are() {
    List<Block> choose = blocksOf("choose");

    // local.get 0, if: the if is the last one.
    assertThat(GUEST[choose.get(0).from()]).isEqualTo((byte) 0x20);
    assertThat(GUEST[choose.get(0).to() - 1]).isEqualTo((byte) 0x04);
    // i32.const 1, i32.const 2, i32.add
    assertThat(GUEST[choose.get(1).from()]).isEqualTo((byte) 0x41);
    assertThat(GUEST[choose.get(1).from() + 1]).isEqualTo((byte) 1);
    assertThat(GUEST[choose.get(1).to() - 1]).isEqualTo((byte) 0x6A);
    // i32.const 3, nop, i32.const 4, drop
    assertThat(GUEST[choose.get(2).from() + 1]).isEqualTo((byte) 3);
    assertThat(GUEST[choose.get(2).to() - 1]).isEqualTo((byte) 0x1A);
  }

  @ParameterizedTest
  @CsvSource({
    "empty,", "plain,", "rounds, 1000", "choose, 0", "choose, 1", "calls, 41", "deep, 10",
    "recurses, 5", "copy, 63", "copy, 65535", "fill, 6400", "init, 10", "grow, 3", "grow, 4",
    "tableFill, 7", "tableCopy, 8", "tableInit, 2", "tableGrow, 16", "tableGrow, 17"
  })
  void what_the_blocks_cost_is_the_fuel_of_the_run(String function, Long arg) {
    GuestInstance guest = guest();
    Coverage before = module.coverage();

    if (arg == null) {
      TestEngine.call(guest, function);
    } else {
      TestEngine.call(guest, function, arg);
    }

    assertThat(module.coverage().since(before).fuel()).isEqualTo(guest.lastRun().fuel());
  }

  @Test
  void bulk_operations_count_for_their_function_by_their_size() {
    GuestInstance guest = guest();

    TestEngine.call(guest, "copies", 3, 640);

    assertThat(function("copies").fuel()).isEqualTo(1 + 3 * (4 + 640 + 5));
    assertThat(blocksOf("copies")).extracting(Block::runs).containsExactly(1L, 3L);
  }

  @Test
  void a_real_guest_uses_the_same_fuel_counted_by_blocks() {
    CompiledModule compute = engine.engine.compile(Guests.wasm("compute"), Metering.BLOCKS);
    GuestInstance guest = compute.instantiate(engine.config());
    for (int kernel = 0; kernel < 2; kernel++) {
      Coverage before = compute.coverage();
      TestEngine.call(guest, "compute", kernel);

      assertThat(compute.coverage().since(before).fuel())
          .isEqualTo(guest.lastRun().fuel())
          .isEqualTo(List.of(12_400_560L, 9_418_149L).get(kernel));
    }
  }

  @Test
  void runs_of_all_instances_are_summed_and_starts_count() {
    CompiledModule starts = engine.engine.compile(Guests.wasm("engine-start"), Metering.BLOCKS);
    starts.instantiate(engine.config()).close();
    long one = starts.coverage().fuel();
    starts.instantiate(engine.config()).close();

    assertThat(one).isPositive();
    assertThat(starts.coverage().fuel()).isEqualTo(2 * one);
    TestEngine.call(guest(), "plain");
    TestEngine.call(guest(), "plain");
    assertThat(function("plain").calls()).isEqualTo(2);
  }

  @Test
  void a_block_that_traps_was_entered() {
    GuestInstance guest = guest();

    TestEngine.trap(guest, "trapsInBlock", 1L << 30);

    assertThat(blocksOf("trapsInBlock")).extracting(Block::runs).contains(1L);
  }

  @ParameterizedTest
  @CsvSource({"c-dwarf2", "c-dwarf3", "c-dwarf4", "c-dwarf5"})
  void lines_say_how_often_they_ran(String name) throws IOException {
    byte[] wasm = Files.readAllBytes(DEBUG_INFO.resolve(name + ".wasm"));
    CompiledModule debug = engine.engine.compile(wasm, Metering.BLOCKS);
    GuestInstance guest = debug.instantiate(engine.config());
    for (int i = 0; i < 3; i++) {
      TestEngine.call(guest, "load", 0);
    }

    assertThat(runs(debug, "load")).isEqualTo(3);
    assertThat(runs(debug, "spin")).isZero();
    assertThat(runs(debug, "call of divide")).isZero();
    TestEngine.trap(guest, "divide", 3);
    assertThat(runs(debug, "call of divide")).isEqualTo(1);
    assertThat(runs(debug, "divide")).isEqualTo(1);
    Coverage coverage = debug.coverage();
    long ofLines = coverage.lines().stream().mapToLong(Coverage.Line::fuel).sum();
    assertThat(ofLines).isPositive().isLessThanOrEqualTo(coverage.fuel());
    assertThat(
            coverage.fuelByFunctionAndLine().values().stream()
                .flatMap(lines -> lines.values().stream())
                .mapToLong(Long::longValue)
                .sum())
        .isEqualTo(ofLines);
  }

  /** How often the line with this mark ran. */
  private static long runs(CompiledModule debug, String mark) throws IOException {
    List<String> source = Files.readAllLines(DEBUG_INFO.resolve("guest.c"));
    Map<String, Long> runs =
        debug.coverage().lines().stream()
            .collect(Collectors.toMap(line -> line.source().toString(), Coverage.Line::runs));
    for (int i = 0; i < source.size(); i++) {
      if (source.get(i).endsWith("// mark: " + mark)) {
        return runs.getOrDefault("guest.c:" + (i + 1), -1L);
      }
    }
    throw new IllegalArgumentException("no mark " + mark);
  }

  @Test
  void a_function_has_its_name_and_the_line_where_it_begins() throws IOException {
    byte[] wasm = Files.readAllBytes(DEBUG_INFO.resolve("rust-v0.wasm"));
    CompiledModule rust = engine.engine.compile(wasm, Metering.BLOCKS);

    assertThat(rust.coverage().functions())
        .filteredOn(function -> function.name().contains("as guest::shop::Priced>::price"))
        .singleElement()
        .satisfies(function -> {
          assertThat(function.calls()).isZero();
          assertThat(String.valueOf(function.source())).contains("guest.rs:");
        });
  }

  @Test
  void a_module_that_does_not_count_blocks_has_no_code_for_it_and_no_coverage() {
    CompiledModule metered = engine.engine.compile(GUEST, Metering.FUEL);
    ModuleDefinition definition = Admission.admit(GUEST, EngineLimits.defaults()).definition();
    var classes =
        ModuleCompiler.emit(definition, PartSizes.DEFAULTS, true, () -> false).classes().values();

    assertThat(classes)
        .allSatisfy(bytes ->
            assertThat(new String(bytes, StandardCharsets.ISO_8859_1)).doesNotContain("count"));
    assertThat(metered.metering()).isEqualTo(Metering.FUEL);
    assertThat(module.metering()).isEqualTo(Metering.BLOCKS);
    assertThatThrownBy(metered::coverage)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("without counting its blocks");
    assertThatThrownBy(() ->
            module
                .coverage()
                .since(engine.engine.compile(Guests.wasm("add"), Metering.BLOCKS).coverage()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void the_compile_cache_neither_keeps_nor_gives_a_module_that_counts_blocks(
      @TempDir Path directory) throws IOException {
    byte[] key = "a key of the host's".getBytes(StandardCharsets.UTF_8);
    for (int start = 0; start < 2; start++) {
      CompileCache cache = CompileCache.open(directory, key, 1L << 30);
      try (var next = Engine.withCache(EngineLimits.defaults(), cache)) {
        CompiledModule counting = next.compile(GUEST, Metering.BLOCKS);
        CompiledModule metered = next.compile(GUEST, Metering.FUEL);
        assertThat(counting).isNotSameAs(metered);
        assertThat(next.compile(GUEST, Metering.BLOCKS)).isSameAs(counting);
        TestEngine.call(counting.instantiate(engine.config()), "plain");

        assertThat(counting.coverage().fuel()).isEqualTo(5);
        assertThat(cache.statistics()).isEqualTo(new CompileCache.Statistics(start, 1 - start, 0));
      }
    }
  }
}
