package io.gonext.cli.dev;

import java.io.PrintWriter;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gonext plugin dev}: from a project's sources to a running plugin, on every save. */
@Command(
    name = "dev",
    description = "Build a plugin, put it on a host, and again on every change.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin dev examples/hello-rust       build, upload, watch",
      "  gonext plugin dev --host http://staging:8080 --token T .",
      "  gonext plugin dev --build-only --lang go .  just build and check",
      "  gonext plugin dev --no-watch --json .       once, for scripts",
      "",
      "On a terminal: r builds again, l shows or hides the plugin's log, q quits.",
      "A tool that is not the first on PATH: GONEXT_CARGO=/usr/bin/cargo;",
      "GONEXT_GO, GONEXT_TINYGO, GONEXT_NPX and GONEXT_MAKE likewise.",
      "Exit codes: 0 done or stopped, 1 build or upload failed, 2 wrong command line or",
      "directory, 3 a toolchain is missing, 4 no host answers."
    })
public final class DevCommand implements Callable<Integer> {
  private static final Duration CONNECT = Duration.ofSeconds(3);

  /** How long a clean stop may take once a signal has come. */
  private static final Duration STOP = Duration.ofSeconds(30);

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "PROJECT", description = "Directory of the plugin's project.")
  private Path project;

  @Option(
      names = "--host",
      paramLabel = "URL",
      description =
          "A running host that takes plugins in development (default: "
              + HostUrl.DEFAULT
              + ", where one is started if none answers).")
  private @Nullable String host;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description =
          "Where a host of this command's own listens on this machine; not with --host (default:"
              + " 8080).")
  private @Nullable Integer port;

  @Option(
      names = "--watch",
      negatable = true,
      arity = "0..1",
      paramLabel = "BOOL",
      defaultValue = "true",
      fallbackValue = "true",
      description = "Watch the project and hot-reload on change (default: true).")
  private boolean watch;

  @Option(
      names = "--keep-going",
      description = "Stay in the loop even when the very first build or upload fails.")
  private boolean keepGoing;

  @Option(names = "--build-only", description = "Build and check only; no upload, no watching.")
  private boolean buildOnly;

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
      description = "Show the plugin's log lines (default: on a terminal).")
  private @Nullable Boolean logs;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      defaultValue = "${env:GONEXT_TOKEN}",
      description = "Token of a host that is not on this machine (default: $GONEXT_TOKEN).")
  private @Nullable String token;

  @Option(names = "--json", description = "Tell everything as one JSON object a line.")
  private boolean json;

  @Option(
      names = "--watch-also",
      paramLabel = "PATH",
      description =
          "A directory or file outside the project that its build reads; once for each. Found"
              + " without it: links, path dependencies in Cargo.toml, replacements in go.mod, file:"
              + " dependencies in package.json and paths in a Makefile.")
  private List<Path> watchAlso = new ArrayList<>();

  @Option(
      names = "--poll",
      description = "Look at the files twice a second instead of waiting for events.")
  private boolean poll;

  @Option(
      names = {"-v", "--verbose"},
      description = "Show the commands that are run.")
  private boolean verbose;

  private final HostStarter starter;

  /**
   * @param starter starts the host where none is running
   */
  public DevCommand(HostStarter starter) {
    this.starter = starter;
  }

  @Override
  public Integer call() throws InterruptedException {
    Map<String, String> environment = System.getenv();
    if (host != null && port != null) {
      throw new ParameterException(
          spec.commandLine(), "--host names a host that is there, --port one to start: give one");
    }
    HostUrl url = HostUrl.parse(host == null ? defaultUrl() : host);
    Language asked = language();
    List<Path> also = alsoWatched();
    PrintWriter out = spec.commandLine().getOut();
    Terminal terminal = new SystemTerminal(environment, System.in);
    // Closed last: once it is, a signal ends the JVM.
    try (StopSignal signal = StopSignal.listen(STOP, terminal::close);
        terminal;
        SystemClock clock = new SystemClock();
        DevOutput output = output(out, clock, terminal)) {
      signal.does(Thread.currentThread()::interrupt);
      try {
        return develop(new Session(environment, url, asked, also, clock, terminal, output, signal));
      } catch (InterruptedException e) {
        if (signal.came()) {
          return ExitCode.OK;
        }
        throw e;
      } catch (DevFailure e) {
        if (signal.came()) {
          // It has reached the tool that was asked, too.
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

  private String defaultUrl() {
    if (port == null) {
      return HostUrl.DEFAULT;
    }
    if (port < 1 || port > 65535) {
      throw new ParameterException(
          spec.commandLine(), "--port " + port + ": a number from 1 to 65535");
    }
    return "http://localhost:" + port;
  }

  private record Session(
      Map<String, String> environment,
      HostUrl url,
      @Nullable Language asked,
      List<Path> also,
      SystemClock clock,
      Terminal terminal,
      DevOutput output,
      StopSignal signal) {}

  private DevOutput output(PrintWriter out, DevClock clock, Terminal terminal) {
    return json
        ? new JsonOutput(out)
        : new TextOutput(out, clock, terminal.isInteractive(), verbose);
  }

  private @Nullable Language language() {
    try {
      return Language.parse(language);
    } catch (DevFailure e) {
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
    try (HttpClient client =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT)
                .build();
        HostSession hosts = new HostSession(client, session.url, host != null, starter);
        LogFollower follower =
            new LogFollower(client, session.url, token(), session.output, showsLogs(session))) {
      Uploader uploader = null;
      if (!buildOnly) {
        // A database that is interrupted while it opens is a broken one: it opens, and is closed.
        session.signal.does(() -> {});
        session.output.emit(new DevEvent.HostReady(hosts.open()));
        HttpUploader http = new HttpUploader(client, session.url, token(), new SecureRandom());
        uploader =
            artifact -> {
              if (watching) {
                // Before it is live: its first call may be the one that fails.
                follower.follow(artifact.manifest().name());
              }
              return http.upload(artifact);
            };
      }
      Attempt.Tools tools =
          new Attempt.Tools(
              where,
              colourful(toolchain, session.terminal),
              runner,
              uploader,
              session.output,
              session.clock);
      DevLoop loop =
          new DevLoop(
              tools,
              new Watchers(
                  where.root(), rules, poll, how -> session.output.emit(new DevEvent.Warning(how))),
              new SourceTrees(where.root(), rules, session.also),
              new DevLoop.Settings(watching, keepGoing));
      return untilStopped(loop, session, hosts, follower, client);
    }
  }

  private List<Path> alsoWatched() {
    for (Path path : watchAlso) {
      if (!Files.exists(path)) {
        throw new DevFailure(DevFailure.Kind.USAGE, "--watch-also " + path + " does not exist");
      }
    }
    return watchAlso.stream().map(path -> path.toAbsolutePath().normalize()).toList();
  }

  private int untilStopped(
      DevLoop loop, Session session, HostSession hosts, LogFollower follower, HttpClient client)
      throws InterruptedException {
    session.signal.does(loop::stop);
    if (session.signal.came()) {
      // It may have interrupted this thread, too, which has to close everything now.
      Thread.interrupted();
    }
    if (watch && !buildOnly) {
      session.terminal.onKey(key -> {
        switch (key) {
          case 'r' -> loop.rebuild();
          case 'l' -> follower.toggle();
          case 'q' -> loop.stop();
          default -> {}
        }
      });
    }
    int exitCode = loop.run();
    if (session.signal.came()) {
      // A build that the signal has ended, too, is no failure.
      exitCode = ExitCode.OK;
    }
    boolean own = hosts.isOwn();
    follower.close();
    hosts.close();
    session.terminal.close();
    // Closing it would wait for what is still under way.
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

  /** Compilers write colours when they are told that a person reads them. */
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
