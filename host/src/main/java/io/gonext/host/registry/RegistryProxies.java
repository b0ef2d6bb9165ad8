package io.gonext.host.registry;

import io.gonext.host.AddressRange;
import io.gonext.host.manifest.FetchUrl;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The HTTP proxies by which a command reaches registries and web servers, as docker, oras and curl
 * take them from the environment. This machine is never reached by a proxy. Immutable.
 *
 * @param https the proxy for HTTPS, which is asked for tunnels: {@code http://[USER:PASSWORD@]HOST
 *     [:PORT]}
 * @param http the proxy for HTTP without TLS
 * @param direct what is reached without a proxy: {@code example.com} with all names below it,
 *     {@code .example.com} for those below it only, an address, a range of addresses, {@code *};
 *     each may end with a port
 */
public record RegistryProxies(Optional<URI> https, Optional<URI> http, List<String> direct) {
  /** No proxy. */
  public static final RegistryProxies NONE =
      new RegistryProxies(Optional.empty(), Optional.empty(), List.of());

  private static final int DEFAULT_PORT = 80;

  /** Copies the list. */
  public RegistryProxies {
    direct = List.copyOf(direct);
  }

  /**
   * The proxies that {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code NO_PROXY} name, in capital
   * or small letters.
   *
   * @throws IllegalArgumentException when one is not a proxy
   */
  public static RegistryProxies of(Map<String, String> environment) {
    return new RegistryProxies(
        variable("HTTPS_PROXY", environment).map(url -> proxy("HTTPS_PROXY", url)),
        variable("HTTP_PROXY", environment).map(url -> proxy("HTTP_PROXY", url)),
        direct(environment));
  }

  /**
   * One proxy for all but what {@code NO_PROXY} names.
   *
   * @param name of the option, for messages
   * @throws IllegalArgumentException when it is not a proxy
   */
  public static RegistryProxies of(String name, String url, Map<String, String> environment) {
    Optional<URI> proxy = Optional.of(proxy(name, url));
    return new RegistryProxies(proxy, proxy, direct(environment));
  }

  private static List<String> direct(Map<String, String> environment) {
    return variable("NO_PROXY", environment).stream()
        .flatMap(list -> Stream.of(list.split(",", -1)))
        .map(each -> each.strip().toLowerCase(Locale.ROOT))
        .filter(each -> !each.isEmpty())
        .toList();
  }

  private static Optional<String> variable(String name, Map<String, String> environment) {
    return Stream.of(name, name.toLowerCase(Locale.ROOT))
        .map(each -> environment.getOrDefault(each, "").strip())
        .filter(each -> !each.isEmpty())
        .findFirst();
  }

  /** The message has no password: it names only where the URL was. */
  private static URI proxy(String name, String url) {
    try {
      URI proxy = new URI(url.contains("://") ? url : "http://" + url);
      if ("http".equalsIgnoreCase(proxy.getScheme()) && proxy.getHost() != null) {
        return proxy;
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    throw new IllegalArgumentException(
        name + " is not a proxy that can be used: give it as http://HOST:PORT");
  }

  /** The port of a proxy. */
  static int port(URI proxy) {
    return proxy.getPort() < 0 ? DEFAULT_PORT : proxy.getPort();
  }

  /** The user name and the password for a proxy, with a colon between them; empty for none. */
  static Optional<String> login(URI proxy) {
    return Optional.ofNullable(proxy.getUserInfo()).filter(login -> !login.isEmpty());
  }

  /**
   * The proxy by which a server is reached; empty for none.
   *
   * @param scheme {@code https} or {@code http}
   * @param host a name, or an address, which has brackets if it is one of IPv6
   */
  public Optional<URI> of(String scheme, String host, int port) {
    Optional<URI> proxy = scheme.equals("https") ? https : http;
    return proxy.isEmpty() || isDirect(host.toLowerCase(Locale.ROOT), port)
        ? Optional.empty()
        : proxy;
  }

  Optional<URI> of(FetchUrl url) {
    return of(url.scheme(), url.host(), url.port());
  }

  private boolean isDirect(String host, int port) {
    boolean isAddress = FetchUrl.isAddress(host);
    if (host.equals("localhost")
        || host.endsWith(".localhost")
        || (isAddress && FetchUrl.address(host).isLoopbackAddress())) {
      return true;
    }
    String ending = ":" + port;
    return direct.stream()
        .map(each ->
            each.endsWith(ending) ? each.substring(0, each.length() - ending.length()) : each)
        .anyMatch(each ->
            each.equals("*")
                || (isAddress
                    ? isInRange(host, each)
                    : host.equals(each)
                        || host.endsWith(each.startsWith(".") ? each : "." + each)));
  }

  private static boolean isInRange(String address, String range) {
    try {
      return AddressRange.of(range).contains(FetchUrl.address(address));
    } catch (IllegalArgumentException e) {
      return false; // a name
    }
  }
}
