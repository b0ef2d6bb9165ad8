package io.gonext.dashboard;

import jakarta.servlet.http.HttpServletResponse;

/**
 * The headers of every answer. What a page shows is hostile text; should a piece of it ever get
 * past the templates as markup, the browser still runs no script of it, loads nothing for it, sends
 * no form of it elsewhere, and shows the page in no frame.
 */
final class SecurityHeaders {
  private SecurityHeaders() {}

  /**
   * @param nonce that the page's own script has
   */
  static void addTo(HttpServletResponse response, String nonce) {
    response.setHeader(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'nonce-"
            + nonce
            + "'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
            + " frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script';"
            + " trusted-types gonext");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("X-Frame-Options", "DENY");
    response.setHeader("Referrer-Policy", "same-origin");
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
    response.setHeader(
        "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    response.setHeader("X-Robots-Tag", "noindex");
    // A page of a visitor who has signed out must not come back from a cache.
    response.setHeader("Cache-Control", "no-store");
  }
}
