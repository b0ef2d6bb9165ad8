package io.gonext.host.internal.service.metrics;

import io.gonext.engine.PlainText;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.internal.service.metrics.GuestMeters.Destination;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest.Metric;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * The metrics of one version of a plugin. What a guest writes for a series is read once: later
 * calls with the same bytes find it in a map.
 *
 * <p>Thread-safe.
 */
final class VersionMetrics {
  private static final int MAX_NAME_BYTES = 64;

  /** 8 labels with names of 32 bytes and values of 64, and JSON around them. */
  private static final int MAX_LABELS_BYTES = 2 * 1024;

  /** A guest may write the labels of a series in several ways. The rest is read each time. */
  private static final int MAX_REMEMBERED = 2_048;

  private static final int MAX_SHOWN_LENGTH = 100;

  private final GuestMeters meters;
  private final PluginScope scope;

  /** Null if calls have no effects. */
  private final GuestMeters.@Nullable Owner owner;

  private final Map<String, Metric> declared = new HashMap<>();
  private final Map<Spelling, Target> remembered = new ConcurrentHashMap<>();

  /** Names that the log has been told are taken. */
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  VersionMetrics(GuestMeters meters, PluginScope scope) {
    this.meters = meters;
    this.scope = scope;
    this.owner = scope.mode().hasEffects() ? meters.owner(scope.manifest().name()) : null;
    scope.manifest().metrics().forEach(metric -> declared.put(metric.name(), metric));
  }

  /** A name and labels as a guest wrote them. */
  private record Spelling(byte[] name, byte[] labels) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Spelling that
          && Arrays.equals(name, that.name)
          && Arrays.equals(labels, that.labels);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(name) + Arrays.hashCode(labels);
    }
  }

  /** Where the values of one series went at the last look. */
  private static final class Target {
    private final Metric metric;
    private final List<String> values;
    private volatile Look last = new Look(-1, Destination.Dropped.DROPPED);

    Target(Metric metric, List<String> values) {
      this.metric = metric;
      this.values = values;
    }
  }

  private record Look(long changes, Destination destination) {}

  /** {@code gn_metric_observe(name, value, labels)}. */
  HostAnswer observe(GuestArguments arguments) {
    Spelling spelling =
        new Spelling(block(arguments, 0, MAX_NAME_BYTES), block(arguments, 3, MAX_LABELS_BYTES));
    Target target = remembered.get(spelling);
    if (target == null) {
      try {
        target = read(spelling);
      } catch (UndeclaredException e) {
        return refused(e.getMessage());
      }
      if (remembered.size() < MAX_REMEMBERED) {
        remembered.putIfAbsent(spelling, target);
      }
    }
    return record(target, Double.longBitsToDouble(arguments.number(2)));
  }

  private HostAnswer record(Target target, double value) {
    String problem = problem(target.metric, value);
    if (problem != null) {
      return refused(problem);
    }
    if (owner == null) {
      return HostAnswer.Done.DONE;
    }
    return switch (destination(owner, target)) {
      case Destination.Recorded(var recorder) -> {
        recorder.accept(value);
        yield HostAnswer.Done.DONE;
      }
      case Destination.Dropped _ -> HostAnswer.Done.DONE;
      case Destination.Taken(String reason) -> {
        if (told.add(target.metric.name())) {
          scope.log().write(Level.WARN, "gn_metric_observe: " + reason);
        }
        yield new HostAnswer.Explained(Refused.INTERNAL, reason);
      }
    };
  }

  private Destination destination(GuestMeters.Owner owner, Target target) {
    Look look = target.last;
    long changes = meters.changes();
    if (look.changes != changes) {
      look = new Look(changes, meters.destination(owner, target.metric, target.values));
      target.last = look;
    }
    return look.destination;
  }

  private static @Nullable String problem(Metric metric, double value) {
    if (!Double.isFinite(value)) {
      return "%s takes finite numbers, not %s".formatted(metric.name(), value);
    }
    return value < 0 && metric.kind() != Metric.Kind.GAUGE
        ? "%s is a %s and takes no numbers below 0, such as %s"
            .formatted(metric.name(), metric.kind(), value)
        : null;
  }

  private Target read(Spelling spelling) throws UndeclaredException {
    String name = new String(spelling.name, StandardCharsets.UTF_8);
    Metric metric = declared.get(name);
    if (metric == null) {
      throw new UndeclaredException("the manifest declares no metric " + shown(name));
    }
    JsonNode labels = labels(spelling.labels);
    List<String> names = metric.labelNames();
    List<String> given = List.copyOf(labels.propertyNames());
    if (given.size() != names.size() || !names.containsAll(given)) {
      throw new UndeclaredException(
          "%s has the labels %s, not %s".formatted(name, names, shown(given.toString())));
    }
    List<String> values = new ArrayList<>();
    for (Metric.Label label : metric.labels()) {
      JsonNode value = Objects.requireNonNull(labels.get(label.name()));
      if (!value.isString() || !label.values().contains(value.stringValue())) {
        throw new UndeclaredException(
            "the label %s of %s has the values %s, not %s"
                .formatted(label.name(), name, label.values(), shown(value.toString())));
      }
      values.add(value.stringValue());
    }
    return new Target(metric, List.copyOf(values));
  }

  private static JsonNode labels(byte[] utf8) throws UndeclaredException {
    if (utf8.length == 0) {
      return JsonNodeFactory.instance.objectNode();
    }
    JsonNode labels;
    try {
      labels = StrictJson.parse(utf8);
    } catch (InvalidJsonException e) {
      throw new UndeclaredException("the labels are not JSON: " + e.getMessage());
    }
    if (!labels.isObject()) {
      throw new UndeclaredException("the labels are not a JSON object");
    }
    return labels;
  }

  /** The pointer of an empty block does not matter. */
  private static byte[] block(GuestArguments arguments, int index, int maxBytes) {
    return arguments.number(index + 1) == 0 ? new byte[0] : arguments.bytes(index, maxBytes);
  }

  private static HostAnswer refused(@Nullable String why) {
    return new HostAnswer.Explained(Refused.BAD_ARGUMENTS, String.valueOf(why));
  }

  private static String shown(String text) {
    return PlainText.of(text, MAX_SHOWN_LENGTH);
  }

  /** Has no stack trace, because guests can cause it at each call. */
  private static final class UndeclaredException extends Exception {
    private static final long serialVersionUID = 1L;

    UndeclaredException(String message) {
      super(message, null, false, false);
    }
  }
}
