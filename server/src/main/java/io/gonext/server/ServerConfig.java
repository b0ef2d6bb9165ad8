package io.gonext.server;

import io.gonext.host.AddressRange;
import io.opentelemetry.api.OpenTelemetry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Where and how the server listens.
 *
 * @param address to bind: a name or a literal
 * @param port from 0 to 65535; 0 takes a free one
 * @param idleTimeout how long a connection may be silent, also in the middle of a request
 * @param requestTimeout how long the headers of a request may take to arrive, counted from the
 *     opening of the connection or the previous answer, and how long its body may take after them
 * @param tokens allow their holders to change the host. The key is the holder's name in the audit
 *     log. Without a token there is no admin API
 * @param readers tokens that allow their holders to look at everything an admin token shows, and to
 *     change nothing; by name, too
 * @param dashboard whether there are the pages below {@code /dashboard}
 * @param dev whether the server accepts plugins in development: code of anyone who can call it
 * @param trustedProxies whose {@code Forwarded} or {@code X-Forwarded-For} names the client
 * @param log whose levels operators may change; empty where the application keeps that to itself
 * @param telemetry where the spans of requests go; {@link OpenTelemetry#noop} for nowhere. Usually
 *     that of the host, whose spans are below them
 * @param settings how this host was started, by option, without secrets: operators see it
 */
public record ServerConfig(
    String address,
    int port,
    Duration idleTimeout,
    Duration requestTimeout,
    Map<String, AdminToken> tokens,
    Map<String, AdminToken> readers,
    Dashboard dashboard,
    boolean dev,
    List<AddressRange> trustedProxies,
    Optional<LogBackend> log,
    OpenTelemetry telemetry,
    Map<String, String> settings) {
  /** The audit log's name for the holder of the token in the data directory. */
  public static final String OPERATOR = "operator";

  /** Whether a server has a dashboard. It needs a token in any case. */
  public enum Dashboard {
    /** Only where no other machine can reach the server. */
    ON_LOOPBACK,
    ON,
    OFF
  }

  /** Copies maps and list. */
  public ServerConfig {
    tokens = Map.copyOf(tokens);
    settings = Collections.unmodifiableMap(new TreeMap<>(settings));
    readers = Map.copyOf(readers);
    trustedProxies = List.copyOf(trustedProxies);
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("the port " + port + " is not from 0 to 65535");
    }
  }

  /**
   * Builds a server that listens on 127.0.0.1: 30 s of silence, 30 s for headers and for a body, no
   * token, a dashboard on loopback, no plugins in development, no trusted proxy.
   */
  public static Builder loopback(int port) {
    return new Builder(port);
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

  /** The fields have the meaning of the record's components. Not thread-safe. */
  public static final class Builder {
    private final int port;
    private final Map<String, AdminToken> tokens = new HashMap<>();
    private final Map<String, AdminToken> readers = new HashMap<>();
    private String address = "127.0.0.1";
    private Duration idleTimeout = Duration.ofSeconds(30);
    private Duration requestTimeout = Duration.ofSeconds(30);
    private Dashboard dashboard = Dashboard.ON_LOOPBACK;
    private boolean dev;
    private List<AddressRange> trustedProxies = List.of();
    private Optional<LogBackend> log = Optional.empty();
    private OpenTelemetry telemetry = OpenTelemetry.noop();
    private Map<String, String> settings = Map.of();

    private Builder(int port) {
      this.port = port;
    }

    public Builder address(String value) {
      address = value;
      return this;
    }

    public Builder idleTimeout(Duration value) {
      idleTimeout = value;
      return this;
    }

    public Builder requestTimeout(Duration value) {
      requestTimeout = value;
      return this;
    }

    /** Adds the token of {@value #OPERATOR}. */
    public Builder token(AdminToken token) {
      return token(OPERATOR, token);
    }

    /** Adds a token, or replaces the one of that holder. */
    public Builder token(String holder, AdminToken token) {
      tokens.put(holder, token);
      return this;
    }

    /** Adds a read-only token, or replaces the one of that holder. */
    public Builder reader(String holder, AdminToken token) {
      readers.put(holder, token);
      return this;
    }

    public Builder dashboard(Dashboard value) {
      dashboard = value;
      return this;
    }

    public Builder dev(boolean value) {
      dev = value;
      return this;
    }

    public Builder trustedProxies(List<AddressRange> value) {
      trustedProxies = value;
      return this;
    }

    public Builder log(LogBackend value) {
      log = Optional.of(value);
      return this;
    }

    public Builder telemetry(OpenTelemetry value) {
      telemetry = value;
      return this;
    }

    public Builder settings(Map<String, String> value) {
      settings = value;
      return this;
    }

    public ServerConfig build() {
      return new ServerConfig(
          address,
          port,
          idleTimeout,
          requestTimeout,
          tokens,
          readers,
          dashboard,
          dev,
          trustedProxies,
          log,
          telemetry,
          settings);
    }
  }
}
