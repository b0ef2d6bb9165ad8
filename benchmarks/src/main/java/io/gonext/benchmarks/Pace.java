package io.gonext.benchmarks;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * How long a program runs a kernel. The programs in Rust and Go do what {@link #measure} does.
 *
 * @param warmUpMillis how long it runs before it is measured
 * @param batchMillis how long a batch takes
 * @param batches how many batches, whose median is the result
 */
record Pace(int warmUpMillis, int batchMillis, int batches) {
  /** For operations of machine code, which need no warm-up. */
  static final Pace OPERATION = new Pace(300, 200, 5);

  /** To check that an operation works. */
  static final Pace QUICK_OPERATION = new Pace(100, 50, 3);

  /** The first runs that are reported apart: those of this time. */
  private static final long FIRST_NANOS = Duration.ofSeconds(1).toNanos();

  private static final long NANOS_PER_MILLI = 1_000_000;

  /** Reads what {@link #arguments} makes. */
  static Pace of(List<String> arguments) {
    return new Pace(
        Integer.parseInt(arguments.get(0)),
        Integer.parseInt(arguments.get(1)),
        Integer.parseInt(arguments.get(2)));
  }

  /** The last arguments of a program that runs a kernel. */
  List<String> arguments() {
    return List.of(
        Integer.toString(warmUpMillis), Integer.toString(batchMillis), Integer.toString(batches));
  }

  /**
   * Runs a kernel.
   *
   * @param kernel answers its checksum
   * @throws IllegalStateException when two runs answer different checksums
   */
  KernelTimes measure(LongSupplier kernel) {
    long warmUp = warmUpMillis * NANOS_PER_MILLI;
    long began = System.nanoTime();
    long checksum = kernel.getAsLong();
    double first = nanosPerRun(kernel, checksum, began, 1, Math.min(FIRST_NANOS, warmUp));
    nanosPerRun(kernel, checksum, System.nanoTime(), 0, warmUp - FIRST_NANOS);
    var steady = new double[batches];
    for (int i = 0; i < batches; i++) {
      steady[i] =
          nanosPerRun(kernel, checksum, System.nanoTime(), 0, batchMillis * NANOS_PER_MILLI);
    }
    Arrays.sort(steady);
    return new KernelTimes(first, steady[batches / 2], checksum);
  }

  private static double nanosPerRun(
      LongSupplier kernel, long checksum, long began, long runs, long nanos) {
    long elapsed = System.nanoTime() - began;
    while (elapsed < nanos) {
      long again = kernel.getAsLong();
      if (again != checksum) {
        throw new IllegalStateException("a run answers " + again + ", an earlier one " + checksum);
      }
      runs++;
      elapsed = System.nanoTime() - began;
    }
    return (double) elapsed / runs;
  }
}
