package io.gonext.server;

import io.gonext.dashboard.RequestOrigin;
import io.gonext.dashboard.Visitor;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decides who may call the APIs; plugins decide about their own routes. A server that only this
 * machine can reach trusts its callers, except web pages in a browser. Any other server requires a
 * token.
 *
 * @param loopback whether only this machine can reach the server
 * @param address that the server listens on, as configured
 * @param tokens that allow changes, by holder
 * @param readers that allow to look only, by holder
 */
record Access(
    boolean loopback,
    String address,
    Map<String, AdminToken> tokens,
    Map<String, AdminToken> readers) {
  /** RFC 9110 section 11.1: the name of a scheme is not case-sensitive. */
  private static final Pattern BEARER = Pattern.compile("(?i)bearer +(\\S+) *");

  /** Allows calls of plugins: without a token from this machine, with a token from others. */
  void requireCaller(Context ctx) {
    refuseForeignPages(ctx);
    if (!loopback) {
      requireToken(ctx);
    }
  }

  /** Allows running an author's code: like a caller, and only under a name of this machine. */
  void requireDeveloper(Context ctx) {
    requireOwnName(ctx);
    requireCaller(ctx);
  }

  /**
   * Allows changes of the host: always with a token.
   *
   * @return the holder of the token
   */
  String requireAdmin(Context ctx) {
    refuseForeignPages(ctx);
    return requireToken(ctx);
  }

  /**
   * Allows looking at the host: with an admin token or a read-only one.
   *
   * @return the holder of the token
   */
  String requireReader(Context ctx) {
    refuseForeignPages(ctx);
    return holder(ctx).name();
  }

  private String requireToken(Context ctx) {
    Visitor holder = holder(ctx);
    if (!holder.mayChange()) {
      throw new Problem(
          HttpStatus.FORBIDDEN,
          "the token of " + holder.name() + " is read-only: send an admin token for this");
    }
    return holder.name();
  }

  private Visitor holder(Context ctx) {
    String header = ctx.header("Authorization");
    Matcher bearer = BEARER.matcher(header == null ? "" : header);
    Optional<Visitor> holder = bearer.matches() ? holder(bearer.group(1)) : Optional.empty();
    return holder.orElseThrow(() -> {
      ctx.header("WWW-Authenticate", "Bearer");
      return new Problem(
          HttpStatus.UNAUTHORIZED,
          "send the header Authorization: Bearer <token>; the token is in the data directory, in "
              + AdminToken.FILE);
    });
  }

  /** Who holds a token; empty for a text that is not one. */
  Optional<Visitor> holder(String text) {
    Visitor holder = null;
    // Compare with every token, so that the time does not reveal which one is nearly right.
    for (Map.Entry<String, AdminToken> token : readers.entrySet()) {
      if (token.getValue().is(text)) {
        holder = Visitor.reader(token.getKey());
      }
    }
    for (Map.Entry<String, AdminToken> token : tokens.entrySet()) {
      if (token.getValue().is(text)) {
        holder = Visitor.operator(token.getKey());
      }
    }
    return Optional.ofNullable(holder);
  }

  /**
   * Refuses requests that a browser sends for a page of another site. Such a request has another
   * site in {@code Origin}, which browsers send with every POST, or a name in {@code Host} that
   * someone made point to this machine (DNS rebinding). A request without {@code Origin} does not
   * come from a page, and {@code Host} may be the name that a proxy uses for this server.
   */
  private void refuseForeignPages(Context ctx) {
    String origin = ctx.header("Origin");
    if (origin == null) {
      return;
    }
    requireOwnName(ctx);
    if (!RequestOrigin.isOwn(ctx.req(), origin)) {
      throw new Problem(HttpStatus.FORBIDDEN, "a page of another origin may not call this");
    }
  }

  private void requireOwnName(Context ctx) {
    String host = ctx.header("Host");
    if (!isOwnHost(host == null ? "" : host)) {
      throw new Problem(HttpStatus.FORBIDDEN, "the Host header does not name this host: " + host);
    }
  }

  /** Whether a Host header may name this server; any may, where other machines can reach it. */
  boolean isOwnHost(String header) {
    return !loopback || isOwnName(hostOf("http://" + header));
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
