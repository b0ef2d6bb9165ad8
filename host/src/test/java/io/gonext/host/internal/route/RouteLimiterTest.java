package io.gonext.host.internal.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.RouteRate;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RouteLimiterTest {
  private final AtomicLong nanos = new AtomicLong();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  @Test
  void a_refused_request_is_counted_by_the_limit_it_exceeded() {
    RouteLimiter limiter = limiter(new RouteRate(3, 1), new RouteRate(2, 1));
    assertThat(limiter.take("a")).isZero();
    assertThat(limiter.take("a")).isZero();
    assertThat(limiter.take("a")).isEqualTo(Duration.ofSeconds(1));
    assertThat(limiter.take("b")).isZero();
    assertThat(limiter.take("c")).isPositive();
    assertThat(refused("client")).isEqualTo(1);
    assertThat(refused("plugin")).isEqualTo(1);
  }

  @Test
  void a_client_that_is_refused_takes_no_place_of_the_others() {
    RouteLimiter limiter = limiter(new RouteRate(2, 1), new RouteRate(1, 1));
    assertThat(limiter.take("a")).isZero();
    for (int i = 0; i < 100; i++) {
      assertThat(limiter.take("a")).isPositive();
    }
    assertThat(limiter.take("b")).isZero();
  }

  @Test
  void a_place_comes_back_with_time() {
    RouteLimiter limiter = limiter(RouteRate.UNLIMITED, new RouteRate(1, 2));
    assertThat(limiter.take("a")).isZero();
    assertThat(limiter.take("a")).isEqualTo(Duration.ofMillis(500));
    nanos.addAndGet(Duration.ofMillis(500).toNanos());
    assertThat(limiter.take("a")).isZero();
  }

  @Test
  void of_more_clients_than_are_kept_the_one_not_seen_for_longest_begins_anew() {
    RouteLimiter limiter = limiter(RouteRate.UNLIMITED, new RouteRate(1, 1));
    assertThat(limiter.take("first")).isZero();
    assertThat(limiter.take("second")).isZero();
    for (int i = 0; i < RouteLimiter.MAX_CLIENTS - 2; i++) {
      assertThat(limiter.take("client" + i)).isZero();
    }
    assertThat(limiter.take("first")).as("seen again").isPositive();
    assertThat(limiter.take("one more")).isZero();
    assertThat(limiter.take("first")).isPositive();
    assertThat(limiter.take("second")).as("not kept").isZero();
  }

  @Test
  void requests_without_a_client_have_the_plugins_limit_alone() {
    RouteLimiter limiter = limiter(new RouteRate(3, 1), new RouteRate(1, 1));
    assertThat(limiter.take("")).isZero();
    assertThat(limiter.take("")).isZero();
    assertThat(limiter.take("")).isZero();
    assertThat(limiter.take("")).isPositive();
  }

  @Test
  void ordinary_service_never_meets_the_default() {
    RouteLimiter limiter = limiter(RouteRate.DEFAULT, RouteRate.UNLIMITED);
    for (int second = 0; second < 10; second++) {
      for (int i = 0; i < 1_000; i++) {
        assertThat(limiter.take("a")).isZero();
      }
      nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    }
  }

  @Test
  void a_rate_that_changes_begins_anew_and_one_that_stays_keeps_its_count() {
    RouteLimiter limiter = limiter(new RouteRate(3, 1), new RouteRate(1, 1));
    assertThat(limiter.take("a")).isZero();
    assertThat(limiter.take("b")).isZero();

    limiter.change(new RouteRate(3, 1), new RouteRate(2, 1));
    assertThat(limiter.take("a")).as("the third of all clients").isZero();
    assertThat(limiter.take("a")).as("the fourth of all clients").isPositive();

    limiter.change(new RouteRate(1, 1), new RouteRate(2, 1));
    assertThat(limiter.take("c")).isZero();
    assertThat(limiter.take("c")).isPositive();

    limiter.change(RouteRate.UNLIMITED, RouteRate.UNLIMITED);
    for (int i = 0; i < 100; i++) {
      assertThat(limiter.take("c")).isZero();
    }
  }

  private RouteLimiter limiter(RouteRate rate, RouteRate perClient) {
    return new RouteLimiter("p", rate, perClient, nanos::get, meters);
  }

  private double refused(String limit) {
    return meters.get("gonext.plugin.rate.limited").tag("limit", limit).counter().count();
  }
}
