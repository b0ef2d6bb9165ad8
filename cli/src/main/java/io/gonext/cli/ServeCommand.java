package io.gonext.cli;

import io.gonext.engine.EngineLimits;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.Database;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.HostException;
import io.gonext.host.NodeFault;
import io.gonext.host.OperatorLimits;
import io.gonext.host.PluginGrants;
import io.gonext.host.RouteRate;
import io.gonext.host.StoreException;
import io.gonext.host.StoredPlugin;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Vocabulary;
import io.gonext.server.AddressRange;
import io.gonext.server.AdminToken;
import io.gonext.server.ServerConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code gonext serve}: a host and its server, until told to stop. */
@Command(
    name = "serve",
    description = "Serve the plugins of a data directory over HTTP.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext serve --data /var/lib/gonext",
      "  gonext serve --plugin hello-rust-0.1.0.gnplugin --port 9000",
      "  GONEXT_DB='jdbc:postgresql://db/gonext?user=gonext&password=...' gonext serve",
      "  gonext serve --json            for scripts: wait for \"event\":\"listening\"",
      "  curl -d '{\"value\":\"a *b*\"}' http://127.0.0.1:8080/api/v1/filters/the_content",
      "",
      "Exit codes: 0 stopped, 1 it cannot serve, 2 wrong command line."
    })
final class ServeCommand implements Callable<Integer> {
  /** Holds the admin token, in place of the one that the data directory keeps. */
  static final String TOKEN_VARIABLE = "GONEXT_TOKEN";

  /** As much as a manifest may ask for. */
  private static final int MOST_MS = 3_600_000;

  private static final int MOST_INSTANCES = 10_000;

  /** Of whoever holds a token. */
  private static final Pattern HOLDER = Pattern.compile("[a-z][a-z0-9.-]{0,31}");

  /** Those whom the audit log names already. */
  private static final Set<String> TAKEN =
      new TreeSet<>(Set.of(ServerConfig.OPERATOR, "developer", "host", "plugin", "update"));

  @Spec private CommandSpec spec;

  @Mixin private ListenOptions listen;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "gonext-data",
      description =
          "Data directory: this host's key, compiled modules and the embedded store (default:"
              + " ./${DEFAULT-VALUE}).")
  private Path data;

  // The default is not in the help: it may hold a password.
  @Option(
      names = "--db",
      paramLabel = "URL",
      defaultValue = "${env:GONEXT_DB}",
      description = {
        "PostgreSQL database to keep the store in:",
        "jdbc:postgresql://HOST/DATABASE.",
        "Hosts on one database serve the same plugins. GONEXT_DB in the environment does the same"
            + " and is not seen in the list of processes."
      })
  private @Nullable String url;

  @Option(
      names = "--plugin",
      paramLabel = "FILE",
      description =
          "Install this bundle or update to it, grant what it asks for unless it was revoked, and"
              + " activate it, also when it was ERRORED; may be given several times.")
  private List<Path> plugins = new ArrayList<>();

  @Option(
      names = "--token",
      paramLabel = "NAME=FILE",
      description =
          "One more admin token, in this file, which is made where it does not exist; the audit log"
              + " names its holder NAME. The token of the data directory is operator's. May be"
              + " given several times.")
  private Map<String, Path> tokens = new TreeMap<>();

  @Option(
      names = "--dev",
      description =
          "Take what 'gonext plugin dev' uploads: code of whoever can reach this server, with all"
              + " it asks for.")
  private boolean dev;

  @Option(
      names = "--route-rate",
      paramLabel = "BURST/PER_SECOND",
      defaultValue = "2000/1000",
      converter = RouteRateConverter.class,
      description =
          "Requests that the routes of each plugin take, at once and in the long run, or 'off'"
              + " (default: ${DEFAULT-VALUE}).")
  private RouteRate routeRate = RouteRate.DEFAULT;

  @Option(
      names = "--route-rate-per-client",
      paramLabel = "BURST/PER_SECOND",
      defaultValue = "off",
      converter = RouteRateConverter.class,
      description =
          "Of these, the requests of one client: of one IPv4 address, or one IPv6 network of 64"
              + " bits (default: ${DEFAULT-VALUE}).")
  private RouteRate clientRate = RouteRate.UNLIMITED;

  @Option(
      names = "--trusted-proxy",
      paramLabel = "CIDR",
      description =
          "Address or range of a proxy that says whose request it is, in Forwarded or, without"
              + " that, X-Forwarded-For: 10.0.0.0/8 for instance. It must set or drop both: what it"
              + " passes on unread, a client can make up. May be given several times.")
  private List<String> trustedProxies = new ArrayList<>();

  @Option(
      names = "--breaker",
      paramLabel = "PERCENT/CALLS/SECONDS",
      converter = BreakerConverter.class,
      description =
          "When the circuit breaker of a plugin's hook or route opens: at this share of failed"
              + " calls, among at least so many, within so many seconds; or 'off' (default:"
              + " 50/20/30; with --dev: off). A manifest may have it open sooner.")
  private @Nullable BreakerPolicy breaker;

  @Option(
      names = "--breaker-open",
      paramLabel = "SHORTEST/LONGEST",
      defaultValue = "1/60",
      converter = OpenTimesConverter.class,
      description =
          "For how many seconds a circuit breaker opens, at first and at most; each opening that"
              + " follows doubles that (default: ${DEFAULT-VALUE}).")
  private OpenTimesConverter.OpenTimes breakerOpen =
      new OpenTimesConverter.OpenTimes(Duration.ofSeconds(1), Duration.ofSeconds(60));

  @Option(
      names = "--memory-mb",
      paramLabel = "MB",
      defaultValue = "64",
      description =
          "Most memory of one instance of a plugin in MiB, when it starts and later; a manifest may"
              + " ask for less (default: ${DEFAULT-VALUE}).")
  private int memoryMb;

  @Option(
      names = "--call-ms",
      paramLabel = "MS",
      defaultValue = "1000",
      description =
          "Most time of one call of a plugin's hook or route in milliseconds; a manifest may ask"
              + " for less. All handlers of a hook together get 3 s, or this where it is more"
              + " (default: ${DEFAULT-VALUE}).")
  private int callMs;

  @Option(
      names = "--start-ms",
      paramLabel = "MS",
      defaultValue = "5000",
      description =
          "Most time that an instance of a plugin takes to start, in milliseconds (default:"
              + " ${DEFAULT-VALUE}).")
  private int startMs;

  @Option(
      names = "--instances",
      paramLabel = "NUMBER",
      defaultValue = "8",
      description =
          "Most instances of a plugin, which is how many of its calls run at once; a manifest may"
              + " ask for less (default: ${DEFAULT-VALUE}).")
  private int instances;

  @Option(
      names = "--compile-seconds",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "The processor time that compiling a plugin may take; raise it where large ones are"
              + " refused on a slow machine (default: ${DEFAULT-VALUE}).")
  private int compileSeconds;

  @Option(
      names = "--limit",
      paramLabel = "NAME=NUMBER",
      description =
          "Another limit of modules, by the name that a refusal gives, such as nesting or"
              + " compileMb. May be repeated.")
  private Map<String, Integer> moduleLimits = Map.of();

  @Option(
      names = "--verify-resets",
      description =
          "For finding a fault of the engine: compare each instance with what it was when it"
              + " started after each call, and replace it where anything differs, with the first"
              + " difference in the log. Slow.")
  private boolean verifyResets;

  @Override
  public Integer call() throws InterruptedException {
    listen.configureLogging("info");
    Events events = listen.events();
    ServerConfig.Builder settings = listen.serverConfig().dev(dev).trustedProxies(proxies());
    boolean loopback = listen.isLoopback();
    // Refused before anything is created.
    HostConfig hostConfig = hostConfig();
    AdminToken chosen = chosenToken();
    requireHolders(tokens.keySet());
    Vocabulary names = new Vocabulary(hostConfig.capabilities().ids(), hostConfig.hooks());
    List<Bundle> bundles = plugins.stream().map(file -> Bundle.read(file, names)).toList();
    RunningServer.OpenHost opened =
        dev ? RunningServer.openUserHost(hostConfig) : RunningServer.openHost(hostConfig);
    Host host = opened.host();
    events.tellScripts("opened", "data", data.toString());
    try {
      settings.token(chosen == null ? AdminToken.ofDirectory(data) : chosen);
      for (Map.Entry<String, Path> token : tokens.entrySet()) {
        settings.token(token.getKey(), AdminToken.ofFile(token.getValue()));
      }
      for (Bundle bundle : bundles) {
        putInService(host, bundle);
      }
    } catch (HostException | InterruptedException e) {
      host.close();
      throw e;
    }
    ServerConfig config = settings.build();
    RunningServer running = opened.listen(config);
    running.stopOnSignal(events, () -> {});
    tellPlugins(events, host);
    for (NodeFault fault : host.faults()) {
      events.tell(
          "fault",
          "not served by this host: " + fault.plugin() + ": " + fault.cause(),
          "plugin",
          fault.plugin(),
          "cause",
          fault.cause());
    }
    String address = "http://" + config.address() + ":" + running.port();
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
        (loopback ? "the admin API takes" : "every call but those of plugin routes takes")
            + " the token in "
            + token);
    if (dev) {
      events.tellPeople("development: gonext plugin dev --host " + address + " DIR");
    }
    RunningServer.serveUntilSignal();
    return ExitCode.OK;
  }

  /** What the command line asks for. */
  HostConfig hostConfig() {
    requireInRange("--memory-mb", memoryMb, EngineLimits.MOST_PAGES / OperatorLimits.PAGES_PER_MB);
    requireInRange("--call-ms", callMs, MOST_MS);
    requireInRange("--start-ms", startMs, MOST_MS);
    requireInRange("--instances", instances, MOST_INSTANCES);
    requireInRange("--compile-seconds", compileSeconds, 3600);
    return HostConfig.builder(data)
        .database(database())
        .routeRate(routeRate)
        .clientRate(clientRate)
        .breaker(breakerPolicy())
        .limits(
            OperatorLimits.defaults()
                .withMemoryMb(memoryMb)
                .withCall(Duration.ofMillis(callMs))
                .withStart(Duration.ofMillis(startMs))
                .withInstances(instances))
        .engineLimits(
            engineLimits()
                .withMemoryPages(memoryMb * OperatorLimits.PAGES_PER_MB)
                .withCompileTimeout(Duration.ofSeconds(compileSeconds)))
        .verifiesResets(verifyResets)
        .updates(dev ? UpdatePolicy.development() : UpdatePolicy.defaults())
        .build();
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
                + ": an address such as 192.0.2.1, or a range such as 10.0.0.0/8 or 2001:db8::/32",
            e);
      }
    }
    return ranges;
  }

  private BreakerPolicy breakerPolicy() {
    BreakerPolicy usual = dev ? BreakerPolicy.OFF : BreakerPolicy.DEFAULT;
    return (breaker == null ? usual : breaker)
        .withOpen(breakerOpen.shortest(), breakerOpen.longest());
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
          spec.commandLine(), option + " " + value + ": a number from 1 to " + most);
    }
  }

  private void requireHolders(Set<String> names) {
    for (String name : names) {
      if (!HOLDER.matcher(name).matches() || TAKEN.contains(name)) {
        throw new ParameterException(
            spec.commandLine(),
            "--token "
                + name
                + "=...: a name has lower-case letters, digits, dots and hyphens, at most 32, and"
                + " begins with a letter; not "
                + String.join(", ", TAKEN));
      }
    }
  }

  private @Nullable AdminToken chosenToken() {
    String text = System.getenv(TOKEN_VARIABLE);
    if (text == null || text.isEmpty()) {
      return null;
    }
    try {
      return AdminToken.of(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), TOKEN_VARIABLE + ": " + e.getMessage(), e);
    }
  }

  /** Whoever names a bundle on the command line grants what it asks for, and wants this version. */
  static void putInService(Host host, Bundle bundle) throws InterruptedException {
    host.deploy(bundle.bytes(), bundle.manifest().requestedCapabilities());
  }

  /** What cannot be shown is no reason not to serve. */
  private static void tellPlugins(Events events, Host host) {
    try {
      for (StoredPlugin plugin : host.plugins()) {
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
      PluginGrants grants = host.grants(plugin.name());
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
      warn(events, "what " + plugin.id() + " was granted cannot be shown: " + e.getMessage());
    }
  }

  private Database database() {
    if (url == null || url.isEmpty()) {
      return Database.embedded();
    }
    try {
      return Database.postgreSql(url);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--db: " + e.getMessage(), e);
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
