package io.gonext.cli.dev;

import io.gonext.host.Host;
import io.gonext.host.HostFunctionSpec;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Starts a development host in this process. */
@FunctionalInterface
public interface HostStarter {
  /**
   * Starts a host on the loopback address, with a temporary store, that accepts uploads.
   *
   * @param port to listen on
   * @param functions of the application, that plugins may call
   */
  Started start(int port, List<HostFunctionSpec> functions)
      throws IOException, InterruptedException;

  /** A running host. */
  interface Started extends AutoCloseable {
    /** The host itself, if it is in this process. */
    default Optional<Host> host() {
      return Optional.empty();
    }

    /** Waits for running requests, stops the host, and deletes its store. */
    @Override
    void close();
  }
}
