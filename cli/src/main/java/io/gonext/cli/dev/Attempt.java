package io.gonext.cli.dev;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.build.BundleFolder;
import io.gonext.cli.build.CommandRunner;
import io.gonext.cli.build.Inputs;
import io.gonext.cli.build.Project;
import io.gonext.cli.build.ProjectBuild;
import io.gonext.cli.build.Toolchain;
import io.gonext.cli.dev.DevEvent.Timing;
import io.gonext.cli.output.CommandFailure;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.PluginCheck;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Locales;
import io.gonext.host.manifest.Manifest;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Builds, checks and uploads a plugin once, on a thread of its own. It can be cancelled until the
 * upload begins. An upload always runs to its end, so that the loop knows what the host serves.
 */
final class Attempt {
  /** How an attempt ended. */
  sealed interface Outcome {
    /** Built, checked, and uploaded if there is an answer. */
    record Done(Artifact artifact, @Nullable UploadAnswer answer, Timing timing)
        implements Outcome {}

    /**
     * One of the steps failed.
     *
     * @param step {@code build}, {@code check} or {@code upload}
     * @param wasm the module, or null if the build failed
     */
    record Failed(String step, CommandFailure failure, Duration took, byte @Nullable [] wasm)
        implements Outcome {}

    record Cancelled() implements Outcome {}
  }

  /**
   * What all attempts of a loop share.
   *
   * @param functions of the application: those that the host offers, and those of which the author
   *     was told that it does not
   * @param environment the variables that may hold secrets
   */
  record Tools(
      Project project,
      Toolchain toolchain,
      CommandRunner runner,
      @Nullable Uploader uploader,
      Set<String> functions,
      Map<String, String> environment,
      DevOutput output,
      TimeSources time) {
    Tools {
      Set<String> offered = ConcurrentHashMap.newKeySet();
      offered.addAll(functions);
      functions = offered;
    }

    Tools(
        Project project,
        Toolchain toolchain,
        CommandRunner runner,
        @Nullable Uploader uploader,
        Map<String, String> environment,
        DevOutput output,
        TimeSources time) {
      this(project, toolchain, runner, uploader, Set.of(), environment, output, time);
    }
  }

  /** 128 and the number of SIGHUP, SIGINT or SIGTERM. */
  private static final Set<Integer> ENDED_BY_SIGNAL = Set.of(129, 130, 143);

  private static final Duration SIGNAL_PATIENCE = Duration.ofMillis(500);

  private enum Phase {
    BUILDING,
    UPLOADING,
    CANCELLED
  }

  private final Tools tools;

  /** The files that this attempt builds from. */
  private final Inputs inputs;

  /** When the first event of the edit came, in nanoseconds. */
  private final long beganNanos;

  /** The module, when only the manifest has changed; else null. */
  private final byte @Nullable [] builtBefore;

  /** The manifest that went live last. */
  private final @Nullable Manifest live;

  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.BUILDING);
  private @Nullable Thread thread;

  private String step = "build";
  private byte @Nullable [] wasm;

  /** Warnings of the check; the host repeats them, and they are not shown twice. */
  private List<String> warned = List.of();

  Attempt(
      Tools tools,
      Inputs inputs,
      long beganNanos,
      byte @Nullable [] builtBefore,
      @Nullable Manifest live) {
    this.tools = tools;
    this.inputs = inputs;
    this.beganNanos = beganNanos;
    this.builtBefore = builtBefore;
    this.live = live;
  }

  Inputs inputs() {
    return inputs;
  }

  /**
   * Starts the attempt.
   *
   * @param ended receives the outcome, on the attempt's thread
   */
  void start(Consumer<Outcome> ended) {
    thread =
        Thread.ofPlatform().daemon().name("gonext-attempt").start(() -> ended.accept(perform()));
  }

  /** Cancels the attempt and its build, unless the upload has begun; does not wait. */
  void cancel() {
    if (phase.compareAndSet(Phase.BUILDING, Phase.CANCELLED)) {
      Objects.requireNonNull(thread).interrupt();
    }
  }

  /** Cancels the attempt in any step, and waits for its thread. */
  void abort(Duration patience) throws InterruptedException {
    phase.set(Phase.CANCELLED);
    Thread running = Objects.requireNonNull(thread);
    running.interrupt();
    running.join(patience);
  }

  private Outcome perform() {
    long start = tools.time.nanoTime();
    try {
      return build(start);
    } catch (InterruptedException e) {
      return new Outcome.Cancelled();
    } catch (CommandFailure e) {
      return phase.get() == Phase.CANCELLED
          ? new Outcome.Cancelled()
          : new Outcome.Failed(step, e, since(start), wasm);
    } catch (RuntimeException | Error e) {
      // The loop waits for an outcome, whatever happens.
      return new Outcome.Failed(
          step,
          new CommandFailure(CommandFailure.Kind.FAILED, "internal error: " + e),
          since(start),
          wasm);
    }
  }

  private Outcome build(long start) throws InterruptedException {
    readableManifest();
    Duration built = Duration.ZERO;
    byte[] module = builtBefore;
    if (module == null) {
      long begin = tools.time.nanoTime();
      compile();
      built = since(begin);
      ProjectBuild.Built made = ProjectBuild.take(tools.project, tools.toolchain, built);
      module = made.wasm();
      tools.output.emit(new DevEvent.Built(made.path(), module.length, built));
    }
    wasm = module;
    step = "check";
    Artifact artifact = check(module);
    Duration checked = since(start).minus(built);
    Duration debounced = Duration.ofNanos(start - beganNanos);
    boolean manifestOnly = builtBefore != null;
    if (tools.uploader == null) {
      return new Outcome.Done(
          artifact,
          null,
          new Timing(debounced, manifestOnly, built, checked, Duration.ZERO, Duration.ZERO));
    }
    step = "upload";
    if (!phase.compareAndSet(Phase.BUILDING, Phase.UPLOADING)) {
      return new Outcome.Cancelled();
    }
    long begin = tools.time.nanoTime();
    UploadAnswer answer = tools.uploader.upload(artifact);
    Duration round = since(begin);
    answer.warnings().stream()
        .filter(warning -> !warned.contains(warning))
        .forEach(warning -> tools.output.emit(new DevEvent.Warning(warning)));
    Duration swap = Duration.ofNanos((long) (answer.swapMillis().orElse(0) * 1e6));
    if (swap.compareTo(round) > 0 || swap.isNegative()) {
      swap = round;
    }
    return new Outcome.Done(
        artifact,
        answer,
        new Timing(debounced, manifestOnly, built, checked, round.minus(swap), swap));
  }

  /** Checks the manifest before the build, which takes longer. */
  private void readableManifest() {
    String next = step;
    step = "check";
    PluginCheck check = PluginCheck.ofManifest(tools.project.manifest(), capabilities());
    if (!check.passed()) {
      throw refused(check.problems());
    }
    step = next;
  }

  private void compile() throws InterruptedException {
    Toolchain toolchain = tools.toolchain;
    tools.output.emit(new DevEvent.BuildStarted(toolchain.language(), toolchain.build()));
    int exitCode =
        ProjectBuild.compile(
            tools.project,
            toolchain,
            tools.runner,
            line -> tools.output.emit(new DevEvent.BuildOutput(line)));
    if (ENDED_BY_SIGNAL.contains(exitCode)) {
      // Ctrl-C may end the compiler before this process sees the signal, which interrupts this
      // thread.
      Thread.sleep(SIGNAL_PATIENCE);
    }
    ProjectBuild.requireSuccess(toolchain, exitCode);
  }

  private Artifact check(byte[] module) {
    byte[] manifestJson = tools.project.manifest();
    PluginCheck check = PluginCheck.of(manifestJson, module, capabilities());
    Manifest manifest = check.manifest();
    if (manifest == null || !check.passed()) {
      throw refused(check.problems());
    }
    Map<String, byte[]> locales = folder("locales");
    List<String> problems = Locales.problems(locales, manifest.defaultLocale());
    if (!problems.isEmpty()) {
      throw refused(problems);
    }
    warned = check.warnings();
    warned.forEach(warning -> tools.output.emit(new DevEvent.Warning(warning)));
    DevEvent.Capabilities capabilities = DevEvent.Capabilities.between(live, manifest);
    if (!capabilities.isEmpty()) {
      tools.output.emit(capabilities);
    }
    Map<String, byte[]> files = new HashMap<>(locales);
    files.putAll(folder("migrations"));
    return new Artifact(manifest, manifestJson, module, files, config(manifest), secrets(manifest));
  }

  private Map<String, byte[]> folder(String name) {
    try {
      return BundleFolder.read(tools.project.root(), name);
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED, name + "/ cannot be read: " + CommandFailure.reason(e));
    }
  }

  /** The capabilities of every host, and of the functions that the author wrote answers for. */
  private CapabilityRegistry capabilities() {
    List<AuthorFiles.Stub> stubs = AuthorFiles.functions(tools.project.root());
    Set<String> missing =
        stubs.stream().map(AuthorFiles.Stub::name).collect(Collectors.toCollection(TreeSet::new));
    missing.removeAll(tools.functions);
    if (tools.uploader != null && tools.functions.addAll(missing)) {
      tools.output.emit(
          new DevEvent.Warning(
              "the host does not offer "
                  + String.join(", ", missing)
                  + " of "
                  + AuthorFiles.FUNCTIONS
                  + ": only a host that this command starts offers the functions that are in the"
                  + " file at that time"));
    }
    return AuthorFiles.capabilities(stubs, List.of());
  }

  private byte @Nullable [] config(Manifest manifest) {
    Optional<ObjectNode> values = AuthorFiles.config(tools.project.root());
    if (values.isEmpty()) {
      return null;
    }
    List<String> problems =
        manifest
            .config()
            .map(schema -> schema.problems(schema.withDefaults(values.get())))
            .orElse(List.of("the manifest has no config.schema"));
    if (!problems.isEmpty()) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          AuthorFiles.CONFIG + " does not match config.schema of the manifest:",
          problems.stream().map(problem -> "- " + problem).toList());
    }
    manifest
        .config()
        .ifPresent(schema ->
            schema
                .warnings(values.get())
                .forEach(warning ->
                    tools.output.emit(new DevEvent.Warning(AuthorFiles.CONFIG + ": " + warning))));
    return StrictJson.write(values.get());
  }

  private byte @Nullable [] secrets(Manifest manifest) {
    Map<String, String> secrets =
        AuthorFiles.secrets(tools.project.root(), manifest, tools.environment);
    return secrets.isEmpty() ? null : StrictJson.write(StrictJson.valueOf(secrets));
  }

  private static CommandFailure refused(List<String> problems) {
    return problems.size() == 1
        ? new CommandFailure(
            CommandFailure.Kind.FAILED, "a host would reject the plugin: " + problems.getFirst())
        : new CommandFailure(
            CommandFailure.Kind.FAILED,
            "a host would reject the plugin:",
            problems.stream().map(problem -> "- " + problem).toList());
  }

  private Duration since(long nanos) {
    return Duration.ofNanos(tools.time.nanoTime() - nanos);
  }
}
