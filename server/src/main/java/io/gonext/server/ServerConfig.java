package io.gonext.server;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where and how the server listens.
 *
 * @param address to bind, a name or a literal
 * @param port from 0 to 65535; 0 takes a free one
 * @param shutdownPatience how long running requests may finish when the server closes
 * @param idleTimeout how long a connection may be silent, also in the middle of a request
 * @param requestTimeout how long the headers of a request may take to arrive, counted from the
 *     connection's opening or the answer before, and how long its body may take after them
 * @param tokens let their holders change the host, by the names under which the audit log has them;
 *     without one there is no admin API
 * @param dev whether it takes plugins in development: code of whoever can call it
 * @param trustedProxies whose {@code Forwarded} or {@code X-Forwarded-For} says whose request it is
 */
public record ServerConfig(
    String address,
    int port,
    Duration shutdownPatience,
    Duration idleTimeout,
    Duration requestTimeout,
    Map<String, AdminToken> tokens,
    boolean dev,
    List<AddressRange> trustedProxies) {
  /** Whom the audit log names for the holder of the token that a data directory keeps. */
  public static final String OPERATOR = "operator";

  /** Copies map and list. */
  public ServerConfig {
    tokens = Map.copyOf(tokens);
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
        Map.of(),
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
        tokens,
        dev,
        trustedProxies);
  }

  public ServerConfig withIdleTimeout(Duration newTimeout) {
    return new ServerConfig(
        address, port, shutdownPatience, newTimeout, requestTimeout, tokens, dev, trustedProxies);
  }

  public ServerConfig withRequestTimeout(Duration newTimeout) {
    return new ServerConfig(
        address, port, shutdownPatience, idleTimeout, newTimeout, tokens, dev, trustedProxies);
  }

  /** As {@link #withToken(String, AdminToken)}, of {@value #OPERATOR}. */
  public ServerConfig withToken(AdminToken token) {
    return withToken(OPERATOR, token);
  }

  /** With one more token, or another for that name. */
  public ServerConfig withToken(String name, AdminToken token) {
    Map<String, AdminToken> all = new TreeMap<>(tokens);
    all.put(name, token);
    return new ServerConfig(
        address, port, shutdownPatience, idleTimeout, requestTimeout, all, dev, trustedProxies);
  }

  public ServerConfig withDev(boolean newDev) {
    return new ServerConfig(
        address,
        port,
        shutdownPatience,
        idleTimeout,
        requestTimeout,
        tokens,
        newDev,
        trustedProxies);
  }

  public ServerConfig withTrustedProxies(List<AddressRange> newProxies) {
    return new ServerConfig(
        address, port, shutdownPatience, idleTimeout, requestTimeout, tokens, dev, newProxies);
  }
}
