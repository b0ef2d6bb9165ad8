package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What an instance holds before its code runs, and what bulk instructions do with segments. */
class InstantiationTest {
  private static final int I32 = 0x7F;
  private static final int I64 = 0x7E;
  private static final int F32 = 0x7D;
  private static final int F64 = 0x7C;
  private static final int FUNCREF = 0x70;
  private static final int EXTERNREF = 0x6F;
  private static final int END = 0x0B;

  /** Three functions {@code () -> ()}. */
  private static WasmBytes functions() {
    return WasmBytes.module()
        .section(1, part().u32(2).bytes(0x60, 0, 0).bytes(0x60, 1, I32, 0))
        .section(3, part().u32(3).bytes(0, 0, 0));
  }

  private static WasmBytes code() {
    return part().u32(3).bytes(2, 0, END, 2, 0, END, 2, 0, END);
  }

  private static TrapCause trap(ThrowingCallable operation) {
    TrapSignal signal = catchThrowableOfType(TrapSignal.class, operation);
    assertThat(signal).isNotNull();
    return signal.trapCause();
  }

  @Test
  void globals_begin_with_the_values_of_their_constant_expressions() {
    var globals =
        part()
            .u32(9)
            .bytes(I32, 0, 0x41, 0x7F, END)
            .bytes(I64, 1, 0x42, 0x7E, END)
            .bytes(F32, 0, 0x43, 0, 0, 0xC0, 0xFF, END)
            .bytes(F64, 0, 0x44, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, END)
            .bytes(I32, 0, 0x23, 0, END)
            // (-1 + 10) * 3 - 100
            .bytes(I32, 0, 0x23, 0, 0x41, 10, 0x6A, 0x41, 3, 0x6C, 0x41, 0xE4, 0, 0x6B, END)
            // (2 - 5) * 7 + 1
            .bytes(I64, 0, 0x42, 2, 0x42, 5, 0x7D, 0x42, 7, 0x7E, 0x42, 1, 0x7C, END)
            // -2^31 - 1
            .bytes(I32, 0, 0x41, 0x80, 0x80, 0x80, 0x80, 0x78, 0x41, 1, 0x6B, END)
            .bytes(I32, 0, 0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x41, 2, 0x6C, END);
    WrittenCode code = WrittenCode.of(WasmBytes.module().section(6, globals));

    Instantiation.run(code);

    assertThat(code.global(0)).isEqualTo(-1);
    assertThat(code.global(1)).isEqualTo(-2);
    assertThat((int) code.global(2)).isEqualTo(0xFFC0_0000);
    assertThat(Double.longBitsToDouble(code.global(3))).isEqualTo(1);
    assertThat(code.global(4)).isEqualTo(-1);
    assertThat(code.global(5)).isEqualTo(-73);
    assertThat(code.global(6)).isEqualTo(-20);
    assertThat(code.global(7)).isEqualTo(Integer.MAX_VALUE);
    assertThat(code.global(8)).isEqualTo(-2);
  }

  @Test
  void references_to_a_function_are_one_object_in_globals_and_tables() {
    WrittenCode code =
        WrittenCode.of(
            functions()
                .section(4, part().u32(1).bytes(FUNCREF, 0, 4))
                .section(
                    6,
                    part()
                        .u32(4)
                        .bytes(FUNCREF, 0, 0xD2, 2, END)
                        .bytes(FUNCREF, 0, 0xD0, FUNCREF, END)
                        .bytes(FUNCREF, 0, 0x23, 0, END)
                        .bytes(EXTERNREF, 1, 0xD0, EXTERNREF, END))
                .section(
                    9,
                    part()
                        .u32(2)
                        .bytes(0, 0x41, 1, END, 2, 2, 1)
                        .bytes(4, 0x41, 0, END, 1, 0x23, 0, END))
                .section(10, code()));

    Instantiation.run(code);

    Object third = code.globalReference(0);
    assertThat(third).isInstanceOf(FunctionReference.class).isSameAs(code.globalReference(2));
    assertThat(code.globalReference(1)).isNull();
    assertThat(code.globalReference(3)).isNull();
    assertThat(GuestCode.tableGet(0, 0, code)).isSameAs(third);
    assertThat(GuestCode.tableGet(1, 0, code)).isSameAs(third);
    assertThat(GuestCode.target(2, 0, code).function).isEqualTo(1);
    assertThat(GuestCode.tableGet(3, 0, code)).isNull();
    assertThat(GuestCode.reference(2, code)).isSameAs(third);
  }

  @Test
  void segments_are_copied_in_order_up_to_the_first_that_does_not_fit() {
    var called = new ArrayList<Integer>();
    WrittenCode code =
        WrittenCode.of(
                functions()
                    .section(4, part().u32(1).bytes(FUNCREF, 0, 2))
                    .section(5, part().u32(1).bytes(0, 1))
                    .section(8, part().u32(0))
                    .section(9, part().u32(1).bytes(0, 0x41, 0, END, 1, 1))
                    .section(10, code())
                    .section(
                        11,
                        part()
                            .u32(3)
                            .bytes(0, 0x41, 5, END, 3, 1, 2, 3)
                            .bytes(0, 0x41, 0xFF, 0xFF, 3, END, 2, 9, 9)
                            .bytes(0, 0x41, 0, END, 1, 4)))
            .with(
                0,
                args -> {
                  called.add(0);
                  return args;
                });

    assertThat(trap(() -> Instantiation.run(code)))
        .isEqualTo(
            new TrapCause.OutOfBounds("out of bounds memory access: 2 bytes at 65535 of 65536"));

    assertThat(code.linear().readBytes(0, 9)).containsExactly(0, 0, 0, 0, 0, 1, 2, 3, 0);
    assertThat(code.linear().readBytes(65_535, 1)).containsExactly(0);
    assertThat(GuestCode.target(0, 0, code).function).isEqualTo(1);
    assertThat(called).isEmpty();
  }

  @Test
  void an_element_segment_that_does_not_fit_traps_before_data_is_copied() {
    WrittenCode code =
        WrittenCode.of(
            functions()
                .section(4, part().u32(1).bytes(FUNCREF, 0, 2))
                .section(5, part().u32(1).bytes(0, 1))
                .section(9, part().u32(1).bytes(0, 0x41, 1, END, 2, 1, 1))
                .section(10, code())
                .section(11, part().u32(1).bytes(0, 0x41, 0, END, 1, 4)));

    assertThat(trap(() -> Instantiation.run(code)))
        .isEqualTo(new TrapCause.OutOfBounds("out of bounds table access: 2 elements at 1 of 2"));

    assertThat(code.linear().readBytes(0, 1)).containsExactly(0);
  }

  @Test
  void the_start_function_sees_tables_and_memory() {
    var seen = new ArrayList<Object>();
    WrittenCode code =
        WrittenCode.of(
            functions()
                .section(5, part().u32(1).bytes(0, 1))
                .section(8, part().u32(2))
                .section(10, code())
                .section(11, part().u32(1).bytes(0, 0x41, 0, END, 1, 4)));
    code.with(
        2,
        args -> {
          seen.add(code.linear().readBytes(0, 1)[0]);
          return args;
        });

    Instantiation.run(code);

    assertThat(seen).containsExactly((byte) 4);
  }

  /** Passive segments: element segment 1 after an active one, data segment 0 before one. */
  private static WrittenCode segments() {
    WrittenCode code =
        WrittenCode.of(
            functions()
                .section(4, part().u32(2).bytes(FUNCREF, 0, 4).bytes(FUNCREF, 0, 4))
                .section(5, part().u32(1).bytes(0, 1))
                .section(
                    6, part().u32(2).bytes(I32, 1, 0x41, 5, END).bytes(FUNCREF, 1, 0xD2, 0, END))
                .section(
                    9,
                    part()
                        .u32(3)
                        .bytes(0, 0x41, 0, END, 1, 0)
                        .bytes(1, 0, 2, 1, 2)
                        .bytes(3, 0, 1, 1))
                .section(12, part().u32(2))
                .section(10, code())
                .section(11, part().u32(2).bytes(1, 4, 1, 2, 3, 4).bytes(0, 0x41, 0, END, 1, 9)));
    Instantiation.run(code);
    return code;
  }

  @Test
  void a_part_of_a_passive_segment_is_copied_until_it_is_dropped() {
    WrittenCode code = segments();

    GuestCode.memoryInit(10, 1, 2, 0, code);
    GuestCode.tableInit(2, 1, 1, 1, 1, code);

    assertThat(code.linear().readBytes(0, 13))
        .containsExactly(9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 0);
    assertThat(GuestCode.target(2, 1, code).function).isEqualTo(2);
    assertThat(trap(() -> GuestCode.memoryInit(0, 3, 2, 0, code)).code())
        .isEqualTo("OUT_OF_BOUNDS");
    assertThat(trap(() -> GuestCode.tableInit(0, 2, 1, 1, 1, code)).code())
        .isEqualTo("OUT_OF_BOUNDS");

    GuestCode.dataDrop(0, code);
    GuestCode.elementDrop(1, code);

    GuestCode.memoryInit(65_536, 0, 0, 0, code);
    GuestCode.tableInit(4, 0, 0, 1, 1, code);
    assertThat(trap(() -> GuestCode.memoryInit(0, 0, 1, 0, code)))
        .isEqualTo(new TrapCause.OutOfBounds("out of bounds memory access: 1 bytes at 0 of 0"));
    assertThat(trap(() -> GuestCode.tableInit(0, 0, 1, 1, 1, code)))
        .isEqualTo(new TrapCause.OutOfBounds("out of bounds table access: 1 elements at 0 of 0"));
  }

  @Test
  void active_and_declarative_segments_are_dropped_at_the_start() {
    WrittenCode code = segments();

    assertThat(trap(() -> GuestCode.memoryInit(0, 0, 1, 1, code)).code())
        .isEqualTo("OUT_OF_BOUNDS");
    assertThat(trap(() -> GuestCode.tableInit(0, 0, 1, 0, 0, code)).code())
        .isEqualTo("OUT_OF_BOUNDS");
    assertThat(trap(() -> GuestCode.tableInit(0, 0, 1, 2, 0, code)).code())
        .isEqualTo("OUT_OF_BOUNDS");
  }

  @Test
  void a_snapshot_finds_and_undoes_each_kind_of_change() {
    WrittenCode code = segments();
    var snapshot = Snapshot.take(code, null);
    assertThat(snapshot.firstDifference(code)).isNull();
    List<List<Object>> changes =
        List.of(
            change("memory[1] is 7, not 0", () -> GuestCode.memoryFill(1, 7, 1, code)),
            change("memory has 131072 bytes, not 65536", () -> GuestCode.memoryGrow(1, code)),
            change("data segment 0 differs", () -> GuestCode.dataDrop(0, code)),
            change("element segment 1 differs", () -> GuestCode.elementDrop(1, code)),
            change("global 0 is 6, not 5", () -> code.setGlobal(0, 6)),
            change("global 1 differs", () -> code.setGlobalReference(1, null)),
            change("table 1 differs", () -> GuestCode.tableSet(0, code.reference(0), 1, code)),
            change("table 0 differs", () -> GuestCode.tableGrow(null, 1, 0, code)));

    for (List<Object> change : changes) {
      ((Runnable) change.get(1)).run();
      assertThat(snapshot.firstDifference(code)).isEqualTo(change.get(0));
      snapshot.restore(code);
      assertThat(snapshot.firstDifference(code)).isNull();
    }
  }

  private static List<Object> change(String difference, Runnable task) {
    return List.of(difference, task);
  }

  @Test
  void a_call_of_another_instances_function_needs_its_type() {
    WrittenCode caller = segments();
    WrittenCode other = segments().with(1, args -> new long[] {42});
    FunctionReference function = other.reference(1);

    assertThat(GuestCode.callForeign(function, 0, new long[0], caller)).containsExactly(42);
    assertThat(trap(() -> GuestCode.callForeign(function, 1, new long[1], caller)))
        .isEqualTo(
            new TrapCause.IndirectCall("indirect call type mismatch: function 1 is () -> ()"));
  }
}
