package io.gonext.cli.kit;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.output.AtomicFile;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.OptionPairs;
import io.gonext.cli.testing.JUnitReport;
import io.gonext.cli.testing.ProjectTests;
import io.gonext.cli.testing.ProjectTests.Ran;
import io.gonext.cli.testing.SourceCoverage;
import io.gonext.cli.testing.TapReport;
import io.gonext.engine.Coverage;
import io.gonext.engine.EngineException;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.manifest.Manifest;
import io.gonext.testkit.file.TestOutcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin test}: runs a plugin's {@code tests/*.json}. */
@Command(
    name = "test",
    description = "Run the tests in tests/*.json of a plugin, each in a temporary host.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin test .                        build, and run all tests",
      "  gonext plugin test . --filter emphasis      those with this in their name",
      "  gonext plugin test . --update               take the results as expected",
      "  gonext plugin test . --coverage out         out/lcov.info and out/index.html",
      "  gonext plugin test . --report-junit junit.xml",
      "",
      "docs/testing.md describes the files. The plugin gets all capabilities that it",
      "requests. HTTP requests and functions of the application are answered by the",
      "test, and by " + AuthorFiles.FUNCTIONS + " in the project.",
      "Exit codes: 0 all passed, 1 a test failed, 2 wrong command line or test file,",
      "3 a toolchain is missing."
    })
final class TestCommand extends KitCommand {
  @Parameters(index = "0", paramLabel = "PLUGIN", description = "A project or a .gnplugin file.")
  private Path plugin;

  @Option(
      names = "--tests",
      paramLabel = "DIR",
      description =
          "The directory of the tests (default: tests in the project or beside the file).")
  private @Nullable Path directory;

  @Option(
      names = "--filter",
      paramLabel = "TEXT",
      description = "Run only tests with this text in their name.")
  private @Nullable String filter;

  @Option(
      names = "--update",
      description = "Show how the results differ, and write them into the tests as expected.")
  private boolean update;

  @Option(
      names = "--coverage",
      paramLabel = "DIR",
      description = {
        "Count which lines of the sources run, and write",
        "DIR/lcov.info and DIR/index.html. Needs debug",
        "information."
      })
  private @Nullable Path coverage;

  @Option(
      names = "--report-junit",
      paramLabel = "FILE",
      description = "Write a report as JUnit's XML.")
  private @Nullable Path junit;

  @Option(names = "--tap", description = "Print the Test Anything Protocol.")
  private boolean tap;

  @Mixin private SourceOptions options;

  @Mixin private TrialOptions application;

  @Override
  Answer answer() throws IOException, InterruptedException {
    if (tap) {
      OptionPairs.refuseWith(spec(), "--tap", "--json");
    }
    if (coverage != null && Files.isRegularFile(plugin)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          "--coverage needs the sources: give the project's directory, not a bundle");
    }
    options.requireFitting(plugin);
    if (!Files.exists(plugin)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          plugin + " does not exist: give a project's directory or a .gnplugin file");
    }
    ProjectTests tests = tests();
    PluginSource source = PluginSource.read(plugin, options);
    List<AuthorFiles.Stub> stubs = application.functions(plugin);
    CapabilityRegistry capabilities = application.capabilities(stubs, tests.capabilities());
    Manifest manifest = source.requireAcceptable(capabilities);
    long begin = System.nanoTime();
    ProjectTests.Result result;
    try {
      result =
          tests.run(
              source.bundle(),
              coverage == null ? null : source.module(),
              ProjectTests.defaults(plugin, stubs, capabilities.ids()),
              this::show);
    } catch (EngineException e) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, String.valueOf(e.getMessage()));
    }
    if (junit != null) {
      AtomicFile.write(junit, JUnitReport.of(manifest.name(), result.tests()));
    }
    List<String> text = new ArrayList<>(tap ? TapReport.of(result.tests()) : List.of());
    List<Path> updated = List.of();
    if (update) {
      updated =
          ProjectTests.update(
              result.tests().stream().filter(ran -> !ran.outcome().passed()).toList());
    }
    if (!tap) {
      text.add(
          String.format(
              Locale.ROOT,
              "%d tests, %d passed, %d %s, %.1f s",
              result.tests().size(),
              result.tests().size() - result.failed(),
              result.failed(),
              update ? "updated" : "failed",
              (System.nanoTime() - begin) / 1e9));
      updated.forEach(file -> text.add("updated: " + file));
    }
    Map<String, Object> fields = fields(manifest, result, updated);
    if (result.coverage() != null) {
      text.addAll(report(manifest, result.coverage(), fields));
    }
    return new Answer(
        result.failed() == 0 || update ? ExitCode.OK : ExitCode.SOFTWARE, text, fields);
  }

  private ProjectTests tests() {
    Path place = directory;
    if (place == null) {
      Path beside = plugin.toAbsolutePath().getParent();
      place =
          Files.isDirectory(plugin) || beside == null
              ? plugin.resolve(ProjectTests.DIRECTORY)
              : beside.resolve(ProjectTests.DIRECTORY);
    }
    ProjectTests all = ProjectTests.read(place);
    if (all.size() == 0) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          "there are no tests in " + place.resolve("*.json"),
          "write one, such as: {\"apiVersion\": \"gonext.io/v1\", \"tests\": [{\"name\": \"...\","
              + " \"when\": [{\"filter\": \"the_content\", \"value\": \"*hi*\"}]}]}");
    }
    ProjectTests some = filter == null ? all : all.only(filter);
    if (some.size() == 0) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE, "no test has \"" + filter + "\" in its name");
    }
    return some;
  }

  /** Shows a test for people, when it has ended. */
  private void show(Ran ran) {
    if (tap) {
      return;
    }
    TestOutcome outcome = ran.outcome();
    say(
        (outcome.passed() ? "ok    " : update ? "diff  " : "FAIL  ")
            + outcome.name()
            + " ("
            + outcome.took().toMillis()
            + " ms)");
    outcome.problems().forEach(problem -> say("      " + problem));
    outcome.lines().forEach(line -> say("      " + line));
  }

  private List<String> report(Manifest manifest, Coverage counted, Map<String, Object> fields)
      throws IOException {
    Path out = Objects.requireNonNull(coverage);
    SourceCoverage sources = SourceCoverage.of(plugin, counted);
    if (sources.files().isEmpty()) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          "the module has no debug information about the project's sources, so there is no"
              + " coverage",
          "Rust, C and C++ have it; the compilers of Go and AssemblyScript write none into a"
              + " module");
    }
    Files.createDirectories(out);
    Files.write(out.resolve("lcov.info"), sources.lcov().getBytes(StandardCharsets.UTF_8));
    Files.write(
        out.resolve("index.html"), sources.html(manifest.name()).getBytes(StandardCharsets.UTF_8));
    fields.put("coverage", JsonLines.fields("lines", sources.lines(), "hit", sources.hit()));
    return List.of(
        "%scoverage: %s, %d of %d lines; see %s"
            .formatted(
                tap ? "# " : "",
                SourceCoverage.percent(sources.hit(), sources.lines()),
                sources.hit(),
                sources.lines(),
                out.resolve("index.html")));
  }

  private static Map<String, Object> fields(
      Manifest manifest, ProjectTests.Result result, List<Path> updated) {
    List<Map<String, Object>> tests = new ArrayList<>();
    for (Ran ran : result.tests()) {
      tests.add(
          JsonLines.fields(
              "name",
              ran.outcome().name(),
              "file",
              ran.source().path().toString(),
              "passed",
              ran.outcome().passed(),
              "ms",
              Math.round(ran.outcome().took().toNanos() / 1e3) / 1e3,
              "problems",
              ran.outcome().problems()));
    }
    Map<String, Object> fields =
        JsonLines.fields(
            "plugin",
            manifest.id(),
            "passed",
            result.tests().size() - result.failed(),
            "failed",
            result.failed(),
            "tests",
            tests);
    if (!updated.isEmpty()) {
      fields.put("updated", updated.stream().map(Path::toString).toList());
    }
    return fields;
  }
}
