package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Cache invalidations of a real guest, as the application receives them from one host. */
@Timeout(60)
class CacheTest {
  private static final int BAD_ARGUMENTS = -3;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Received received = new Received();
  @TempDir private Path data;
  private Host host;

  /** Keeps what a listener gets: tags, or {@code *} for all. */
  static final class Received implements CacheListener {
    private final BlockingQueue<String> tags = new LinkedBlockingQueue<>();

    @Override
    public void invalidate(CacheInvalidation invalidation) {
      tags.add(invalidation.plugin() + String.join(",", invalidation.tags()));
    }

    @Override
    public void invalidateAll() {
      tags.add("*");
    }

    String next() throws InterruptedException {
      return tags.take();
    }

    boolean isEmpty() {
      return tags.isEmpty();
    }
  }

  /** Does the same for all and for some. */
  @FunctionalInterface
  interface Always extends CacheListener {
    void happen() throws Exception;

    @Override
    default void invalidate(CacheInvalidation invalidation) throws Exception {
      happen();
    }

    @Override
    default void invalidateAll() throws Exception {
      happen();
    }
  }

  @BeforeEach
  void open() throws InterruptedException {
    open(config -> config.cacheListener(received));
  }

  private void open(UnaryOperator<HostConfig.Builder> settings) throws InterruptedException {
    host = Host.open(settings.apply(HostConfig.builder(data).meters(meters)).build());
    host.plugins().deploy(plugin("shop"), Set.of("cache.invalidate"));
  }

  static byte[] plugin(String name) {
    return GuestBundle.of(name, Guests.wasm("purges"))
        .field("capabilities", "[\"cache.invalidate\"]")
        .filter("purge_" + name)
        .bytes();
  }

  @AfterEach
  void close() {
    HostTest.assertBalanced(host);
    host.close();
  }

  @Test
  void a_listener_gets_the_tags_of_each_invalidation_in_order() throws InterruptedException {
    assertThat(purge("a", "b", "a")).isZero();
    assertThat(purge("c")).isZero();
    assertThat(List.of(received.next(), received.next())).containsExactly("shopa,b", "shopc");
    assertThat(count("gonext.plugin.cache.invalidations", "stored")).isEqualTo(2);
    await().until(() -> meters.get("gonext.cache.invalidations.waiting").gauge().value() == 0);
  }

  @Test
  void tags_that_are_not_acceptable_are_refused() throws InterruptedException {
    assertThat(host.applyFilters("purge_shop", "{oops").value().intValue())
        .isEqualTo(BAD_ARGUMENTS);
    assertThat(host.applyFilters("purge_shop", 1).value().intValue()).isEqualTo(BAD_ARGUMENTS);
    assertThat(host.applyFilters("purge_shop", List.of(1)).value().intValue())
        .isEqualTo(BAD_ARGUMENTS);
    assertThat(purge()).isEqualTo(BAD_ARGUMENTS);
    assertThat(purge("")).isEqualTo(BAD_ARGUMENTS);
    assertThat(purge("a\nb")).isEqualTo(BAD_ARGUMENTS);
    assertThat(purge("ä".repeat(129))).isEqualTo(BAD_ARGUMENTS);
    assertThat(purge(Collections.nCopies(65, "t").toArray(String[]::new))).isEqualTo(BAD_ARGUMENTS);
    assertThat(purge("ä".repeat(128))).isZero();
    assertThat(count("gonext.plugin.cache.invalidations", "bad_request")).isEqualTo(8);
  }

  @Test
  void a_plugin_invalidates_60_times_a_minute() throws InterruptedException {
    long began = System.nanoTime();
    int accepted = 0;
    while (purge("t") == 0) {
      accepted++;
    }
    long refilled = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began) + 1;
    assertThat((long) accepted).isBetween(60L, 60 + refilled);
    assertThat(count("gonext.plugin.cache.invalidations", "rate_limited")).isEqualTo(1);
  }

  @Test
  void a_host_that_is_opened_again_continues_where_its_listener_was() throws InterruptedException {
    purge("a");
    assertThat(received.next()).isEqualTo("shopa");
    await().until(() -> meters.get("gonext.cache.invalidations.waiting").gauge().value() == 0);
    host.close();
    open(config -> config);
    purge("b");
    host.close();
    open();
    assertThat(received.next()).isEqualTo("shopb");
    purge("c");
    assertThat(received.next()).isEqualTo("shopc");
    assertThat(received.isEmpty()).isTrue();
  }

  @Test
  void a_damaged_position_repeats_invalidations_and_loses_none() throws Exception {
    purge("a");
    assertThat(received.next()).isEqualTo("shopa");
    host.close();
    Files.writeString(data.resolve("cache.position"), "x");
    open();
    assertThat(received.next()).isEqualTo("shopa");
  }

  @Test
  void a_listener_that_throws_or_hangs_hurts_no_other() throws InterruptedException {
    host.close();
    CountDownLatch hanging = new CountDownLatch(1);
    Always hangs =
        () -> {
          hanging.countDown();
          new CountDownLatch(1).await();
        };
    Always throwing =
        () -> {
          throw new IllegalStateException("this listener always fails");
        };
    open(config -> config.cacheListener(hangs).cacheListener(throwing).cacheListener(received));
    purge("a");
    hanging.await();
    purge("b");
    assertThat(List.of(received.next(), received.next())).containsExactly("shopa", "shopb");
    assertThat(meters.get("gonext.cache.invalidations.waiting").gauge().value()).isEqualTo(2);
    await()
        .until(() ->
            meters.find("gonext.cache.listener.calls").tag("outcome", "failed").counter() != null);
    host.close();
    open();
    assertThat(List.of(received.next(), received.next()))
        .as("after a restart the file has the position of the slowest")
        .containsExactly("shopa", "shopb");
  }

  @Test
  void the_application_may_read_invalidations_and_wait_for_them() throws InterruptedException {
    CacheInvalidations invalidations = host.cacheInvalidations();
    assertThat(invalidations.await(0, Duration.ofMillis(1))).isFalse();
    purge("a");
    assertThat(invalidations.await(0, Duration.ofSeconds(60))).isTrue();
    assertThat(invalidations.last()).isEqualTo(1);
    assertThat(invalidations.after(0, 10).invalidations())
        .singleElement()
        .satisfies(one -> assertThat(one.tags()).containsExactly("a"));
  }

  private int purge(String... tags) throws InterruptedException {
    return host.applyFilters("purge_shop", List.of(tags)).value().intValue();
  }

  private double count(String meter, String outcome) {
    Counter counter = meters.find(meter).tags("outcome", outcome).counter();
    return counter == null ? 0 : counter.count();
  }
}
