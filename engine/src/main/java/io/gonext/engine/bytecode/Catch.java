package io.gonext.engine.bytecode;

/**
 * A catch clause of a TRY_TABLE: a branch that carries the exception's values.
 *
 * @param tag the tag of the exceptions that it catches, or {@link #ALL}
 * @param hasReference whether the branch also carries a reference to the exception
 * @param target the index of the block's instruction that the branch goes to, or {@link
 *     FunctionCode#FUNCTION}
 */
public record Catch(int tag, boolean hasReference, int target) {
  /** In place of a tag: every exception. */
  public static final int ALL = -1;
}
