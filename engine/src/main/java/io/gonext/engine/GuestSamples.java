package io.gonext.engine;

import java.util.List;

/**
 * What a {@link GuestSampler} saw of one module.
 *
 * @param stacks the different stacks, those that were seen most first
 * @param others samples of Java code and of other modules
 */
public record GuestSamples(List<Stack> stacks, long others) {
  /** Copies the list. */
  public GuestSamples {
    stacks = List.copyOf(stacks);
  }

  /**
   * Guest functions that called each other.
   *
   * @param frames innermost first; an imported function is the first one while the host runs it
   * @param isCut whether the outer functions are not known, because the stack was too deep
   * @param samples how often it was seen
   */
  public record Stack(List<GuestFrame> frames, boolean isCut, long samples) {
    /** Copies the list. */
    public Stack {
      frames = List.copyOf(frames);
    }
  }

  /** The samples of the module. */
  public long samples() {
    return stacks.stream().mapToLong(Stack::samples).sum();
  }
}
