package io.gonext.cli.dev;

/** Where the loop's events go. Thread-safe. */
interface DevOutput extends AutoCloseable {
  void emit(DevEvent event);

  /** Ends what is being shown, a progress line for instance. */
  @Override
  void close();
}
