package io.gonext.host;

import io.gonext.engine.EngineLimits;
import io.gonext.host.internal.lifecycle.TrustGate;
import io.gonext.host.internal.service.secrets.MasterKeys;
import io.gonext.host.registry.RegistrySettings;
import io.gonext.host.trust.TrustPolicy;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Host} is set up.
 *
 * @param dataDirectory holds the host's key, compiled modules and the embedded store; created where
 *     it does not exist; one process at a time
 * @param database holds the store; hosts that share one serve the same plugins
 * @param limits the most a plugin may have
 * @param updates how one version takes the place of another
 * @param warmUp how long the host may exercise its plugins after it was opened, all together, until
 *     it is {@linkplain Health#warmUp warm}; zero for not at all, and then no recent inputs of
 *     plugins are kept in the store
 * @param meters where the host counts; one open host at a time, because the gauges of a second one
 *     have the same names
 * @param capabilities what plugins may ask for; the embedding application may register its own
 *     here. What is registered later can be asked for from then on; but it has to stand here when
 *     the host is next opened, or a plugin that asks for it cannot start
 * @param telemetry where the spans of hooks, routes, jobs and fetches go; {@link
 *     OpenTelemetry#noop} for nowhere, which costs nothing. Its propagators decide which trace
 *     headers the HTTP requests of plugins carry
 * @param routeRate how many requests the routes of each plugin take
 * @param clientRate how many of them one client has; see {@link Host#serve(String, PluginRequest,
 *     String)}
 * @param breaker when a hook or route of a plugin that keeps failing is not called; a manifest may
 *     have it open sooner
 * @param keyValues the most that the key-value entries of one plugin may take
 * @param databaseBytes the most that the tables of one plugin may take, indexes included
 * @param engineLimits what a plugin's module may be at most; what its instances may have is in
 *     {@code limits}
 * @param verifiesResets whether an instance is compared with its snapshot after each reset, which
 *     ends each lease under {@code fresh} isolation, and replaced where anything differs, with the
 *     first difference in the log: for finding a fault of the engine, at the price of a copy of the
 *     instance a call
 * @param countsBlocks whether the modules of plugins count how often each of their blocks ran: for
 *     {@linkplain io.gonext.engine.CompiledModule#coverage coverage} in tests of plugins. Such
 *     modules are slower and are compiled in each process
 * @param logsPlugins whether the log lines of plugins go to the loggers {@code gonext.plugin.NAME},
 *     too; {@link Logs} has them in any case
 * @param hooks names the embedding application calls, so that a plugin that misspells one can be
 *     told; others may be called, too
 * @param jobs how the host runs the jobs of plugins
 * @param egress where the HTTP requests of plugins may go
 * @param registries the OCI registries that the host itself may pull plugins from
 * @param masterKey protects the secrets and the kept inputs of plugins; empty for one that the host
 *     makes in its data directory when it first needs one, which hosts that share a database cannot
 *     use
 * @param nextMasterKey takes the place of {@code masterKey} at the next {@linkplain
 *     Secrets#rotateMaster rotation}; from then on it may be {@code masterKey} itself. All hosts
 *     that share a database need it before the rotation
 * @param functions what plugins may ask the embedding application, each under a name of its own
 * @param eventListeners receive the events of plugins
 * @param cacheListeners receive the cache invalidations of plugins
 * @param trust whose bundles the host takes
 * @param clock the wall clock of the host and its plugins, by which jobs become due, too; empty for
 *     the machine's. For tests, with an embedded store
 * @param random where the random numbers of plugins come from, safe for many threads; empty for a
 *     source of the host's own. For tests
 * @param network answers the HTTP requests of plugins; empty for the network itself. For tests
 */
public record HostConfig(
    Path dataDirectory,
    Database database,
    OperatorLimits limits,
    UpdatePolicy updates,
    Duration warmUp,
    MeterRegistry meters,
    CapabilityRegistry capabilities,
    OpenTelemetry telemetry,
    RouteRate routeRate,
    RouteRate clientRate,
    BreakerPolicy breaker,
    KeyValueQuota keyValues,
    long databaseBytes,
    EngineLimits engineLimits,
    boolean verifiesResets,
    boolean countsBlocks,
    boolean logsPlugins,
    Set<String> hooks,
    JobPolicy jobs,
    Egress egress,
    RegistrySettings registries,
    Optional<MasterKey> masterKey,
    Optional<MasterKey> nextMasterKey,
    List<HostFunctionSpec> functions,
    List<PluginEventListener> eventListeners,
    List<CacheListener> cacheListeners,
    TrustSource trust,
    Optional<InstantSource> clock,
    Optional<SecureRandom> random,
    Optional<PluginNetwork> network) {
  /** {@link #databaseBytes} unless it is set: 256 MiB. */
  public static final long DEFAULT_DATABASE_BYTES = 256L * 1024 * 1024;

  /** {@link #warmUp} unless it is set: 10 s. */
  public static final Duration DEFAULT_WARM_UP = Duration.ofSeconds(10);

  /** Copies the collections. */
  public HostConfig {
    if (warmUp.isNegative()) {
      throw new IllegalArgumentException("warmUp must not be negative");
    }
    if (databaseBytes < 0) {
      throw new IllegalArgumentException("a quota is not negative");
    }
    if (nextMasterKey.isPresent() && masterKey.isEmpty()) {
      throw new IllegalArgumentException("a next master key needs a master key");
    }
    if (clock.isPresent() && !(database instanceof Database.Embedded)) {
      throw new IllegalArgumentException(
          "a clock of its own needs an embedded store: hosts that share one go by its time");
    }
    hooks = Set.copyOf(hooks);
    functions = List.copyOf(functions);
    eventListeners = List.copyOf(eventListeners);
    cacheListeners = List.copyOf(cacheListeners);
    Set<String> names = new HashSet<>();
    for (HostFunctionSpec function : functions) {
      if (!names.add(function.name())) {
        throw new IllegalArgumentException("two functions are named " + function.name());
      }
    }
  }

  /**
   * Starts from the embedded store, the default limits and capabilities, a meter registry of its
   * own and no spans.
   */
  public static Builder builder(Path dataDirectory) {
    return new Builder(dataDirectory);
  }

  /**
   * Where the trust policy of a host comes from.
   *
   * @param policy the policy itself; null for one in a file
   * @param file the file, which the host reads again when it changes; null for {@code trust.json}
   *     in the data directory, which need not be there
   * @param takesDevelopment whether the host runs what {@link Plugins#develop} stores although the
   *     policy is enforced: on a machine where plugins are developed
   */
  public record TrustSource(
      @Nullable TrustPolicy policy, @Nullable Path file, boolean takesDevelopment) {
    /** The name of the policy's file in the data directory. */
    public static final String FILE = "trust.json";

    /** Refuses both at once. */
    public TrustSource {
      if (policy != null && file != null) {
        throw new IllegalArgumentException("give a trust policy or its file, not both");
      }
    }
  }

  /**
   * What asks the trust policy.
   *
   * @throws UntrustedException when the policy's file is missing or malformed
   */
  TrustGate trustGate(InstantSource clock) {
    if (trust.policy() != null) {
      return TrustGate.of(trust.policy(), trust.takesDevelopment(), clock, meters);
    }
    Path named = trust.file();
    return TrustGate.following(
        named == null ? dataDirectory.resolve(TrustSource.FILE) : named,
        named != null,
        trust.takesDevelopment(),
        clock,
        meters);
  }

  /** The keys that protect the secrets of plugins. */
  MasterKeys masterKeys() {
    return masterKey.isPresent()
        ? new MasterKeys.Given(masterKey.get(), nextMasterKey)
        : new MasterKeys.InFiles(dataDirectory);
  }

  /** Starts from these settings. */
  public Builder toBuilder() {
    Builder builder = new Builder(dataDirectory);
    builder.database = database;
    builder.limits = limits;
    builder.updates = updates;
    builder.warmUp = warmUp;
    builder.meters = meters;
    builder.capabilities = capabilities;
    builder.telemetry = telemetry;
    builder.routeRate = routeRate;
    builder.clientRate = clientRate;
    builder.breaker = breaker;
    builder.keyValues = keyValues;
    builder.databaseBytes = databaseBytes;
    builder.engineLimits = engineLimits;
    builder.verifiesResets = verifiesResets;
    builder.countsBlocks = countsBlocks;
    builder.logsPlugins = logsPlugins;
    builder.hooks = hooks;
    builder.jobs = jobs;
    builder.egress = egress;
    builder.registries = registries;
    builder.masterKey = masterKey.orElse(null);
    builder.nextMasterKey = nextMasterKey.orElse(null);
    builder.functions.addAll(functions);
    builder.eventListeners.addAll(eventListeners);
    builder.cacheListeners.addAll(cacheListeners);
    builder.trust = trust;
    builder.clock = clock.orElse(null);
    builder.random = random.orElse(null);
    builder.network = network.orElse(null);
    return builder;
  }

  /** Collects the settings of a {@link HostConfig}. Not thread-safe. */
  public static final class Builder {
    private final Path dataDirectory;
    private Database database = Database.embedded();
    private OperatorLimits limits = OperatorLimits.defaults();
    private UpdatePolicy updates = UpdatePolicy.defaults();
    private Duration warmUp = DEFAULT_WARM_UP;
    private MeterRegistry meters = new SimpleMeterRegistry();
    private CapabilityRegistry capabilities = CapabilityRegistry.standard();
    private OpenTelemetry telemetry = OpenTelemetry.noop();
    private RouteRate routeRate = RouteRate.DEFAULT;
    private RouteRate clientRate = RouteRate.UNLIMITED;
    private BreakerPolicy breaker = BreakerPolicy.DEFAULT;
    private KeyValueQuota keyValues = KeyValueQuota.defaults();
    private long databaseBytes = DEFAULT_DATABASE_BYTES;
    private EngineLimits engineLimits = EngineLimits.defaults();
    private boolean verifiesResets;
    private boolean countsBlocks;
    private boolean logsPlugins = true;
    private Set<String> hooks = Set.of();
    private JobPolicy jobs = JobPolicy.defaults();
    private Egress egress = Egress.publicOnly();
    private RegistrySettings registries = RegistrySettings.none();
    private @Nullable MasterKey masterKey;
    private @Nullable MasterKey nextMasterKey;
    private final List<HostFunctionSpec> functions = new ArrayList<>();
    private final List<PluginEventListener> eventListeners = new ArrayList<>();
    private final List<CacheListener> cacheListeners = new ArrayList<>();
    private TrustSource trust = new TrustSource(null, null, false);
    private @Nullable InstantSource clock;
    private @Nullable SecureRandom random;
    private @Nullable PluginNetwork network;

    private Builder(Path dataDirectory) {
      this.dataDirectory = dataDirectory;
    }

    /** Sets {@link HostConfig#database}. */
    public Builder database(Database database) {
      this.database = database;
      return this;
    }

    /** Sets {@link HostConfig#limits}. */
    public Builder limits(OperatorLimits limits) {
      this.limits = limits;
      return this;
    }

    /** Sets {@link HostConfig#updates}. */
    public Builder updates(UpdatePolicy updates) {
      this.updates = updates;
      return this;
    }

    /** Sets {@link HostConfig#warmUp}. */
    public Builder warmUp(Duration warmUp) {
      this.warmUp = warmUp;
      return this;
    }

    /** Sets {@link HostConfig#meters}. */
    public Builder meters(MeterRegistry meters) {
      this.meters = meters;
      return this;
    }

    /** Sets {@link HostConfig#capabilities}. */
    public Builder capabilities(CapabilityRegistry capabilities) {
      this.capabilities = capabilities;
      return this;
    }

    /** Sets {@link HostConfig#telemetry}. */
    public Builder telemetry(OpenTelemetry telemetry) {
      this.telemetry = telemetry;
      return this;
    }

    /** Sets {@link HostConfig#routeRate}. */
    public Builder routeRate(RouteRate routeRate) {
      this.routeRate = routeRate;
      return this;
    }

    /** Sets {@link HostConfig#clientRate}. */
    public Builder clientRate(RouteRate clientRate) {
      this.clientRate = clientRate;
      return this;
    }

    /** Sets {@link HostConfig#breaker}. */
    public Builder breaker(BreakerPolicy breaker) {
      this.breaker = breaker;
      return this;
    }

    /** Sets {@link HostConfig#keyValues}. */
    public Builder keyValues(KeyValueQuota keyValues) {
      this.keyValues = keyValues;
      return this;
    }

    /** Sets {@link HostConfig#databaseBytes}. */
    public Builder databaseBytes(long databaseBytes) {
      this.databaseBytes = databaseBytes;
      return this;
    }

    /** Sets {@link HostConfig#engineLimits}. */
    public Builder engineLimits(EngineLimits engineLimits) {
      this.engineLimits = engineLimits;
      return this;
    }

    /** Sets {@link HostConfig#verifiesResets}. */
    public Builder verifiesResets(boolean verifiesResets) {
      this.verifiesResets = verifiesResets;
      return this;
    }

    /** Sets {@link HostConfig#countsBlocks}. */
    public Builder countsBlocks(boolean countsBlocks) {
      this.countsBlocks = countsBlocks;
      return this;
    }

    /** Sets {@link HostConfig#logsPlugins}. */
    public Builder logsPlugins(boolean logsPlugins) {
      this.logsPlugins = logsPlugins;
      return this;
    }

    /** Sets {@link HostConfig#hooks}. */
    public Builder hooks(Set<String> hooks) {
      this.hooks = hooks;
      return this;
    }

    /** Sets {@link HostConfig#jobs}. */
    public Builder jobs(JobPolicy jobs) {
      this.jobs = jobs;
      return this;
    }

    /** Sets {@link HostConfig#egress}. */
    public Builder egress(Egress egress) {
      this.egress = egress;
      return this;
    }

    /** Sets {@link HostConfig#registries}. */
    public Builder registries(RegistrySettings registries) {
      this.registries = registries;
      return this;
    }

    /** Sets {@link HostConfig#masterKey}. */
    public Builder masterKey(MasterKey masterKey) {
      this.masterKey = masterKey;
      return this;
    }

    /** Sets {@link HostConfig#nextMasterKey}. */
    public Builder nextMasterKey(MasterKey nextMasterKey) {
      this.nextMasterKey = nextMasterKey;
      return this;
    }

    /** Adds to {@link HostConfig#functions}. */
    public Builder function(HostFunctionSpec function) {
      functions.add(function);
      return this;
    }

    /** Adds to {@link HostConfig#eventListeners}. */
    public Builder eventListener(PluginEventListener listener) {
      eventListeners.add(listener);
      return this;
    }

    /** Adds to {@link HostConfig#cacheListeners}. */
    public Builder cacheListener(CacheListener listener) {
      cacheListeners.add(listener);
      return this;
    }

    /** Sets the trust policy; {@link Trust#replace} sets another one while the host runs. */
    public Builder trust(TrustPolicy policy) {
      trust = new TrustSource(policy, null, trust.takesDevelopment());
      return this;
    }

    /** Sets the file of the trust policy, which the host reads again when it changes. */
    public Builder trustFile(Path file) {
      trust = new TrustSource(null, file, trust.takesDevelopment());
      return this;
    }

    /** Sets {@link TrustSource#takesDevelopment}. */
    public Builder takesDevelopment(boolean takes) {
      trust = new TrustSource(trust.policy(), trust.file(), takes);
      return this;
    }

    /** Sets {@link HostConfig#clock}. */
    public Builder clock(InstantSource clock) {
      this.clock = clock;
      return this;
    }

    /** Sets {@link HostConfig#random}. */
    public Builder random(SecureRandom random) {
      this.random = random;
      return this;
    }

    /** Sets {@link HostConfig#network}. */
    public Builder network(PluginNetwork network) {
      this.network = network;
      return this;
    }

    public HostConfig build() {
      return new HostConfig(
          dataDirectory,
          database,
          limits,
          updates,
          warmUp,
          meters,
          capabilities,
          telemetry,
          routeRate,
          clientRate,
          breaker,
          keyValues,
          databaseBytes,
          engineLimits,
          verifiesResets,
          countsBlocks,
          logsPlugins,
          hooks,
          jobs,
          egress,
          registries,
          Optional.ofNullable(masterKey),
          Optional.ofNullable(nextMasterKey),
          functions,
          eventListeners,
          cacheListeners,
          trust,
          Optional.ofNullable(clock),
          Optional.ofNullable(random),
          Optional.ofNullable(network));
    }
  }
}
