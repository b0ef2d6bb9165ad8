package io.gonext.dashboard;

import io.gonext.host.ActivityPoint;
import io.gonext.host.HandlerActivity.BreakerState;
import io.gonext.host.Host;
import io.gonext.host.HostMemory;
import io.gonext.host.HostNode;
import io.gonext.host.JobInfo;
import io.gonext.host.JobState;
import io.gonext.host.PluginActivity;
import io.gonext.host.PluginState;
import io.gonext.host.StoreException;
import io.gonext.host.StoredPlugin;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What runs, whether it is well, and what needs attention first. */
final class OverviewPage implements Page {
  /** Plugins on one page, which stays under 100 KB. */
  static final int ROWS = 40;

  /** Things to do that are shown. */
  static final int MAX_ITEMS = 12;

  /** Dead jobs that are counted. */
  private static final int MAX_DEAD = 100;

  /** The store is asked for dead jobs this often, however many look at the page. */
  private static final Duration DEAD_JOBS_HOLD = Duration.ofSeconds(15);

  /** The store is asked for the nodes this often. */
  private static final Duration NODES_HOLD = Duration.ofSeconds(2);

  /** Compiles that are named. */
  private static final int MAX_COMPILING = 8;

  private final Host host;
  private final InstantSource clock;

  /** Guarded by this. */
  private Map<String, Integer> deadJobs = Map.of();

  private Instant deadJobsAt = Instant.MIN;

  private List<HostNode> nodes = List.of();

  private Instant nodesAt = Instant.MIN;

  OverviewPage(Host host, InstantSource clock) {
    this.host = host;
    this.clock = clock;
  }

  /**
   * The page.
   *
   * @param filter of names; empty for all
   * @param page of {@code pages}, from 1
   * @param shown how many plugins the filter leaves
   */
  record Model(
      String headline,
      boolean well,
      List<Attention.Item> attention,
      int moreAttention,
      List<Row> rows,
      int plugins,
      int shown,
      String filter,
      int page,
      int pages,
      HostView hostView,
      List<NodeView> nodes) {
    /** The query of this page, or of another one. */
    String query(int other) {
      return "?page=" + other + (filter.isEmpty() ? "" : "&q=" + Frame.encoded(filter));
    }
  }

  /** A plugin. What it does is empty while it does not serve. */
  record Row(
      String name,
      String version,
      String publisher,
      boolean trusted,
      StateView state,
      Optional<Serving> serving) {}

  /** What a plugin in service does. */
  record Serving(
      String calls,
      Spark callsLine,
      String p50,
      String p99,
      Spark timesLine,
      String failures,
      Spark failuresLine,
      int inUse,
      int maxInstances,
      int barWidth,
      String memory,
      Spark memoryLine) {}

  /**
   * A host on the same database.
   *
   * @param kind of the tag with its state
   * @param faults what it does not run as the store says, a sentence each
   */
  record NodeView(
      String id,
      String name,
      boolean isThis,
      String version,
      String state,
      String kind,
      String lag,
      int compiling,
      List<String> faults) {}

  /**
   * The host itself.
   *
   * @param compiling what is compiled, and what waits for it; empty for nothing
   */
  record HostView(
      String heap,
      String heapMax,
      String instances,
      String instancesBudget,
      int plugins,
      int faults,
      String version,
      List<String> compiling) {}

  @Override
  public void addTo(Routes routes) {
    routes.nav("Overview", "/");
    routes.page("/", visit -> Answer.page("Overview", "overview", model(visit)));
    routes.live("/live/overview", visit -> new Route.Fragment("overviewlive", model(visit)));
  }

  private Model model(Visit visit) {
    Instant now = clock.instant();
    List<StoredPlugin> stored = stored();
    List<PluginActivity> serving = host.activity().plugins();
    List<HostNode> nodes = nodes(now);
    List<Attention.Item> attention = Attention.of(host, stored, serving, deadJobs(now), nodes, now);
    Map<String, PluginActivity> activities =
        serving.stream().collect(Collectors.toMap(PluginActivity::plugin, Function.identity()));
    Map<String, Optional<StoredPlugin>> all = new TreeMap<>();
    serving.forEach(plugin -> all.put(plugin.plugin(), Optional.empty()));
    stored.forEach(plugin -> all.put(plugin.name(), Optional.of(plugin)));
    String filter = visit.query("q").orElse("").strip().toLowerCase(Locale.ROOT);
    List<String> names = all.keySet().stream().filter(name -> name.contains(filter)).toList();
    int pages = Math.max(1, (names.size() + ROWS - 1) / ROWS);
    int page = Math.clamp(visit.number("page", 1), 1, pages);
    List<Row> rows = new ArrayList<>();
    for (String name : names.subList((page - 1) * ROWS, Math.min(page * ROWS, names.size()))) {
      rows.add(
          row(
              name,
              all.getOrDefault(name, Optional.empty()),
              Optional.ofNullable(activities.get(name))));
    }
    return new Model(
        headline(all.size(), serving(stored, serving), attention),
        attention.isEmpty(),
        attention.subList(0, Math.min(MAX_ITEMS, attention.size())),
        Math.max(0, attention.size() - MAX_ITEMS),
        rows,
        all.size(),
        names.size(),
        filter,
        page,
        pages,
        hostView(serving.size()),
        nodes.stream().map(OverviewPage::view).toList());
  }

  private synchronized Map<String, Integer> deadJobs(Instant now) {
    if (now.minus(DEAD_JOBS_HOLD).isBefore(deadJobsAt)) {
      return deadJobs;
    }
    Map<String, Integer> dead = new TreeMap<>();
    try {
      for (JobInfo job : host.jobs().list("", Optional.of(JobState.DEAD), MAX_DEAD)) {
        dead.merge(job.plugin(), 1, Integer::sum);
      }
    } catch (StoreException e) {
      // The page says that the store does not work.
      dead.clear();
    }
    deadJobs = dead;
    deadJobsAt = now;
    return dead;
  }

  /** Without the store, the page shows what is loaded. */
  private List<StoredPlugin> stored() {
    try {
      return host.plugins().list();
    } catch (StoreException e) {
      return List.of();
    }
  }

  /** How many plugins serve and are not in trouble. */
  private int serving(List<StoredPlugin> stored, List<PluginActivity> activities) {
    Set<String> troubled = new TreeSet<>(host.health().troubles().keySet());
    stored.stream()
        .filter(plugin -> plugin.state() == PluginState.ERRORED)
        .forEach(plugin -> troubled.add(plugin.name()));
    return (int)
        activities.stream()
            .filter(activity ->
                !troubled.contains(activity.plugin()) && activity.breaker() != BreakerState.OPEN)
            .count();
  }

  private static String headline(int installed, int serving, List<Attention.Item> attention) {
    if (installed == 0) {
      return "No plugin is installed yet.";
    }
    String serve =
        serving == 0
            ? "No plugin serves"
            : serving == installed
                ? (serving == 1 ? "The plugin serves" : "All " + serving + " plugins serve")
                : serving
                    + " of "
                    + Shown.count(installed, "plugin")
                    + (serving == 1 ? " serves" : " serve");
    if (attention.isEmpty()) {
      return serving == 0 ? serve + "." : serve + ", and all is well.";
    }
    return serve
        + ". "
        + (attention.size() == 1
            ? "One thing needs attention."
            : attention.size() + " things need attention.");
  }

  private HostView hostView(int serving) {
    HostMemory memory = host.activity().memory();
    return new HostView(
        Shown.bytes(memory.heapUsed()),
        Shown.bytes(memory.heapMax()),
        Shown.bytes(memory.instances()),
        Shown.bytes(memory.instancesBudget()),
        serving,
        host.health().faults().size(),
        Host.version(),
        host.health().compiling().stream()
            .map(one -> one.plugin() + (one.isWaiting() ? " waits" : " is compiled"))
            .limit(MAX_COMPILING)
            .toList());
  }

  private static NodeView view(HostNode node) {
    List<String> faults = new ArrayList<>();
    node.faults()
        .forEach((plugin, cause) -> faults.add(plugin.isEmpty() ? cause : plugin + ": " + cause));
    boolean lags = node.lag().compareTo(HostNode.EXPECTED) > 0;
    String state =
        !node.isHeard()
            ? "silent for " + Shown.time(node.silentFor())
            : !faults.isEmpty() ? Shown.count(faults.size(), "fault") : lags ? "lags" : "well";
    return new NodeView(
        node.id(),
        node.name(),
        node.isThis(),
        node.version(),
        state,
        !node.isHeard() || !faults.isEmpty() ? "bad" : lags ? "warn" : "good",
        Shown.time(node.lag()),
        node.compiling(),
        faults);
  }

  /** The hosts on the database; none where there is only this one. */
  private synchronized List<HostNode> nodes(Instant now) {
    if (!now.minus(NODES_HOLD).isBefore(nodesAt)) {
      try {
        List<HostNode> all = host.health().nodes();
        nodes = all.size() > 1 ? all : List.of();
      } catch (StoreException e) {
        // The page says that the store does not work.
        nodes = List.of();
      }
      nodesAt = now;
    }
    return nodes;
  }

  private Row row(String name, Optional<StoredPlugin> stored, Optional<PluginActivity> activity) {
    return new Row(
        name,
        stored
            .map(plugin -> plugin.current().version())
            .or(() -> activity.map(PluginActivity::version))
            .orElse(""),
        stored.map(plugin -> publisher(plugin)).orElse(""),
        stored.map(plugin -> plugin.current().provenance().isTrusted()).orElse(false),
        state(
            stored,
            activity,
            stored.isPresent() && host.health().trouble(stored.get()).isPresent()),
        activity.map(this::serving));
  }

  static String publisher(StoredPlugin plugin) {
    List<String> publishers = plugin.current().provenance().publishers();
    return publishers.isEmpty()
        ? plugin.current().provenance().summary()
        : String.join(", ", publishers);
  }

  static StateView state(
      Optional<StoredPlugin> stored, Optional<PluginActivity> activity, boolean troubled) {
    if (activity.filter(plugin -> plugin.breaker() == BreakerState.OPEN).isPresent()) {
      return StateView.BREAKER_OPEN;
    }
    PluginState state = stored.map(StoredPlugin::state).orElse(PluginState.ACTIVE);
    if (state == PluginState.ACTIVE && (troubled || activity.isEmpty())) {
      return StateView.TROUBLE;
    }
    if (activity.filter(plugin -> plugin.breaker() == BreakerState.HALF_OPEN).isPresent()) {
      return StateView.BREAKER_TRYING;
    }
    return switch (state) {
      case ACTIVE -> StateView.SERVES;
      case INACTIVE -> StateView.INACTIVE;
      case INSTALLED -> StateView.INSTALLED;
      case ERRORED -> StateView.ERRORED;
    };
  }

  private Serving serving(PluginActivity plugin) {
    List<ActivityPoint> history = host.activity().history(plugin.plugin());
    return new Serving(
        Shown.rate(plugin.callsPerSecond()),
        Spark.of(history, ActivityPoint::callsPerSecond, "calls a second"),
        Shown.orDash(plugin.times().map(times -> Shown.time(times.p50()))),
        Shown.orDash(plugin.times().map(times -> Shown.time(times.p99()))),
        Spark.of(history, point -> point.p99Nanos() / 1e6, "ms"),
        Shown.count(plugin.failures()),
        Spark.of(history, ActivityPoint::failuresPerSecond, "failures a second"),
        plugin.pool().inUse(),
        plugin.pool().maxInstances(),
        (int)
            Math.round(
                StateView.BAR_WIDTH
                    * Shown.part(plugin.pool().inUse(), plugin.pool().maxInstances())),
        Shown.bytes(plugin.pool().bytes()),
        Spark.of(history, point -> point.bytes() / 1e6, "MB"));
  }
}
