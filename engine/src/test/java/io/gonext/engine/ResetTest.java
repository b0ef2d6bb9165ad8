package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.engine.LinearMemory.RoomyWhen;
import io.gonext.guests.Guests;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** After any program, a reset instance equals a new one. */
class ResetTest {
  private static final int PROGRAMS = 3_000;
  private static final int LONGEST_PROGRAM = 12;

  @RegisterExtension final TestEngine engine = new TestEngine();

  @ParameterizedTest
  @EnumSource
  void a_reset_undoes_random_programs(RoomyWhen roomyWhen) {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-mutator"));
    module.setRoomyWhen(roomyWhen);
    long fresh = TestEngine.call(module.instantiate(engine.config()), "digest");
    List<String> steps =
        module.exports().values().stream()
            .filter(export -> export.type().parameters().size() == 2)
            .map(FunctionExport::name)
            .toList();
    assertThat(steps).hasSizeGreaterThan(20);
    long seed = new Random().nextLong();
    System.out.println("ResetTest seed " + seed);
    var random = new Random(seed);
    GuestInstance guest = module.instantiate(engine.config());
    int changed = 0;
    int trapped = 0;

    for (int program = 0; program < PROGRAMS; program++) {
      if (!runProgram(guest, steps, random)) {
        trapped++;
        guest.close();
        guest = module.instantiate(engine.config());
        continue;
      }
      if (guest.differenceFromSnapshot() != null) {
        changed++;
      }
      guest.reset();
      assertThat(guest.differenceFromSnapshot()).isNull();
      if (program % 10 == 0) {
        assertThat(TestEngine.call(guest, "digest")).isEqualTo(fresh);
      }
    }

    // A test that changed nothing, or always trapped, would prove nothing.
    assertThat(changed).isGreaterThan(PROGRAMS / 2);
    assertThat(trapped).isLessThan(PROGRAMS / 3);
  }

  /** False when a step trapped. */
  private static boolean runProgram(GuestInstance guest, List<String> steps, Random random) {
    try {
      return guest.run(
          TestEngine.LONG,
          call -> {
            for (int i = random.nextInt(LONGEST_PROGRAM); i >= 0; i--) {
              GuestFunction step = guest.function(steps.get(random.nextInt(steps.size())));
              call.call(step, address(random), random.nextLong());
            }
            return true;
          });
    } catch (GuestTrap trap) {
      assertThat(trap.trapCause()).isInstanceOf(TrapCause.OutOfBounds.class);
      return false;
    }
  }

  /** Addresses mostly at the edges of blocks, rarely out of bounds. */
  private static long address(Random random) {
    return switch (random.nextInt(40)) {
      case 0 -> random.nextInt() & 0xFFFF_FFFFL;
      case 1 -> 2 * 65_536 + random.nextInt(65_536);
      default -> Math.max(0, random.nextInt(28) * 4096 + random.nextInt(-9, 9));
    };
  }

  /** Changes a byte without a mark, as an example of state that a reset misses. */
  @Test
  void a_verified_reset_names_the_first_difference() {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-basics"));
    GuestInstance guest = module.instantiate(engine.config());
    guest.run(
        TestEngine.LONG,
        call -> {
          Objects.requireNonNull(guest.linear().data)[4_711] = 8;
          return 0;
        });

    assertThatThrownBy(guest::reset)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the reset left a difference: memory[4711] is 8, not 0");
    assertThat(guest.isUsable()).isFalse();
  }

  @Test
  void a_table_that_grew_does_not_enlarge_the_next_instances_table() {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-mutator"));
    GuestInstance first = module.instantiate(engine.config());
    long fresh = TestEngine.call(first, "digest");
    for (int i = 0; i < 5; i++) {
      TestEngine.call(first, "table_grow", 0, 0);
    }

    assertThat(TestEngine.call(module.instantiate(engine.config()), "digest")).isEqualTo(fresh);
  }

  @Test
  void a_table_does_not_grow_beyond_the_hosts_limit() {
    GuestInstance guest =
        engine.instance("engine-mutator", engine.configBuilder().maxTableElements(5).build());
    long before = guest.weightBytes();

    for (int i = 0; i < 5; i++) {
      TestEngine.call(guest, "table_grow", 0, 0);
    }

    // Growing from 4 by 2 is refused.
    assertThat(guest.weightBytes()).isEqualTo(before);
  }

  @Test
  void instances_with_equal_memory_after_start_share_one_image() {
    CompiledModule module = engine.engine.compile(Guests.wasm("engine-mutator"));
    module.instantiate(engine.config());
    MemoryImage shared = module.sharedImage();
    module.instantiate(engine.config());

    assertThat(shared).isNotNull();
    assertThat(module.sharedImage()).isSameAs(shared);
  }

  @Test
  void a_large_unused_stack_adds_nothing_to_the_snapshots_weight() {
    // 16 MiB of untouched memory, and then data.
    int stack = 16 << 20;
    var module =
        WasmBytes.module()
            .section(5, WasmBytes.part().u32(1).bytes(0).u32(258))
            .section(
                11,
                WasmBytes.part()
                    .u32(1)
                    .bytes(0, 0x41)
                    .bytes(0x80, 0x80, 0x80, 0x08)
                    .bytes(0x0B)
                    .u32(3)
                    .bytes(1, 2, 3));
    var compiled = engine.engine.compile(module.toBytes());

    GuestInstance guest = compiled.instantiate(engine.config());

    assertThat(guest.linear().contents()[stack + 2]).isEqualTo((byte) 3);
    MemoryImage image = Objects.requireNonNull(compiled.sharedImage());
    assertThat(image.weightBytes()).isLessThan(32 << 10);
    assertThat(guest.weightBytes()).isBetween(258L << 16, (258L << 16) + (32 << 10));
    guest.reset();
    assertThat(guest.differenceFromSnapshot()).isNull();
  }
}
