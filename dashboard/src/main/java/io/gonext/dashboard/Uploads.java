package io.gonext.dashboard;

import io.gonext.host.BundleCheck;
import io.gonext.host.Delivery;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Bundles that were checked and wait for a decision, in memory: at most four, for fifteen minutes.
 * Only the browser that brought one gets it back.
 *
 * <p>Thread-safe.
 */
final class Uploads {
  /** A bundle may have 32 MiB. */
  static final int MAX = 4;

  static final Duration KEPT = Duration.ofMinutes(15);

  /** By identifier, the oldest first. Guarded by this. */
  private final Map<String, Upload> uploads = new LinkedHashMap<>();

  private final Keys keys;
  private final InstantSource clock;

  /** A bundle, and what the host said of it. */
  record Upload(String browser, Delivery delivery, BundleCheck check, Instant at) {}

  Uploads(Keys keys, InstantSource clock) {
    this.keys = keys;
    this.clock = clock;
  }

  /** Keeps a bundle, and returns its identifier. */
  synchronized String keep(String browser, Delivery delivery, BundleCheck check) {
    dropOld();
    if (uploads.size() == MAX) {
      uploads.remove(uploads.keySet().iterator().next());
    }
    String id = keys.identifier();
    uploads.put(id, new Upload(browser, delivery, check, clock.instant()));
    return id;
  }

  synchronized Optional<Upload> find(String browser, String id) {
    dropOld();
    return Optional.ofNullable(uploads.get(id)).filter(upload -> upload.browser().equals(browser));
  }

  synchronized void drop(String id) {
    uploads.remove(id);
  }

  private void dropOld() {
    Instant oldest = clock.instant().minus(KEPT);
    uploads.values().removeIf(upload -> upload.at().isBefore(oldest));
  }
}
