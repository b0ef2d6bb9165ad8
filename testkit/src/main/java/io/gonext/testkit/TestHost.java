package io.gonext.testkit;

import io.gonext.engine.CompileCache;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.Egress;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.InstallResult;
import io.gonext.host.JobPolicy;
import io.gonext.host.OperatorLimits;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.UserCompileCache;
import io.gonext.host.trust.TrustPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A real host in a temporary directory, for tests of plugins and of applications with plugins. Its
 * {@linkplain FakeClock clock} stands still, its random numbers are the same in each run, and a
 * {@link Script} answers HTTP requests and calls of the application's functions. All else is as on
 * any host: capabilities, quotas, the store, jobs, the audit log.
 *
 * <pre>{@code
 * try (TestHost host = TestHost.create()) {
 *   host.given(fetch("https://api.example.com/x")).answers(200, "{\"a\":1}");
 *   TestPlugin plugin = host.install(Path.of("hello-0.1.0.gnplugin"));
 *   plugin.filter("the_content", "*hi*").returned("\"<em>hi</em>\"");
 * }
 * }</pre>
 *
 * <p>For one thread, the test's. The host opens when it is first used.
 */
public final class TestHost implements AutoCloseable {
  /** Where the clock starts unless the test says otherwise. */
  public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final Builder settings;
  private final Script script = new Script();
  private final FakeClock clock;
  private final SeededRandom random;

  /** Both null before the first use. */
  private @Nullable Host host;

  private @Nullable TemporaryDirectory data;
  private long calls;

  private TestHost(Builder settings) {
    this.settings = settings;
    this.clock = new FakeClock(settings.start);
    this.random = new SeededRandom(settings.seed);
  }

  /** A host with the default settings. */
  public static TestHost create() {
    return builder().build();
  }

  /**
   * Starts from: 1 January 2026, the seed 0, the default limits and egress of a host, the
   * capabilities of every host, compiled modules in the user's cache.
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects the settings of a {@link TestHost}. Not thread-safe. */
  public static final class Builder {
    private Instant start = START;
    private long seed;
    private OperatorLimits limits = OperatorLimits.defaults();
    private Egress egress = Egress.publicOnly();
    private final Set<String> capabilities = new TreeSet<>();
    private @Nullable CompileCache compiled;
    private @Nullable TestEngine engine;
    private UnaryOperator<HostConfig.Builder> further = UnaryOperator.identity();

    private Builder() {}

    /** Sets the time at which the clock stands. */
    public Builder clock(Instant instant) {
      this.start = instant;
      return this;
    }

    /** Sets what the random numbers of plugins are made from. */
    public Builder seed(long number) {
      this.seed = number;
      return this;
    }

    /** Sets the limits of plugins; without a limit of fuel, fuel is counted all the same. */
    public Builder limits(OperatorLimits operatorLimits) {
      this.limits = operatorLimits;
      return this;
    }

    /** Sets where HTTP requests may go. The script answers in place of what may be reached. */
    public Builder egress(Egress rules) {
      this.egress = rules;
      return this;
    }

    /** Adds a capability of the application. Those of scripted functions are there. */
    public Builder capability(String id) {
      this.capabilities.add(id);
      return this;
    }

    /** Sets where compiled modules are kept. */
    public Builder compiled(CompileCache cache) {
      this.compiled = cache;
      return this;
    }

    /**
     * Takes an engine that is there, so that a module is compiled and loaded once for many hosts.
     * They must follow one another, each closed before the next opens.
     */
    public Builder engine(TestEngine shared) {
      this.engine = shared;
      return this;
    }

    /** Sets whatever else a host has. */
    public Builder configure(UnaryOperator<HostConfig.Builder> change) {
      this.further = change;
      return this;
    }

    public TestHost build() {
      return new TestHost(this);
    }
  }

  /** Adds an entry to the script, for HTTP requests. */
  public FetchAnswers given(FetchPattern pattern) {
    return script.given(pattern);
  }

  /**
   * Adds an entry to the script, for calls of a function of the application.
   *
   * @throws IllegalStateException when the host is open and does not have the function: functions
   *     come before the first plugin
   */
  public FunctionAnswers given(FunctionPattern pattern) {
    if (host != null && !script.capabilities().containsKey(pattern.name())) {
      throw new IllegalStateException(
          "the host is open without the function "
              + pattern.name()
              + ": write given(function(...)) before the first plugin is installed");
    }
    return script.given(pattern);
  }

  /** The clock of the host and its plugins. */
  public FakeClock clock() {
    return clock;
  }

  /** The host itself. */
  public Host host() {
    Host opened = host;
    if (opened == null) {
      opened = open();
      host = opened;
    }
    return opened;
  }

  private Host open() {
    Set<String> capabilities = new TreeSet<>(settings.capabilities);
    capabilities.addAll(script.capabilities().values());
    try {
      TemporaryDirectory directory = TemporaryDirectory.create();
      data = directory;
      HostConfig.Builder config =
          HostConfig.builder(directory.path())
              .trust(TrustPolicy.off())
              .capabilities(CapabilityRegistry.offering(capabilities))
              .limits(
                  settings.limits.fuel().isPresent()
                      ? settings.limits
                      : settings.limits.withFuel(Long.MAX_VALUE))
              .updates(UpdatePolicy.development())
              .warmUp(Duration.ZERO)
              .jobs(JobPolicy.defaults().withTimes(Duration.ofMillis(20), Duration.ofSeconds(30)))
              .egress(settings.egress)
              .logsPlugins(false)
              .clock(clock)
              .random(random)
              .network(script::send);
      script.specs().forEach(config::function);
      HostConfig made = settings.further.apply(config).build();
      TestEngine shared = settings.engine;
      if (shared != null) {
        return shared.open(made, clock, random);
      }
      CompileCache compiled =
          settings.compiled == null ? UserCompileCache.open() : settings.compiled;
      return Host.open(made, compiled);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  static IllegalStateException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IllegalStateException("the test was interrupted", e);
  }

  /**
   * The host's data directory.
   *
   * @throws IllegalStateException when the host was not used yet
   */
  public Path directory() {
    if (data == null) {
      throw new IllegalStateException("the host is not open: install a plugin first");
    }
    return data.path();
  }

  /** Installs the bundle in a file; see {@link #install(byte[])}. */
  public TestPlugin install(Path bundle) {
    try {
      return install(Files.readAllBytes(bundle));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Installs a plugin and grants all that it requests. It starts with its first call, or with
   * {@link TestPlugin#start}: configuration, secrets and entries may come before.
   *
   * @throws io.gonext.host.BundleRejectedException when a host would refuse it
   */
  public TestPlugin install(byte[] bundle) {
    random.begin(0);
    InstallResult installed = host().plugins().install(bundle);
    String name = installed.manifest().name();
    host().plugins().grantRequested(name);
    return new TestPlugin(this, name, installed.warnings());
  }

  /** Random numbers begin anew with each call, whatever the host used between two. */
  void beginCall() {
    random.begin(++calls);
  }

  /** What plugins asked of the script and no entry answered, a sentence each. */
  public List<String> unanswered() {
    return script.unanswered();
  }

  List<String> unanswered(int begin) {
    return script.unanswered(begin);
  }

  /**
   * Fails when plugins asked for something that no entry of the script answers.
   *
   * @throws AssertionError with all of it, and the nearest entry of each
   */
  public void assertAllAnswered() {
    if (!unanswered().isEmpty()) {
      throw new AssertionError(String.join("\n", unanswered()));
    }
  }

  /** Closes the host and deletes its directory. */
  @Override
  public void close() {
    try {
      if (host != null) {
        host.close();
      }
    } finally {
      if (data != null) {
        data.close();
      }
    }
  }
}
