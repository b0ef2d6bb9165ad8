package io.gonext.host.registry;

/** Is told how far a transfer has come. Called by the transferring thread or the HTTP client's. */
@FunctionalInterface
public interface TransferListener {
  /** Does nothing. */
  TransferListener NONE = (what, bytes, total) -> {};

  /**
   * Some more bytes were sent or received.
   *
   * @param what is transferred, such as {@code bundle}
   * @param bytes so far
   * @param total of all bytes; a transfer is complete when it has them
   */
  void moved(String what, long bytes, long total);
}
