package io.gonext.cli.dev;

import java.io.IOException;

/** Starts a development host in this process. */
@FunctionalInterface
public interface HostStarter {
  /**
   * Starts a host on the loopback address, with a temporary store, that accepts uploads.
   *
   * @param port to listen on
   */
  Started start(int port) throws IOException, InterruptedException;

  /** A running host. */
  interface Started extends AutoCloseable {
    /** Waits for running requests, stops the host, and deletes its store. */
    @Override
    void close();
  }
}
