package io.gonext.host.internal.hook;

import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Bounds the series of metrics whose labels come from plugins: names of hooks, routes, jobs and
 * origins. The first series of a plugin get the names, up to {@link #MAX_NAMES} of a label and
 * {@link #MAX_SERIES} series. Everything beyond is recorded under the name {@link #OTHER}, so that
 * sums stay right. A plugin keeps what it has used until it is uninstalled, because its series stay
 * until then, whatever names its later versions have.
 *
 * <p>Thread-safe.
 */
public final class SeriesBudget {
  /** The name of all that have no name of their own. No hook, route, job or origin has it. */
  public static final String OTHER = "(other)";

  /** Different values of one label. */
  static final int MAX_NAMES = 64;

  /** Series of a plugin with names of their own. */
  static final int MAX_SERIES = 800;

  private final Map<String, Used> plugins = new ConcurrentHashMap<>();

  /**
   * The tags of a meter.
   *
   * @param series that the meter has: 3 for a timer
   * @param name the tag whose value may be replaced by {@link #OTHER}
   * @param further tags with few values, whatever a plugin does
   */
  public Tags tags(String plugin, String meter, int series, Tag name, Tag... further) {
    Tags own = Tags.of(Tag.of("plugin", plugin), name).and(further);
    return plugins.computeIfAbsent(plugin, p -> new Used()).fits(meter, series, name, own)
        ? own
        : own.and(name.getKey(), OTHER);
  }

  void forget(String plugin) {
    plugins.remove(plugin);
  }

  /** What one plugin has used. */
  private static final class Used {
    private record Combination(String meter, List<Tag> tags) {}

    private final Map<String, Set<String>> names = new HashMap<>();
    private final Set<Combination> combinations = new HashSet<>();
    private int series;

    synchronized boolean fits(String meter, int more, Tag name, Tags tags) {
      Combination combination = new Combination(meter, tags.stream().toList());
      if (combinations.contains(combination)) {
        return true;
      }
      Set<String> known = names.computeIfAbsent(name.getKey(), label -> new HashSet<>());
      boolean named = known.contains(name.getValue());
      if (series + more > MAX_SERIES || (!named && known.size() == MAX_NAMES)) {
        return false;
      }
      known.add(name.getValue());
      combinations.add(combination);
      series += more;
      return true;
    }
  }
}
