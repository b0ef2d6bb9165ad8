package io.gonext.dashboard;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a form has done, for the page that follows: it is shown once. The address of that page has
 * only the identifier, so a link cannot put words on a page.
 *
 * <p>Thread-safe.
 */
final class Notices {
  private static final int MAX = 1000;

  /** By identifier, the oldest first. Guarded by this. */
  private final Map<String, Kept> notices =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Kept> eldest) {
          return size() > MAX;
        }
      };

  private final Keys keys;

  private record Kept(String browser, Notice notice) {}

  /**
   * What the top of a page says.
   *
   * @param failed whether the host refused what the visitor asked for
   */
  record Notice(boolean failed, String text) {}

  Notices(Keys keys) {
    this.keys = keys;
  }

  /** Keeps a notice for a browser, and returns its identifier. */
  synchronized String keep(String browser, Notice notice) {
    String id = keys.identifier();
    notices.put(id, new Kept(browser, notice));
    return id;
  }

  /** The notice of a browser, which is gone then. */
  synchronized Optional<Notice> take(String browser, String id) {
    Kept kept = notices.get(id);
    if (kept == null || !kept.browser().equals(browser)) {
      return Optional.empty();
    }
    notices.remove(id);
    return Optional.of(kept.notice());
  }
}
