package io.gonext.host.internal.route;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import io.gonext.host.RouteRate;
import io.gonext.host.internal.log.OncePerMinute;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the requests for one plugin's routes against a rate for all clients together and one for
 * each. What it refuses is counted, and told in the log once a minute. Thread-safe.
 */
public final class RouteLimiter {
  /**
   * Clients that are counted apart, which bounds the memory; of more, those that were not seen for
   * longest begin anew.
   */
  static final int MAX_CLIENTS = 8192;

  private final Logger log;
  private final String plugin;
  private final LongSupplier nanoTime;
  private final Counter overPlugin;
  private final Counter overClient;

  private volatile Rates rates;

  /** By client, the one seen last at the end. Guarded by itself. */
  private final Map<String, Bucket> clients =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
          return size() > MAX_CLIENTS;
        }
      };

  private final OncePerMinute minute;

  /**
   * What holds now.
   *
   * @param all of all clients together; null without a limit
   */
  private record Rates(RouteRate rate, @Nullable Bucket all, RouteRate perClient) {}

  /**
   * @param rate of all clients together
   * @param perClient of each client
   */
  public RouteLimiter(
      String plugin,
      RouteRate rate,
      RouteRate perClient,
      LongSupplier nanoTime,
      MeterRegistry meters) {
    this(LoggerFactory.getLogger(RouteLimiter.class), plugin, rate, perClient, nanoTime, meters);
  }

  RouteLimiter(
      Logger log,
      String plugin,
      RouteRate rate,
      RouteRate perClient,
      LongSupplier nanoTime,
      MeterRegistry meters) {
    this.log = log;
    this.plugin = plugin;
    this.nanoTime = nanoTime;
    this.minute = new OncePerMinute(nanoTime);
    this.rates = new Rates(rate, rate.isUnlimited() ? null : bucket(rate), perClient);
    this.overPlugin = counter("plugin", meters);
    this.overClient = counter("client", meters);
  }

  private Counter counter(String limit, MeterRegistry meters) {
    return Counter.builder("gonext.plugin.rate.limited")
        .description("Requests for a plugin's routes that were refused, by the limit they exceeded")
        .tag("plugin", plugin)
        .tag("limit", limit)
        .register(meters);
  }

  private Bucket bucket(RouteRate rate) {
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
        .addLimit(limit ->
            limit.capacity(rate.burst()).refillGreedy(rate.perSecond(), Duration.ofSeconds(1)))
        .build();
  }

  /** Sets other rates. A rate that changes begins anew; one that stays keeps its count. */
  public synchronized void change(RouteRate rate, RouteRate perClient) {
    Rates before = rates;
    Bucket all = before.all;
    if (!rate.equals(before.rate)) {
      all = rate.isUnlimited() ? null : bucket(rate);
    }
    synchronized (clients) {
      rates = new Rates(rate, all, perClient);
      if (!perClient.equals(before.perClient)) {
        clients.clear();
      }
    }
  }

  /**
   * Takes a request's place; zero when it may go on, otherwise how long there will be none.
   *
   * @param client whose requests are counted together; empty for one that is not counted apart
   */
  public Duration take(String client) {
    if (!client.isEmpty() && !rates.perClient.isUnlimited()) {
      Bucket own = null;
      synchronized (clients) {
        RouteRate now = rates.perClient;
        if (!now.isUnlimited()) {
          own = clients.computeIfAbsent(client, c -> bucket(now));
        }
      }
      if (own != null && !own.tryConsume(1)) {
        return refused(own, overClient, "one client");
      }
    }
    Bucket all = rates.all;
    return all == null || all.tryConsume(1)
        ? Duration.ZERO
        : refused(all, overPlugin, "all clients");
  }

  private Duration refused(Bucket bucket, Counter counter, String whose) {
    counter.increment();
    tell(whose);
    // Another caller may take the place that is free by now: at least a moment.
    return Duration.ofNanos(
        Math.max(1, bucket.estimateAbilityToConsume(1).getNanosToWaitForRefill()));
  }

  private void tell(String whose) {
    OptionalLong before = minute.next();
    if (before.isEmpty()) {
      return;
    }
    log.warn(
        "{} had more requests of {} than the rate limit allows; {} refused before it were not"
            + " logged",
        plugin,
        whose,
        before.getAsLong());
  }
}
