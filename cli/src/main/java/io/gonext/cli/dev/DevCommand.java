package io.gonext.cli.dev;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.build.CommandRunner;
import io.gonext.cli.build.Executables;
import io.gonext.cli.build.Language;
import io.gonext.cli.build.ProcessRunner;
import io.gonext.cli.build.Project;
import io.gonext.cli.build.SkipRules;
import io.gonext.cli.build.SourceTrees;
import io.gonext.cli.build.Toolchain;
import io.gonext.cli.build.Toolchains;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.OptionPairs;
import java.io.PrintWriter;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gonext plugin dev}: builds a plugin and uploads it to a host, on every save. */
@Command(
    name = "dev",
    description = "Build a plugin and upload it to a host, again on every change.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin dev examples/hello-rust       build, upload, watch",
      "  gonext plugin dev --host http://staging:8080 --token T .",
      "  gonext plugin dev --build-only --lang go .  only build and check",
      "  gonext plugin dev --test .                  and run tests/*.json each time",
      "  gonext plugin dev --no-watch --json .       once, for scripts",
      "",
      "Keys on a terminal: r builds again, t replays the last trap, l shows or hides",
      "log lines, q quits.",
      "To use a tool that is not the first on PATH, set GONEXT_CARGO=/usr/bin/cargo,",
      "GONEXT_GO, GONEXT_TINYGO, GONEXT_NPX or GONEXT_MAKE.",
      "gonext.config.json in the project is the plugin's configuration,",
      "gonext.secrets.json has its secrets, and gonext.functions.json answers for the",
      "application's functions.",
      "Exit codes: 0 done or stopped, 1 build or upload failed, 2 wrong command line or",
      "directory, 3 a toolchain is missing, 4 no host answers."
    })
public final class DevCommand implements Callable<Integer> {
  private static final Duration CONNECT = Duration.ofSeconds(3);

  /** How long a clean stop may take after a signal. */
  private static final Duration STOP = Duration.ofSeconds(30);

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "PROJECT", description = "Directory of the plugin's project.")
  private Path project;

  @Option(
      names = "--host",
      paramLabel = "URL",
      description =
          "The URL of a running host that was started with serve --dev (default: "
              + HostUrl.DEFAULT
              + "; if no host answers there, this command starts one).")
  private @Nullable String host;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Port of the host that this command starts; not with --host (default: 8080).")
  private @Nullable Integer port;

  @Option(
      names = "--watch",
      negatable = true,
      arity = "0..1",
      paramLabel = "BOOL",
      defaultValue = "true",
      fallbackValue = "true",
      description = "Watch the project and reload the plugin on every change (default: true).")
  private boolean watch;

  @Option(
      names = "--keep-going",
      description = "Go on watching even if the first build or upload fails.")
  private boolean keepGoing;

  @Option(names = "--build-only", description = "Only build and check: do not upload or watch.")
  private boolean buildOnly;

  @Option(
      names = "--test",
      description = "Run the project's tests/*.json against each version that goes live.")
  private boolean test;

  @Option(
      names = "--lang",
      paramLabel = "LANGUAGE",
      defaultValue = "auto",
      description = "auto, go, tinygo, rust, assemblyscript or c (default: ${DEFAULT-VALUE}).")
  private String language;

  @Option(
      names = "--logs",
      negatable = true,
      arity = "0..1",
      paramLabel = "BOOL",
      fallbackValue = "true",
      description = "Show the plugin's log lines (default: only on a terminal).")
  private @Nullable Boolean logs;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      defaultValue = "${env:GONEXT_TOKEN}",
      description = "Token of a host on another machine (default: $GONEXT_TOKEN).")
  private @Nullable String token;

  @Option(names = "--json", description = "Print events as JSON, one object on each line.")
  private boolean json;

  @Option(
      names = "--watch-also",
      paramLabel = "PATH",
      description =
          "Also watch this directory or file outside the project. Repeatable. Not needed for"
              + " the targets of links, and for paths in Cargo.toml, go.mod, package.json and a"
              + " Makefile: the command finds them.")
  private List<Path> watchAlso = new ArrayList<>();

  @Option(
      names = "--poll",
      description = "Check the files twice a second instead of using file events.")
  private boolean poll;

  @Option(
      names = {"-v", "--verbose"},
      description = "Show the commands of the build tools.")
  private boolean verbose;

  private final HostStarter starter;

  /**
   * @param starter starts a host when none is running
   */
  public DevCommand(HostStarter starter) {
    this.starter = starter;
  }

  @Override
  public Integer call() throws InterruptedException {
    Map<String, String> environment = System.getenv();
    if (host != null && port != null) {
      throw new ParameterException(
          spec.commandLine(),
          "--host is for a running host, and --port for a host to start: give only one of them");
    }
    requireEffects();
    HostUrl url = HostUrl.parse(host == null ? defaultUrl() : host);
    Language asked = language();
    List<Path> also = alsoWatched();
    PrintWriter out = spec.commandLine().getOut();
    Terminal terminal = new SystemTerminal(environment, System.in);
    // Closed last: after that, a signal ends the JVM at once.
    try (StopSignal signal = StopSignal.listen(STOP, terminal::close);
        terminal;
        SystemTimers timers = new SystemTimers();
        DevOutput output = output(out, TimeSources.system(timers), terminal)) {
      signal.does(Thread.currentThread()::interrupt);
      try {
        return develop(
            new Session(
                environment,
                url,
                asked,
                also,
                TimeSources.system(timers),
                terminal,
                output,
                signal));
      } catch (InterruptedException e) {
        if (signal.came()) {
          return ExitCode.OK;
        }
        throw e;
      } catch (CommandFailure e) {
        if (signal.came()) {
          // The signal ended the tool as well: this is not a failure.
          return ExitCode.OK;
        }
        if (!json) {
          throw e;
        }
        output.emit(new DevEvent.Failed("start", e, Duration.ZERO, 0));
        return e.kind().exitCode();
      }
    }
  }

  private void requireEffects() {
    if (buildOnly) {
      OptionPairs.refuseWith(
          spec, "--build-only", "--host", "--port", "--token", "--logs", "--keep-going", "--poll");
      OptionPairs.refuseWith(spec, "--build-only", "--watch-also", "--test");
    } else if (!watch) {
      OptionPairs.refuseWith(
          spec, "--no-watch", "--logs", "--keep-going", "--poll", "--watch-also");
    }
  }

  private String defaultUrl() {
    if (port == null) {
      return HostUrl.DEFAULT;
    }
    if (port < 1 || port > 65535) {
      throw new ParameterException(
          spec.commandLine(), "--port " + port + ": give a number from 1 to 65535");
    }
    return "http://localhost:" + port;
  }

  private record Session(
      Map<String, String> environment,
      HostUrl url,
      @Nullable Language asked,
      List<Path> also,
      TimeSources time,
      Terminal terminal,
      DevOutput output,
      StopSignal signal) {}

  private DevOutput output(PrintWriter out, TimeSources time, Terminal terminal) {
    return json
        ? new JsonOutput(out)
        : new TextOutput(out, time, project, terminal.isInteractive(), verbose);
  }

  private @Nullable Language language() {
    try {
      return Language.parse(language);
    } catch (CommandFailure e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private int develop(Session session) throws InterruptedException {
    Project where = Project.of(project);
    CommandRunner runner = new ProcessRunner();
    Toolchains toolchains = new Toolchains(new Executables(session.environment), runner);
    Language detected = toolchains.detect(where.root(), session.asked);
    Toolchain toolchain = toolchains.find(where.root(), detected);
    session.output.emit(new DevEvent.Detected(detected, toolchain.version()));

    boolean watching = watch && !buildOnly;
    SkipRules rules = new SkipRules(where.root());
    List<AuthorFiles.Stub> stubs = AuthorFiles.functions(where.root());
    try (HttpClient client =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT)
                .build();
        HostSession hosts =
            new HostSession(
                client,
                session.url,
                host != null,
                starter,
                AuthorFiles.specs(stubs, where.root()));
        TrapReplays traps = new TrapReplays(session.output, hosts::own);
        LogFollower follower =
            new LogFollower(client, session.url, token(), session.output, showsLogs(session))) {
      Uploader uploader = null;
      if (!buildOnly) {
        // An interrupt while the database opens would break it: it opens first, and is then closed.
        session.signal.does(() -> {});
        session.output.emit(new DevEvent.HostReady(hosts.open()));
        HttpUploader http = new HttpUploader(client, session.url, token(), new SecureRandom());
        uploader =
            artifact -> {
              if (watching) {
                // Followed before it is live, because its first call may fail.
                follower.follow(artifact.manifest().name());
              }
              UploadAnswer answer = http.upload(artifact);
              if (watching) {
                traps.record(artifact.manifest().name());
              }
              return answer;
            };
      }
      Attempt.Tools tools =
          new Attempt.Tools(
              where,
              colourful(toolchain, session.terminal),
              runner,
              uploader,
              hosts.isOwn()
                  ? stubs.stream().map(AuthorFiles.Stub::name).collect(Collectors.toSet())
                  : Set.of(),
              session.environment,
              traps,
              session.time);
      DevLoop loop =
          new DevLoop(
              tools,
              new Watchers(
                  where.root(), rules, poll, how -> session.output.emit(new DevEvent.Warning(how))),
              new SourceTrees(where.root(), rules, session.also),
              new DevLoop.Settings(watching, keepGoing),
              test ? new TestRuns(where.root(), session.output, session.time) : null);
      return untilStopped(loop, session, hosts, follower, traps, client);
    }
  }

  private List<Path> alsoWatched() {
    for (Path path : watchAlso) {
      if (!Files.exists(path)) {
        throw new CommandFailure(
            CommandFailure.Kind.USAGE, "--watch-also " + path + " does not exist");
      }
    }
    return watchAlso.stream().map(path -> path.toAbsolutePath().normalize()).toList();
  }

  private int untilStopped(
      DevLoop loop,
      Session session,
      HostSession hosts,
      LogFollower follower,
      TrapReplays traps,
      HttpClient client)
      throws InterruptedException {
    session.signal.does(loop::stop);
    if (session.signal.came()) {
      // Clear the interrupt: this thread has to close everything now.
      Thread.interrupted();
    }
    if (watch && !buildOnly) {
      session.terminal.onKey(key -> {
        switch (key) {
          case 'r' -> loop.rebuild();
          case 't' -> traps.again();
          case 'l' -> follower.toggle();
          case 'q' -> loop.stop();
          default -> {}
        }
      });
    }
    int exitCode = loop.run();
    if (session.signal.came()) {
      // The signal may have ended a build as well: this is not a failure.
      exitCode = ExitCode.OK;
    }
    boolean own = hosts.isOwn();
    follower.close();
    traps.close();
    hosts.close();
    session.terminal.close();
    // close() would wait for running requests.
    client.shutdownNow();
    if (watch && !buildOnly && exitCode == 0) {
      long children = ProcessHandle.current().descendants().count();
      session.output.emit(
          new DevEvent.Stopped(
              (own ? "host closed, " : "")
                  + (children == 0 ? "no" : String.valueOf(children))
                  + " child processes left"));
    }
    return exitCode;
  }

  /** Makes the compiler write colours when a person reads them. */
  private static Toolchain colourful(Toolchain toolchain, Terminal terminal) {
    return terminal.isInteractive() && toolchain.language() == Language.RUST
        ? new Toolchain(
            toolchain.language(),
            toolchain.version(),
            toolchain.build().with("CARGO_TERM_COLOR", "always"),
            toolchain.artifact(),
            toolchain.writes())
        : toolchain;
  }

  private boolean showsLogs(Session session) {
    return logs == null ? session.terminal.isInteractive() : logs;
  }

  private @Nullable String token() {
    return token == null || token.isEmpty() ? null : token;
  }
}
