package io.gonext.host.manifest;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * What a plugin says of itself: a manifest that passed {@link ManifestReader}. Fields a manifest
 * left out hold their defaults.
 *
 * @param name the plugin's slug, {@code ^[a-z][a-z0-9-]{2,40}$}
 * @param entry path of the module inside the bundle
 * @param capabilities requested, in the manifest's order; a grant is the operator's
 * @param secrets that the plugin reads; to name one implies the capability {@code secrets.keys}
 * @param headers of its routes' requests and responses
 * @param fetch where its own HTTP requests may go
 * @param jobs the background jobs that it runs
 * @param cron the schedules on which the host enqueues jobs
 * @param signed whether it has the field {@code signature}, which nothing reads
 * @param config the schema of its configuration; empty if it has none
 * @param metrics that it records
 * @param defaultLocale the locale of texts that another one lacks; empty for {@code en}
 * @param keyValues may only lower the operator's quota
 * @param databaseBytes what its tables may take; may only lower the operator's limit
 * @param warmUp whether its inputs may be remembered and new versions exercised with them
 * @param requiredHost the host versions that the plugin runs on
 */
public record Manifest(
    String name,
    Version version,
    String entry,
    List<String> capabilities,
    List<Hook> actions,
    List<Hook> filters,
    List<Route> routes,
    Headers headers,
    Fetch fetch,
    List<Secret> secrets,
    Limits limits,
    Optional<VersionRange> requiredHost,
    List<Dependency> dependencies,
    KeyValueQuota keyValues,
    OptionalLong databaseBytes,
    Optional<ConfigSchema> config,
    List<Metric> metrics,
    Optional<String> defaultLocale,
    boolean warmUp,
    List<Job> jobs,
    List<Cron> cron,
    boolean signed) {

  public Manifest {
    capabilities = List.copyOf(capabilities);
    actions = List.copyOf(actions);
    filters = List.copyOf(filters);
    routes = List.copyOf(routes);
    secrets = List.copyOf(secrets);
    dependencies = List.copyOf(dependencies);
    metrics = List.copyOf(metrics);
    jobs = List.copyOf(jobs);
    cron = List.copyOf(cron);
  }

  /** The capability that naming a secret implies. */
  public static final String SECRETS = "secrets.keys";

  /** The capability that naming a request header with credentials implies. */
  public static final String CREDENTIALS = "http.credentials";

  /** The capability that naming a response header implies. */
  public static final String RESPONSE_HEADERS = "http.response_headers";

  private static final List<String> IMPLIED = List.of(SECRETS, CREDENTIALS, RESPONSE_HEADERS);

  /** Priority of a hook that names none; lower runs first. */
  public static final int DEFAULT_PRIORITY = 10;

  /** Hooks of this name and below it are routes: never declared by name, but as http.serve. */
  static final String ROUTE_HOOKS = "http.serve";

  /** The filter that serves the routes of a plugin. */
  public static String routeHook(String plugin) {
    return ROUTE_HOOKS + "." + plugin;
  }

  /** {@code name@version}, as logs and people name a plugin. */
  public String id() {
    return name + "@" + version;
  }

  /** Whether it runs jobs and nothing else: no hook and no route is handled. */
  public boolean hasJobsAlone() {
    return !jobs.isEmpty() && actions.isEmpty() && filters.isEmpty() && routes.isEmpty();
  }

  /** Whether the plugin asks for a capability, by name or by implication. */
  public boolean requests(String capability) {
    return capabilities.contains(capability) || implies(capability);
  }

  /** All the plugin asks for, by name or by implication; a copy. */
  public SortedSet<String> requestedCapabilities() {
    SortedSet<String> requested = new TreeSet<>(capabilities);
    for (String capability : IMPLIED) {
      if (implies(capability)) {
        requested.add(capability);
      }
    }
    return requested;
  }

  private boolean implies(String capability) {
    return switch (capability) {
      case SECRETS -> !secrets.isEmpty();
      case CREDENTIALS ->
          !headers.isDefault() && headers.request().stream().anyMatch(HeaderNames::isCredential);
      case RESPONSE_HEADERS -> !headers.response().isEmpty();
      default -> false;
    };
  }

  /**
   * A hook the plugin handles.
   *
   * @param batch whether it takes many values of a filter at once
   */
  public record Hook(String name, int priority, boolean batch) {
    public Hook(String name, int priority) {
      this(name, priority, false);
    }
  }

  /**
   * A secret that the plugin uses.
   *
   * @param required whether the plugin starts only when it has a value
   * @param injectOnly whether the plugin cannot read it: the host puts it into HTTP requests
   * @param hosts the origins of HTTP requests that the host puts it into
   */
  public record Secret(String name, boolean required, boolean injectOnly, AllowedOrigins hosts) {}

  /**
   * A background job.
   *
   * @param timeout of one attempt; the host may have a lower one
   * @param maxAttempts failed attempts after which it is dead
   * @param unique whether an enqueue returns the job that waits with equal arguments, if there is
   *     one
   * @param concurrency how many run at once, on all nodes together; empty for no limit of its own
   */
  public record Job(
      String name,
      Duration timeout,
      int maxAttempts,
      Backoff backoff,
      boolean unique,
      OptionalInt concurrency) {
    /** Time of one attempt where the manifest names none. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

    /** Failed attempts where the manifest names no number. */
    public static final int DEFAULT_MAX_ATTEMPTS = 5;
  }

  /** How the pause before another attempt grows. */
  public enum Backoff {
    /** It doubles with each failure. */
    EXPONENTIAL,
    /** It stays the same. */
    FIXED
  }

  /**
   * A schedule on which the host enqueues a job.
   *
   * @param args the job's arguments, a JSON object
   */
  public record Cron(String job, Schedule schedule, JsonNode args, CatchUp catchUp) {}

  /** What happens to runs that were due while no host could do them. */
  public enum CatchUp {
    NONE,
    ONCE,
    ALL
  }

  /** The job of that name. */
  public Optional<Job> job(String job) {
    return jobs.stream().filter(declared -> declared.name().equals(job)).findAny();
  }

  /** A route the plugin serves, below {@code /api/plugins/{plugin name}}. */
  public record Route(String method, String path) {
    /** As people and metrics name it: {@code GET /items/{id}}. */
    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  /**
   * Which headers the plugin's routes see and set.
   *
   * @param isDefault whether the manifest names no request headers
   * @param request the names it sees, or patterns such as {@code x-acme-*}
   * @param response the names, of those that take a capability, that it sets
   */
  public record Headers(boolean isDefault, List<String> request, List<String> response) {
    public Headers {
      request = List.copyOf(request);
      response = List.copyOf(response);
    }

    /** Whether the manifest names a response header, whatever its case. */
    public boolean asksToSet(String name) {
      return response.stream().anyMatch(name::equalsIgnoreCase);
    }
  }

  /**
   * The HTTP requests that the plugin sends.
   *
   * @param allow the origins of {@code allow} and {@code allow_hosts}
   * @param perMinute may only lower the host's rate
   */
  public record Fetch(AllowedOrigins allow, OptionalInt perMinute) {}

  /**
   * A metric that the plugin records.
   *
   * @param unit for people; empty if the manifest does not say
   */
  public record Metric(String name, Kind kind, String unit, List<Label> labels) {
    public Metric {
      labels = List.copyOf(labels);
    }

    /** What becomes of the values of a metric. */
    public enum Kind {
      /** Their sum. */
      COUNTER,
      /** The last one. */
      GAUGE,
      /** Their count, sum and maximum. */
      SUMMARY;

      /** As manifests write it. */
      @Override
      public String toString() {
        return name().toLowerCase(Locale.ROOT);
      }
    }

    /** A label with all values that it has. */
    public record Label(String name, List<String> values) {
      public Label {
        values = List.copyOf(values);
      }
    }

    /** The names of the labels. */
    public List<String> labelNames() {
      return labels.stream().map(Label::name).toList();
    }
  }

  /** The quota the plugin asks for its key-value entries; empty where it asks for none. */
  public record KeyValueQuota(OptionalLong maxBytes, OptionalLong maxKeys) {}

  /** A plugin that must be active before this one. */
  public record Dependency(String name, VersionRange versionRange) {}

  /** Whether a lease sees the state that earlier leases left in the instance. */
  public enum Isolation {
    /** Each lease starts from the snapshot taken after start-up. */
    FRESH,
    /** State lives across leases until the instance is rotated out. */
    REUSED
  }

  /** The limits a plugin asks for; empty where it asks for none. Each may only lower the host's. */
  public record Limits(
      OptionalInt memoryMb,
      Optional<Duration> call,
      Optional<Duration> waits,
      OptionalLong fuel,
      OptionalInt instancesMin,
      OptionalInt instancesMax,
      OptionalInt instancesJobs,
      OptionalInt maxUses,
      Optional<Duration> maxAge,
      Optional<Duration> maxIdle,
      Isolation isolation,
      Breaker breaker) {}

  /**
   * Sooner than the operator's circuit breaker opens. How long it opens, and whether there is one,
   * is the operator's alone.
   *
   * @param failurePercent share of calls that failed
   * @param minCalls the fewest calls by which it may open
   */
  public record Breaker(OptionalInt failurePercent, OptionalInt minCalls) {}
}
