package io.gonext.server;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where and how the server listens.
 *
 * @param address to bind, a name or a literal
 * @param port from 0 to 65535; 0 takes a free one
 * @param shutdownPatience how long running requests may finish when the server closes
 * @param idleTimeout how long a connection may be silent, also in the middle of a request
 * @param requestTimeout how long the headers of a request may take to arrive, counted from the
 *     connection's opening or the answer before, and how long its body may take after them
 * @param token lets its holder change the host; without one there is no admin API
 * @param dev whether it takes plugins in development: code of whoever can call it
 * @param trustedProxies whose {@code Forwarded} or {@code X-Forwarded-For} says whose request it is
 */
public record ServerConfig(
    String address,
    int port,
    Duration shutdownPatience,
    Duration idleTimeout,
    Duration requestTimeout,
    @Nullable AdminToken token,
    boolean dev,
    List<AddressRange> trustedProxies) {
  /** Copies the list. */
  public ServerConfig {
    trustedProxies = List.copyOf(trustedProxies);
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("the port " + port + " is not from 0 to 65535");
    }
  }

  /** Loopback only, 10 s to finish, 30 s of silence, 30 s for headers and for a body; no token. */
  public static ServerConfig loopback(int port) {
    return new ServerConfig(
        "127.0.0.1",
        port,
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofSeconds(30),
        null,
        false,
        List.of());
  }

  /**
   * Whether only this machine can reach the address.
   *
   * @throws UnknownHostException when there is no such address
   */
  public boolean isLoopback() throws UnknownHostException {
    return Arrays.stream(InetAddress.getAllByName(address))
        .allMatch(InetAddress::isLoopbackAddress);
  }

  public ServerConfig withAddress(String newAddress) {
    return new ServerConfig(
        newAddress,
        port,
        shutdownPatience,
        idleTimeout,
        requestTimeout,
        token,
        dev,
        trustedProxies);
  }

  public ServerConfig withIdleTimeout(Duration newTimeout) {
    return new ServerConfig(
        address, port, shutdownPatience, newTimeout, requestTimeout, token, dev, trustedProxies);
  }

  public ServerConfig withRequestTimeout(Duration newTimeout) {
    return new ServerConfig(
        address, port, shutdownPatience, idleTimeout, newTimeout, token, dev, trustedProxies);
  }

  public ServerConfig withToken(AdminToken newToken) {
    return new ServerConfig(
        address,
        port,
        shutdownPatience,
        idleTimeout,
        requestTimeout,
        newToken,
        dev,
        trustedProxies);
  }

  public ServerConfig withDev(boolean newDev) {
    return new ServerConfig(
        address,
        port,
        shutdownPatience,
        idleTimeout,
        requestTimeout,
        token,
        newDev,
        trustedProxies);
  }

  public ServerConfig withTrustedProxies(List<AddressRange> newProxies) {
    return new ServerConfig(
        address, port, shutdownPatience, idleTimeout, requestTimeout, token, dev, newProxies);
  }
}
