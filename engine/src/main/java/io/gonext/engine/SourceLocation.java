package io.gonext.engine;

/**
 * A place in a guest's source, from the module's debug information.
 *
 * @param file the file's path as the guest's compiler recorded it; a relative path is relative to
 *     the directory where the compiler ran. Untrusted: show it, but do not open it
 * @param line from 1
 * @param column from 1; 0 if the compiler did not record it
 */
public record SourceLocation(String file, int line, int column) {
  /** The place in the form that compilers use, {@code src/lib.rs:12}. */
  @Override
  public String toString() {
    return file + ":" + line;
  }
}
