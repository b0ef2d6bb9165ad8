package io.gonext.cli.kit;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.output.Backtrace;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.OptionPairs;
import io.gonext.engine.PlainText;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.ChainFailedException;
import io.gonext.host.Host;
import io.gonext.host.JobAttempt;
import io.gonext.host.JobInfo;
import io.gonext.host.LogListener;
import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.RouteOutcome;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.manifest.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One call of a plugin as a command line gives it, and the temporary host that makes it. A command
 * says which plugin and which hook with {@link #of}.
 */
final class GivenCall {
  /** How long an attempt may take to begin. */
  private static final Duration JOB_PATIENCE = Duration.ofSeconds(10);

  enum Kind {
    FILTER,
    ACTION,
    JOB,
    GET,
    POST,
    PUT,
    PATCH,
    DELETE;

    boolean isRoute() {
      return this != FILTER && this != ACTION && this != JOB;
    }
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** The plugin, and what of it is called. */
  private Path plugin = Path.of("");

  private Kind kind = Kind.FILTER;
  private String hook = "";

  /** The result: lines for stdout, a note for stderr, and fields for JSON. */
  record Outcome(List<String> text, String note, Map<String, Object> fields) {}

  @Option(
      names = "--value",
      paramLabel = "JSON",
      description = "The value for the filter, or the arguments of the job: an object.")
  private @Nullable String value;

  @Option(names = "--arg", paramLabel = "JSON", description = "A further argument. Repeatable.")
  private List<String> arguments = new ArrayList<>();

  @Option(names = "--body", paramLabel = "TEXT", description = "The body of the request.")
  private @Nullable String body;

  @Option(
      names = "--header",
      paramLabel = "HEADER",
      description = {
        "A header of the request, as NAME:VALUE. Like a host,",
        "this command passes only some headers to the plugin.",
        "Repeatable."
      })
  private List<String> headers = new ArrayList<>();

  @Mixin private GivenSettings settings;

  @Mixin private SourceOptions options;

  @Mixin private TrialOptions application;

  /** Why the call failed; set by the host. */
  private final AtomicReference<@Nullable TurnFailure> failure = new AtomicReference<>();

  /**
   * Says what is called. The options must fit it.
   *
   * @param kindOfHook null if the command line has none, which is refused
   */
  void of(Path given, @Nullable Kind kindOfHook, @Nullable String hookOrPath) {
    if (kindOfHook == null || hookOrPath == null) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          "which call? Give a hook, such as filter NAME, GET PATH or job NAME, or recordings with"
              + " --replay");
    }
    plugin = given;
    kind = kindOfHook;
    hook = hookOrPath;
    requireFittingOptions();
    var _ = arguments();
    var _ = value();
    var _ = headers();
  }

  /** Refuses a hook and the options for one, beside recordings. */
  void requireNone(@Nullable Kind kindOfHook) {
    if (kindOfHook != null) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE, "--replay gives the calls: leave out KIND and HOOK");
    }
    OptionPairs.refuseWith(
        spec,
        "--replay",
        "--value",
        "--arg",
        "--body",
        "--header",
        "--config",
        "--secrets",
        "--capability",
        "--functions");
  }

  /** The call as a person would name it. */
  @Override
  public String toString() {
    return (kind.isRoute() ? kind.name() : kind.name().toLowerCase(Locale.ROOT)) + " " + hook;
  }

  /** Reads a plugin whose recorded calls are made. */
  PluginSource source(Path given) throws IOException, InterruptedException {
    options.requireFitting(given);
    return PluginSource.read(given, options);
  }

  /** Reads the plugin; builds it first if it is a project. */
  PluginSource source() throws IOException, InterruptedException {
    return source(plugin);
  }

  /** A temporary host with the plugin in service. */
  final class Ready implements AutoCloseable {
    private final TrialHost trial;
    private final Manifest manifest;

    private Ready(TrialHost trial, Manifest manifest) {
      this.trial = trial;
      this.manifest = manifest;
    }

    Host host() {
      return trial.host();
    }

    Manifest manifest() {
      return manifest;
    }

    /** Makes the call. A call that fails ends the command. */
    Outcome call() throws InterruptedException {
      return switch (kind) {
        case FILTER, ACTION -> GivenCall.this.call(host(), value(), arguments());
        case JOB -> job(host(), manifest.job(hook).orElseThrow(), manifest.name(), value());
        default -> request(host(), manifest, headers());
      };
    }

    @Override
    public void close() {
      trial.close();
    }
  }

  /**
   * Puts a plugin in service.
   *
   * @param notes gets warnings for people
   * @param logs gets what the plugin logs
   */
  Ready start(PluginSource source, Consumer<String> notes, LogListener logs)
      throws IOException, InterruptedException {
    List<AuthorFiles.Stub> functions = application.functions(plugin);
    CapabilityRegistry capabilities = application.capabilities(functions);
    Manifest manifest = source.requireAcceptable(capabilities);
    GivenSettings.Read given = settings.read(plugin, manifest);
    if (kind.isRoute()) {
      requireRoutes(manifest);
    } else {
      requireName(manifest);
    }
    TrialHost trial = TrialHost.open(AuthorFiles.specs(functions), capabilities);
    try {
      Host host = trial.host();
      host.plugins().install(source.bundle());
      given.give(host, notes);
      host.plugins().grantRequested(manifest.name());
      host.logs().listen(manifest.name(), logs);
      host.health().listenToFailures(manifest.name(), failure::set);
      host.plugins().activate(manifest.name());
      return new Ready(trial, manifest);
    } catch (RuntimeException | InterruptedException e) {
      trial.close();
      throw e;
    }
  }

  private JsonNode value() {
    return value == null ? NullNode.getInstance() : GivenSettings.json("--value", value);
  }

  private Object[] arguments() {
    return arguments.stream().map(text -> GivenSettings.json("--arg", text)).toArray();
  }

  /** Calls a hook; the result is null for an action. A handler that fails ends the command. */
  private Outcome call(Host host, JsonNode given, Object[] further) throws InterruptedException {
    CallOptions closed = CallOptions.DEFAULT.withFailClosed();
    JsonNode result = NullNode.getInstance();
    try {
      if (kind == Kind.ACTION) {
        host.doAction(closed, hook, further);
        return new Outcome(List.of(), "", JsonLines.fields("result", result));
      }
      result = host.applyFilters(closed, hook, given, further).value();
    } catch (ChainFailedException e) {
      throw failed(e.plugin() + " failed in hook " + hook, e.getMessage());
    }
    return new Outcome(List.of(JsonLines.line(result)), "", JsonLines.fields("result", result));
  }

  /** Runs one attempt at a job. An attempt that fails ends the command. */
  private Outcome job(Host host, Manifest.Job declared, String name, JsonNode args)
      throws InterruptedException {
    ObjectNode object =
        args instanceof ObjectNode given ? given : JsonNodeFactory.instance.objectNode();
    String id = host.jobs().run(name, hook, object).id();
    long deadline = System.nanoTime() + declared.timeout().plus(JOB_PATIENCE).toNanos();
    JobInfo job = host.jobs().get(id);
    while (job.attempts().isEmpty()) {
      if (System.nanoTime() - deadline > 0) {
        throw failed("the host could not begin it in " + JOB_PATIENCE.toSeconds() + " s");
      }
      TimeUnit.MILLISECONDS.sleep(5);
      job = host.jobs().get(id);
    }
    JobAttempt attempt = job.attempts().getFirst();
    if (!attempt.outcome().equals("OK") && !attempt.outcome().equals("RETRY")) {
      throw failed(attempt.outcome() + ": " + attempt.reason());
    }
    return new Outcome(
        attempt.reason().isEmpty() ? List.of() : List.of(attempt.reason()),
        "",
        JsonLines.fields("outcome", attempt.outcome(), "reason", attempt.reason()));
  }

  /** Calls a route; its answer may have any status. No answer ends the command. */
  private Outcome request(Host host, Manifest manifest, Map<String, String> sent)
      throws InterruptedException {
    int mark = hook.indexOf('?');
    String path = mark < 0 ? hook : hook.substring(0, mark);
    String query = mark < 0 ? "" : hook.substring(mark + 1);
    return switch (serve(host, manifest, path, query, sent)) {
      case RouteOutcome.Answered(PluginResponse(int status, var headers, byte[] bytes)) -> {
        String text = new String(bytes, StandardCharsets.UTF_8);
        yield new Outcome(
            text.isEmpty() ? List.of() : text.stripTrailing().lines().toList(),
            status + ", ",
            JsonLines.fields("status", status, "headers", headers, "body", text));
      }
      case RouteOutcome.NotFound(), RouteOutcome.MethodNotAllowed(_) ->
          throw new CommandFailure(
              CommandFailure.Kind.USAGE,
              manifest.id()
                  + " has no route "
                  + kind
                  + " "
                  + hook
                  + "; it has only "
                  + routes(manifest));
      case RouteOutcome.Failed(_, var outcome, String reason, _) ->
          throw failed(outcome + ": " + reason);
      case RouteOutcome.RateLimited(_, _) -> throw failed("too many requests");
    };
  }

  private RouteOutcome serve(
      Host host, Manifest manifest, String path, String query, Map<String, String> given)
      throws InterruptedException {
    byte[] sent = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
    try {
      return host.serve(manifest.name(), new PluginRequest(kind.name(), path, query, given, sent));
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(CommandFailure.Kind.USAGE, path + ": " + e.getMessage());
    }
  }

  private CommandFailure failed(String reason) {
    String what = (kind == Kind.JOB ? "job " : kind + " ") + hook + " failed";
    return failed(what, what + ": " + reason);
  }

  /**
   * The failure of a call, with the backtrace of the guest, one frame on each line.
   *
   * @param otherwise the sentence when the host reported no failed turn
   */
  private CommandFailure failed(String what, @Nullable String otherwise) {
    TurnFailure turn = failure.get();
    return turn == null
        ? new CommandFailure(CommandFailure.Kind.FAILED, otherwise == null ? what : otherwise)
        : new CommandFailure(
            CommandFailure.Kind.FAILED,
            what + " (" + turn.outcome() + "): " + turn.reason(),
            Backtrace.lines(turn.backtrace()));
  }

  /** The headers by name; values of the same name are joined with commas, as in HTTP. */
  private Map<String, String> headers() {
    Map<String, String> sent = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String header : headers) {
      int colon = header.indexOf(':');
      String name = header.substring(0, Math.max(colon, 0)).strip();
      String content = header.substring(colon + 1).strip();
      if (name.isEmpty() || content.chars().anyMatch(c -> c < ' ' && c != '\t')) {
        throw new CommandFailure(
            CommandFailure.Kind.USAGE,
            "--header " + PlainText.of(header) + " is not NAME:VALUE",
            "for example: --header 'Accept-Language: de'");
      }
      sent.merge(name, content, (first, second) -> first + ", " + second);
    }
    return sent;
  }

  private void requireFittingOptions() {
    String unfit = null;
    if (kind == Kind.ACTION && value != null) {
      unfit = "an action takes no --value: give its arguments with --arg";
    } else if (kind == Kind.JOB && !arguments.isEmpty()) {
      unfit = "a job takes no --arg: give its arguments as an object with --value";
    } else if (kind == Kind.JOB
        && value != null
        && !GivenSettings.json("--value", value).isObject()) {
      unfit = "the arguments of a job are an object: --value '{\"name\":\"value\"}'";
    } else if (kind.isRoute() && (value != null || !arguments.isEmpty())) {
      unfit = "a route takes neither --value nor --arg: use --body";
    } else if (!kind.isRoute() && body != null) {
      unfit = "only a route takes --body";
    } else if (!kind.isRoute() && !headers.isEmpty()) {
      unfit = "only a route takes --header";
    } else if (kind.isRoute() && !hook.startsWith("/")) {
      unfit = hook + " is not a path: a path begins with /";
    }
    if (unfit != null) {
      throw new CommandFailure(CommandFailure.Kind.USAGE, unfit);
    }
  }

  private static void requireRoutes(Manifest manifest) {
    if (manifest.routes().isEmpty()) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE, manifest.id() + " has no routes in its manifest.json");
    }
  }

  private static List<String> routes(Manifest manifest) {
    return manifest.routes().stream().map(route -> route.method() + " " + route.path()).toList();
  }

  /** Without this check the host would return the value unchanged, which looks like a result. */
  private void requireName(Manifest manifest) {
    List<String> there =
        switch (kind) {
          case FILTER -> manifest.filters().stream().map(Manifest.Hook::name).toList();
          case ACTION -> manifest.actions().stream().map(Manifest.Hook::name).toList();
          default -> manifest.jobs().stream().map(Manifest.Job::name).toList();
        };
    if (!there.contains(hook)) {
      String what = kind.name().toLowerCase(Locale.ROOT);
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          manifest.id()
              + " has no "
              + what
              + " "
              + hook
              + " in its manifest.json; it has "
              + (there.isEmpty() ? "no " + what + "s" : "only " + there));
    }
  }
}
