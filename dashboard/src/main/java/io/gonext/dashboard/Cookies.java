package io.gonext.dashboard;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.function.Predicate;

/** The one cookie of the dashboard: a random identifier of the browser, or of its session. */
final class Cookies {
  private static final String NAME = "gonext-dashboard-";

  /** Longer than every identifier. */
  private static final int MAX_LENGTH = 100;

  private final Predicate<HttpServletRequest> secure;

  /**
   * @param secure whether a request came by HTTPS
   */
  Cookies(Predicate<HttpServletRequest> secure) {
    this.secure = secure;
  }

  /** Browsers send the cookies of one host name to all its ports. */
  private static String name(HttpServletRequest request) {
    return NAME + request.getLocalPort();
  }

  /** The identifier that a browser sends; empty for none. */
  static String read(HttpServletRequest request) {
    Cookie[] cookies = request.getCookies();
    if (cookies != null) {
      for (Cookie cookie : cookies) {
        if (cookie.getName().equals(name(request)) && cookie.getValue().length() <= MAX_LENGTH) {
          return cookie.getValue();
        }
      }
    }
    return "";
  }

  /** Gives an identifier to a browser. */
  void set(HttpServletRequest request, HttpServletResponse response, String base, String id) {
    send(request, response, base, id, Sessions.LIFE.toSeconds());
  }

  /** Makes a browser forget its identifier. */
  void clear(HttpServletRequest request, HttpServletResponse response, String base) {
    send(request, response, base, "", 0);
  }

  private void send(
      HttpServletRequest request,
      HttpServletResponse response,
      String base,
      String value,
      long seconds) {
    response.addHeader(
        "Set-Cookie",
        name(request)
            + "="
            + value
            + "; Path="
            + (base.isEmpty() ? "/" : base)
            + "; Max-Age="
            + seconds
            + "; HttpOnly; SameSite=Strict"
            + (secure.test(request) ? "; Secure" : ""));
  }
}
