package io.gonext.host.manifest;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What the names of HTTP headers mean between a plugin and the clients of its routes. */
public final class HeaderNames {
  /** The request headers that reach a plugin whose manifest names none, as abi-v1 says. */
  public static final List<String> DEFAULT =
      List.of("User-Agent", "Accept", "Accept-Language", "Content-Type", "Authorization");

  /** RFC 9110 section 7.6.1, and what belongs to the message on its way and not to its content. */
  private static final Set<String> OF_THE_CONNECTION =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "proxy-authenticate",
          "proxy-authorization",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "http2-settings",
          "content-length",
          "expect");

  /** Response headers that speak for the host. */
  private static final Set<String> HOSTS_OWN =
      Set.of(
          "set-cookie",
          "set-cookie2",
          "authorization",
          "strict-transport-security",
          "content-security-policy",
          "date",
          "server");

  private static final List<String> HOSTS_OWN_PREFIXES = List.of("x-forwarded-", "x-gonext-");

  /**
   * Response headers that act beyond the answer they stand in: on the whole site, on what a browser
   * remembers of it, on the proxy in front.
   */
  private static final Set<String> GUARDED =
      Set.of(
          "accept-ch",
          "alt-svc",
          "clear-site-data",
          "critical-ch",
          // Pages of the host must not share a browser's window group with those of a plugin.
          "cross-origin-opener-policy",
          "expect-ct",
          "nel",
          "public-key-pins",
          "report-to",
          "reporting-endpoints",
          "service-worker-allowed",
          "set-login",
          "use-as-dictionary",
          "www-authenticate",
          "x-lighttpd-send-file",
          "x-litespeed-location",
          "x-reproxy-file",
          "x-reproxy-url",
          "x-sendfile");

  private static final String GUARDED_PREFIX = "x-accel-";

  private static final Set<String> CREDENTIALS = Set.of("authorization", "cookie");

  private static final String REST = "*";

  private HeaderNames() {}

  /** Whether it stands for all names that begin with what is before its asterisk. */
  public static boolean isPattern(String wanted) {
    return wanted.endsWith("-" + REST);
  }

  /** Whether a pattern stands for a name. */
  public static boolean matches(String pattern, String name) {
    int prefix = pattern.length() - REST.length();
    return name.length() > prefix && name.regionMatches(true, 0, pattern, 0, prefix);
  }

  /** Whether a request header says who the client is. */
  public static boolean isCredential(String name) {
    return CREDENTIALS.contains(name.toLowerCase(Locale.ROOT));
  }

  /** Whether a header is about the connection, which no plugin sees or sets. */
  static boolean isOfTheConnection(String name) {
    return OF_THE_CONNECTION.contains(name.toLowerCase(Locale.ROOT));
  }

  /** Whether no plugin may ever set a response header, given in lower case. */
  public static boolean isHostsOwn(String lower) {
    return HOSTS_OWN.contains(lower)
        || isOfTheConnection(lower)
        || HOSTS_OWN_PREFIXES.stream().anyMatch(lower::startsWith);
  }

  /** Whether a plugin sets a response header, given in lower case, only by a capability. */
  public static boolean isGuarded(String lower) {
    return GUARDED.contains(lower) || lower.startsWith(GUARDED_PREFIX);
  }

  /** The name itself, or the prefix that makes it the host's own or guarded: there are few. */
  public static String family(String lower) {
    Optional<String> prefix = HOSTS_OWN_PREFIXES.stream().filter(lower::startsWith).findFirst();
    return prefix.orElse(lower.startsWith(GUARDED_PREFIX) ? GUARDED_PREFIX : lower);
  }
}
