package io.gonext.host.internal.service.http;

import io.gonext.engine.PlainText;
import io.gonext.host.Egress;
import io.gonext.host.PluginNetwork;
import io.gonext.host.StoreException;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.hook.SeriesBudget;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.CapabilityGate;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.MinuteBudget;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.AllowedOrigins.Origin;
import io.gonext.host.manifest.FetchUrl;
import io.gonext.host.manifest.Manifest;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code gn_http_fetch}: a plugin sends an HTTP request. Each request passes two gates, and so does
 * each redirect: the manifest's list of origins, and the operator's policy of addresses.
 *
 * <p>Thread-safe.
 */
public final class HttpService implements HostService {
  private static final ImportKey FETCH = new ImportKey("env_net", "gn_http_fetch");

  private static final int MAX_REQUEST_BYTES = 1024 * 1024;
  private static final int MAX_REDIRECTS = 3;
  private static final int AT_ONCE = 64;

  /** The label of requests that no entry of the manifest allows. */
  private static final String OTHER = "other";

  private volatile Egress egress;
  private final FetchClient client;
  private final SecretValues secrets;
  private final MeterRegistry meters;
  private final SeriesBudget series;

  /** Null for no spans. */
  private final @Nullable Tracer tracer;

  /** Writes the headers that let the span of the server join the trace. */
  private final TextMapPropagator propagator;

  private final LongSupplier nanoTime;
  private final Semaphore running = new Semaphore(AT_ONCE);
  private final BodyMemory bodies = BodyMemory.ofHeap(Runtime.getRuntime().maxMemory());

  /** By plugin, so that an update does not refill them. */
  private final Map<String, FetchBudget> budgets = new ConcurrentHashMap<>();

  /**
   * @param network answers in place of the network; empty for the network itself
   */
  public HttpService(
      Egress egress,
      Optional<PluginNetwork> network,
      SecretValues secrets,
      MeterRegistry meters,
      SeriesBudget series,
      OpenTelemetry telemetry,
      LongSupplier nanoTime) {
    this(
        egress,
        new FetchClient(new AddressPolicy(egress.allowed()), network),
        secrets,
        meters,
        series,
        telemetry,
        nanoTime);
  }

  HttpService(
      Egress egress,
      FetchClient client,
      SecretValues secrets,
      MeterRegistry meters,
      SeriesBudget series,
      OpenTelemetry telemetry,
      LongSupplier nanoTime) {
    this.egress = egress;
    this.client = client;
    this.secrets = secrets;
    this.meters = meters;
    this.series = series;
    this.tracer =
        telemetry.equals(OpenTelemetry.noop()) ? null : telemetry.getTracer("io.gonext.host");
    this.propagator = telemetry.getPropagators().getTextMapPropagator();
    this.nanoTime = nanoTime;
  }

  /** Sets where requests may go from now on, and how many a plugin may send. */
  public void change(Egress next) {
    client.change(new AddressPolicy(next.allowed()));
    egress = next;
  }

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    Plugin plugin = new Plugin(scope);
    return Map.of(FETCH, Body.answering(plugin::fetch));
  }

  @Override
  public List<String> warnings(Manifest manifest) {
    List<String> warnings = new ArrayList<>();
    manifest
        .fetch()
        .perMinute()
        .ifPresent(asked -> {
          if (asked > egress.perMinute()) {
            warnings.add(
                "/http/fetch/rate_per_minute: the plugin gets %d and not %d, since the host allows"
                        .formatted(egress.perMinute(), asked)
                    + " no more");
          }
        });
    if (manifest.requests("http.fetch") && manifest.fetch().allow().origins().isEmpty()) {
      warnings.add(
          "/http/fetch/allow: the plugin requests http.fetch and lists no origin, so it reaches"
              + " none");
    }
    return warnings;
  }

  @Override
  public void forget(String plugin) {
    budgets.remove(plugin);
  }

  @Override
  public void close() {
    client.close();
  }

  /** The requests of one version of a plugin. */
  private final class Plugin {
    private final PluginScope scope;
    private final String name;

    /** Whether the plugin may use secrets. */
    private final CapabilityGate secretsGate;

    /** What the manifest lowers the rate to; null if it does not. */
    private final @Nullable MinuteBudget ownMinute;

    private final Map<Ended, Timer> timers = new ConcurrentHashMap<>();

    Plugin(PluginScope scope) {
      this.scope = scope;
      this.name = scope.manifest().name();
      this.secretsGate = CapabilityGate.of(scope, Manifest.SECRETS, FETCH.toString());
      OptionalInt asked = scope.manifest().fetch().perMinute();
      // Also where it is more than the host allows now: the host may come to allow more.
      this.ownMinute = asked.isPresent() ? new MinuteBudget(asked.getAsInt(), nanoTime) : null;
    }

    HostAnswer fetch(GuestArguments arguments) {
      if (!scope.mode().hasEffects()) {
        return new HostAnswer.Explained(
            Refused.UPSTREAM_FAILED, "the host sends no requests while it exercises a version");
      }
      long began = System.nanoTime();
      Origin entry = null;
      FetchOutcome outcome = FetchOutcome.BAD_REQUEST;
      SecretInjection injection = new SecretInjection(scope, secretsGate, secrets);
      try {
        FetchRequest request = FetchRequest.of(arguments.json(0, MAX_REQUEST_BYTES));
        outcome = FetchOutcome.FAILED;
        entry = entryOf(request.url());
        byte[] json =
            tracer == null
                ? answered(request, injection, arguments, null)
                : traced(tracer, request, injection, entry, arguments);
        outcome = FetchOutcome.ANSWERED;
        return new HostAnswer.Body(json);
      } catch (IllegalArgumentException e) {
        outcome = FetchOutcome.BAD_REQUEST;
        return explained(Refused.BAD_ARGUMENTS, String.valueOf(e.getMessage()));
      } catch (FetchException e) {
        outcome = e.outcome();
        return answer(e.outcome(), injection.mask(String.valueOf(e.getMessage())));
      } catch (StoreException e) {
        return new HostAnswer.Unavailable("the plugin's secrets could not be read");
      } finally {
        timers
            .computeIfAbsent(new Ended(entry, outcome), this::timer)
            .record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
      }
    }

    private Timer timer(Ended ended) {
      return Timer.builder("gonext.plugin.fetch")
          .description("HTTP requests that plugins send, by the entry of the manifest")
          .tags(
              series.tags(
                  name,
                  "gonext.plugin.fetch",
                  3,
                  Tag.of("host", label(ended.entry)),
                  Tag.of("outcome", ended.outcome.label())))
          .register(meters);
    }

    private static String label(@Nullable Origin entry) {
      return entry == null ? OTHER : entry.toString();
    }

    private HostAnswer answer(FetchOutcome outcome, String message) {
      return switch (outcome) {
        case BLOCKED_ORIGIN, BLOCKED_ADDRESS, SECRET_BLOCKED -> explained(Refused.BLOCKED, message);
        case SECRET_DENIED -> explained(Refused.DENIED, message);
        case SECRET_MISSING -> explained(Refused.NOT_FOUND, message);
        case SECRET_UNUSABLE -> explained(Refused.BAD_ARGUMENTS, message);
        case LIMITED -> explained(Refused.QUOTA, message);
        default -> new HostAnswer.UpstreamFailed(logged(message));
      };
    }

    private HostAnswer explained(Refused refused, String message) {
      return new HostAnswer.Explained(refused, logged(message));
    }

    /** The guest's author reads the reason in the plugin's log, too. */
    private String logged(String message) {
      String shown = PlainText.of(message);
      scope.log().write(Level.WARN, "gn_http_fetch: " + shown);
      return shown;
    }

    private byte[] traced(
        Tracer spans,
        FetchRequest request,
        SecretInjection injection,
        @Nullable Origin entry,
        GuestArguments arguments)
        throws FetchException {
      Span span =
          spans
              .spanBuilder("gonext.fetch " + request.method())
              .setSpanKind(SpanKind.CLIENT)
              .setAttribute("gonext.plugin", name)
              .setAttribute("http.request.method", request.method())
              .setAttribute("server.address", request.url().host())
              .setAttribute("server.port", (long) request.url().port())
              .setAttribute("gonext.fetch.entry", label(entry))
              .startSpan();
      try {
        return answered(request.carrying(traceHeaders(span)), injection, arguments, span);
      } catch (FetchException e) {
        span.setAttribute("error.type", e.outcome().label());
        span.setStatus(StatusCode.ERROR, e.outcome().label());
        throw e;
      } finally {
        span.end();
      }
    }

    /** Names in lower case. */
    private Map<String, String> traceHeaders(Span span) {
      Map<String, String> headers = new HashMap<>();
      propagator.inject(
          Context.current().with(span),
          headers,
          (carrier, name, value) -> {
            // What a stranger sent as tracestate may not fit into a header.
            if (carrier != null && FetchRequest.isHeaderValue(value)) {
              carrier.put(name.toLowerCase(Locale.ROOT), value);
            }
          });
      return headers;
    }

    private byte[] answered(
        FetchRequest request,
        SecretInjection injection,
        GuestArguments arguments,
        @Nullable Span span)
        throws FetchException {
      try (BodyMemory.Share memory = bodies.share()) {
        FetchClient.Answer answer = injection.mask(limited(request, injection, memory, arguments));
        if (span != null) {
          span.setAttribute("http.response.status_code", (long) answer.status());
          if (answer.status() >= 400) {
            span.setAttribute("error.type", Integer.toString(answer.status()));
            span.setStatus(StatusCode.ERROR);
          }
        }
        return json(answer);
      }
    }

    private FetchClient.Answer limited(
        FetchRequest request,
        SecretInjection injection,
        BodyMemory.Share memory,
        GuestArguments arguments)
        throws FetchException {
      if (arguments.once(this, AtomicInteger::new).incrementAndGet() > FetchBudget.PER_CALL) {
        throw limit("a call of a plugin sends at most " + FetchBudget.PER_CALL + " requests");
      }
      int perMinute = egress.perMinute();
      FetchBudget budget = budgets.computeIfAbsent(name, _ -> new FetchBudget(perMinute, nanoTime));
      if ((ownMinute != null && !ownMinute.tryTake()) || !budget.minute(perMinute).tryTake()) {
        throw limit("the plugin has sent all the requests that it may send in a minute");
      }
      if (!budget.running().tryAcquire()) {
        throw limit(
            "the plugin has " + FetchBudget.AT_ONCE + " requests under way, which is the most");
      }
      try {
        if (!running.tryAcquire()) {
          throw limit("the host has " + AT_ONCE + " requests under way, which is the most");
        }
        try {
          // The body of a request is in memory already: this counts it, and the answers' bodies.
          memory.take(request.body().length);
          return followed(request, injection, memory);
        } finally {
          running.release();
        }
      } finally {
        budget.running().release();
      }
    }

    private FetchException limit(String message) {
      return new FetchException(FetchOutcome.LIMITED, message);
    }

    private FetchClient.Answer followed(
        FetchRequest first, SecretInjection injection, BodyMemory.Share memory)
        throws FetchException {
      long deadline = System.nanoTime() + first.timeout().toNanos();
      FetchRequest request = first;
      for (int redirects = 0; ; redirects++) {
        requireAllowed(request.url());
        FetchRequest filled = injection.fill(request);
        FetchClient.Answer answer = sent(filled, deadline, memory);
        String location = location(answer.status(), answer.headers());
        if (location == null) {
          return answer;
        }
        if (redirects == MAX_REDIRECTS) {
          throw new FetchException(
              FetchOutcome.FAILED,
              first.url().origin() + " redirects more than " + MAX_REDIRECTS + " times");
        }
        FetchUrl target = target(filled.url(), location);
        injection.requireCarried(request.url(), location, target);
        request = request.redirected(answer.status(), target);
      }
    }

    private FetchClient.Answer sent(FetchRequest request, long deadline, BodyMemory.Share memory)
        throws FetchException {
      try {
        return client.send(
            name,
            request,
            deadline,
            memory,
            (status, headers) -> location(status, headers) == null);
      } catch (FetchException e) {
        if (e.outcome() == FetchOutcome.BLOCKED_ADDRESS) {
          scope.audit().fetchBlocked("address", request.url().origin(), true);
        }
        throw e;
      }
    }

    /** The gate of origins. */
    private void requireAllowed(FetchUrl url) throws FetchException {
      if (entryOf(url) != null) {
        return;
      }
      String message =
          "%s is not in http.fetch.allow; add \"%s\"".formatted(url.host(), url.origin());
      if (egress.mode() == Egress.Mode.OBSERVE) {
        scope.audit().fetchBlocked("origin", url.origin(), false);
        scope.log().write(Level.WARN, "gn_http_fetch: observed: " + message);
        return;
      }
      scope.audit().fetchBlocked("origin", url.origin(), true);
      throw new FetchException(FetchOutcome.BLOCKED_ORIGIN, message);
    }

    private @Nullable Origin entryOf(FetchUrl url) {
      return scope.manifest().fetch().allow().find(url).orElse(null);
    }
  }

  /**
   * How requests ended that one timer counts.
   *
   * @param entry of the manifest; null for none
   */
  private record Ended(@Nullable Origin entry, FetchOutcome outcome) {}

  private static FetchUrl target(FetchUrl from, String location) throws FetchException {
    try {
      return from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new FetchException(
          FetchOutcome.FAILED, "the redirect of " + from.origin() + ": " + e.getMessage());
    }
  }

  /** Where an answer redirects to; null if it does not. */
  private static @Nullable String location(int status, HttpFields headers) {
    return switch (status) {
      case 301, 302, 303, 307, 308 -> headers.get(HttpHeader.LOCATION);
      default -> null;
    };
  }

  private static byte[] json(FetchClient.Answer answer) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("status", answer.status());
    ObjectNode headers = json.putObject("headers");
    for (HttpField field : answer.headers()) {
      String name = field.getLowerCaseName();
      String value = field.getValue() == null ? "" : field.getValue();
      JsonNode before = headers.get(name);
      headers.put(name, before == null ? value : before.stringValue() + ", " + value);
    }
    json.put("body", answer.body());
    return StrictJson.write(json);
  }
}
