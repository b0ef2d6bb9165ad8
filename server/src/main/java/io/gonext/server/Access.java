package io.gonext.server;

import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who may call what is not a plugin's own route. A server that only this machine can reach trusts
 * its callers, but for pages in a browser of this machine; any other asks for the token.
 *
 * @param loopback whether only this machine can reach the server
 * @param address it listens on, as it was given
 */
record Access(boolean loopback, String address, Map<String, AdminToken> tokens) {
  /** RFC 9110 section 11.1: a scheme's name is not case-sensitive. */
  private static final Pattern BEARER = Pattern.compile("(?i)bearer +(\\S+) *");

  /** For what only calls plugins: free on this machine, by token from elsewhere. */
  void requireCaller(Context ctx) {
    refuseForeignPages(ctx);
    if (!loopback) {
      requireToken(ctx);
    }
  }

  /** For what runs an author's code: as a caller, and by a name of this machine. */
  void requireDeveloper(Context ctx) {
    requireOwnName(ctx);
    requireCaller(ctx);
  }

  /**
   * For what changes the host: by token, always.
   *
   * @return whose it is
   */
  String requireAdmin(Context ctx) {
    refuseForeignPages(ctx);
    return requireToken(ctx);
  }

  private String requireToken(Context ctx) {
    String header = ctx.header("Authorization");
    String holder = null;
    Matcher bearer = BEARER.matcher(header == null ? "" : header);
    if (bearer.matches()) {
      // All of them, so that the time does not tell which one is nearly right.
      for (Map.Entry<String, AdminToken> token : tokens.entrySet()) {
        if (token.getValue().is(bearer.group(1))) {
          holder = token.getKey();
        }
      }
    }
    if (holder == null) {
      ctx.header("WWW-Authenticate", "Bearer");
      throw new Problem(
          HttpStatus.UNAUTHORIZED,
          "this takes the header Authorization: Bearer <token>; the token is in the data directory,"
              + " in "
              + AdminToken.FILE);
    }
    return holder;
  }

  /**
   * Refuses what a browser sends for a page of someone else: another site in {@code Origin}, which
   * browsers send with every POST, or a name that was made to point here (DNS rebinding). Without
   * {@code Origin} it is no page, and {@code Host} may be what a proxy calls this server.
   */
  private void refuseForeignPages(Context ctx) {
    String origin = ctx.header("Origin");
    if (origin == null) {
      return;
    }
    requireOwnName(ctx);
    if (!origin.equalsIgnoreCase(ctx.scheme() + "://" + ctx.header("Host"))) {
      throw new Problem(HttpStatus.FORBIDDEN, "pages of another origin may not call this");
    }
  }

  private void requireOwnName(Context ctx) {
    String host = ctx.header("Host");
    if (loopback && (host == null || !isOwnName(hostOf("http://" + host)))) {
      throw new Problem(
          HttpStatus.FORBIDDEN, "the Host header names another host than this one: " + host);
    }
  }

  private boolean isOwnName(@Nullable String name) {
    if (name == null) {
      return false;
    }
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.equals("localhost")
        || lower.equals("127.0.0.1")
        || lower.equals("[::1]")
        || lower.equals(address.toLowerCase(Locale.ROOT));
  }

  private static @Nullable String hostOf(String url) {
    try {
      return URI.create(url).getHost();
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
