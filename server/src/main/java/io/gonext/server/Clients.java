package io.gonext.server;

import io.gonext.host.AddressRange;
import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletRequest;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the client of a request, for limits per client. A trusted proxy names its client in {@code
 * Forwarded} (RFC 7239), or in {@code X-Forwarded-For} when there is no {@code Forwarded}. These
 * headers of anyone else are ignored.
 *
 * <p>Thread-safe.
 */
final class Clients {
  /** RFC 7239 section 5.4. */
  private static final Pattern HTTPS =
      Pattern.compile("(?:^|[;,])\\s*proto=\"?https\"?\\s*(?:$|[;,])", Pattern.CASE_INSENSITIVE);

  /** Longest chain of proxies. */
  private static final int MAX_HOPS = 32;

  /** Bytes of the network in an IPv6 address. One client may have all addresses of a network. */
  private static final int NETWORK_BYTES = 8;

  /** That the operator trusts. */
  private volatile List<AddressRange> proxies;

  Clients(List<AddressRange> proxies) {
    this.proxies = List.copyOf(proxies);
  }

  /** Trusts other proxies. */
  void change(List<AddressRange> next) {
    proxies = List.copyOf(next);
  }

  /** The client of a request: its IPv4 address, or its IPv6 network of 64 bits. */
  String of(Context ctx) {
    return of(ctx.req());
  }

  /** The client of a request; see {@link #of(Context)}. */
  String of(HttpServletRequest request) {
    return of(
        request.getRemoteAddr(),
        Collections.list(request.getHeaders("Forwarded")),
        Collections.list(request.getHeaders("X-Forwarded-For")));
  }

  /** Whether the client used HTTPS, as this server or a trusted proxy in front of it says. */
  boolean isHttps(HttpServletRequest request) {
    InetAddress peer = literal(request.getRemoteAddr());
    if (request.isSecure() || peer == null || !isProxy(peer)) {
      return request.isSecure();
    }
    String forwarded = String.join(",", Collections.list(request.getHeaders("Forwarded")));
    return forwarded.isEmpty()
        ? "https".equalsIgnoreCase(request.getHeader("X-Forwarded-Proto"))
        : HTTPS.matcher(forwarded).find();
  }

  String of(String peer, List<String> forwarded, List<String> forwardedFor) {
    InetAddress address = literal(peer);
    if (address == null) {
      return peer;
    }
    if (isProxy(address)) {
      List<String> hops =
          forwarded.isEmpty() ? addresses(forwardedFor) : forValues(String.join(",", forwarded));
      // The nearest proxy wrote the last entry.
      for (int i = hops.size() - 1; i >= Math.max(0, hops.size() - MAX_HOPS); i--) {
        InetAddress before = node(hops.get(i));
        if (before == null) {
          break;
        }
        address = before;
        if (!isProxy(address)) {
          break;
        }
      }
    }
    return address instanceof Inet6Address
        ? HexFormat.of().formatHex(address.getAddress(), 0, NETWORK_BYTES) + "/64"
        : address.getHostAddress();
  }

  private boolean isProxy(InetAddress address) {
    return proxies.stream().anyMatch(range -> range.contains(address));
  }

  private static List<String> addresses(List<String> headers) {
    List<String> all = new ArrayList<>();
    for (String header : headers) {
      for (String address : header.split(",", -1)) {
        all.add(address.strip());
      }
    }
    return all;
  }

  /**
   * The value of {@code for} in each element of {@code Forwarded}, in order; empty for an element
   * without one. A malformed header has no values.
   */
  private static List<String> forValues(String header) {
    List<String> values = new ArrayList<>();
    String value = "";
    int at = 0;
    while (at <= header.length()) {
      // Reads one pair, which may be empty.
      StringBuilder pair = new StringBuilder();
      boolean quoted = false;
      for (; at < header.length(); at++) {
        char c = header.charAt(at);
        if (quoted && c == '\\' && at + 1 < header.length()) {
          pair.append(header.charAt(++at));
        } else if (c == '"') {
          quoted = !quoted;
        } else if (!quoted && (c == ';' || c == ',')) {
          break;
        } else {
          pair.append(c);
        }
      }
      if (quoted) {
        return List.of();
      }
      String text = pair.toString().strip();
      if (text.toLowerCase(Locale.ROOT).startsWith("for=")) {
        value = text.substring("for=".length());
      }
      if (at == header.length() || header.charAt(at) == ',') {
        values.add(value);
        value = "";
      }
      at++;
    }
    return values;
  }

  /** The address in {@code 192.0.2.1:80} or {@code [2001:db8::1]:80}; null when there is none. */
  private static @Nullable InetAddress node(String text) {
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      return end < 0 ? null : literal(text.substring(1, end));
    }
    int colon = text.indexOf(':');
    // An IPv6 address without brackets has several colons, and no port.
    boolean port = colon >= 0 && colon == text.lastIndexOf(':');
    return literal(port ? text.substring(0, colon) : text);
  }

  private static @Nullable InetAddress literal(String text) {
    try {
      return InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
