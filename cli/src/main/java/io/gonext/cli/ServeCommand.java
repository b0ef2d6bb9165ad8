package io.gonext.cli;

import io.gonext.cli.admin.StoreOptions;
import io.gonext.cli.fetch.MirrorConverter;
import io.gonext.cli.log.LogFormat;
import io.gonext.cli.log.ProcessLog;
import io.gonext.cli.output.OptionPairs;
import io.gonext.cli.telemetry.TelemetryOptions;
import io.gonext.engine.EngineLimits;
import io.gonext.host.AddressRange;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.Delivery;
import io.gonext.host.Egress;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.HostException;
import io.gonext.host.JobPolicy;
import io.gonext.host.NodeFault;
import io.gonext.host.OperatorLimits;
import io.gonext.host.PluginGrants;
import io.gonext.host.RouteRate;
import io.gonext.host.StoreException;
import io.gonext.host.StoredPlugin;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Vocabulary;
import io.gonext.host.registry.RegistryMirror;
import io.gonext.host.registry.RegistryPattern;
import io.gonext.host.registry.RegistrySettings;
import io.gonext.server.AdminToken;
import io.gonext.server.LogLevel;
import io.gonext.server.ServerConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code gonext serve}: a host and its server, until a signal stops them. */
@Command(
    name = "serve",
    description = "Serve the plugins of a data directory over HTTP.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext serve --data /var/lib/gonext",
      "  gonext serve --plugin hello-rust-0.1.0.gnplugin --port 9000",
      "  gonext serve --config /etc/gonext/gonext.yaml --check",
      "  GONEXT_DB='jdbc:postgresql://db/gonext?user=gonext&password=...' gonext serve",
      "  gonext serve --json            for scripts: wait for \"event\":\"listening\"",
      "  curl -d '{\"value\":\"a *b*\"}' http://127.0.0.1:8080/api/v1/filters/the_content",
      "",
      "With --config, the signal HUP lets the host read the file again: tokens and",
      "their files, --trusted-proxy, --verbose, rates, --egress-* and the bounds of",
      "jobs change at once. The log names the options that need a restart.",
      "",
      "Exit codes: 0 stopped, 1 the host or the server cannot start,",
      "2 wrong command line."
    })
final class ServeCommand implements Callable<Integer> {
  /** The variable with the admin token; without it, the token is in the data directory. */
  static final String TOKEN_VARIABLE = "GONEXT_TOKEN";

  /** The variable with a token that allows to look only. */
  static final String READ_ONLY_VARIABLE = "GONEXT_READ_ONLY_TOKEN";

  /** The holder of the token in {@link #READ_ONLY_VARIABLE}. */
  private static final String VIEWER = "viewer";

  /** The most that a manifest can request. */
  private static final int MOST_MS = 3_600_000;

  private static final int MOST_INSTANCES = 10_000;

  private static final int MOST_JOBS = 1_000_000;

  /** The name of the holder of a token. */
  private static final Pattern HOLDER = Pattern.compile("[a-z][a-z0-9.-]{0,31}");

  /** Actors that the audit log already knows. */
  private static final Set<String> TAKEN =
      new TreeSet<>(Set.of(ServerConfig.OPERATOR, VIEWER, "developer", "host", "plugin", "update"));

  @Spec private CommandSpec spec;

  @Mixin private ListenOptions listen;

  /** What it says is among the arguments already; see {@link ServeFile}. */
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Options from this file, in YAML: 'port: 8080', 'plugin: [a.gnplugin, b.gnplugin]',"
              + " 'dashboard: false'. An option of the command line takes the place of the file's.")
  private @Nullable Path config;

  @Option(
      names = "--check",
      description =
          "Check the options, the file of --config and the bundles of --plugin, start nothing, and"
              + " exit with 0 or 2; 1 for a bundle.")
  private boolean check;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "gonext-data",
      description =
          "Data directory: the host's key, compiled modules and the embedded store (default:"
              + " ./${DEFAULT-VALUE}).")
  private Path data;

  @Mixin private StoreOptions store;

  @Option(
      names = "--log-format",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description =
          "How log lines on stderr are written: 'text', or 'json' for one object on each line with"
              + " the field names of the Elastic Common Schema (default: ${DEFAULT-VALUE}).")
  private LogFormat logFormat = LogFormat.TEXT;

  @Mixin private TelemetryOptions telemetry;

  @Option(
      names = "--plugin",
      paramLabel = "FILE",
      description =
          "Install this bundle or update to it, grant the capabilities it requests, and activate"
              + " it, even if it is ERRORED. A capability that was revoked stays revoked. Its"
              + " signatures are in the files beside it whose names add .sig or .minisig to its"
              + " name."
              + " Repeatable.")
  private List<Path> plugins = new ArrayList<>();

  @Option(
      names = "--trust",
      paramLabel = "FILE",
      defaultValue = "${env:GONEXT_TRUST}",
      description =
          "The trust policy: whose bundles this host takes. The host reads it again when it"
              + " changes. The variable GONEXT_TRUST does the same (default: trust.json in the"
              + " data directory, if it is there; without a policy, the host warns of every"
              + " bundle).")
  private @Nullable Path trust;

  @Option(
      names = "--allow-downgrade",
      description =
          "Let --plugin bring a lower version than one of the same publisher that was in use"
              + " before.")
  private boolean allowDowngrade;

  @Option(
      names = "--token",
      paramLabel = "NAME=FILE",
      description =
          "Accept one more admin token. FILE holds it and is created if it does not exist. The"
              + " audit log shows NAME as the actor; the token of the data directory belongs to"
              + " operator. Repeatable.")
  private Map<String, Path> tokens = new TreeMap<>();

  @Option(
      names = "--read-only-token",
      paramLabel = "NAME=FILE",
      description =
          "Accept a token that allows to look at everything in the dashboard and over the admin"
              + " API, and to change nothing. FILE holds it and is created if it does not exist."
              + " The variable GONEXT_READ_ONLY_TOKEN holds one more, of 'viewer'. Repeatable.")
  private Map<String, Path> readers = new TreeMap<>();

  @Option(
      names = "--dashboard",
      negatable = true,
      description =
          "Serve the dashboard at /dashboard, also where other machines can reach it: put HTTPS in"
              + " front of it then (default: on for a loopback address only).")
  private @Nullable Boolean dashboard;

  @Option(
      names = "--dev",
      description =
          "Accept uploads of 'gonext plugin dev'. Anyone who can reach this server can run code on"
              + " it, with all capabilities that the code requests.")
  private boolean dev;

  @Option(
      names = "--route-rate",
      paramLabel = "BURST/PER_SECOND",
      defaultValue = "2000/1000",
      converter = RouteRateConverter.class,
      description =
          "Rate limit for the routes of each plugin: a burst of requests, and requests per second;"
              + " or 'off' (default: ${DEFAULT-VALUE}).")
  private RouteRate routeRate = RouteRate.DEFAULT;

  @Option(
      names = "--route-rate-per-client",
      paramLabel = "BURST/PER_SECOND",
      defaultValue = "off",
      converter = RouteRateConverter.class,
      description =
          "The same limit for each client, within the limit of the plugin. A client is an IPv4"
              + " address or an IPv6 /64 network (default: ${DEFAULT-VALUE}).")
  private RouteRate clientRate = RouteRate.UNLIMITED;

  @Option(
      names = "--job-threads",
      paramLabel = "N",
      defaultValue = "4",
      description =
          "Jobs of plugins that run at once on this host; 0 for none, where other hosts on the"
              + " database run them (default: ${DEFAULT-VALUE}).")
  private int jobThreads;

  @Option(
      names = "--jobs-per-minute",
      paramLabel = "N",
      defaultValue = "60",
      description =
          "How many jobs one plugin may enqueue in a minute on this host (default:"
              + " ${DEFAULT-VALUE}).")
  private int jobsPerMinute;

  @Option(
      names = "--jobs-waiting",
      paramLabel = "N",
      defaultValue = "1000",
      description =
          "How many jobs of one plugin may wait or run, on all hosts of the database together"
              + " (default: ${DEFAULT-VALUE}).")
  private int jobsWaiting;

  @Option(
      names = "--job-takeover-seconds",
      paramLabel = "S",
      defaultValue = "30",
      description =
          "Time without a sign of life after which another host takes over the jobs of this one;"
              + " the same on all hosts (default: ${DEFAULT-VALUE}).")
  private int jobTakeoverSeconds;

  @Option(
      names = "--trusted-proxy",
      paramLabel = "CIDR",
      description =
          "Address or range of a proxy, such as 10.0.0.0/8. The host takes the client's address"
              + " from the proxy's header Forwarded or, if there is none, X-Forwarded-For. The"
              + " proxy must set or remove both headers, because a client can forge them."
              + " Repeatable.")
  private List<String> trustedProxies = new ArrayList<>();

  @Option(
      names = "--egress-allow",
      paramLabel = "RANGE[:PORT]",
      converter = EgressConverter.class,
      description = {
        "Let plugins send HTTP requests to these addresses,",
        "which are not public: 10.0.0.0/8:8080 or",
        "[fd00::/8]:8080. Without the port, to all ports.",
        "Repeatable."
      })
  private List<Egress.Allowed> egressAllowed = new ArrayList<>();

  @Option(
      names = "--egress-mode",
      paramLabel = "MODE",
      defaultValue = "enforce",
      description =
          "'observe' lets plugins send HTTP requests also to public addresses of origins that their"
              + " manifests do not list, and counts and logs these requests (default:"
              + " ${DEFAULT-VALUE}).")
  private Egress.Mode egressMode = Egress.Mode.ENFORCE;

  @Option(
      names = "--egress-rate",
      paramLabel = "N",
      description =
          "How many HTTP requests one plugin may send in a minute; a manifest may lower it"
              + " (default: ${DEFAULT-VALUE}).")
  private int egressRate = Egress.DEFAULT_PER_MINUTE;

  @Option(
      names = "--registry",
      paramLabel = "PATTERN",
      converter = RegistryPatternConverter.class,
      description = {
        "Let operators install from this OCI registry:",
        "HOST, HOST:PORT, HOST/REPOSITORY or *.DOMAIN",
        "Without it, the host pulls from none. Repeatable."
      })
  private List<RegistryPattern> registries = new ArrayList<>();

  @Option(
      names = "--registry-mirror",
      paramLabel = "REGISTRY=MIRROR",
      converter = MirrorConverter.class,
      description =
          "Ask this host first for what REGISTRY holds, such as docker.io=mirror.example.com."
              + " Repeatable.")
  private List<RegistryMirror> registryMirrors = new ArrayList<>();

  @Option(
      names = "--registry-plain-http",
      paramLabel = "HOST[:PORT]",
      description =
          "Speak HTTP without TLS to this registry; one on this machine always does. Repeatable.")
  private List<String> plainRegistries = new ArrayList<>();

  @Option(
      names = "--registry-ca",
      paramLabel = "FILE",
      description =
          "A PEM file with certificate authorities for registries, beside those of the JDK.")
  private @Nullable Path registryAuthorities;

  @Option(
      names = "--breaker",
      paramLabel = "PERCENT/CALLS/SECONDS",
      converter = BreakerConverter.class,
      description =
          "Open the circuit breaker of a hook or route when PERCENT of its calls failed, among at"
              + " least CALLS calls in SECONDS; or 'off' (default: 50/20/30; with --dev: off). A"
              + " manifest can lower these values.")
  private @Nullable BreakerPolicy breaker;

  @Option(
      names = "--breaker-open",
      paramLabel = "SHORTEST/LONGEST",
      defaultValue = "1/60",
      converter = OpenTimesConverter.class,
      description =
          "How many seconds a circuit breaker stays open: SHORTEST the first time, twice as long"
              + " each time after that, at most LONGEST (default: ${DEFAULT-VALUE}).")
  private OpenTimesConverter.OpenTimes breakerOpen =
      new OpenTimesConverter.OpenTimes(Duration.ofSeconds(1), Duration.ofSeconds(60));

  @Option(
      names = "--memory-mb",
      paramLabel = "MB",
      defaultValue = "64",
      description =
          "The most memory for one instance of a plugin, in MiB; a manifest can request less"
              + " (default: ${DEFAULT-VALUE}).")
  private int memoryMb;

  @Option(
      names = "--call-ms",
      paramLabel = "MS",
      defaultValue = "1000",
      description =
          "The most time that a plugin computes in one call of a hook or route, in milliseconds; a"
              + " manifest can request less. All handlers of a hook together get 3 s, or MS if that"
              + " is more (default: ${DEFAULT-VALUE}).")
  private int callMs;

  @Option(
      names = "--wait-ms",
      paramLabel = "MS",
      defaultValue = "5000",
      description =
          "The most time that a plugin waits in one call for the store, the application or other"
              + " servers, in milliseconds; a manifest can request less. In a hook, not longer than"
              + " the time of all handlers (default: ${DEFAULT-VALUE}).")
  private int waitMs;

  @Option(
      names = "--fuel",
      paramLabel = "UNITS",
      description =
          "The most fuel for one call of a hook, route or job, and for the start of an instance. An"
              + " instruction is about one unit, the same on every machine; a manifest can request"
              + " less. Counting makes plugins a little slower (default: no limit).")
  private @Nullable Long fuel;

  @Option(
      names = "--start-ms",
      paramLabel = "MS",
      defaultValue = "5000",
      description =
          "The most time for the start of an instance, in milliseconds (default:"
              + " ${DEFAULT-VALUE}).")
  private int startMs;

  @Option(
      names = "--instances",
      paramLabel = "NUMBER",
      defaultValue = "8",
      description =
          "The most instances of a plugin, and so the most calls that run at the same time; a"
              + " manifest can request less (default: ${DEFAULT-VALUE}).")
  private int instances;

  @Option(
      names = "--compile-seconds",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "The most processor time to compile a plugin. Raise it if a slow machine rejects large"
              + " plugins (default: ${DEFAULT-VALUE}).")
  private int compileSeconds;

  @Option(
      names = "--migration-seconds",
      paramLabel = "SECONDS",
      defaultValue = "300",
      description =
          "The most time for all migrations of a plugin's version together. The host stops those"
              + " that take longer, and what serves stays in service (default: ${DEFAULT-VALUE}).")
  private int migrationSeconds;

  @Option(
      names = "--warm-up",
      paramLabel = "DURATION|0",
      defaultValue = "${env:GONEXT_WARM_UP}",
      converter = DurationConverter.class,
      description =
          "After the start, exercise the plugins for at most DURATION in all, with inputs that the"
              + " host kept, encrypted, from its last run; until then, /readyz answers 503. Such as"
              + " 10s, 500ms or 2m; 0: ready at once, and no inputs are kept. The variable"
              + " GONEXT_WARM_UP does the same (default: 10s; with --dev: 0).")
  private @Nullable Duration warmUp;

  @Option(
      names = "--limit",
      paramLabel = "NAME=NUMBER",
      description =
          "Another limit of modules, such as nesting or compileMb. The message of a rejected module"
              + " names the limit. Repeatable.")
  private Map<String, Integer> moduleLimits = Map.of();

  @Option(
      names = "--verify-resets",
      description =
          "For debugging the engine: compare each instance with its state after start-up, after"
              + " each call. An instance that differs is replaced, and the log shows the first"
              + " difference. Slow.")
  private boolean verifyResets;

  /** The words after {@code gonext} that started this, without those of the file. */
  private List<String> arguments = List.of();

  /** Says how this was started, so that {@link ServeReload} can read it again. */
  void startedBy(List<String> all) {
    arguments = List.copyOf(all);
  }

  @Override
  public Integer call() throws InterruptedException {
    ProcessLog log = listen.startLog(logFormat, LogLevel.INFO);
    Events events = listen.events();
    Semaphore signals = new Semaphore(0);
    if (config != null && !check) {
      // Before the host opens: until then, the signal would end the process.
      var _ = Signals.register("HUP", signals::release);
    }
    ServerConfig.Builder settings =
        listen.serverConfig().dev(dev).trustedProxies(proxies()).log(log);
    if (dashboard != null) {
      settings.dashboard(dashboard ? ServerConfig.Dashboard.ON : ServerConfig.Dashboard.OFF);
    }
    boolean loopback = listen.isLoopback();
    // Wrong options are refused before anything is created.
    HostConfig hostConfig = hostConfig();
    AdminToken chosen = chosenToken(TOKEN_VARIABLE);
    AdminToken viewer = chosenToken(READ_ONLY_VARIABLE);
    requireHolders();
    Vocabulary names = new Vocabulary(hostConfig.capabilities().ids(), hostConfig.hooks());
    OptionPairs.requireWith(spec, "--plugin", "--allow-downgrade");
    // Their signatures are read now, too, so that a malformed one is refused before the host opens.
    Map<Delivery, Bundle> bundles = new LinkedHashMap<>();
    for (Path file : plugins) {
      Bundle bundle = Bundle.read(file, names);
      Delivery delivery = new Delivery(bundle.bytes(), Delivery.signaturesBeside(file), "");
      bundles.put(allowDowngrade ? delivery.allowingDowngrade() : delivery, bundle);
    }
    if (check) {
      events.tell(
          "checked",
          config == null
              ? "the options are valid"
              : "the options are valid, with those of " + config);
      return ExitCode.OK;
    }
    PrometheusMeterRegistry metrics = RunningServer.metrics();
    TelemetryOptions.Sinks sinks = telemetry.start(metrics, log, logFormat);
    settings.telemetry(sinks.server()).settings(ServeSettings.of(spec));
    RunningServer.OpenHost opened = open(hostConfig, metrics, sinks);
    Host host = opened.host();
    events.tellScripts("opened", "data", data.toString());
    try {
      addTokens(settings, data, chosen, viewer);
      for (Map.Entry<Delivery, Bundle> each : bundles.entrySet()) {
        putInService(host, each.getKey(), each.getValue());
      }
    } catch (HostException | InterruptedException e) {
      opened.close();
      throw e;
    }
    ServerConfig serving = settings.build();
    RunningServer running = opened.listen(serving);
    running.stopOnSignal(events, () -> {});
    tellPlugins(events, host);
    for (NodeFault fault : host.health().faults()) {
      events.tell(
          "fault",
          "this host cannot serve " + fault.plugin() + ": " + fault.cause(),
          "plugin",
          fault.plugin(),
          "cause",
          fault.cause());
    }
    String address = "http://" + serving.address() + ":" + running.port();
    Object token = chosen == null ? data.resolve(AdminToken.FILE) : TOKEN_VARIABLE;
    events.tell(
        "listening",
        "listening on " + address,
        "url",
        address,
        "token_in",
        token.toString(),
        "dev",
        dev);
    events.tellPeople(
        (loopback ? "the admin API needs" : "every call except plugin routes needs")
            + " the token in "
            + token);
    if (running.hasDashboard()) {
      events.tellPeople("the dashboard is at " + address + "/dashboard");
    }
    if (dev) {
      events.tellPeople(
          "to develop a plugin on this host: gonext plugin dev --host " + address + " DIR");
    }
    if (config != null) {
      new ServeReload(config, arguments, spec, data, host, running.server(), events)
          .follow(signals);
    }
    RunningServer.serveUntilSignal();
    return ExitCode.OK;
  }

  private void addTokens(
      ServerConfig.Builder settings,
      Path directory,
      @Nullable AdminToken chosen,
      @Nullable AdminToken viewer) {
    settings.token(chosen == null ? AdminToken.ofDirectory(directory) : chosen);
    for (Map.Entry<String, Path> token : tokens.entrySet()) {
      settings.token(token.getKey(), AdminToken.ofFile(token.getValue()));
    }
    if (viewer != null) {
      settings.reader(VIEWER, viewer);
    }
    for (Map.Entry<String, Path> reader : readers.entrySet()) {
      settings.reader(reader.getKey(), AdminToken.ofFile(reader.getValue()));
    }
  }

  /**
   * What a running server takes over: the tokens, as their files have them now, and the proxies.
   *
   * @param directory the data directory of the running host
   * @throws ParameterException for options that are wrong
   * @throws StoreException when the file of a token cannot be used
   */
  ServerConfig.Builder adjustableServer(Path directory) {
    requireHolders();
    ServerConfig.Builder settings = listen.serverConfig().trustedProxies(proxies());
    addTokens(settings, directory, chosenToken(TOKEN_VARIABLE), chosenToken(READ_ONLY_VARIABLE));
    return settings;
  }

  /** The levels of the log, by logger; empty for that of the logger above. */
  Map<String, Optional<LogLevel>> levels() {
    return listen.levels(LogLevel.INFO);
  }

  private RunningServer.OpenHost open(
      HostConfig config, PrometheusMeterRegistry metrics, TelemetryOptions.Sinks sinks)
      throws InterruptedException {
    HostConfig traced = config.toBuilder().telemetry(sinks.host()).build();
    try {
      return dev
          ? RunningServer.openUserHost(traced, metrics, sinks.close())
          : RunningServer.openHost(traced, metrics, sinks.close());
    } catch (RuntimeException | InterruptedException e) {
      sinks.close().run();
      throw e;
    }
  }

  private OperatorLimits limits() {
    if (fuel != null && fuel < 1) {
      throw new ParameterException(
          spec.commandLine(), "--fuel " + fuel + ": give at least 1 unit, or leave it out");
    }
    OperatorLimits limits =
        OperatorLimits.defaults()
            .withMemoryMb(memoryMb)
            .withCall(Duration.ofMillis(callMs))
            .withWaits(Duration.ofMillis(waitMs))
            .withStart(Duration.ofMillis(startMs))
            .withInstances(instances);
    return fuel == null ? limits : limits.withFuel(fuel);
  }

  private RegistrySettings registrySettings() {
    RegistrySettings.Builder settings = RegistrySettings.builder();
    registries.forEach(settings::allow);
    registryMirrors.forEach(settings::mirror);
    plainRegistries.forEach(settings::plainHttp);
    if (registryAuthorities != null) {
      settings.authorities(registryAuthorities);
    }
    return settings.build();
  }

  /** The configuration that the command line requests. */
  HostConfig hostConfig() {
    requireInRange("--memory-mb", memoryMb, EngineLimits.MOST_PAGES / OperatorLimits.PAGES_PER_MB);
    requireInRange("--call-ms", callMs, MOST_MS);
    requireInRange("--wait-ms", waitMs, MOST_MS);
    requireInRange("--start-ms", startMs, MOST_MS);
    requireInRange("--instances", instances, MOST_INSTANCES);
    requireInRange("--compile-seconds", compileSeconds, 3600);
    requireInRange("--migration-seconds", migrationSeconds, 86_400);
    requireInRange("--egress-rate", egressRate, Egress.MAX_PER_MINUTE);
    requireInRange("--job-takeover-seconds", jobTakeoverSeconds, 3600);
    if (jobThreads != 0) {
      requireInRange("--job-threads", jobThreads, 1000);
    }
    requireInRange("--jobs-per-minute", jobsPerMinute, MOST_JOBS);
    requireInRange("--jobs-waiting", jobsWaiting, MOST_JOBS);
    JobPolicy jobs =
        JobPolicy.defaults().withThreads(jobThreads).withBounds(jobsPerMinute, jobsWaiting);
    HostConfig.Builder config = HostConfig.builder(data);
    store.configure(config);
    if (trust != null) {
      config.trustFile(trust);
    }
    return config
        .takesDevelopment(dev)
        .routeRate(routeRate)
        .clientRate(clientRate)
        .breaker(breakerPolicy())
        .jobs(jobs.withTimes(jobs.poll(), Duration.ofSeconds(jobTakeoverSeconds)))
        .egress(new Egress(egressMode, egressAllowed, egressRate))
        .registries(registrySettings())
        .limits(limits())
        .engineLimits(
            engineLimits()
                .withMemoryPages(memoryMb * OperatorLimits.PAGES_PER_MB)
                .withCompileTimeout(Duration.ofSeconds(compileSeconds)))
        .verifiesResets(verifyResets)
        .warmUp(warmUpBudget())
        .updates(
            (dev ? UpdatePolicy.development() : UpdatePolicy.defaults())
                .withMigrations(Duration.ofSeconds(migrationSeconds)))
        .build();
  }

  private Duration warmUpBudget() {
    if (warmUp != null) {
      return warmUp;
    }
    return dev ? Duration.ZERO : HostConfig.DEFAULT_WARM_UP;
  }

  private List<AddressRange> proxies() {
    List<AddressRange> ranges = new ArrayList<>();
    for (String text : trustedProxies) {
      try {
        ranges.add(AddressRange.of(text));
      } catch (IllegalArgumentException e) {
        throw new ParameterException(
            spec.commandLine(),
            "--trusted-proxy "
                + text
                + ": give an address such as 192.0.2.1, or a range such as 10.0.0.0/8 or"
                + " 2001:db8::/32",
            e);
      }
    }
    return ranges;
  }

  private BreakerPolicy breakerPolicy() {
    BreakerPolicy usual = dev ? BreakerPolicy.OFF : BreakerPolicy.DEFAULT;
    BreakerPolicy policy = breaker == null ? usual : breaker;
    if (policy.equals(BreakerPolicy.OFF)) {
      OptionPairs.refuseWith(
          spec, breaker == null ? "--dev without --breaker" : "--breaker off", "--breaker-open");
    }
    return policy.withOpen(breakerOpen.shortest(), breakerOpen.longest());
  }

  private EngineLimits engineLimits() {
    EngineLimits limits = EngineLimits.defaults();
    try {
      for (var limit : moduleLimits.entrySet()) {
        limits = limits.with(limit.getKey(), limit.getValue());
      }
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--limit: " + e.getMessage());
    }
    return limits;
  }

  private void requireInRange(String option, int value, int most) {
    if (value < 1 || value > most) {
      throw new ParameterException(
          spec.commandLine(), option + " " + value + ": give a number from 1 to " + most);
    }
  }

  private void requireHolders() {
    requireHolders("--token", tokens.keySet());
    requireHolders("--read-only-token", readers.keySet());
  }

  private void requireHolders(String option, Set<String> names) {
    for (String name : names) {
      if (!HOLDER.matcher(name).matches() || TAKEN.contains(name)) {
        throw new ParameterException(
            spec.commandLine(),
            option
                + " "
                + name
                + "=...: NAME is 1 to 32 lower-case letters, digits, dots and hyphens, and begins"
                + " with a letter; these names are reserved: "
                + String.join(", ", TAKEN));
      }
    }
  }

  private @Nullable AdminToken chosenToken(String variable) {
    String text = System.getenv(variable);
    if (text == null || text.isEmpty()) {
      return null;
    }
    try {
      return AdminToken.of(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), variable + ": " + e.getMessage(), e);
    }
  }

  /** Deploys a bundle and grants what it requests: the operator has named it. */
  static void putInService(Host host, Delivery delivery, Bundle bundle)
      throws InterruptedException {
    host.plugins().deploy(delivery, bundle.manifest().requestedCapabilities());
  }

  /** Prints the plugins; the server runs even if they cannot be listed. */
  private static void tellPlugins(Events events, Host host) {
    try {
      for (StoredPlugin plugin : host.plugins().list()) {
        tellPlugin(events, host, plugin);
      }
    } catch (StoreException e) {
      warn(events, "the plugins cannot be listed: " + e.getMessage());
    }
  }

  private static void tellPlugin(Events events, Host host, StoredPlugin plugin) {
    events.tell(
        "plugin",
        plugin.id() + " " + plugin.state(),
        "plugin",
        plugin.name(),
        "version",
        plugin.current().version(),
        "state",
        plugin.state().name(),
        "cause",
        plugin.cause() == null ? "" : plugin.cause());
    try {
      PluginGrants grants = host.plugins().grants(plugin.name());
      events.tellScripts(
          "grants",
          "plugin",
          plugin.name(),
          "granted",
          grants.granted(),
          "not_granted",
          grants.missing());
      tellCapabilities(events, "granted", grants.granted(), host.capabilities());
      tellCapabilities(events, "not granted", grants.missing(), host.capabilities());
    } catch (HostException e) {
      warn(events, "the grants of " + plugin.id() + " cannot be listed: " + e.getMessage());
    }
  }

  private static void tellCapabilities(
      Events events, String label, Set<String> ids, CapabilityRegistry capabilities) {
    if (!ids.isEmpty()) {
      events.tellPeople(
          "  "
              + label
              + ": "
              + ids.stream()
                  .map(id -> capabilities.isSensitive(id) ? id + " (sensitive)" : id)
                  .collect(Collectors.joining(", ")));
    }
  }

  private static void warn(Events events, String message) {
    events.tell("warning", message, "message", message);
  }
}
