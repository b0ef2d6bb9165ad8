package io.gonext.server;

import io.javalin.http.Context;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whose request it is, for what is counted by client. A proxy that the operator named says for whom
 * it asks: in {@code Forwarded} (RFC 7239), or in {@code X-Forwarded-For} where there is no {@code
 * Forwarded}. Nobody else is believed.
 *
 * @param proxies that are believed
 */
record Clients(List<AddressRange> proxies) {
  /** Proxies in a row that are followed. */
  private static final int MOST_HOPS = 32;

  /** Bytes of an IPv6 address that name a network: one client may have all addresses in it. */
  private static final int NETWORK_BYTES = 8;

  /** The client of a request: its IPv4 address, or its IPv6 network of 64 bits. */
  String of(Context ctx) {
    return of(
        ctx.req().getRemoteAddr(),
        Collections.list(ctx.req().getHeaders("Forwarded")),
        Collections.list(ctx.req().getHeaders("X-Forwarded-For")));
  }

  String of(String peer, List<String> forwarded, List<String> forwardedFor) {
    InetAddress address = literal(peer);
    if (address == null) {
      return peer;
    }
    if (isProxy(address)) {
      List<String> hops =
          forwarded.isEmpty() ? addresses(forwardedFor) : forValues(String.join(",", forwarded));
      // The last one was written by the proxy that is nearest.
      for (int i = hops.size() - 1; i >= Math.max(0, hops.size() - MOST_HOPS); i--) {
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
   * The value of {@code for} in each element of {@code Forwarded}, in order: empty for an element
   * without one. What is not of that form has no values at all.
   */
  private static List<String> forValues(String header) {
    List<String> values = new ArrayList<>();
    String value = "";
    int at = 0;
    while (at <= header.length()) {
      // One pair, which may be empty, and what follows it.
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

  /** The address of {@code 192.0.2.1:80} or {@code [2001:db8::1]:80}; null for what has none. */
  private static @Nullable InetAddress node(String text) {
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      return end < 0 ? null : literal(text.substring(1, end));
    }
    int colon = text.indexOf(':');
    // An address of version 6 without brackets has more than one.
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
