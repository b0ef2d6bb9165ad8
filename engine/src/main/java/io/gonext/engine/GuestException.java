package io.gonext.engine;

import io.gonext.engine.bytecode.CompiledFunctions;
import org.jspecify.annotations.Nullable;

/**
 * An exception that a guest threw. Guests catch no other exception of the JVM. Immutable. Public
 * only because compiled code has its own class loader.
 *
 * <p>It has a stack trace, or only the place where it was thrown: a guest that throws often would
 * spend most of its time on traces that nobody reads.
 */
public final class GuestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Its tag. */
  public final transient GuestTag tag;

  /** The bits of its numbers, with zeros in the places of references. */
  @SuppressWarnings("ArrayRecordComponent")
  public final transient long[] numbers;

  /** Its references, with nulls in the places of numbers. Empty if it has none. */
  public final transient @Nullable Object[] references;

  private final transient @Nullable StackTraceElement place;

  /**
   * An exception.
   *
   * @param function the index of the function that throws it
   * @param distance from the function's first instruction to the one that throws it, in bytes
   */
  GuestException(
      GuestTag tag,
      long[] numbers,
      @Nullable Object[] references,
      int function,
      int distance,
      boolean hasTrace) {
    super("tag " + tag.index, null, false, hasTrace);
    this.tag = tag;
    this.numbers = numbers;
    this.references = references;
    this.place =
        hasTrace ? null : CompiledFunctions.place(ModuleCompiler.CLASS_NAME, function, distance);
  }

  @Override
  public StackTraceElement[] getStackTrace() {
    return place == null ? super.getStackTrace() : new StackTraceElement[] {place};
  }
}
