package io.gonext.dashboard;

import io.gonext.host.ActivityPoint;
import io.gonext.host.HandlerActivity;
import io.gonext.host.Host;
import io.gonext.host.PluginActivity;
import io.gonext.host.PluginLimits;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.hook.PastFailure;
import io.gonext.host.hook.TurnFailure;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The status of one plugin: its pools as pictures, its handlers with their times, its failures. */
final class PluginPage implements Page {
  private static final String PATH = "/plugins/{name}";

  /** Hooks, routes and jobs that are shown. */
  private static final int MAX_HANDLERS = 100;

  /** Failures that are shown. */
  private static final int MAX_FAILURES = 8;

  private final Host host;
  private final InstantSource clock;

  PluginPage(Host host, InstantSource clock) {
    this.host = host;
    this.clock = clock;
  }

  record Model(
      PluginHead head,
      boolean active,
      boolean errored,
      String previous,
      List<PoolView> pools,
      List<Plot> plots,
      List<Handler> handlers,
      int moreHandlers,
      List<Failure> failures,
      List<PoolView.Fact> limits) {}

  record Handler(
      String kind,
      String name,
      String calls,
      String perSecond,
      String failures,
      String p50,
      String p99,
      String longest,
      String breaker) {}

  record Failure(
      String when,
      String at,
      String version,
      String hook,
      String outcome,
      String reason,
      List<String> backtrace) {}

  @Override
  public void addTo(Routes routes) {
    routes.page(
        PATH,
        visit -> {
          Model model = model(visit);
          return Answer.page(model.head().name(), "plugin", model);
        });
    routes.live("/live" + PATH, visit -> new Route.Fragment("pluginlive", model(visit)));
  }

  private Model model(Visit visit) {
    Instant now = clock.instant();
    StoredPlugin plugin = PluginHead.stored(host, visit);
    Optional<PluginActivity> activity = host.activity().plugin(plugin.name());
    List<ActivityPoint> history = host.activity().history(plugin.name());
    List<HandlerActivity> handlers = activity.map(PluginActivity::handlers).orElse(List.of());
    return new Model(
        PluginHead.of(host, plugin, ""),
        activity.isPresent() || plugin.state() == PluginState.ACTIVE,
        plugin.state() == PluginState.ERRORED,
        plugin.previous() == null ? "" : plugin.previous().version(),
        pools(plugin.name()),
        history.isEmpty() ? List.of() : plots(history),
        handlers.stream().limit(MAX_HANDLERS).map(PluginPage::handler).toList(),
        Math.max(0, handlers.size() - MAX_HANDLERS),
        failures(plugin.name(), now),
        limits(plugin.name()));
  }

  private List<PoolView> pools(String plugin) {
    Duration limit =
        host.plugins().limits(plugin).map(PluginLimits::call).orElse(Duration.ofSeconds(1));
    List<PoolView> pools = new ArrayList<>();
    host.activity()
        .instances(plugin)
        .ifPresent(pool -> pools.add(PoolView.of("Instances", pool, limit)));
    host.activity()
        .jobInstances(plugin)
        // A job may take as long as it needs.
        .ifPresent(pool -> pools.add(PoolView.of("Instances for jobs", pool, Duration.ofDays(1))));
    return pools;
  }

  private static List<Plot> plots(List<ActivityPoint> history) {
    return List.of(
        Plot.of(
            "Calls",
            "a second",
            history,
            new Plot.Line("failed", ActivityPoint::failuresPerSecond),
            new Plot.Line("all", ActivityPoint::callsPerSecond)),
        Plot.of(
            "Time of a call",
            "ms",
            history,
            new Plot.Line("p50", point -> point.p50Nanos() / 1e6),
            new Plot.Line("p99", point -> point.p99Nanos() / 1e6)));
  }

  private static Handler handler(HandlerActivity handler) {
    Optional<HandlerActivity.CallTimes> times = handler.times();
    return new Handler(
        handler.handler().kind().name().toLowerCase(Locale.ROOT),
        handler.handler().name(),
        Shown.count(handler.calls()),
        Shown.rate(handler.callsPerSecond()),
        Shown.count(handler.failures()),
        Shown.orDash(times.map(known -> Shown.time(known.p50()))),
        Shown.orDash(times.map(known -> Shown.time(known.p99()))),
        Shown.orDash(times.map(known -> Shown.time(known.longest()))),
        switch (handler.breaker()) {
          case CLOSED -> "";
          case HALF_OPEN -> "tries again";
          case OPEN -> "open";
        });
  }

  /** The last failures; those that are alike are one. */
  private List<Failure> failures(String plugin, Instant now) {
    Map<List<Object>, List<PastFailure>> alike = new LinkedHashMap<>();
    for (PastFailure past : host.health().recentFailures(plugin)) {
      TurnFailure failure = past.failure();
      alike
          .computeIfAbsent(
              List.of(failure.hook(), failure.outcome(), failure.reason(), failure.version()),
              key -> new ArrayList<>())
          .add(past);
    }
    return alike.values().stream()
        .limit(MAX_FAILURES)
        .map(same -> failure(same.getFirst(), same.size(), now))
        .toList();
  }

  private static Failure failure(PastFailure past, int times, Instant now) {
    TurnFailure failure = past.failure();
    String when = Shown.relative(past.at(), now);
    return new Failure(
        times == 1 ? when : times + " times, last " + when,
        Shown.time(past.at()),
        failure.version(),
        failure.hook(),
        failure.outcome().name().toLowerCase(Locale.ROOT).replace('_', ' '),
        failure.reason(),
        failure.backtrace().stream().map(TurnFailure.Frame::toString).toList());
  }

  private List<PoolView.Fact> limits(String plugin) {
    return host.plugins()
        .limits(plugin)
        .map(limits -> {
          List<PoolView.Fact> facts = new ArrayList<>();
          facts.add(new PoolView.Fact("Memory of an instance", limits.memoryMb() + " MiB"));
          facts.add(new PoolView.Fact("Computing in a call", Shown.time(limits.call())));
          facts.add(new PoolView.Fact("Waiting in a call", Shown.time(limits.waits())));
          facts.add(
              new PoolView.Fact(
                  "Instances", limits.instancesMin() + " to " + limits.instancesMax()));
          limits
              .fuel()
              .ifPresent(
                  units -> facts.add(new PoolView.Fact("Fuel of a call", Shown.count(units))));
          return facts;
        })
        .orElse(List.of());
  }
}
