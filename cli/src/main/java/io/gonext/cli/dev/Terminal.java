package io.gonext.cli.dev;

import java.util.function.IntConsumer;

/** The person's terminal, or the lack of one. */
interface Terminal extends AutoCloseable {
  /** Whether a person sits there who can see colours and press keys. */
  boolean isInteractive();

  /** Begins to tell keys as they are pressed, on a thread of the terminal's. */
  void onKey(IntConsumer key);

  /** Puts the terminal back into the state in which it was; twice does nothing. */
  @Override
  void close();
}
