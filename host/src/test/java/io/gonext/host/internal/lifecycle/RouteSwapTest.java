package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.Database;
import io.gonext.host.PluginRequest;
import io.gonext.host.RouteOutcome;
import io.gonext.host.RouteRate;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.json.StrictJson;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A call that chose a version just before it was replaced: the swap happens when the call asks for
 * the time of its turn, after it has looked up the version and before it asks for an instance.
 */
class RouteSwapTest {
  private static final PluginRequest REQUEST =
      new PluginRequest("GET", "/x", "", Map.of(), new byte[0]);

  @TempDir private Path data;
  private final AtomicReference<@Nullable Runnable> atNextTurn = new AtomicReference<>();
  private PluginStore store;
  private TestLifecycle host;
  private PluginSlot slot;

  @BeforeEach
  void open() throws InterruptedException {
    store = PluginStore.open(data, Database.embedded());
    host =
        new TestLifecycle(
            store,
            new CallGuards(
                new RouteRate(2, 1), RouteRate.UNLIMITED, BreakerPolicy.DEFAULT, this::now));
    host.activate(GuestBundle.of("route").filter("h").route("GET", "/x"));
    slot = host.lifecycle().active("route").orElseThrow();
  }

  @AfterEach
  void close() {
    host.close();
    store.close();
  }

  /** The tokens of the limiter come back with time: they are counted within a frozen moment. */
  private long frozen = System.nanoTime();

  private long now() {
    Runnable first = atNextTurn.getAndSet(null);
    if (first != null) {
      first.run();
    }
    return frozen;
  }

  @Test
  void a_request_that_meets_a_swap_is_one_good_turn_and_takes_one_place()
      throws InterruptedException {
    atNextTurn.set(() -> update(GuestBundle.of("route").route("GET", "/x")));
    assertThat(slot.serve(REQUEST, "")).isInstanceOf(RouteOutcome.Answered.class);
    assertThat(slot.manifest().version().toString()).isEqualTo("2.0.0");
    assertThat(host.hooks().failedTurns("route")).isZero();
    assertThat(turns(HookOutcome.OK)).isEqualTo(1);
    assertThat(slot.serve(REQUEST, ""))
        .as("the second place")
        .isInstanceOf(RouteOutcome.Answered.class);
    assertThat(slot.serve(REQUEST, "")).isInstanceOf(RouteOutcome.RateLimited.class);
  }

  @Test
  void a_request_for_a_route_that_the_next_version_dropped_is_not_found()
      throws InterruptedException {
    atNextTurn.set(() -> update(GuestBundle.of("route").route("GET", "/other")));
    assertThat(slot.serve(REQUEST, "")).isEqualTo(new RouteOutcome.NotFound());
    assertThat(host.hooks().failedTurns("route")).isZero();
  }

  @Test
  void a_filter_that_the_next_version_lacks_leaves_the_value() throws InterruptedException {
    atNextTurn.set(() -> update(GuestBundle.of("route").route("GET", "/x")));
    HookBus hooks = host.hooks();
    assertThat(hooks.applyFilters("h", StrictJson.valueOf("a"), List.of()).degraded()).isEmpty();
    assertThat(hooks.failedTurns("route")).isZero();
  }

  private void update(GuestBundle bundle) {
    try {
      host.lifecycle().update(TestLifecycle.delivered(bundle.version("2.0.0").bytes()));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private long turns(HookOutcome outcome) {
    return host.meters()
        .get("gonext.plugin.hook")
        .tags("hook", "http.serve.route", "outcome", outcome.name())
        .timer()
        .count();
  }
}
