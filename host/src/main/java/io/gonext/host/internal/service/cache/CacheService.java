package io.gonext.host.internal.service.cache;

import io.gonext.host.CacheListener;
import io.gonext.host.StoreException;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Done;
import io.gonext.host.internal.abi.HostAnswer.Explained;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.HostAnswer.Unavailable;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.log.OncePerMinute;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.MinuteBudget;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/**
 * {@code gn_cache_invalidate(tags)}: stores an invalidation, which the listeners of each host
 * receive. The function answers (0, 0) once it is stored, also if the guest's call fails
 * afterwards.
 *
 * <p>Thread-safe.
 */
public final class CacheService implements HostService {
  static final int MAX_TAGS = 64;
  static final int MAX_TAG_BYTES = 256;
  static final int PER_MINUTE = 60;

  /** Tags of the most bytes fit, also when each byte is written as an escape of six. */
  private static final int MAX_REQUEST_BYTES = 128 * 1024;

  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Duration STOP = Duration.ofSeconds(5);

  private final Outbox outbox;
  private final MeterRegistry meters;

  /** Null without telemetry. */
  private final @Nullable Tracer tracer;

  private final LongSupplier nanoTime;

  /** Waits for the store, so that no guest waits longer than it may. */
  private final ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor();

  private final List<Thread> followers = new ArrayList<>();

  /** Null without listeners. */
  private @Nullable Gauge waiting;

  /** By plugin, so that an update does not refill them. */
  private final Map<String, MinuteBudget> budgets = new ConcurrentHashMap<>();

  public CacheService(
      Outbox outbox, MeterRegistry meters, OpenTelemetry telemetry, LongSupplier nanoTime) {
    this.outbox = outbox;
    this.meters = meters;
    this.tracer =
        telemetry.equals(OpenTelemetry.noop()) ? null : telemetry.getTracer("io.gonext.host");
    this.nanoTime = nanoTime;
  }

  /**
   * Begins to call listeners, where those of this data directory stopped. For the thread that opens
   * the host.
   *
   * @param file has their position
   */
  public void follow(List<CacheListener> listeners, Path file) {
    if (listeners.isEmpty()) {
      return;
    }
    long start = CachePosition.read(file).orElseGet(outbox::known);
    CachePosition position = new CachePosition(file, listeners.size(), start);
    waiting =
        Gauge.builder(
                "gonext.cache.invalidations.waiting", () -> outbox.known() - position.lowest())
            .description("Cache invalidations that a listener of this host has not seen yet")
            .register(meters);
    for (int i = 0; i < listeners.size(); i++) {
      Follower follower =
          new Follower(outbox, position, i, listeners.get(i), meters, Thread::sleep);
      followers.add(Thread.ofPlatform().daemon().name("gonext-cache-" + i).start(follower));
    }
  }

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    Plugin plugin = new Plugin(scope);
    return Map.of(
        new ImportKey("gonext_data", "gn_cache_invalidate"), Body.answering(plugin::invalidate));
  }

  @Override
  public void forget(String plugin) {
    budgets.remove(plugin);
  }

  @Override
  public void close() {
    followers.forEach(Thread::interrupt);
    writers.shutdown();
    try {
      for (Thread follower : followers) {
        var _ = follower.join(STOP);
      }
      var _ = writers.awaitTermination(STOP.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (waiting != null) {
      meters.remove(waiting);
    }
  }

  /** What became of a request; a label of its counter. */
  private enum Outcome {
    STORED("stored"),
    BAD_REQUEST("bad_request"),
    RATE_LIMITED("rate_limited"),
    FAILED("failed");

    private final String label;

    Outcome(String label) {
      this.label = label;
    }
  }

  /** The invalidations of one version of a plugin. */
  private final class Plugin {
    private final PluginScope scope;
    private final String name;
    private final OncePerMinute refusals = new OncePerMinute(nanoTime);

    Plugin(PluginScope scope) {
      this.scope = scope;
      this.name = scope.manifest().name();
    }

    HostAnswer invalidate(GuestArguments arguments) {
      List<String> tags;
      try {
        tags = tags(arguments);
      } catch (IllegalArgumentException e) {
        return refused(Outcome.BAD_REQUEST, Refused.BAD_ARGUMENTS, String.valueOf(e.getMessage()));
      }
      if (!scope.mode().hasEffects()) {
        return Done.DONE;
      }
      if (!budgets.computeIfAbsent(name, _ -> new MinuteBudget(PER_MINUTE, nanoTime)).tryTake()) {
        return refused(
            Outcome.RATE_LIMITED,
            Refused.RATE_LIMITED,
            "a plugin invalidates at most " + PER_MINUTE + " times a minute");
      }
      return tracer == null
          ? stored(tags, arguments.remaining())
          : traced(tracer, tags, arguments.remaining());
    }

    private HostAnswer traced(Tracer tracer, List<String> tags, Duration remaining) {
      Span span =
          tracer
              .spanBuilder("gonext.cache_invalidate")
              .setAttribute("gonext.plugin", name)
              .setAttribute("gonext.cache.tags", (long) tags.size())
              .startSpan();
      try {
        HostAnswer answer = stored(tags, remaining);
        if (!(answer instanceof Done)) {
          span.setStatus(StatusCode.ERROR);
        }
        return answer;
      } finally {
        span.end();
      }
    }

    private HostAnswer stored(List<String> tags, Duration remaining) {
      try {
        Future<?> append = writers.submit(() -> outbox.append(name, tags));
        append.get(Math.min(PATIENCE.toNanos(), remaining.toNanos()), TimeUnit.NANOSECONDS);
        count(Outcome.STORED);
        return Done.DONE;
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof StoreException)) {
          throw new IllegalStateException(e.getCause());
        }
        return failed("the store failed to keep a cache invalidation");
      } catch (TimeoutException e) {
        return failed("the store did not keep a cache invalidation in time");
      } catch (RejectedExecutionException e) {
        return failed("the host is closing");
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return failed("the store did not keep a cache invalidation in time");
      }
    }

    private HostAnswer failed(String reason) {
      count(Outcome.FAILED);
      return new Unavailable(reason);
    }

    /** A guest can cause this at each call, so its log has one a minute. */
    private HostAnswer refused(Outcome outcome, Refused refused, String message) {
      if (scope.mode().hasEffects()) {
        count(outcome);
        refusals
            .next()
            .ifPresent(before ->
                scope
                    .log()
                    .write(
                        Level.WARN,
                        "gn_cache_invalidate: %s (%d refusals before it were not logged)"
                            .formatted(message, before)));
      }
      return new Explained(refused, message);
    }

    private void count(Outcome outcome) {
      Counter.builder("gonext.plugin.cache.invalidations")
          .description("Calls of plugins that invalidate cache tags")
          .tag("plugin", name)
          .tag("outcome", outcome.label)
          .register(meters)
          .increment();
    }
  }

  /**
   * Reads the tags, each once.
   *
   * @throws IllegalArgumentException when they are not acceptable, with a sentence
   */
  private static List<String> tags(GuestArguments arguments) {
    if (arguments.number(1) > MAX_REQUEST_BYTES) {
      throw new IllegalArgumentException("the tags have more than " + MAX_REQUEST_BYTES + " bytes");
    }
    JsonNode json;
    try {
      json = StrictJson.parse(arguments.bytes(0, MAX_REQUEST_BYTES));
    } catch (InvalidJsonException e) {
      throw new IllegalArgumentException("the tags are not JSON: " + e.getMessage(), e);
    }
    if (!(json instanceof ArrayNode array) || array.isEmpty() || array.size() > MAX_TAGS) {
      throw new IllegalArgumentException(
          "the tags are not a JSON array of 1 to " + MAX_TAGS + " texts");
    }
    Set<String> tags = new LinkedHashSet<>();
    for (JsonNode tag : array) {
      if (!tag.isString() || !isTag(tag.stringValue())) {
        throw new IllegalArgumentException(
            "a tag is a text of 1 to %d bytes of UTF-8 without control characters"
                .formatted(MAX_TAG_BYTES));
      }
      tags.add(tag.stringValue());
    }
    return List.copyOf(tags);
  }

  private static boolean isTag(String text) {
    return !text.isEmpty()
        && text.getBytes(StandardCharsets.UTF_8).length <= MAX_TAG_BYTES
        && text.chars().noneMatch(Character::isISOControl);
  }
}
