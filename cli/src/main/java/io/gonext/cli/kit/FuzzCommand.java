package io.gonext.cli.kit;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.engine.PackedModule;
import io.gonext.engine.PlainText;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.Host;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin fuzz}: random calls of a plugin in a temporary host of this process. */
@Command(
    name = "fuzz",
    description = {
      "Call a plugin with random input, in a temporary host, and find its faults.",
      "Finds traps, calls beyond their limits, answers that no host can use, and calls",
      "that come to something else when they are made again. Where the manifest says",
      "\"isolation\": \"reused\", also state that calls leave behind, and memory that",
      "grows. Each finding is made small and written as a recording."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin fuzz .",
      "  gonext plugin fuzz hello-0.1.0.gnplugin --duration 10m",
      "  gonext plugin fuzz . --recordings calls       input as a host recorded it",
      "  gonext plugin fuzz . --seed 42 --calls 1000   the same calls each time",
      "  gonext replay fuzz --plugin .                 what was found, after a fix",
      "",
      "The input is made from warmup/*.json, tests/*.json and recordings, and from",
      "random JSON with words of the plugin. Ctrl-C ends the command with a summary.",
      "",
      "Exit codes: 0 nothing found, 1 something found, 2 wrong command line,",
      "3 a toolchain is missing."
    })
final class FuzzCommand extends KitCommand {
  private static final Pattern TIME = Pattern.compile("([0-9]{1,6})(ms|s|m|h)");
  private static final Duration NOTE_EVERY = Duration.ofSeconds(5);

  /** Calls that are made to make a finding small. */
  private static final int SHRINK_CALLS = 600;

  /** A call that ends by a limit takes long. */
  private static final int SHRINK_SLOW_CALLS = 24;

  private static final int MAX_FINDINGS = 50;

  @Parameters(index = "0", paramLabel = "PLUGIN", description = "A project or a .gnplugin file.")
  private Path plugin;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "How long, such as 30s, 10m or 2h (default: ${DEFAULT-VALUE}).")
  private String duration;

  @Option(
      names = "--calls",
      paramLabel = "N",
      description = "How many calls, whatever time they take.")
  private @Nullable Long calls;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "The same seed makes the same calls (default: a new one, which is printed).")
  private @Nullable Long seed;

  @Option(
      names = "--recordings",
      paramLabel = "DIR",
      description = "Calls to begin with, as gonext record NAME --save DIR writes them.")
  private @Nullable Path recordings;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      defaultValue = "fuzz",
      description = "Where findings are written (default: ${DEFAULT-VALUE}).")
  private Path output;

  @Option(
      names = "--ignore",
      paramLabel = "KIND",
      split = ",",
      description =
          "Kinds of findings that are none for this plugin: trap, limit, answer, nondeterminism,"
              + " state, growth, host.")
  private List<FuzzFinding.Kind> ignored = new ArrayList<>();

  @Mixin private GivenSettings settings;

  @Mixin private SourceOptions options;

  @Mixin private TrialOptions application;

  private final Map<String, Written> found = new LinkedHashMap<>();
  private final MessageDigest digest = sha256();
  private long made;
  private long began;

  /** A finding, and its file. */
  private record Written(FuzzFinding finding, Optional<Path> file) {}

  @Override
  Answer answer() throws IOException, InterruptedException {
    Duration time = time();
    if (calls != null && calls < 1) {
      throw usage("--calls " + calls + ": give a number from 1");
    }
    long used = seed == null ? new SecureRandom().nextInt(Integer.MAX_VALUE) : seed;
    options.requireFitting(plugin);
    PluginSource source = PluginSource.read(plugin, options);
    List<AuthorFiles.Stub> functions = application.functions(plugin);
    CapabilityRegistry capabilities = application.capabilities(functions);
    Manifest manifest = source.requireAcceptable(capabilities);
    FuzzSeeds seeds = seeds(source, manifest);
    if (seeds.targets().isEmpty()) {
      throw usage(manifest.id() + " has no hooks, routes or jobs in its manifest.json");
    }
    GivenSettings.Read given = settings.read(plugin, manifest);
    boolean interrupted = false;
    try (TrialHost trial =
        TrialHost.open(
            AuthorFiles.specs(functions),
            capabilities,
            settings -> settings.breaker(BreakerPolicy.OFF))) {
      Host host = trial.host();
      host.plugins().install(source.bundle());
      given.give(host, this::note);
      host.plugins().grantRequested(manifest.name());
      host.plugins().activate(manifest.name());
      note(
          "seed %d; %s of %s; %d known inputs"
              .formatted(
                  used,
                  seeds.targets().stream()
                      .map(FuzzCall.Target::toString)
                      .collect(Collectors.joining(", ")),
                  manifest.id(),
                  seeds.known()));
      FuzzHost fuzzed = new FuzzHost(host, manifest);
      began = System.nanoTime();
      try {
        run(new Fuzzer(fuzzed, seeds, manifest, used), fuzzed, time);
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (RuntimeException e) {
        // What an interrupted thread asks of a host fails in many ways.
        if (!Thread.interrupted()) {
          throw e;
        }
        interrupted = true;
      }
    }
    Answer answer = summary(manifest, used);
    if (interrupted) {
      // The process ends when this thread is done, and nobody prints the answer any more.
      answer.text().forEach(this::note);
      Thread.currentThread().interrupt();
      return new Answer(answer.exitCode(), List.of(), answer.fields());
    }
    return answer;
  }

  private Duration time() {
    Matcher matcher = TIME.matcher(duration);
    if (!matcher.matches() || Long.parseLong(matcher.group(1)) == 0) {
      throw usage("--duration " + duration + ": give a time such as 30s, 10m or 2h");
    }
    long count = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      default -> Duration.ofHours(count);
    };
  }

  private static CommandFailure usage(String message) {
    return new CommandFailure(CommandFailure.Kind.USAGE, message);
  }

  private FuzzSeeds seeds(PluginSource source, Manifest manifest) throws IOException {
    FuzzSeeds seeds = new FuzzSeeds(manifest);
    source
        .files()
        .forEach((name, content) -> {
          if (name.startsWith(Bundle.WARM_UP)) {
            seeds.addCalls(content);
          }
        });
    Path tests = plugin.resolve("tests");
    if (Files.isDirectory(tests)) {
      try (var entries = Files.list(tests)) {
        for (Path file :
            entries.filter(entry -> entry.toString().endsWith(".json")).sorted().toList()) {
          seeds.addCalls(Files.readAllBytes(file));
        }
      }
    }
    if (recordings != null) {
      if (!Files.isDirectory(recordings)) {
        throw usage(
            "--recordings "
                + recordings
                + " is not a directory: save recordings with gonext record NAME --save DIR");
      }
      if (seeds.addRecordings(recordings) == 0) {
        throw usage("--recordings " + recordings + " has no file *.recording.json");
      }
    }
    seeds.addWords(
        source.files().getOrDefault(Bundle.MANIFEST, new byte[0]),
        PackedModule.of(source.module()));
    return seeds;
  }

  private void run(Fuzzer fuzzer, FuzzHost host, Duration time)
      throws IOException, InterruptedException {
    Set<FuzzFinding.Kind> leftOut = EnumSet.noneOf(FuzzFinding.Kind.class);
    leftOut.addAll(ignored);
    long noted = began;
    while (found.size() < MAX_FINDINGS
        && (calls == null ? System.nanoTime() - began < time.toNanos() : made < calls)) {
      FuzzCall call = fuzzer.call(made);
      digest.update((byte) 0);
      digest.update(call.target().toString().getBytes(StandardCharsets.UTF_8));
      digest.update(StrictJson.write(call.input()));
      Optional<FuzzFinding> finding = fuzzer.look(call, made);
      made++;
      if (finding.isPresent()
          && !leftOut.contains(finding.get().kind())
          && !found.containsKey(finding.get().key())) {
        take(fuzzer, host, finding.get());
      }
      if (System.nanoTime() - noted > NOTE_EVERY.toNanos()) {
        noted = System.nanoTime();
        note(progress());
      }
    }
  }

  private String progress() {
    return String.format(
        Locale.ROOT,
        "%,d calls in %d s, %s",
        made,
        Duration.ofNanos(System.nanoTime() - began).toSeconds(),
        findings());
  }

  private String findings() {
    return found.isEmpty()
        ? "nothing found"
        : found.size() == 1 ? "1 finding" : found.size() + " findings";
  }

  /** Makes a finding small, and writes it. One that does not show itself again is not told. */
  private void take(Fuzzer fuzzer, FuzzHost host, FuzzFinding finding)
      throws IOException, InterruptedException {
    boolean isSlow =
        finding.kind() == FuzzFinding.Kind.LIMIT
            || finding.kind() == FuzzFinding.Kind.GROWTH
            || finding.call().target().kind() == FuzzCall.Kind.JOB;
    if (!fuzzer.shows(finding, finding.call())) {
      note("a finding did not show itself again: " + finding.kind() + ", " + finding.what());
      return;
    }
    FuzzCall small =
        new FuzzShrinker(
                call -> fuzzer.shows(finding, call), isSlow ? SHRINK_SLOW_CALLS : SHRINK_CALLS)
            .shrunk(finding.call());
    FuzzFinding shown = fuzzer.found(finding, small);
    Path file =
        output.resolve(
            "%s-%s-%d.recording.json"
                .formatted(
                    finding.kind(),
                    small.target().toString().replaceAll("[^A-Za-z0-9]+", "-"),
                    found.size() + 1));
    Optional<Path> written = host.recording().map(recording -> file);
    if (written.isPresent()) {
      Files.createDirectories(output);
      Files.write(file, host.recording().orElseThrow().file());
    }
    Written one = new Written(shown, written);
    found.put(finding.key(), one);
    lines(one).forEach(this::note);
  }

  private List<String> lines(Written one) {
    FuzzFinding finding = one.finding;
    List<String> lines = new ArrayList<>();
    lines.add("found " + finding.kind() + " in " + finding.call().target());
    lines.add("  " + PlainText.of(finding.what()));
    finding.details().forEach(line -> lines.add("  " + PlainText.of(line)));
    lines.add(
        "  call: gonext plugin call " + plugin + " " + PlainText.of(finding.call().commandLine()));
    one.file.ifPresent(
        file -> lines.add("  replay: gonext replay " + file + " --plugin " + plugin));
    return lines;
  }

  private Answer summary(Manifest manifest, long used) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Written one : found.values()) {
      Map<String, Object> fields =
          JsonLines.fields(
              "kind",
              one.finding.kind().toString(),
              "target",
              one.finding.call().target().toString(),
              "what",
              one.finding.what(),
              "details",
              one.finding.details(),
              "input",
              one.finding.call().input());
      one.file.ifPresent(file -> fields.put("recording", file.toString()));
      list.add(fields);
    }
    return new Answer(
        found.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE,
        List.of(manifest.id() + ": " + progress() + ", seed " + used),
        JsonLines.fields(
            "plugin",
            manifest.id(),
            "seed",
            used,
            "calls",
            made,
            "calls_sha256",
            HexFormat.of().formatHex(digest.digest()),
            "findings",
            list));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
