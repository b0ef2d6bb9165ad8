package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.engine.GuestTable.Image;
import io.gonext.engine.ModuleDefinition.TableType;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class GuestTableTest {
  private static final long NO_MAXIMUM = 0xFFFF_FFFFL;

  private static GuestTable table(long minimum, long maximum, int cap) {
    return new GuestTable(new TableType(ValueType.EXTERNREF, minimum, maximum), cap);
  }

  /** A table of 0, 1, 2... */
  private static GuestTable counting(int size) {
    GuestTable table = table(size, NO_MAXIMUM, 2 * size);
    table.set(0, size, i -> i);
    return table;
  }

  private static List<Object> contents(GuestTable table) {
    var contents = new ArrayList<>();
    for (int i = 0; i < table.size(); i++) {
      contents.add(table.get(i));
    }
    return contents;
  }

  private static TrapCause trap(ThrowingCallable operation) {
    TrapSignal signal = catchThrowableOfType(TrapSignal.class, operation);
    assertThat(signal).isNotNull();
    return signal.trapCause();
  }

  @Test
  void a_table_grows_up_to_the_lower_of_its_two_limits() {
    for (GuestTable table : List.of(table(2, 5, 100), table(2, NO_MAXIMUM, 5))) {
      assertThat(table.grow("new", 3)).isEqualTo(2);
      assertThat(table.grow("new", 1)).isEqualTo(-1);
      assertThat(table.grow("new", -1)).isEqualTo(-1);
      assertThat(table.grow("new", 0)).isEqualTo(5);
      assertThat(contents(table)).containsExactly(null, null, "new", "new", "new");
    }
  }

  @Test
  void a_table_that_starts_above_the_cap_is_refused() {
    assertThat(catchThrowableOfType(ModuleRejectedException.class, () -> table(6, 10, 5)))
        .hasMessage("the module has a table with 6 initial elements, the limit is 5");
  }

  @Test
  void ranges_outside_the_table_trap_and_change_nothing() {
    GuestTable table = counting(4);
    GuestTable other = counting(2);
    List<ThrowingCallable> operations =
        List.of(
            () -> table.get(4),
            () -> table.get(-1),
            () -> table.set(4, "x"),
            () -> table.fill(3, "x", 2),
            () -> table.fill(5, "x", 0),
            () -> table.fill(0, "x", -1),
            () -> table.fill(Integer.MAX_VALUE, "x", Integer.MAX_VALUE),
            () -> table.copy(3, other, 0, 2),
            () -> table.copy(0, other, 1, 2),
            () -> table.copy(0, other, 3, 0),
            () -> table.set(2, 3, i -> "x"));

    for (ThrowingCallable operation : operations) {
      assertThat(trap(operation).describe()).startsWith("out of bounds table access: ");
    }
    assertThat(contents(table)).containsExactly(0, 1, 2, 3);
    table.fill(4, "x", 0);
    table.copy(4, other, 2, 0);
  }

  @Test
  void the_trap_names_the_size_the_index_and_the_tables_length() {
    assertThat(trap(() -> counting(4).fill(-2, "x", 3)))
        .isEqualTo(
            new TrapCause.OutOfBounds("out of bounds table access: 3 elements at 4294967294 of 4"));
  }

  @Test
  void a_call_of_a_missing_or_an_empty_element_is_an_indirect_call_trap() {
    GuestTable table = table(2, 2, 2);

    assertThat(trap(() -> table.function(1)))
        .isEqualTo(new TrapCause.IndirectCall("uninitialized element 1"));
    assertThat(trap(() -> table.function(2)))
        .isEqualTo(new TrapCause.IndirectCall("undefined element: 2 of 2"));
    assertThat(trap(() -> table.function(-1)))
        .isEqualTo(new TrapCause.IndirectCall("undefined element: 4294967295 of 2"));
  }

  @Test
  void a_copy_within_a_table_is_right_for_every_overlap() {
    for (int distance = -4; distance <= 4; distance++) {
      GuestTable table = counting(12);
      var expected = contents(table);
      for (int i = 0; i < 4; i++) {
        expected.set(4 + distance + i, 4 + i);
      }

      table.copy(4 + distance, table, 4, 4);

      assertThat(contents(table)).isEqualTo(expected);
    }
  }

  @Test
  void a_restore_undoes_every_kind_of_change_again_and_again() {
    GuestTable table = counting(4);
    Image image = table.takeImage();
    GuestTable other = counting(2);
    List<Runnable> changes =
        List.of(
            () -> table.set(1, "x"),
            () -> table.fill(1, "x", 2),
            () -> table.copy(2, other, 0, 2),
            () -> table.set(0, 4, i -> "x"),
            () -> table.grow("x", 3));

    for (Runnable change : changes) {
      for (int lease = 0; lease < 2; lease++) {
        change.run();
        assertThat(table.isEqualTo(image)).isFalse();
        table.restore(image);
        assertThat(table.isEqualTo(image)).isTrue();
        assertThat(contents(table)).containsExactly(0, 1, 2, 3);
      }
    }
  }

  @Test
  void a_changed_table_weighs_its_snapshot_too() {
    GuestTable table = counting(100);
    Image image = table.takeImage();
    long before = table.weightBytes();

    table.set(0, "x");

    assertThat(table.weightBytes()).isEqualTo(2 * before);
    table.restore(image);
    assertThat(table.weightBytes()).isEqualTo(before);
  }

  @Test
  void long_operations_poll_for_interrupts() {
    GuestTable table = counting(10_000);
    Thread.currentThread().interrupt();
    try {
      var interrupted = new TrapCause.Interrupted();
      assertThat(trap(() -> table.fill(0, "x", 10_000))).isEqualTo(interrupted);
      assertThat(trap(() -> table.copy(0, table, 1, 9_999))).isEqualTo(interrupted);
      assertThat(trap(() -> table.grow("x", 1))).isEqualTo(interrupted);
      assertThat(trap(() -> table.set(0, 10_000, i -> "x"))).isEqualTo(interrupted);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
