package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.LinearMemory.RoomyWhen;
import io.gonext.engine.ModuleDefinition.MemoryType;
import io.gonext.engine.ModuleDefinition.Range;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.function.LongSupplier;
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
  private static final int SEGMENT_BYTES = 10_000;
  private static final int OPERATIONS_PER_COMPARISON = 2_000;
  private static final int OPERATIONS_PER_LEASE = 250;

  private final Instance anyInstance =
      Instance.builder(Parser.parse(EMPTY_MODULE)).withInitialize(false).build();

  /** Four shapes in each way, 130,000 operations each: 1.3 million in a run. */
  @ParameterizedTest
  @CsvSource({
    "MUCH_COPIED, 0, 0",
    "MUCH_COPIED, 0, 3",
    "MUCH_COPIED, 1, 6",
    "MUCH_COPIED, 2, 2",
    "ANYTHING_COPIED, 0, 3",
    "ANYTHING_COPIED, 1, 6", //
    "ALWAYS, 0, 0",
    "ALWAYS, 0, 3",
    "ALWAYS, 1, 6",
    "ALWAYS, 2, 2"
  })
  void random_operations_give_the_same_results_traps_and_bytes(
      RoomyWhen roomyWhen, int initialPages, int maximumPages) throws Exception {
    long seed = new Random().nextLong();
    System.out.println("LinearMemoryDifferentialTest seed " + seed);
    var limits = new MemoryLimits(initialPages, maximumPages);
    var declared = new MemoryType(initialPages, maximumPages);
    var memory = new LinearMemory(declared, maximumPages, roomyWhen);
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

    /** Our segments, one after the other. */
    private final byte[] segmentBytes = new byte[SEGMENT_BYTES + 3];

    /** What is left of our segments. */
    private final Range[] segments = new Range[2];

    Run(RandomGenerator random, MemoryLimits limits, LinearMemory ours) {
      this.random = random;
      this.limits = limits;
      this.ours = ours;
      this.stock = new ByteArrayMemory(limits);
      random.nextBytes(segmentBytes);
      initializeSegments();
      this.image = ours.takeImage(null);
      this.imageBytes = stock.readBytes(0, bytes(stock));
    }

    private void initializeSegments() {
      segments[0] = new Range(0, SEGMENT_BYTES);
      segments[1] = new Range(SEGMENT_BYTES, segmentBytes.length);
      var stocks = new DataSegment[segments.length];
      Arrays.setAll(
          stocks,
          i ->
              new PassiveDataSegment(
                  Arrays.copyOfRange(segmentBytes, segments[i].from(), segments[i].to())));
      stock.initialize(anyInstance, stocks);
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
      same(() -> ours.grow(delta), () -> stock.grow(delta));
      compareAll();
    }

    private void compareAll() {
      assertThat(ours.pages()).isEqualTo(stock.pages());
      assertThat(ours.data == null || ours.data.length == ours.sizeBytes()).isTrue();
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
      stock = new ByteArrayMemory(limits);
      initializeSegments();
      stock.grow(imageBytes.length / Memory.PAGE_SIZE - stock.pages());
      stock.write(0, imageBytes);
    }

    private static int bytes(Memory memory) {
      return memory.pages() * Memory.PAGE_SIZE;
    }

    private void step() {
      int at = address();
      long value = random.nextLong();
      switch (random.nextInt(16)) {
        case 0, 1 -> same(() -> ours.readInt(at), () -> stock.readInt(at));
        case 2, 3 -> same(() -> ours.readLong(at), () -> stock.readLong(at));
        case 4, 5 ->
            same(
                done(() -> ours.writeByte(at, (byte) value)),
                done(() -> stock.writeByte(at, (byte) value)));
        case 6, 7 ->
            same(
                done(() -> ours.writeInt(at, (int) value)),
                done(() -> stock.writeI32(at, (int) value)));
        case 8, 9 ->
            same(done(() -> ours.writeLong(at, value)), done(() -> stock.writeLong(at, value)));
        case 10 -> {
          int size = size();
          same(
              done(() -> ours.fill(at, (int) value, size)),
              done(() -> stock.fill((byte) value, at, at + size)));
        }
        case 11 -> {
          int size = size();
          int source = address();
          same(done(() -> ours.copy(at, source, size)), done(() -> stock.copy(at, source, size)));
        }
        case 12 -> {
          int size = size();
          int segment = (int) (value & 1);
          int offset = random(size);
          same(
              done(() -> ours.initialize(at, segmentBytes, segments[segment], offset, size)),
              done(() -> stock.initPassiveSegment(segment, at, offset, size)));
        }
        case 13 -> {
          int size = size();
          same(
              () -> Arrays.hashCode(ours.readBytes(at, size)),
              () -> Arrays.hashCode(stock.readBytes(at, size)));
        }
        case 14 -> {
          var bytes = new byte[random.nextInt(64)];
          random.nextBytes(bytes);
          same(done(() -> ours.write(at, bytes)), done(() -> stock.write(at, bytes)));
        }
        default -> {
          if (random.nextInt(50) == 0) {
            int segment = random.nextInt(2);
            segments[segment] = new Range(0, 0);
            stock.drop(segment);
          } else if (random.nextInt(20) == 0) {
            int delta = random.nextInt(8) == 0 ? random.nextInt() : random.nextInt(3);
            same(() -> ours.grow(delta), () -> stock.grow(delta));
          } else if (random.nextInt(50) == 0) {
            ours.becomeExact();
          } else {
            same(ours::pages, stock::pages);
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

    private static void same(LongSupplier ours, LongSupplier stock) {
      String expected = outcome(stock);
      String actual = outcome(ours);
      if (!actual.equals(expected)) {
        throw new AssertionError("ours " + actual + ", stock " + expected);
      }
    }

    private static LongSupplier done(Runnable operation) {
      return () -> {
        operation.run();
        return 0;
      };
    }

    private static String outcome(LongSupplier operation) {
      try {
        return Long.toString(operation.getAsLong());
      } catch (WasmEngineException | TrapSignal trap) {
        return String.valueOf(trap.getMessage()).contains("out of bounds memory access")
            ? "trap"
            : trap.toString();
      }
    }
  }
}
