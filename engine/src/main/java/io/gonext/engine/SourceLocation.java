package io.gonext.engine;

/**
 * A place in a guest's source, as the module's debug information says.
 *
 * @param file the file's path as the guest's compiler recorded it; relative ones are relative to
 *     where it ran. The guest's claim: it is for reading, not for opening
 * @param line from 1
 */
public record SourceLocation(String file, int line) {
  /** The form of compilers' messages, {@code src/lib.rs:12}. */
  @Override
  public String toString() {
    return file + ":" + line;
  }
}
