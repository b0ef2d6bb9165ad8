package io.gonext.cli.dev;

import java.io.IOException;

/** Starts a development host in this process. */
@FunctionalInterface
public interface HostStarter {
  /**
   * A host with an embedded store of its own that takes plugins in development, on loopback.
   *
   * @param port where it listens
   */
  Started start(int port) throws IOException, InterruptedException;

  /** A host that was started. */
  interface Started extends AutoCloseable {
    /** Lets running requests finish, stops it, and removes its store. */
    @Override
    void close();
  }
}
