package io.gonext.benchmarks;

import java.util.List;

/** Arguments that several benchmarks accept. */
final class Arguments {
  private Arguments() {}

  /** Whether {@code --quick} is given: to check that it works, not to measure. */
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
