package io.gonext.engine;

/**
 * How much fuel a run may use: a count of instructions that is the same on every machine. Only
 * modules that were {@linkplain Engine#compile(byte[], Metering) compiled} for it count their fuel.
 *
 * <p>An instruction costs one unit. {@code nop}, {@code drop}, {@code block}, {@code loop}, {@code
 * else}, {@code end}, {@code return} and {@code unreachable} cost nothing. The call of a function
 * costs one unit more. A bulk operation costs one more for each byte or element, growth one for
 * each page or element, all charged before it runs; a growth that the limits refuse costs only the
 * instruction. Host functions cost nothing, but what they call in the guest does.
 *
 * <p>A basic block is charged as a whole when the guest enters it, so a guest that traps has paid
 * for the whole block. A guest that is out of fuel ends before the next block that is the start of
 * a function or loop, or that follows a call; before a host function, a bulk operation and its
 * return; and after at most 1,000 units more than it had.
 *
 * @param units what the call has, for the trap's message
 * @param spent what earlier runs of the same call used
 */
public record FuelBudget(long units, long spent) {
  /** For runs whose fuel is counted and not limited. */
  public static final FuelBudget UNLIMITED = new FuelBudget(Long.MAX_VALUE);

  /** Checks the range. */
  public FuelBudget {
    if (units < 1 || spent < 0) {
      throw new IllegalArgumentException(
          "fuel must be at least 1 unit, and what was spent not negative: " + units + ", " + spent);
    }
  }

  /** A budget of which nothing is spent. */
  public FuelBudget(long units) {
    this(units, 0);
  }

  /** Whether it limits a run. */
  public boolean isLimited() {
    return units != Long.MAX_VALUE;
  }

  long left() {
    return Math.max(0, units - spent);
  }
}
