package io.gonext.host.manifest;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The URL of a plugin's request, in the one form that is checked and dialled.
 *
 * @param uri without a fragment
 * @param scheme {@code http} or {@code https}
 * @param host in lower case: a DNS name, an IPv4 address of four decimal numbers, or an IPv6
 *     address in brackets
 * @param port never 0
 */
public record FetchUrl(URI uri, String scheme, String host, int port) {
  private static final int MAX_LENGTH = 8 * 1024;
  private static final int MAX_NAME = 253;

  private static final int MAX_LABEL = 63;

  /** What some resolvers read as a number: decimal, octal or hexadecimal. */
  private static final Pattern NUMBER = Pattern.compile("\\d+|0x[0-9a-f]*");

  /**
   * Reads a URL.
   *
   * @throws IllegalArgumentException if it is not one that a plugin may request; the message says
   *     why and does not repeat a password
   */
  public static FetchUrl parse(String text) {
    if (text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("the URL has more than " + MAX_LENGTH + " characters");
    }
    URI uri;
    try {
      uri = new URI(text).parseServerAuthority();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("the URL is not valid: " + e.getReason());
    }
    return of(uri);
  }

  /**
   * The URL that a {@code Location} of an answer to this one names.
   *
   * @throws IllegalArgumentException as {@link #parse}
   */
  public FetchUrl resolve(String location) {
    if (location.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "the redirect's URL has more than " + MAX_LENGTH + " characters");
    }
    try {
      if (location.startsWith("?")) {
        // java.net.URI follows RFC 2396 here, which drops the last segment of the path.
        String text = uri.toString();
        int query = text.indexOf('?');
        return of(new URI((query < 0 ? text : text.substring(0, query)) + location));
      }
      return of(uri.resolve(new URI(location)));
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("the redirect's URL is not valid: " + e.getReason());
    }
  }

  private static FetchUrl of(URI uri) {
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("https") && !scheme.equals("http")) {
      throw new IllegalArgumentException("the URL must begin with https:// or http://");
    }
    if (uri.getRawUserInfo() != null) {
      throw new IllegalArgumentException(
          "the URL must not hold a user or a password: send an Authorization header");
    }
    if (uri.getHost() == null) {
      throw new IllegalArgumentException("the URL has no host that can be understood");
    }
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    requireHost(host);
    int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
    if (port == 0 || port > 65_535) {
      throw new IllegalArgumentException("a port is from 1 to 65535");
    }
    return new FetchUrl(withoutFragment(uri), scheme, host, port);
  }

  private static void requireHost(String host) {
    if (host.startsWith("[")) {
      if (host.contains("%")) {
        throw new IllegalArgumentException("an IPv6 address in a URL must not name a zone");
      }
      return;
    }
    if (host.endsWith(".")) {
      throw new IllegalArgumentException("the host of a URL must not end with a dot");
    }
    String last = host.substring(host.lastIndexOf('.') + 1);
    if (!last.isEmpty() && isDigit(last.charAt(0)) && NUMBER.matcher(last).matches()) {
      if (!isIpv4(host)) {
        throw new IllegalArgumentException(
            "an IPv4 address in a URL must have four decimal numbers: " + host);
      }
    } else if (host.length() > MAX_NAME || !isName(host)) {
      throw new IllegalArgumentException(
          "the host of a URL must be a DNS name of ASCII letters, digits and '-': write others in"
              + " punycode");
    }
  }

  /** Four decimal numbers without leading zeros. */
  private static boolean isIpv4(String host) {
    int numbers = 0;
    int at = 0;
    while (at < host.length()) {
      int first = at;
      int value = 0;
      while (at < host.length() && at - first < 3 && isDigit(host.charAt(at))) {
        value = value * 10 + (host.charAt(at++) - '0');
      }
      boolean hasZeros = host.charAt(first) == '0' && at - first > 1;
      if (at == first || value > 255 || hasZeros || ++numbers > 4) {
        return false;
      }
      if (at == host.length()) {
        return numbers == 4;
      }
      if (host.charAt(at++) != '.') {
        return false;
      }
    }
    return false;
  }

  /** Labels of letters, digits and inner hyphens. */
  private static boolean isName(String host) {
    int label = 0;
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (isDigit(c) || (c >= 'a' && c <= 'z')) {
        label++;
      } else if (c == '-' && label > 0) {
        label++;
      } else if (c == '.' && label > 0 && host.charAt(i - 1) != '-') {
        label = 0;
      } else {
        return false;
      }
      if (label > MAX_LABEL) {
        return false;
      }
    }
    return label > 0 && host.charAt(host.length() - 1) != '-';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static URI withoutFragment(URI uri) {
    String text = uri.toString();
    int fragment = text.indexOf('#');
    return fragment < 0 ? uri : URI.create(text.substring(0, fragment));
  }

  /** Whether two URLs have scheme, host and port in common. */
  public boolean hasOriginOf(FetchUrl other) {
    return scheme.equals(other.scheme) && host.equals(other.host) && port == other.port;
  }

  /** Whether the host is an address and not a name. */
  public boolean isAddress() {
    return isAddress(host);
  }

  /** Whether the host of a URL is an address and not a name. */
  public static boolean isAddress(String host) {
    return host.startsWith("[") || isIpv4(host);
  }

  /** The address that the host of a URL is. */
  public static InetAddress address(String host) {
    return InetAddress.ofLiteral(
        host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
  }

  /** As a manifest names it: without the port where the scheme implies it. */
  public String origin() {
    boolean isDefault = port == (scheme.equals("https") ? 443 : 80);
    return scheme + "://" + host + (isDefault ? "" : ":" + port);
  }
}
