package io.gonext.cli.dev;

import java.util.function.IntConsumer;

/** The user's terminal, if there is one. */
interface Terminal extends AutoCloseable {
  /** Whether there is a terminal that shows colours and reads keys. */
  boolean isInteractive();

  /** Begins to report keys as they are pressed, on a thread of the terminal. */
  void onKey(IntConsumer key);

  /** Restores the terminal. Further calls do nothing. */
  @Override
  void close();
}
