package io.gonext.dashboard;

import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;

/**
 * Which page a browser sends a request for, as its headers say (Fetch Metadata, and {@code Origin}
 * of RFC 6454). The routes of plugins have the same origin as the dashboard, so a page of a plugin
 * must not get at a page of the dashboard either: pages are answered only to a browser that opens
 * them in a tab of their own, where no script of another page can read them.
 */
public final class RequestOrigin {
  private static final String SITE = "Sec-Fetch-Site";
  private static final String DESTINATION = "Sec-Fetch-Dest";

  private RequestOrigin() {}

  /** Refuses a page within a page, and one that a script reads. */
  static void requireTab(HttpServletRequest request) {
    String destination = request.getHeader(DESTINATION);
    if (destination != null && !destination.equals("document")) {
      throw new Refusal(
          Refusal.FORBIDDEN, "Open this page in a tab of its own: no other page may read it.");
    }
  }

  /** Refuses a form of another site. Older browsers send {@code Origin} only. */
  static void requireOwnForm(HttpServletRequest request) {
    requireTab(request);
    requireSameSite(request);
    String origin = request.getHeader("Origin");
    boolean tells = request.getHeader(SITE) != null;
    if (origin == null ? !tells : !isOwn(request, origin)) {
      throw foreign();
    }
  }

  /** Refuses a request for live updates that another site makes. */
  static void requireSameSite(HttpServletRequest request) {
    String site = request.getHeader(SITE);
    if (site != null && !isOwnSite(site)) {
      throw foreign();
    }
  }

  /**
   * Whether a link of another site leads here. A browser leaves out the cookie then, because it is
   * {@code SameSite=Strict}.
   */
  static boolean isLinkFromElsewhere(HttpServletRequest request) {
    String site = request.getHeader(SITE);
    return site != null && (site.equals("cross-site") || site.equals("same-site"));
  }

  private static Refusal foreign() {
    return new Refusal(Refusal.FORBIDDEN, "A page of another origin may not change this host.");
  }

  /**
   * Whether the page that a browser sends a request for is one of this server's, as {@code Origin}
   * says. Neither {@code Forwarded} nor {@code X-Forwarded-*} counts, because anybody can send
   * them: host and port of the origin are those of {@code Host}, and its scheme is that of the
   * request, or {@code https}, where a proxy speaks HTTPS for this server. A page of plain HTTP
   * never has the origin of a request that came by HTTPS. A browser of today also tells the server
   * by {@code Sec-Fetch-Site} what the origin is to it, behind any proxy; then that counts, too.
   */
  public static boolean isOwn(HttpServletRequest request, String origin) {
    String site = request.getHeader(SITE);
    String host = request.getHeader("Host");
    if (host == null || (site != null && !isOwnSite(site))) {
      return false;
    }
    try {
      URI page = URI.create(origin);
      return host.equalsIgnoreCase(page.getAuthority())
          && ("https".equalsIgnoreCase(page.getScheme())
              || request.getScheme().equalsIgnoreCase(page.getScheme()));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean isOwnSite(String site) {
    return site.equals("same-origin") || site.equals("none");
  }
}
