package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.engine.ModuleDefinition.MemoryType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LinearMemoryTest {
  private static LinearMemory memory(int initial, int maximum) {
    return new ExactMemory(new MemoryType(initial, maximum), maximum);
  }

  private static LinearMemory roomy(int initial, int maximum) {
    return new RoomyMemory(new MemoryType(initial, maximum), maximum);
  }

  static List<LinearMemory> both() {
    return List.of(memory(1, 64), roomy(1, 64));
  }

  @Test
  void memory_growth_stops_at_the_lower_of_the_two_limits() {
    var memory = new ExactMemory(new MemoryType(1, 10), 3);

    assertThat(memory.grow(2)).isEqualTo(1);
    assertThat(memory.grow(1)).isEqualTo(-1);
    assertThat(memory.grow(-1)).isEqualTo(-1);
    assertThat(memory.grow(0)).isEqualTo(3);
    assertThat(memory.refusedGrowth()).isEqualTo(new TrapCause.MemoryLimit(3 + 0xFFFF_FFFFL, 3));
  }

  @ParameterizedTest
  @MethodSource("both")
  void memory_that_grew_is_zero_for_the_next_lease(LinearMemory memory) {
    MemoryImage image = memory.takeImage(null);
    memory.writeInt(5_000, 1);
    memory.grow(40);
    memory.fill(0, 7, memory.sizeBytes());

    memory.restore(image);

    assertThat(memory.pages()).isEqualTo(1);
    assertThat(memory.contents()).containsOnly(0);
    assertThatThrownBy(() -> memory.readBytes(65_536, 1)).hasMessageContaining("out of bounds");
    for (int i = 0; i < 40; i++) {
      assertThat(memory.grow(1)).isEqualTo(1 + i);
    }
    assertThat(memory.contents()).containsOnly(0);
  }

  @Test
  void a_roomy_memory_keeps_its_array_for_later_leases() {
    var memory = roomy(1, 256);
    MemoryImage image = memory.takeImage(null);
    for (int i = 1; i < 256; i++) {
      memory.grow(1);
    }
    long grown = memory.weightBytes();
    byte[] array = memory.data;
    assertThat(grown).isLessThan(2 * 256 * 65_536L);

    memory.restore(image);
    memory.grow(255);

    assertThat(memory.data).isSameAs(array);
    assertThat(memory.weightBytes()).isEqualTo(grown);
  }

  @Test
  void an_exact_memory_returns_to_its_first_array_at_the_reset() {
    var memory = memory(1, 256);
    MemoryImage image = memory.takeImage(null);
    byte[] array = memory.data;
    memory.grow(3);
    memory.grow(2);

    memory.restore(image);

    assertThat(memory.data).isSameAs(array);
  }

  @Test
  void a_lease_reuses_the_arrays_of_an_earlier_lease_that_grew_alike() {
    var memory = memory(16, 256);
    memory.writeInt(70_000, 5);
    MemoryImage image = memory.takeImage(null);
    List<byte[]> arrays = new ArrayList<>();
    for (int lease = 0; lease < 6; lease++) {
      memory.writeLong(4_092 + lease * 10_000, -1);
      memory.grow(1);
      arrays.add(memory.data);
      memory.writeInt(16 * 65_536 + lease * 5_000, 7);
      memory.grow(2);
      arrays.add(memory.data);
      assertThat(memory.readLong(4_092 + lease * 10_000)).isEqualTo(-1);
      assertThat(memory.readInt(16 * 65_536 + lease * 5_000)).isEqualTo(7);
      assertThat(memory.readInt(70_000)).isEqualTo(5);
      memory.fill(19 * 65_536 - 100, 3, 100);
      memory.restore(image);
    }

    for (int lease = 1; lease < 6; lease++) {
      assertThat(arrays.get(2 * lease)).isSameAs(arrays.get(0));
      assertThat(arrays.get(2 * lease + 1)).isSameAs(arrays.get(1));
    }
    assertThat(memory.pages()).isEqualTo(16);
    memory.grow(3);
    memory.writeInt(70_000, 0);
    assertThat(memory.contents()).containsOnly(0);
  }

  @Test
  void arrays_kept_for_later_growth_are_bounded_and_weighed() {
    var memory = memory(16, 1024);
    MemoryImage image = memory.takeImage(null);
    long before = memory.weightBytes();
    for (int lease = 1; lease < 40; lease++) {
      memory.grow(lease);
      memory.grow(lease);
      memory.restore(image);
      // In addition to the array in use: the snapshot's size and 2 MiB.
      assertThat(memory.weightBytes()).isBetween(before, before + (16 * 65_536 + (2 << 20)));
    }
    memory.grow(7);
    assertThat(memory.weightBytes()).isGreaterThanOrEqualTo(before + 23 * 65_536);
  }

  @Test
  void only_growth_within_one_lease_makes_a_memory_outgrown() {
    var memory = memory(16, 1024);
    MemoryImage image = memory.takeImage(null);
    for (int lease = 0; lease < 500; lease++) {
      memory.grow(1 + lease % 90);
      assertThat(memory.outgrewItsKind()).isFalse();
      memory.restore(image);
    }
    for (int i = 0; i < 60; i++) {
      memory.grow(1);
    }
    assertThat(memory.outgrewItsKind()).isTrue();
  }

  @Test
  void a_store_across_two_blocks_is_undone_in_both() {
    var memory = memory(1, 1);
    memory.fill(0, 9, memory.sizeBytes());
    MemoryImage image = memory.takeImage(null);

    for (int before = 0; before < 8; before++) {
      memory.writeLong(LinearMemory.BLOCK_BYTES - before, -1);
      memory.restore(image);
      assertThat(memory.contents()).containsOnly(9);
    }
  }

  @Test
  void equal_contents_share_one_image_and_different_ones_do_not() {
    var first = memory(1, 1);
    var second = memory(1, 1);
    first.writeInt(100, 5);
    second.writeInt(100, 5);
    MemoryImage image = first.takeImage(null);

    assertThat(second.takeImage(image)).isSameAs(image);

    second.writeByte(60_000, (byte) 1);
    assertThat(second.takeImage(image)).isNotSameAs(image);
    assertThat(memory(2, 2).takeImage(memory(1, 1).takeImage(null)).sizeBytes())
        .isEqualTo(2 * 65_536);
  }

  @Test
  void a_store_across_a_blocks_end_makes_a_separate_image() {
    MemoryImage zeros = memory(1, 1).takeImage(null);
    var memory = memory(1, 1);
    memory.writeLong(LinearMemory.BLOCK_BYTES - 4, 1L << 32);

    assertThat(memory.takeImage(zeros)).isNotSameAs(zeros);
  }

  @Test
  void a_block_whose_mark_was_cleared_does_not_count_as_zeros() {
    MemoryImage zeros = memory(1, 1).takeImage(null);
    var memory = memory(1, 1);
    memory.writeInt(5_000, 7);
    memory.takeImage(null);

    assertThat(memory.takeImage(zeros)).isNotSameAs(zeros);
  }

  @Test
  void bulk_operations_and_growth_poll_for_interrupts() {
    var memory = memory(16, 16);
    Thread.currentThread().interrupt();
    try {
      assertThat(trap(() -> memory.fill(0, 1, memory.sizeBytes())))
          .isEqualTo(new TrapCause.Interrupted());
      assertThat(trap(() -> memory.copy(0, 65_536, 15 * 65_536)))
          .isEqualTo(new TrapCause.Interrupted());
      assertThat(trap(() -> memory.grow(0))).isEqualTo(new TrapCause.Interrupted());
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  private static TrapCause trap(ThrowingCallable operation) {
    return catchThrowableOfType(TrapSignal.class, operation).trapCause();
  }

  @Test
  void a_copy_in_chunks_is_right_for_every_overlap() {
    var memory = memory(32, 32);
    for (int distance : new int[] {-600_000, -4097, -1, 0, 1, 4097, 600_000}) {
      var bytes = new byte[memory.sizeBytes()];
      new java.util.Random(distance).nextBytes(bytes);
      memory.write(0, bytes);
      System.arraycopy(bytes, 700_000, bytes, 700_000 + distance, 650_000);

      memory.copy(700_000 + distance, 700_000, 650_000);

      assertThat(java.util.Arrays.mismatch(memory.contents(), bytes)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @MethodSource("spread")
  void an_image_holds_no_zero_blocks(LinearMemory memory) {
    int end = memory.sizeBytes();
    memory.writeByte(1, (byte) 1);
    memory.writeByte(end - 1, (byte) 2);

    MemoryImage image = memory.takeImage(null);

    assertThat(image.weightBytes()).isLessThan(3 * LinearMemory.BLOCK_BYTES + 4L * 258 * 16);
    assertThat(image.contents()).isEqualTo(memory.contents());
  }

  /** The layout that Zig uses: 16 MiB of stack, then the data. */
  static Stream<LinearMemory> spread() {
    return Stream.of(memory(258, 300), roomy(258, 300));
  }

  @ParameterizedTest
  @MethodSource("spread")
  void stores_across_zero_and_nonzero_blocks_are_undone(LinearMemory memory) {
    int block = LinearMemory.BLOCK_BYTES;
    // Block 1 and the last block are not zero; all others are.
    memory.fill(block, 5, block);
    memory.fill(memory.sizeBytes() - block, 6, block);
    byte[] before = memory.contents();
    MemoryImage image = memory.takeImage(null);

    for (int lease = 0; lease < 3; lease++) {
      for (int at : new int[] {block - 3, 2 * block - 3, 5 * block - 3, memory.sizeBytes() - 8}) {
        memory.writeLong(at, -1);
      }
      memory.grow(lease);
      memory.fill(before.length - 5, 9, memory.sizeBytes() - before.length + 5);
      memory.restore(image);

      assertThat(memory.contents()).isEqualTo(before);
    }
  }
}
