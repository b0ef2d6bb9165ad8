package io.gonext.server;

import io.gonext.dashboard.RequestOrigin;
import io.gonext.dashboard.Visitor;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides who may call the APIs; plugins decide about their own routes. A server that only this
 * machine can reach trusts its callers, except web pages in a browser. Any other server requires a
 * token.
 *
 * <p>Thread-safe.
 */
final class Access {
  /** RFC 9110 section 11.1: the name of a scheme is not case-sensitive. */
  private static final Pattern BEARER = Pattern.compile("(?i)bearer +(\\S+) *");

  private final boolean loopback;
  private final String address;
  private volatile Tokens tokens;

  /**
   * Who may do what.
   *
   * @param admins allow changes, by holder
   * @param readers allow to look only, by holder
   */
  private record Tokens(Map<String, AdminToken> admins, Map<String, AdminToken> readers) {}

  /**
   * @param loopback whether only this machine can reach the server
   * @param address that the server listens on, as configured
   * @param admins tokens that allow changes, by holder
   * @param readers tokens that allow to look only, by holder
   */
  Access(
      boolean loopback,
      String address,
      Map<String, AdminToken> admins,
      Map<String, AdminToken> readers) {
    this.loopback = loopback;
    this.address = address;
    this.tokens = new Tokens(admins, readers);
  }

  /**
   * Sets other tokens.
   *
   * @return who no longer holds the same token, by name
   */
  synchronized List<Visitor> change(
      Map<String, AdminToken> admins, Map<String, AdminToken> readers) {
    Tokens before = tokens;
    tokens = new Tokens(admins, readers);
    return Stream.concat(
            gone(before.admins, admins).map(Visitor::operator),
            gone(before.readers, readers).map(Visitor::reader))
        .toList();
  }

  private static Stream<String> gone(
      Map<String, AdminToken> before, Map<String, AdminToken> after) {
    return before.keySet().stream()
        .filter(name -> {
          AdminToken now = after.get(name);
          return now == null || !now.is(Objects.requireNonNull(before.get(name)));
        })
        .sorted();
  }

  boolean hasAdmins() {
    return !tokens.admins.isEmpty();
  }

  /** Whether the token of a request is still one that allows to look. */
  boolean isHolder(Context ctx) {
    return holderOf(ctx).isPresent();
  }

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
    return holderOf(ctx)
        .orElseThrow(() -> {
          ctx.header("WWW-Authenticate", "Bearer");
          return new Problem(
              HttpStatus.UNAUTHORIZED,
              "send the header Authorization: Bearer <token>; the token is in the data directory,"
                  + " in "
                  + AdminToken.FILE);
        });
  }

  private Optional<Visitor> holderOf(Context ctx) {
    String header = ctx.header("Authorization");
    Matcher bearer = BEARER.matcher(header == null ? "" : header);
    return bearer.matches() ? holder(bearer.group(1)) : Optional.empty();
  }

  /** Who holds a token; empty for a text that is not one. */
  Optional<Visitor> holder(String text) {
    Visitor holder = null;
    Tokens now = tokens;
    // Compare with every token, so that the time does not reveal which one is nearly right.
    for (Map.Entry<String, AdminToken> token : now.readers.entrySet()) {
      if (token.getValue().is(text)) {
        holder = Visitor.reader(token.getKey());
      }
    }
    for (Map.Entry<String, AdminToken> token : now.admins.entrySet()) {
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
