package io.gonext.benchmarks;

import java.util.List;

/** What several benchmarks understand on the command line. */
final class Arguments {
  private Arguments() {}

  /** Whether {@code --quick} is given: to see that it works rather than to measure. */
  static boolean quick(List<String> args) throws UsageException {
    if (args.isEmpty()) {
      return false;
    }
    if (args.equals(List.of("--quick"))) {
      return true;
    }
    throw new UsageException("it takes --quick or nothing");
  }
}
