package io.gonext.dashboard;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What every template may use: who looks, the menu, and the addresses and keys of this page.
 *
 * @param base the address of the dashboard, without {@code /} at its end
 * @param path of this page, below the dashboard
 * @param visitor null on the page where visitors sign in
 * @param signsOut whether the dashboard itself has signed the visitor in
 * @param csrf the key of forms
 * @param liveKey the key of live updates
 * @param nonce of the scripts of this page
 * @param notice what the last form has done; null for none
 */
record Frame(
    String base,
    String path,
    String title,
    @Nullable Visitor visitor,
    boolean signsOut,
    String csrf,
    String liveKey,
    String nonce,
    Notices.@Nullable Notice notice,
    List<Routes.NavEntry> nav,
    Assets assets,
    String version) {
  /** The same for a page of this title. */
  Frame titled(String title) {
    return new Frame(
        base, path, title, visitor, signsOut, csrf, liveKey, nonce, notice, nav, assets, version);
  }

  /** Whether the visitor may change the host; otherwise a page shows no forms. */
  boolean mayChange() {
    return visitor != null && visitor.mayChange();
  }

  /** The address of a page or a form, from its path with encoded segments. */
  String url(String path) {
    return base + path;
  }

  /** A text as a segment of a path, or in a query. */
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** The path of a plugin's page. */
  String plugin(String name) {
    return base + "/plugins/" + encoded(name);
  }

  /** The address of a live part, from its path and query. */
  String live(String path) {
    return base + path + (path.contains("?") ? "&" : "?") + "key=" + liveKey;
  }

  String asset(String name) {
    return base + assets.path(name);
  }

  boolean isCurrent(Routes.NavEntry entry) {
    return entry.path().equals("/")
        ? path.equals("/") || path.startsWith("/plugins/")
        : path.equals(entry.path()) || path.startsWith(entry.path() + "/");
  }
}
