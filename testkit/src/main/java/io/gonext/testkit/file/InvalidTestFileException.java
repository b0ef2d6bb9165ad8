package io.gonext.testkit.file;

import java.util.List;

/** A file of tests is not valid. */
public final class InvalidTestFileException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final List<String> problems;

  InvalidTestFileException(List<String> problems) {
    super(String.join("; ", problems));
    this.problems = List.copyOf(problems);
  }

  /** All that is wrong, a sentence each, with JSON pointers. */
  public List<String> problems() {
    return problems;
  }
}
