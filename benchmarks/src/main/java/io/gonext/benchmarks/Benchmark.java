package io.gonext.benchmarks;

import java.io.PrintWriter;
import java.util.List;
import java.util.SequencedMap;

/** One measurement that {@code ./bench} can run. */
interface Benchmark {
  /** The name on the command line: lower-case letters, digits and hyphens. */
  String name();

  /** One line, without a full stop. */
  String description();

  /**
   * Measures, and prints a table for people.
   *
   * @param args what follows the name on the command line
   * @return the figures for scripts, in the order in which they are to be printed: the key with its
   *     unit, as in {@code call_p50_us}; neither key nor value contains white space or {@code =}
   * @throws UsageException when {@code args} are wrong
   */
  SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception;
}
