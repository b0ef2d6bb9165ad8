package io.gonext.dashboard;

import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Which page a browser sends a request for, as its headers say (Fetch Metadata, and {@code Origin}
 * of RFC 6454). The routes of plugins have the same origin as the dashboard, so a page of a plugin
 * must not get at a page of the dashboard either: pages are answered only to a browser that opens
 * them in a tab of their own, where no script of another page can read them.
 */
final class RequestOrigin {
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
    if (origin == null ? !tells : !isOwn(origin, request.getHeader("Host"))) {
      throw foreign();
    }
  }

  /** Refuses a request for live updates that another site makes. */
  static void requireSameSite(HttpServletRequest request) {
    String site = request.getHeader(SITE);
    if (site != null && !site.equals("same-origin") && !site.equals("none")) {
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

  /** Compares without the scheme: a proxy in front may be the one that speaks HTTPS. */
  private static boolean isOwn(String origin, @Nullable String host) {
    try {
      return host != null && host.equalsIgnoreCase(URI.create(origin).getAuthority());
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
