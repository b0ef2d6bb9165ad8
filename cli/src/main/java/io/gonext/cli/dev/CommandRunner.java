package io.gonext.cli.dev;

import java.io.IOException;
import java.util.function.Consumer;

/** Runs programs. */
interface CommandRunner {
  /**
   * Runs a program to its end. Its standard error goes with its output; its standard input is
   * empty. An interrupt ends it together with everything it has started, before this returns.
   *
   * @param output is given each line as it is written, by one thread at a time
   * @return its exit code
   * @throws IOException when there is no such program or it cannot be started
   */
  int run(Command command, Consumer<String> output) throws IOException, InterruptedException;
}
