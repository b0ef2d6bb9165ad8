package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import run.endive.runtime.ByteArrayMemory;
import run.endive.runtime.Instance;
import run.endive.runtime.Memory;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmEngineException;
import run.endive.wasm.types.DataSegment;
import run.endive.wasm.types.MemoryLimits;
import run.endive.wasm.types.PassiveDataSegment;

/**
 * Compares our memory with Endive's: the same random operations must give the same results, traps
 * and bytes. Some operations take or restore a snapshot, for which the test replaces Endive's
 * memory.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class LinearMemoryDifferentialTest {
  private static final byte[] EMPTY_MODULE = {0, 'a', 's', 'm', 1, 0, 0, 0};
  private static final int OPERATIONS_PER_COMPARISON = 2_000;
  private static final int OPERATIONS_PER_LEASE = 250;

  private final Instance anyInstance =
      Instance.builder(Parser.parse(EMPTY_MODULE)).withInitialize(false).build();

  /** Both kinds in four shapes with 130,000 operations each: 1.04 million in a run. */
  @ParameterizedTest
  @CsvSource({
    "false, 0, 0", "false, 0, 3", "false, 1, 6", "false, 2, 2", //
    "true, 0, 0", "true, 0, 3", "true, 1, 6", "true, 2, 2"
  })
  void random_operations_give_the_same_results_traps_and_bytes(
      boolean roomy, int initialPages, int maximumPages) throws Exception {
    long seed = new Random().nextLong();
    System.out.println("LinearMemoryDifferentialTest seed " + seed);
    var limits = new MemoryLimits(initialPages, maximumPages);
    var memory =
        roomy ? new RoomyMemory(limits, maximumPages) : new ExactMemory(limits, maximumPages);
    var run = new Run(new Random(seed), limits, memory);
    var task = new FutureTask<>(() -> run.run(130_000), true);
    // Every third operation traps, and an exception costs time for each frame on the stack.
    Thread.ofPlatform().start(task);
    assertThat(task.get()).isTrue();
  }

  private final class Run {
    private final RandomGenerator random;
    private final MemoryLimits limits;
    private final LinearMemory ours;
    private Memory stock;
    private MemoryImage image;
    private byte[] imageBytes;
    private DataSegment[] segments;

    Run(RandomGenerator random, MemoryLimits limits, LinearMemory ours) {
      this.random = random;
      this.limits = limits;
      this.ours = ours;
      this.stock = new ByteArrayMemory(limits);
      this.segments = segments();
      ours.initialize(anyInstance, segments.clone());
      stock.initialize(anyInstance, segments.clone());
      this.image = ours.takeImage(null);
      this.imageBytes = stock.readBytes(0, bytes(stock));
    }

    private DataSegment[] segments() {
      var bytes = new byte[10_000];
      random.nextBytes(bytes);
      return new DataSegment[] {
        new PassiveDataSegment(bytes), new PassiveDataSegment(new byte[] {1, 2, 3})
      };
    }

    void run(int operations) {
      for (int i = 0; i < operations; i++) {
        step();
        if (i % OPERATIONS_PER_COMPARISON == 0) {
          compareAll();
          if (random.nextInt(3) == 0) {
            snapshot();
          } else {
            restore();
            compareAll();
          }
        } else if (i % OPERATIONS_PER_LEASE == 0) {
          lease();
        }
      }
      compareAll();
    }

    /** Restores the snapshot, and grows at once to a size of earlier leases. */
    private void lease() {
      restore();
      int delta = random.nextInt(4);
      same(memory -> memory.grow(delta));
      compareAll();
    }

    private void compareAll() {
      assertThat(ours.pages()).isEqualTo(stock.pages());
      assertThat(Arrays.mismatch(ours.contents(), stock.readBytes(0, bytes(stock)))).isEqualTo(-1);
    }

    private void snapshot() {
      image = ours.takeImage(image);
      imageBytes = stock.readBytes(0, bytes(stock));
    }

    /**
     * Endive's memory cannot shrink, so this creates a new one and grows it to the snapshot's size.
     */
    private void restore() {
      ours.restore(image);
      ours.initialize(anyInstance, segments.clone());
      stock = new ByteArrayMemory(limits);
      stock.initialize(anyInstance, segments.clone());
      stock.grow(imageBytes.length / Memory.PAGE_SIZE - stock.pages());
      stock.write(0, imageBytes);
    }

    private static int bytes(Memory memory) {
      return memory.pages() * Memory.PAGE_SIZE;
    }

    private void step() {
      int at = address();
      long value = random.nextLong();
      switch (random.nextInt(24)) {
        case 0 -> same(memory -> memory.read(at));
        case 1 -> same(memory -> memory.readShort(at));
        case 2 -> same(memory -> memory.readU16(at));
        case 3 -> same(memory -> memory.readInt(at));
        case 4 -> same(memory -> memory.readLong(at));
        case 5 -> same(memory -> Float.floatToRawIntBits(memory.readFloat(at)));
        case 6 -> same(memory -> Double.doubleToRawLongBits(memory.readDouble(at)));
        case 7 -> same(memory -> memory.readF32(at) + memory.readU8(at) + memory.readI8(at));
        case 8 -> same(memory -> memory.readF64(at) + memory.readI16(at) + memory.readU32(at));
        case 9, 10 -> apply(memory -> memory.writeByte(at, (byte) value));
        case 11, 12 -> apply(memory -> memory.writeShort(at, (short) value));
        case 13, 14 -> apply(memory -> memory.writeI32(at, (int) value));
        case 15, 16 -> apply(memory -> memory.writeLong(at, value));
        case 17 -> apply(memory -> memory.writeF32(at, Float.intBitsToFloat((int) value)));
        case 18 -> apply(memory -> memory.writeF64(at, Double.longBitsToDouble(value)));
        case 19 -> {
          int size = size();
          apply(memory -> memory.fill((byte) value, at, at + size));
        }
        case 20 -> {
          int size = size();
          int source = address();
          apply(memory -> memory.copy(at, source, size));
        }
        case 21 -> {
          int size = size();
          apply(memory -> memory.initPassiveSegment((int) (value & 1), at, random(size), size));
        }
        case 22 -> {
          int size = size();
          same(memory -> Arrays.hashCode(memory.readBytes(at, size)));
        }
        default -> {
          if (random.nextInt(50) == 0) {
            int segment = random.nextInt(2);
            apply(memory -> memory.drop(segment));
          } else if (random.nextInt(20) == 0) {
            int delta = random.nextInt(8) == 0 ? random.nextInt() : random.nextInt(3);
            same(memory -> memory.grow(delta));
          } else {
            same(memory -> memory.pages());
          }
        }
      }
    }

    /** A number that depends only on its argument, so that both memories get the same one. */
    private static int random(int seed) {
      return (seed * 31 & 0x3FFF) - 5;
    }

    /** Mostly at the edges of pages, blocks, the memory and the number range. */
    private int address() {
      int near = random.nextInt(-9, 10);
      return switch (random.nextInt(8)) {
        case 0 -> near;
        case 1 -> bytes(stock) + near;
        case 2 -> random.nextInt(7) * Memory.PAGE_SIZE + near;
        case 3, 4 -> random.nextInt(7 * 16) * LinearMemory.BLOCK_BYTES + near;
        case 5 -> Integer.MAX_VALUE + near;
        case 6 -> near - 9;
        default -> random.nextInt(Math.max(1, bytes(stock)));
      };
    }

    private int size() {
      return switch (random.nextInt(8)) {
        case 0 -> 0;
        case 1 -> random.nextInt();
        case 2 -> random.nextInt(3 * Memory.PAGE_SIZE);
        case 3 -> LinearMemory.BLOCK_BYTES + random.nextInt(-2, 3);
        default -> random.nextInt(64);
      };
    }

    private void same(Read operation) {
      String expected = outcome(stock, operation);
      String actual = outcome(ours, operation);
      if (!actual.equals(expected)) {
        throw new AssertionError("ours " + actual + ", stock " + expected);
      }
    }

    private void apply(Write operation) {
      same(memory -> {
        operation.apply(memory);
        return 0;
      });
    }

    private static String outcome(Memory memory, Read operation) {
      try {
        return Long.toString(operation.apply(memory));
      } catch (WasmEngineException trap) {
        return String.valueOf(trap.getMessage()).contains("out of bounds memory access")
            ? "trap"
            : trap.toString();
      }
    }
  }

  @FunctionalInterface
  private interface Read {
    long apply(Memory memory);
  }

  @FunctionalInterface
  private interface Write {
    void apply(Memory memory);
  }
}
