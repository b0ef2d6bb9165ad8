package io.gonext.host.internal.lifecycle;

import io.gonext.host.BreakerPolicy;
import io.gonext.host.HandlerActivity.BreakerState;
import io.gonext.host.internal.hook.SeriesBudget;
import io.gonext.host.manifest.Manifest;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The circuit breakers of one version of a plugin: one for each hook and each route, so that one
 * that fails does not shut the others. A plugin is given up when one of them was open for most of
 * the time that the policy says, and no other one has served calls meanwhile.
 *
 * <p>Thread-safe.
 */
final class Breakers {
  private static final Logger log = LoggerFactory.getLogger(Breakers.class);

  /** How many open breakers a message names. */
  private static final int NAMED = 3;

  private final String name;
  private final String plugin;
  private final BreakerPolicy policy;
  private final Consumer<String> onGivingUp;
  private final SeriesBudget series;

  /** By hook, and by method and path of a route. */
  private final Map<String, Guard> guards;

  /** A breaker and what is counted of it. */
  record Guard(HookBreaker breaker, Counter refused) {}

  /**
   * @param policy the operator's
   * @param onGivingUp called with the reason why the plugin must be taken out of service, perhaps
   *     more than once; it runs on a thread that called the plugin, so it must not wait for running
   *     calls
   */
  Breakers(
      Manifest manifest,
      BreakerPolicy policy,
      LongSupplier nanoTime,
      MeterRegistry meters,
      SeriesBudget series,
      Consumer<String> onGivingUp) {
    this.name = manifest.name();
    this.plugin = manifest.id();
    this.policy = effective(policy, manifest);
    this.onGivingUp = onGivingUp;
    this.series = series;
    Map<String, Guard> made = new LinkedHashMap<>();
    names(manifest)
        .forEach(name -> made.computeIfAbsent(name, n -> guard(manifest, n, nanoTime, meters)));
    this.guards = made;
  }

  /** A manifest may have its breakers open sooner than the operator says, but not later. */
  private static BreakerPolicy effective(BreakerPolicy operator, Manifest manifest) {
    if (operator.isOff()) {
      return operator;
    }
    Manifest.Breaker asked = manifest.limits().breaker();
    return operator.withThreshold(
        lower(asked.failurePercent(), operator.failurePercent()),
        lower(asked.minCalls(), operator.minCalls()),
        operator.window());
  }

  private static int lower(OptionalInt asked, int allowed) {
    return Math.max(1, Math.min(asked.orElse(allowed), allowed));
  }

  private static Stream<String> names(Manifest manifest) {
    return Stream.of(
            manifest.filters().stream().map(Manifest.Hook::name),
            manifest.actions().stream().map(Manifest.Hook::name),
            manifest.routes().stream().map(Manifest.Route::toString))
        .flatMap(names -> names);
  }

  private Guard guard(Manifest manifest, String hook, LongSupplier nanoTime, MeterRegistry meters) {
    Counter opened =
        Counter.builder("gonext.plugin.breaker.opened")
            .description("How often the circuit breaker of a hook or route opened")
            .tags(tags(manifest.name(), "gonext.plugin.breaker.opened", hook))
            .register(meters);
    Counter refused =
        Counter.builder("gonext.plugin.breaker.refused")
            .description("Calls that were refused because a circuit breaker was open")
            .tags(tags(manifest.name(), "gonext.plugin.breaker.refused", hook))
            .register(meters);
    return new Guard(
        new HookBreaker(
            hook,
            policy,
            nanoTime,
            opening -> {
              opened.increment();
              opened(opening);
            }),
        refused);
  }

  private Tags tags(String name, String meter, String hook) {
    return series.tags(name, meter, 1, Tag.of("hook", hook));
  }

  /** The guard of a hook or route that the manifest names. */
  Guard of(String hook) {
    return Objects.requireNonNull(guards.get(hook), hook);
  }

  private void opened(HookBreaker.Opening opening) {
    log.warn(
        "circuit breaker of {} for {} opened for {} ms: last failure {}",
        plugin,
        opening.hook(),
        opening.length().toMillis(),
        opening.lastFailure());
    if (opening.mostlyOpen() && nobodyElseServes(opening.hook())) {
      onGivingUp.accept(
          "its circuit breaker for "
              + opening.hook()
              + " was open most of the last "
              + policy.giveUpAfter().toSeconds()
              + " s, last failure "
              + opening.lastFailure());
    }
  }

  private boolean nobodyElseServes(String hook) {
    return breakers().stream()
        .filter(other -> !other.hook().equals(hook))
        .allMatch(other -> other.isMostlyOpen() || !other.hasServedLately());
  }

  private Collection<HookBreaker> breakers() {
    return guards.values().stream().map(Guard::breaker).toList();
  }

  /** The state of the breaker of a hook or route; closed where the version has none for it. */
  BreakerState state(String hook) {
    Guard guard = guards.get(hook);
    return guard == null
        ? BreakerState.CLOSED
        : switch (guard.breaker().stateCode()) {
          case 0 -> BreakerState.CLOSED;
          case 1 -> BreakerState.HALF_OPEN;
          default -> BreakerState.OPEN;
        };
  }

  /** What keeps hooks or routes from being called, or empty while nothing does. */
  Optional<String> trouble() {
    List<String> troubles = new ArrayList<>();
    for (HookBreaker breaker : breakers()) {
      breaker.trouble().ifPresent(why -> troubles.add(breaker.hook() + ": " + why));
    }
    if (troubles.isEmpty()) {
      return Optional.empty();
    }
    String named = String.join("; ", troubles.subList(0, Math.min(NAMED, troubles.size())));
    return Optional.of(
        troubles.size() > NAMED ? named + "; and " + (troubles.size() - NAMED) + " more" : named);
  }

  /**
   * The state of each now and later: 0 closed, 1 half open, 2 open. Those without a name of their
   * own have the worst state of them.
   */
  List<Row<?>> states() {
    Map<Tags, List<HookBreaker>> named = new LinkedHashMap<>();
    for (HookBreaker breaker : breakers()) {
      named
          .computeIfAbsent(
              tags(name, "gonext.plugin.breaker.state", breaker.hook()), t -> new ArrayList<>())
          .add(breaker);
    }
    List<Row<?>> rows = new ArrayList<>();
    named.forEach((tags, breakers) -> rows.add(Row.of(tags, breakers, Breakers::worst)));
    return rows;
  }

  private static double worst(List<HookBreaker> breakers) {
    return breakers.stream().mapToDouble(HookBreaker::stateCode).max().orElse(0);
  }
}
