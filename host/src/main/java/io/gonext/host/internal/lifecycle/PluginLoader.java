package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineException;
import io.gonext.engine.FuelBudget;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.InstanceConfig;
import io.gonext.engine.Metering;
import io.gonext.engine.PlainText;
import io.gonext.host.ActivationException;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.Compiling;
import io.gonext.host.HostException;
import io.gonext.host.OperatorLimits;
import io.gonext.host.Provenance;
import io.gonext.host.UntrustedException;
import io.gonext.host.internal.abi.GuestAbi;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.host.internal.abi.ImportCheck;
import io.gonext.host.internal.abi.ManifestCheck;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.route.RouteHeaders;
import io.gonext.host.internal.route.RouteSurvey;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.internal.service.PluginScope.Mode;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Version;
import io.gonext.host.manifest.Vocabulary;
import io.gonext.pool.InstancePool;
import io.gonext.pool.MemoryGovernor;
import io.gonext.pool.PoolConfig;
import io.gonext.pool.PoolRuntime;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Turns bundles into running plugins: checks and compiles them, starts a trial instance, fills
 * their pools, exercises them.
 *
 * <p>Thread-safe.
 */
final class PluginLoader {
  private static final Logger log = LoggerFactory.getLogger(PluginLoader.class);

  /** Callers that may wait for one instance of a plugin; the next one fails at once. */
  private static final int WAITERS_PER_INSTANCE = 128;

  /** For the plugin's answer which routes it has. */
  private static final Duration SURVEY_LIMIT = Duration.ofMillis(300);

  /**
   * What host functions may read and write while an instance starts, so that its calls can be
   * replayed: few and short as a rule.
   */
  private static final int START_TRACE_BYTES = 64 * 1024;

  private final Engine engine;
  private final CompileQueue compiles;
  private final OperatorLimits limits;
  private final Version hostVersion;
  private final HookBus hooks;
  private final MeterRegistry meters;
  private final HostServices services;
  private final CallGuards guards;
  private final TrustGate trust;
  private final boolean verifiesResets;
  private final boolean countsBlocks;
  private final Duration longestJob;
  private final CallRecorders recorders;

  /** One runtime for all pools, so that they share one memory budget. */
  private final PoolRuntime poolRuntime = PoolRuntime.system();

  PluginLoader(Lifecycle.Parts parts, OperatorLimits limits, Version hostVersion) {
    this.engine = parts.engine();
    this.compiles = new CompileQueue(engine, InstantSource.system());
    this.hooks = parts.hooks();
    this.meters = parts.meters();
    this.services = parts.services();
    this.guards = parts.guards();
    this.trust = parts.trust();
    this.verifiesResets = parts.verifiesResets();
    this.countsBlocks = parts.countsBlocks();
    this.longestJob = parts.longestJob();
    this.recorders = parts.recorders();
    this.limits = limits;
    this.hostVersion = hostVersion;
  }

  /**
   * A trusted module that keeps to the ABI and starts.
   *
   * @param passed what the trust policy said
   * @param findings what loads but will not work, a sentence each
   */
  record CheckedModule(
      Delivered delivered, CompiledModule module, TrustGate.Passed passed, List<String> findings) {
    CheckedModule {
      findings = List.copyOf(findings);
    }

    Bundle bundle() {
      return delivered.bundle();
    }

    Provenance provenance() {
      return passed.provenance();
    }

    /** The same, with further findings. */
    CheckedModule with(List<String> more) {
      return new CheckedModule(
          delivered, module, passed, Stream.concat(findings.stream(), more.stream()).toList());
    }

    /** What an operator should know, a sentence each. */
    List<String> warnings() {
      return with(passed.warnings()).findings;
    }
  }

  /** A module that keeps to the ABI. Nothing of it has run yet. */
  private record Compiled(CompiledModule module, List<String> findings) {}

  /**
   * Checks a bundle as far as possible without putting it in service. While its signatures are
   * verified, another thread compiles it. Nothing of it runs, and nothing but the trust policy
   * answers, before the policy has let it pass.
   *
   * @throws BundleRejectedException when the bundle is not acceptable to this host
   * @throws UntrustedException when the trust policy refuses it
   */
  CheckedModule check(Delivered delivered) {
    Bundle bundle = delivered.bundle();
    try {
      return checked(delivered);
    } catch (HostException e) {
      throw e;
    } catch (RuntimeException | LinkageError | StackOverflowError | OutOfMemoryError e) {
      if (engine.isClosed() || Thread.currentThread().isInterrupted()) {
        throw e;
      }
      // Refuse a module on which the host itself fails.
      String id = bundle.manifest().id();
      log.error("{} is refused, since checking it failed: {}", id, PlainText.of(e.toString()));
      log.debug("{}", id, e);
      throw new BundleRejectedException(
          bundle.manifest().entry()
              + ": this host failed to check it: "
              + PlainText.of(e.toString()),
          e);
    }
  }

  private CheckedModule checked(Delivered delivered) {
    Bundle bundle = delivered.bundle();
    Manifest manifest = bundle.manifest();
    TrustGate.Passed passed;
    Compiled compiled;
    try (WorkAhead<Compiled> work =
        trust.takesTime(delivered)
            ? WorkAhead.begun("gonext-check", () -> compiled(bundle))
            : WorkAhead.later(() -> compiled(bundle))) {
      passed = trust.require(delivered);
      if (!passed.warning().isEmpty()) {
        log.warn("not trusted: {}", passed.warning());
      }
      compiled = work.result();
    }
    try (GuestInstance trial =
        compiled.module.instantiate(instanceConfig(services.scope(bundle, Mode.TRIAL)))) {
      log.debug("{} starts: {} bytes an instance", manifest.id(), trial.weightBytes());
    } catch (EngineException e) {
      throw new BundleRejectedException(manifest.entry() + " does not start: " + e.getMessage(), e);
    }
    warn(manifest, compiled.findings);
    return new CheckedModule(delivered, compiled.module, passed, compiled.findings);
  }

  private Compiled compiled(Bundle bundle) {
    Manifest manifest = bundle.manifest();
    List<String> problems = new ArrayList<>();
    manifest
        .requiredHost()
        .filter(range -> !range.contains(hostVersion))
        .ifPresent(range ->
            problems.add(manifest.id() + " requires host " + range + ", this is " + hostVersion));
    problems.addAll(ManifestCheck.problems(manifest, services.grants().registry()));
    problems.addAll(BundledInputs.problems(manifest, bundle.warmUpFiles()));
    CompiledModule module;
    try {
      module = compiles.compile(bundle, metering(manifest));
    } catch (EngineException e) {
      problems.add(manifest.entry() + ": " + e.getMessage());
      throw new BundleRejectedException(String.join("; ", problems), problems, e);
    }
    ImportCheck imports = ImportCheck.of(services.table(), module.surface(), manifest);
    List<String> broken =
        new ArrayList<>(
            GuestAbi.exportProblems(
                module.surface(), !manifest.jobs().isEmpty(), manifest.hasJobsAlone()));
    broken.addAll(imports.problems());
    if (!broken.isEmpty()) {
      problems.add(
          manifest.entry() + " does not keep to the guest ABI: " + String.join("; ", broken));
    }
    if (!problems.isEmpty()) {
      throw new BundleRejectedException(String.join("; ", problems), problems, null);
    }
    List<String> findings = new ArrayList<>(imports.warnings());
    findings.addAll(GuestAbi.warnings(module.surface()));
    return new Compiled(module, findings);
  }

  /**
   * As {@link #check}, for a bundle that comes in, whichever way: warns of limits that the operator
   * cuts, of hooks that look like slips and of routes that the code does not have, too. A version
   * is told so once, not each time that it starts.
   */
  CheckedModule checkNew(Delivered delivered) {
    CheckedModule checked = check(delivered);
    Bundle bundle = delivered.bundle();
    Manifest manifest = bundle.manifest();
    List<String> told =
        new ArrayList<>(ManifestCheck.warnings(manifest, services.grants().registry()));
    told.addAll(EffectiveLimits.cuts(limits, manifest));
    told.addAll(services.warnings(manifest));
    told.addAll(vocabulary(manifest.name()).hookWarnings(manifest));
    told.addAll(routeWarnings(bundle, checked.module()));
    warn(manifest, told);
    return checked.with(told);
  }

  private Metering metering(Manifest manifest) {
    if (countsBlocks) {
      return Metering.BLOCKS;
    }
    return limitsOf(manifest).fuel().isPresent() ? Metering.FUEL : Metering.NONE;
  }

  /** Asks an instance whose calls have no effects; most guests of other SDKs cannot tell. */
  private List<String> routeWarnings(Bundle bundle, CompiledModule module) {
    if (!GuestAbi.handlesHooks(module.surface())) {
      return List.of();
    }
    try (GuestInstance asked =
        module.instantiate(instanceConfig(services.scope(bundle, Mode.SURVEY)))) {
      HookReply reply =
          GuestAbi.callHook(asked, RouteSurvey.HOOK, RouteSurvey.PAYLOAD, SURVEY_LIMIT);
      return reply instanceof HookReply.Body(byte[] answer)
          ? RouteSurvey.warnings(bundle.manifest().routes(), answer)
          : List.of();
    } catch (EngineException e) {
      log.debug("{} does not say which routes it has: {}", bundle.manifest().id(), e.getMessage());
      return List.of();
    }
  }

  private static void warn(Manifest manifest, List<String> warnings) {
    warnings.forEach(warning -> log.warn("{}: {}", manifest.id(), warning));
  }

  /**
   * The capabilities and hooks that exist now.
   *
   * @param butOf a plugin whose own hooks do not count; empty for none
   */
  Vocabulary vocabulary(String butOf) {
    return new Vocabulary(services.grants().registry().ids(), hooks.known(butOf));
  }

  /** See {@link HostServices#prepare}. */
  void prepare(Bundle bundle) {
    services.prepare(bundle);
  }

  /**
   * Asks again, where the policy may have changed since the module was checked.
   *
   * @throws UntrustedException when the trust policy refuses it by now
   */
  void requireTrusted(CheckedModule checked) {
    if (!trust.policy().digest().equals(checked.provenance().policy())) {
      var _ = trust.require(checked.delivered());
    }
  }

  /** What is compiled, and what waits for it. */
  List<Compiling> compiling() {
    return compiles.list();
  }

  /** The memory budget that all instances share. */
  MemoryGovernor memory() {
    return poolRuntime.governor();
  }

  /** The limits of a plugin. */
  EffectiveLimits limitsOf(Manifest manifest) {
    return EffectiveLimits.of(limits, manifest);
  }

  /**
   * Starts a version that agrees to serve, with a warm pool. It does not serve yet.
   *
   * @param onTooManyFailures called on a thread of its own when the version keeps failing
   * @throws ActivationException when it cannot start; then nothing of it remains
   */
  ActivePlugin start(
      Bundle bundle,
      CompiledModule module,
      InstanceMetrics metrics,
      BiConsumer<ActivePlugin, String> onTooManyFailures)
      throws InterruptedException {
    Manifest manifest = bundle.manifest();
    EffectiveLimits effective = limitsOf(manifest);
    PluginScope scope = services.scope(bundle, Mode.SERVING).waiting(metrics.waits());
    GuestAllocator allocator =
        new GuestAllocator(
            module,
            instanceConfig(scope),
            manifest.limits().isolation(),
            resetDifferences(manifest.name()));
    int pages = module.surface().memoryPages();
    InstancePool<GuestInstance> pool =
        new InstancePool<>(poolConfig(manifest, effective, pages), allocator, poolRuntime);
    metrics.addCalls(pool);
    FuelUse fuel = new FuelUse(meters, manifest.name());
    JobPool jobs = null;
    if (!manifest.jobs().isEmpty()) {
      InstancePool<GuestInstance> jobInstances =
          new InstancePool<>(jobPoolConfig(manifest, effective, pages), allocator, poolRuntime);
      metrics.addJobs(jobInstances);
      jobs =
          new JobPool(
              manifest,
              jobInstances,
              scope.audit(),
              longestJob,
              effective,
              fuel,
              lateCounter(manifest.name()),
              guards.nanoTime(),
              recorders.of(manifest.name()));
    }
    ActivePlugin plugin =
        new ActivePlugin(
            manifest,
            bundle.sha256(),
            module,
            pool,
            jobs,
            effective,
            new ActivePlugin.Guards(
                scope.audit(),
                new LateCalls(
                    manifest.id(),
                    effective.softCall(),
                    lateCounter(manifest.name()),
                    guards.nanoTime()),
                fuel,
                new RouteHeaders(
                    manifest,
                    scope.permissions(),
                    warning -> scope.log().write(Level.WARN, warning),
                    guards.nanoTime()),
                failing -> breakers(failing, onTooManyFailures),
                recorders.of(manifest.name())));
    plugin.start();
    return plugin;
  }

  private Counter resetDifferences(String plugin) {
    return Counter.builder("gonext.plugin.reset.differences")
        .description("Resets of instances that were verified and left a difference")
        .tag("plugin", plugin)
        .register(meters);
  }

  private Counter lateCounter(String plugin) {
    return Counter.builder("gonext.plugin.late")
        .description("Calls that ended well, but took longer than the plugin's soft limit")
        .tag("plugin", plugin)
        .register(meters);
  }

  private Breakers breakers(
      ActivePlugin plugin, BiConsumer<ActivePlugin, String> onTooManyFailures) {
    Manifest manifest = plugin.manifest();
    return new Breakers(
        manifest,
        guards.breaker(),
        guards.nanoTime(),
        meters,
        hooks.series(),
        // On a new thread: stopping the plugin waits for the lease that this caller holds.
        why ->
            Thread.ofPlatform()
                .daemon()
                .name("gonext-errored-" + manifest.name())
                .start(() -> onTooManyFailures.accept(plugin, why)));
  }

  /** An instance whose services change nothing. */
  GuestInstance trialInstance(CheckedModule checked) {
    return checked
        .module()
        .instantiate(instanceConfig(services.scope(checked.bundle(), Mode.REHEARSAL)));
  }

  /** The rules for the headers of a route in such an instance. */
  RouteHeaders trialHeaders(Bundle bundle) {
    return new RouteHeaders(
        bundle.manifest(),
        services.scope(bundle, Mode.REHEARSAL).permissions(),
        warning -> {},
        guards.nanoTime());
  }

  /** What it takes to exercise a version. */
  Rehearsal rehearsal(Bundle bundle, CompiledModule module) {
    Manifest manifest = bundle.manifest();
    PluginScope scope = services.scope(bundle, Mode.REHEARSAL);
    return new Rehearsal(
        manifest,
        module,
        start ->
            instanceConfig(scope, start.compareTo(limits.start()) < 0 ? start : limits.start()),
        limitsOf(manifest).call(),
        BundledInputs.of(bundle));
  }

  /**
   * Exercises a version that does not serve yet.
   *
   * @param recent what its hooks were called with; when there is nothing, the inputs in the bundle
   *     are used
   * @param budget more than zero
   * @return the number of calls
   */
  long exercise(Bundle bundle, CompiledModule module, List<WarmUp.Input> recent, Duration budget) {
    Rehearsal rehearsal = rehearsal(bundle, module);
    List<WarmUp.Input> inputs = rehearsal.inputs(recent);
    if (inputs.isEmpty()) {
      return 0;
    }
    WarmUp warmUp = rehearsal.begin(inputs, WarmUp.Clocks.system());
    long begin = System.nanoTime();
    long end = begin + budget.toNanos();
    warmUp.run(end, end, Thread.currentThread()::isInterrupted);
    log.info(
        "{} was exercised with {} inputs: {} calls in {} ms, {}",
        bundle.manifest().id(),
        inputs.size(),
        warmUp.calls(),
        (System.nanoTime() - begin) / 1_000_000,
        warmUp.settled() ? "settled" : "not settled");
    return warmUp.calls();
  }

  /** A plugin's own limit is for its calls: starting takes some toolchains far more. */
  private FuelBudget startFuel() {
    return limits.fuel().isPresent()
        ? new FuelBudget(limits.fuel().getAsLong())
        : FuelBudget.UNLIMITED;
  }

  private InstanceConfig instanceConfig(PluginScope scope) {
    return instanceConfig(scope, limits.start());
  }

  private InstanceConfig instanceConfig(PluginScope scope, Duration start) {
    return InstanceConfig.builder()
        .hostFunctions(services.functions(scope))
        .output((stream, line) -> scope.log().write(Level.INFO, line))
        .maxMemoryPages(limitsOf(scope.manifest()).memoryPages())
        .startTimeout(start)
        .startFuel(startFuel())
        .verifiesResets(verifiesResets)
        .startTraceBytes(scope.mode() == Mode.SERVING ? START_TRACE_BYTES : 0)
        .build();
  }

  private PoolConfig poolConfig(Manifest manifest, EffectiveLimits effective, int initialPages) {
    return poolConfig(
        manifest,
        PoolConfig.builder(manifest.name())
            .minInstances(effective.warmInstances())
            .maxInstances(effective.instances())
            .maxWaiters(WAITERS_PER_INSTANCE * effective.instances())
            .recycleAtBytes(effective.recycleAtBytes(initialPages)));
  }

  /** No instance is kept without jobs, and a lease may last as long as a job. */
  private PoolConfig jobPoolConfig(Manifest manifest, EffectiveLimits effective, int initialPages) {
    return poolConfig(
        manifest,
        PoolConfig.builder(manifest.name() + " jobs")
            .minInstances(0)
            .maxInstances(effective.jobInstances())
            .maxWaiters(WAITERS_PER_INSTANCE)
            .leaseWarning(longestJob.multipliedBy(2))
            .recycleAtBytes(effective.recycleAtBytes(initialPages)));
  }

  private static PoolConfig poolConfig(Manifest manifest, PoolConfig.Builder config) {
    if (manifest.limits().maxUses().isPresent()) {
      config.maxUses(manifest.limits().maxUses().getAsInt());
    }
    if (manifest.limits().maxAge().isPresent()) {
      config.maxAge(manifest.limits().maxAge().get());
    }
    if (manifest.limits().maxIdle().isPresent()) {
      config.maxIdleTime(manifest.limits().maxIdle().get());
    }
    return config.build();
  }
}
