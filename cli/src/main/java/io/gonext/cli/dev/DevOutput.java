package io.gonext.cli.dev;

/** Shows the events of the loop. Thread-safe. */
interface DevOutput extends AutoCloseable {
  void emit(DevEvent event);

  /** Removes what is shown for a moment, such as a progress line. */
  @Override
  void close();
}
