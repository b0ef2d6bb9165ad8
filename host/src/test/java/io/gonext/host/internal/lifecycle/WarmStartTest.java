package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.InstanceConfig;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Database;
import io.gonext.host.MasterKey;
import io.gonext.host.WarmUpProgress;
import io.gonext.host.internal.service.secrets.MasterKeys;
import io.gonext.host.internal.service.secrets.Vault;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.json.StrictJson;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How the plugins of a host that starts share the time of their exercise, on a clock of the test.
 */
class WarmStartTest {
  private static final long MILLI = 1_000_000;

  @TempDir private Path data;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicLong compiling = new AtomicLong();

  /** The time until which the JIT compiler is busy. */
  private final AtomicLong calmAfter = new AtomicLong();

  private final Engine engine = new Engine(EngineLimits.defaults());
  private final CompiledModule module = engine.compile(Guests.wasm("upper"));
  private PluginStore store;
  private Vault vault;
  private TestLifecycle host;
  private PluginSlot slot;
  private WarmStart warmStart;

  @BeforeEach
  void open() throws InterruptedException {
    store = PluginStore.open(data, Database.embedded());
    vault = Vault.open(store.secrets(), new MasterKeys.Given(MasterKey.random(), Optional.empty()));
    host = new TestLifecycle(store, System::nanoTime);
    host.activate("upper");
    slot = host.lifecycle().active("upper").orElseThrow();
    warmStart = warmStart(clocks(this::now));
  }

  @AfterEach
  void close() {
    warmStart.close();
    host.close();
    engine.close();
    store.close();
  }

  /** Each look at the clock is 1 ms later than the one before. */
  private long now() {
    return nanos.getAndAdd(MILLI);
  }

  private WarmStart warmStart(WarmUp.Clocks clocks) {
    return new WarmStart(kept(), meters, clocks);
  }

  private WarmUp.Clocks clocks(LongSupplier time) {
    return new WarmUp.Clocks(
        time,
        nanos::get,
        compiling::get,
        pause -> {
          nanos.addAndGet(pause);
          if (calmAfter.get() > nanos.get()) {
            compiling.addAndGet(pause);
          }
        });
  }

  private KeptInputs kept() {
    return new KeptInputs(store.recentInputs(), vault, false, true, nanos::get);
  }

  /** The version that serves, whose instances are counted. */
  private WarmStart.Cold cold(AtomicLong instances, int inputs) {
    WarmUp.Input input =
        new WarmUp.Input(
            "h".getBytes(StandardCharsets.UTF_8),
            "{\"kind\":\"filter\",\"value\":\"a\",\"args\":[]}".getBytes(StandardCharsets.UTF_8));
    return new WarmStart.Cold(
        slot,
        slot.version(),
        new Rehearsal(
            slot.manifest(),
            module,
            start -> {
              instances.incrementAndGet();
              return InstanceConfig.defaults();
            },
            Duration.ofSeconds(1),
            Collections.nCopies(inputs, input)));
  }

  @Test
  void plugins_take_turns_until_the_time_is_over() {
    List<AtomicLong> turns = new ArrayList<>();
    List<WarmStart.Cold> plugins = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      turns.add(new AtomicLong());
      plugins.add(cold(turns.getLast(), 1));
    }
    assertThat(warmStart.plan(plugins, Duration.ofSeconds(2), 1)).isTrue();
    assertThat(warmStart.progress()).isEqualTo(new WarmUpProgress(true, 5, 0));
    warmStart.work();
    assertThat(nanos.get()).isBetween(2_000 * MILLI, 2_020 * MILLI);
    assertThat(warmStart.progress()).isEqualTo(new WarmUpProgress(false, 5, 5));
    assertThat(turns).allSatisfy(count -> assertThat(count.get()).isBetween(6L, 9L));
  }

  @Test
  void a_thousand_plugins_take_no_longer_than_one() {
    List<WarmStart.Cold> plugins = new ArrayList<>();
    AtomicLong turns = new AtomicLong();
    for (int i = 0; i < 1_000; i++) {
      plugins.add(cold(turns, 1));
    }
    warmStart.plan(plugins, Duration.ofSeconds(10), 1);
    warmStart.work();
    assertThat(nanos.get()).isBetween(10_000 * MILLI, 10_020 * MILLI);
    assertThat(turns.get()).isGreaterThan(900);
    assertThat(warmStart.progress().isWarming()).isFalse();
  }

  @Test
  void a_host_is_warm_before_its_time_is_over_when_its_plugins_have_settled() {
    warmStart.close();
    warmStart = warmStart(clocks(nanos::incrementAndGet));
    warmStart.plan(
        List.of(cold(new AtomicLong(), 1), cold(new AtomicLong(), 1)), Duration.ofMinutes(1), 1);
    warmStart.work();
    // The JIT compiler has had nothing to do for a second.
    assertThat(nanos.get()).isBetween(1_000 * MILLI, 1_100 * MILLI);
    assertThat(warmStart.progress()).isEqualTo(new WarmUpProgress(false, 2, 2));
  }

  @Test
  void a_host_is_not_warm_before_the_jit_compiler_has_little_to_do() {
    calmAfter.set(5_000 * MILLI);
    warmStart.close();
    warmStart = warmStart(clocks(nanos::incrementAndGet));
    warmStart.plan(List.of(cold(new AtomicLong(), 1)), Duration.ofMinutes(1), 1);
    warmStart.work();
    assertThat(nanos.get()).isBetween(6_000 * MILLI, 6_600 * MILLI);
    assertThat(warmStart.progress().isWarming()).isFalse();
  }

  @Test
  void a_jit_compiler_that_is_never_calm_delays_a_host_for_its_time_alone() {
    calmAfter.set(Long.MAX_VALUE);
    warmStart.close();
    warmStart = warmStart(clocks(nanos::incrementAndGet));
    warmStart.plan(List.of(cold(new AtomicLong(), 1)), Duration.ofSeconds(10), 1);
    warmStart.work();
    assertThat(nanos.get()).isBetween(10_000 * MILLI, 10_060 * MILLI);
    assertThat(warmStart.progress().isWarming()).isFalse();
  }

  @Test
  void a_plugin_without_inputs_is_done_before_the_exercise() {
    AtomicLong turns = new AtomicLong();
    assertThat(warmStart.plan(List.of(cold(turns, 0)), Duration.ofMinutes(1), 1)).isFalse();
    assertThat(warmStart.progress()).isEqualTo(new WarmUpProgress(false, 1, 1));
    warmStart.plan(List.of(cold(turns, 0), cold(turns, 1)), Duration.ofMillis(50), 1);
    assertThat(warmStart.progress()).isEqualTo(new WarmUpProgress(true, 2, 1));
  }

  @Test
  void without_a_budget_there_is_nothing_to_do() {
    assertThat(warmStart.plan(List.of(cold(new AtomicLong(), 1)), Duration.ZERO, 1)).isFalse();
    assertThat(warmStart.progress().isWarming()).isFalse();
  }

  @Test
  void a_version_that_was_replaced_is_not_exercised_any_more() throws InterruptedException {
    AtomicLong turns = new AtomicLong();
    warmStart.plan(List.of(cold(turns, 1)), Duration.ofMinutes(1), 1);
    host.lifecycle()
        .update(
            TestLifecycle.delivered(GuestBundle.of("upper").version("2.0.0").filter("h").bytes()));
    warmStart.work();
    assertThat(turns.get()).isZero();
    assertThat(warmStart.progress()).isEqualTo(new WarmUpProgress(false, 1, 1));
  }

  @Test
  void a_failure_of_the_host_in_an_exercise_ends_that_exercise_alone() {
    Rehearsal broken =
        new Rehearsal(
            slot.manifest(),
            module,
            _ -> {
              throw new IllegalStateException("a bug");
            },
            Duration.ofSeconds(1),
            cold(new AtomicLong(), 1).rehearsal().bundled());
    AtomicLong turns = new AtomicLong();
    warmStart.plan(
        List.of(new WarmStart.Cold(slot, slot.version(), broken), cold(turns, 1)),
        Duration.ofSeconds(1),
        1);
    warmStart.work();
    assertThat(turns.get()).isPositive();
    assertThat(warmStart.progress()).isEqualTo(new WarmUpProgress(false, 2, 2));
    assertThat(meters.get("gonext.warmup.failures").tag("plugin", "upper").counter().count())
        .isEqualTo(1);
  }

  @Test
  void inputs_are_written_at_the_first_look_after_a_call_and_then_more_and_more_rarely()
      throws InterruptedException {
    KeptInputs kept = kept();
    call("first");
    kept.keep(List.of(slot), false);
    assertThat(store.recentInputs().plugins()).containsExactly("upper");
    long pause = Duration.ofSeconds(10).toNanos();
    List<Long> seconds = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      nanos.addAndGet(pause);
      byte[] before = store.recentInputs().read("upper").orElse(null);
      slot.hooks()
          .forEach(hook -> hook.recent().offer(("{" + hook).getBytes(StandardCharsets.UTF_8), 0));
      kept.keep(List.of(slot), false);
      if (!Objects.deepEquals(before, store.recentInputs().read("upper").orElse(null))) {
        seconds.add((i + 1) * 10L);
      }
    }
    assertThat(seconds).containsExactly(10L, 30L, 70L, 150L, 310L, 630L, 1230L, 1830L);
  }

  @Test
  void inputs_that_did_not_change_are_not_written_again() throws InterruptedException {
    KeptInputs kept = kept();
    call("first");
    kept.keep(List.of(slot), true);
    byte[] first = store.recentInputs().read("upper").orElseThrow();
    nanos.addAndGet(Duration.ofHours(1).toNanos());
    kept.keep(List.of(slot), true);
    assertThat(store.recentInputs().read("upper").orElseThrow()).isEqualTo(first);
    store.recentInputs().deleteAll();
    kept.keep(List.of(slot), false);
    assertThat(store.recentInputs().plugins()).containsExactly("upper");
  }

  @Test
  void each_hook_has_its_share_of_64_inputs_and_128_kib() throws InterruptedException {
    GuestBundle bundle = GuestBundle.of("many", Guests.wasm("upper"));
    for (int i = 0; i < 20; i++) {
      bundle.filter("hook" + i);
    }
    host.activate(bundle);
    PluginSlot many = host.lifecycle().active("many").orElseThrow();
    for (PluginHook hook : many.hooks()) {
      int bytes = hook.name().equals("hook0") ? RecentInputs.MAX_BYTES : 1_000;
      for (int i = 0; i < RecentInputs.KEPT; i++) {
        hook.recent().offer(new byte[bytes], 0);
      }
    }
    KeptInputs kept = kept();
    kept.keep(List.of(many), true);
    List<KeptInputs.Kept> inputs = kept.read("many");
    assertThat(inputs).hasSizeBetween(60, 64);
    assertThat(inputs.stream().mapToInt(input -> input.payload().length).sum())
        .isLessThan(128 * 1024);
    assertThat(inputs).extracting(KeptInputs.Kept::hook).contains("hook0", "hook1", "hook19");
  }

  @Test
  void kept_inputs_that_were_changed_or_moved_to_another_plugin_are_not_used()
      throws InterruptedException {
    KeptInputs kept = kept();
    call("first");
    kept.keep(List.of(slot), true);
    assertThat(kept.read("upper")).hasSize(1);
    byte[] stored = store.recentInputs().read("upper").orElseThrow();
    host.activate(GuestBundle.of("other", Guests.wasm("upper")).filter("h"));
    store.recentInputs().write("other", stored);
    assertThat(kept.read("other")).isEmpty();
    stored[stored.length - 1] ^= 1;
    store.recentInputs().write("upper", stored);
    assertThat(kept.read("upper")).isEmpty();
    store.recentInputs().write("upper", new byte[0]);
    assertThat(kept.read("upper")).isEmpty();
    store.recentInputs().write("nobody", stored);
    assertThat(store.recentInputs().plugins()).containsExactly("other", "upper");
  }

  private void call(String value) throws InterruptedException {
    host.hooks().applyFilters("h", StrictJson.valueOf(value), List.of());
  }
}
