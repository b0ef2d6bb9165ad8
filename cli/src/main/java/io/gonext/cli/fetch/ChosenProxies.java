package io.gonext.cli.fetch;

import io.gonext.host.registry.RegistryProxies;
import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The proxies of the command line or the environment, for the JDK's HTTP client. */
final class ChosenProxies extends ProxySelector {
  private static final int HTTPS_PORT = 443;
  private static final int HTTP_PORT = 80;

  private final RegistryProxies proxies;

  ChosenProxies(RegistryProxies proxies) {
    this.proxies = proxies;
  }

  @Override
  public List<Proxy> select(URI url) {
    boolean isHttps = "https".equals(url.getScheme());
    int port = url.getPort() >= 0 ? url.getPort() : isHttps ? HTTPS_PORT : HTTP_PORT;
    return List.of(
        proxies
            .of(isHttps ? "https" : "http", String.valueOf(url.getHost()), port)
            .map(proxy ->
                new Proxy(Proxy.Type.HTTP, new InetSocketAddress(proxy.getHost(), port(proxy))))
            .orElse(Proxy.NO_PROXY));
  }

  private static int port(URI proxy) {
    return proxy.getPort() < 0 ? HTTP_PORT : proxy.getPort();
  }

  @Override
  public void connectFailed(URI url, SocketAddress proxy, IOException failure) {
    // The request fails with the same exception.
  }

  /** Answers a proxy that asks for a login, and no server. */
  static Authenticator login(RegistryProxies proxies) {
    return new Authenticator() {
      @Override
      protected @Nullable PasswordAuthentication getPasswordAuthentication() {
        if (getRequestorType() != RequestorType.PROXY) {
          return null;
        }
        return Stream.of(proxies.https(), proxies.http())
            .flatMap(proxy -> proxy.stream())
            .filter(proxy ->
                proxy.getHost().equals(getRequestingHost()) && port(proxy) == getRequestingPort())
            .map(URI::getUserInfo)
            .filter(login -> login != null && !login.isEmpty())
            .findFirst()
            .map(login -> login.split(":", 2))
            .map(parts ->
                new PasswordAuthentication(
                    parts[0], (parts.length > 1 ? parts[1] : "").toCharArray()))
            .orElse(null);
      }
    };
  }
}
