package io.gonext.server;

import java.time.Duration;

/**
 * Where and how the server listens.
 *
 * @param address to bind, a name or a literal
 * @param port from 0 to 65535; 0 takes a free one
 * @param shutdownPatience how long running requests may finish when the server closes
 * @param idleTimeout how long a connection may be silent, also in the middle of a request
 * @param requestTimeout how long the headers of a request may take to arrive, counted from the
 *     connection's opening or the answer before, and how long its body may take after them
 */
public record ServerConfig(
    String address,
    int port,
    Duration shutdownPatience,
    Duration idleTimeout,
    Duration requestTimeout) {
  public ServerConfig {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("the port " + port + " is not from 0 to 65535");
    }
  }

  /** Loopback only, 10 s to finish, 30 s of silence, 30 s for headers and for a body. */
  public static ServerConfig loopback(int port) {
    return new ServerConfig(
        "127.0.0.1", port, Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30));
  }

  public ServerConfig withAddress(String newAddress) {
    return new ServerConfig(newAddress, port, shutdownPatience, idleTimeout, requestTimeout);
  }

  public ServerConfig withIdleTimeout(Duration newTimeout) {
    return new ServerConfig(address, port, shutdownPatience, newTimeout, requestTimeout);
  }

  public ServerConfig withRequestTimeout(Duration newTimeout) {
    return new ServerConfig(address, port, shutdownPatience, idleTimeout, newTimeout);
  }
}
