package io.gonext.engine;

import java.util.List;

/**
 * How an instance differs from what it was after its start: what earlier calls left behind.
 *
 * @param pages the memory's size, in pages of 64 KiB
 * @param blocks the memory that may differ
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
  public record Block(int pointer, byte[] bytes) {}

  /** About what it takes on the heap, in bytes. */
  public long weightBytes() {
    return blocks.stream().mapToLong(block -> 48L + block.bytes.length).sum()
        + 24L * globals.size();
  }
}
