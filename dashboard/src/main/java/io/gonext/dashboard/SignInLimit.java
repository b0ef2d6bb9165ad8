package io.gonext.dashboard;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Counts the attempts of each client to sign in that failed.
 *
 * <p>Thread-safe.
 */
final class SignInLimit {
  /** So many failed attempts at once; after that, one in each {@link #PAUSE}. */
  static final int ATTEMPTS = 10;

  static final Duration PAUSE = Duration.ofSeconds(6);

  /** Clients that are counted apart. Of more, the one that was not seen for longest begins anew. */
  private static final int MAX_CLIENTS = 8192;

  private final LongSupplier nanoTime;

  /** By client, the one seen last at the end. Guarded by itself. */
  private final Map<String, Bucket> clients =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
          return size() > MAX_CLIENTS;
        }
      };

  SignInLimit(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Takes the place of an attempt; false when the client has to wait. */
  boolean take(String client) {
    return bucket(client).tryConsume(1);
  }

  /** Gives the place of an attempt back that did not fail. */
  void giveBack(String client) {
    bucket(client).addTokens(1);
  }

  private Bucket bucket(String client) {
    synchronized (clients) {
      return clients.computeIfAbsent(client, c -> newBucket());
    }
  }

  private Bucket newBucket() {
    return Bucket.builder()
        .withCustomTimePrecision(
            new TimeMeter() {
              @Override
              public long currentTimeNanos() {
                return nanoTime.getAsLong();
              }

              @Override
              public boolean isWallClockBased() {
                return false;
              }
            })
        .addLimit(limit -> limit.capacity(ATTEMPTS).refillGreedy(1, PAUSE))
        .build();
  }
}
