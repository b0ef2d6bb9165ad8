package io.gonext.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * How an instance differs from what it was after its start: what earlier calls left behind.
 *
 * @param pages the memory's size, in pages of 64 KiB
 * @param blocks the memory that may differ; a block that is inside one before it is newer
 * @param globals the bits of the mutable globals that are numbers, in the order of the module
 * @param droppedData the indices of the data segments that were dropped
 * @param droppedElements the indices of the element segments that were dropped
 */
public record InstanceState(
    int pages,
    List<Block> blocks,
    List<Long> globals,
    List<Integer> droppedData,
    List<Integer> droppedElements) {
  /** Copies the lists. */
  public InstanceState {
    blocks = List.copyOf(blocks);
    globals = List.copyOf(globals);
    droppedData = List.copyOf(droppedData);
    droppedElements = List.copyOf(droppedElements);
  }

  /**
   * A part of the memory.
   *
   * @param bytes not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent") // data, which nobody compares
  public record Block(int pointer, byte[] bytes) {
    private long end() {
      return Integer.toUnsignedLong(pointer) + bytes.length;
    }

    /** Whether it begins there, or where that ends. */
    private boolean isWithin(long from, long end) {
      long begin = Integer.toUnsignedLong(pointer);
      return begin >= from && begin <= end;
    }
  }

  /** The same state, in the fewest blocks: none touches another. */
  public InstanceState joined() {
    List<Block> joined = new ArrayList<>();
    for (int i = 0; i < blocks.size(); ) {
      long from = Integer.toUnsignedLong(blocks.get(i).pointer());
      long end = from;
      int next = i;
      while (next < blocks.size() && blocks.get(next).isWithin(from, end)) {
        end = Math.max(end, blocks.get(next).end());
        next++;
      }
      if (next == i + 1) {
        joined.add(blocks.get(i));
      } else {
        byte[] bytes = new byte[Math.toIntExact(end - from)];
        for (Block block : blocks.subList(i, next)) {
          int at = (int) (Integer.toUnsignedLong(block.pointer) - from);
          System.arraycopy(block.bytes, 0, bytes, at, block.bytes.length);
        }
        joined.add(new Block((int) from, bytes));
      }
      i = next;
    }
    return new InstanceState(pages, joined, globals, droppedData, droppedElements);
  }

  /** About what it takes on the heap, in bytes. */
  public long weightBytes() {
    return blocks.stream().mapToLong(block -> 48L + block.bytes.length).sum()
        + 24L * globals.size();
  }
}
