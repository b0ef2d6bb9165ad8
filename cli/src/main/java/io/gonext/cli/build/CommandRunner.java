package io.gonext.cli.build;

import java.io.IOException;
import java.util.function.Consumer;

/** Runs programs. */
public interface CommandRunner {
  /**
   * Runs a program and waits for its end. Its standard error is part of its output; its standard
   * input is empty. An interrupt ends the program and all processes that it started.
   *
   * @param output receives each line at once, from one thread at a time
   * @return the exit code
   * @throws IOException when the program does not exist or cannot be started
   */
  int run(ToolCommand command, Consumer<String> output) throws IOException, InterruptedException;
}
