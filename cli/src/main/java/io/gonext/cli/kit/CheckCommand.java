package io.gonext.cli.kit;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.OptionPairs;
import io.gonext.cli.output.Sizes;
import io.gonext.cli.output.TemporaryDirectory;
import io.gonext.engine.EngineLimits;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.Database;
import io.gonext.host.InstallResult;
import io.gonext.host.MigrationCheck;
import io.gonext.host.PluginCheck;
import io.gonext.host.StoreException;
import io.gonext.host.UntrustedException;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin check}: everything that makes a host reject a plugin. */
@Command(
    name = "check",
    description = "List everything that makes a host reject a plugin.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin check .                       build the project, then check it",
      "  gonext plugin check hello-0.1.0.gnplugin    check a bundle",
      "  gonext plugin check --json --quick .        for scripts, without compiling it",
      "  gonext plugin check --db .                  run its migrations, too",
      "  gonext plugin check --reproduce .           do two builds give the same bytes?",
      "",
      "It lists the signatures beside a bundle, and verifies none: plugin verify does.",
      "Only the host itself can check dependencies and its own limits.",
      KitCommand.EXIT_CODES
    })
final class CheckCommand extends KitCommand {
  @Parameters(
      paramLabel = "PLUGIN",
      arity = "0..1",
      defaultValue = ".",
      description = "A project's directory or a .gnplugin file (default: this directory).")
  private Path plugin;

  @Option(names = "--quick", description = "Read the module only: do not compile or start it.")
  private boolean quick;

  @Option(
      names = "--reproduce",
      description =
          "Build copies of the project at two paths, and compare module and bundle byte by byte.")
  private boolean reproduce;

  @Option(
      names = "--db",
      description = "Also run the migrations, on an empty H2 and an empty PostgreSQL.")
  private boolean db;

  @Option(
      names = "--postgres",
      paramLabel = "URL",
      defaultValue = "${env:GONEXT_DB}",
      description =
          "The PostgreSQL server for --db, as serve --db takes it. The check creates a database"
              + " there, and removes it. The variable GONEXT_DB does the same.")
  private @Nullable String postgres;

  @Mixin private SourceOptions options;

  @Mixin private TrialOptions trial;

  @Override
  Answer answer() throws IOException, InterruptedException {
    OptionPairs.requireWith(spec(), "--db", "--postgres");
    options.requireFitting(plugin);
    if (reproduce) {
      if (Files.isRegularFile(plugin)) {
        OptionPairs.refuseWith(spec(), "the bundle " + plugin, "--reproduce");
      }
      OptionPairs.refuseWith(spec(), "--reproduce", "--quick", "--db", "--no-build");
      try (TemporaryDirectory room = TemporaryDirectory.create()) {
        return new Reproduction(plugin, options.language()).answer(room);
      }
    }
    PluginSource source = PluginSource.read(plugin, options).asPacked();
    List<AuthorFiles.Stub> functions = trial.functions(plugin);
    CapabilityRegistry capabilities = trial.capabilities(functions);
    PluginCheck check = source.check(capabilities);
    List<String> problems = new ArrayList<>(check.problems());
    List<String> warnings = new ArrayList<>(check.warnings());
    Duration compileTime = Duration.ZERO;
    if (problems.isEmpty() && !quick) {
      try (TrialHost host = TrialHost.open(AuthorFiles.specs(functions), capabilities)) {
        InstallResult installed = host.host().plugins().install(source.bundle());
        Duration limit = EngineLimits.defaults().compileTimeout();
        compileTime = installed.compileTime();
        if (compileTime.compareTo(limit) > 0) {
          problems.add(
              "it takes "
                  + seconds(compileTime)
                  + " of processor time to compile, and the limit is "
                  + seconds(limit));
        }
        for (String warning : installed.warnings()) {
          if (!warnings.contains(warning)) {
            warnings.add(warning);
          }
        }
      } catch (BundleRejectedException e) {
        problems.addAll(e.problems());
      }
    }
    List<MigrationCheck> migrated = new ArrayList<>();
    if (db && problems.isEmpty()) {
      migrated.addAll(migrate(source.bundle(), warnings));
      migrated.forEach(each ->
          each.problem().ifPresent(why -> problems.add("on " + each.database() + ": " + why)));
    }
    Manifest manifest = check.manifest();
    List<SignatureFile.Named> signatures = signatures(source, manifest, problems);
    String name = manifest == null ? plugin.toString() : manifest.id();
    List<String> text = new ArrayList<>();
    warnings.forEach(warning -> text.add("warning: " + warning));
    migrated.stream()
        .filter(each -> each.problem().isEmpty())
        .forEach(each ->
            text.add("ok  %d migrations on %s".formatted(each.migrations(), each.database())));
    if (problems.isEmpty()) {
      String compiled =
          quick
              ? ""
              : ", compiled in "
                  + seconds(compileTime)
                  + " of "
                  + seconds(EngineLimits.defaults().compileTimeout())
                  + " processor time";
      signatures.forEach(signature -> text.add("signature: " + signature));
      text.add("ok  " + name + ", module of " + Sizes.text(source.module().length) + compiled);
    } else {
      text.add(name + ": a host would reject it");
      problems.forEach(problem -> text.add("  - " + problem));
      PluginSource.hint(problems).ifPresent(hint -> text.add("  " + hint));
    }
    return new Answer(
        problems.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE,
        text,
        JsonLines.fields(
            "plugin",
            name,
            "passed",
            problems.isEmpty(),
            "problems",
            problems,
            "warnings",
            warnings,
            "signatures",
            signatures.stream()
                .map(signature ->
                    JsonLines.fields(
                        "file",
                        signature.file().toString(),
                        "format",
                        signature.format(),
                        "key",
                        signature.key()))
                .toList(),
            "module_bytes",
            source.module().length,
            "compile_ms",
            compileTime.toMillis(),
            "migrations",
            migrated.stream()
                .map(each ->
                    JsonLines.fields(
                        "database",
                        each.database(),
                        "count",
                        each.migrations(),
                        "problem",
                        each.problem().orElse("")))
                .toList()));
  }

  /** The signatures beside the bundle; a host refuses a bundle with one that it cannot read. */
  private List<SignatureFile.Named> signatures(
      PluginSource source, @Nullable Manifest manifest, List<String> problems) throws IOException {
    Path bundle = plugin;
    if (Files.isDirectory(plugin)) {
      if (manifest == null) {
        return List.of();
      }
      bundle = plugin.resolve(manifest.name() + "-" + manifest.version() + ".gnplugin");
      if (!Files.exists(bundle) || !Arrays.equals(Bundle.bytesOf(bundle), source.bundle())) {
        // What was packed is another bundle.
        return List.of();
      }
    }
    List<SignatureFile.Named> signatures = new ArrayList<>();
    for (Path file : SignatureFile.beside(bundle)) {
      try {
        signatures.add(SignatureFile.Named.read(file));
      } catch (UntrustedException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    return signatures;
  }

  private List<MigrationCheck> migrate(byte[] bundle, List<String> warnings) throws IOException {
    List<MigrationCheck> checks = new ArrayList<>();
    try (TemporaryDirectory directory = TemporaryDirectory.create()) {
      checks.add(MigrationCheck.embedded(bundle, directory.path().resolve("h2")));
      if (postgres == null || postgres.isEmpty()) {
        warnings.add(
            "the migrations did not run on PostgreSQL: name a server by --postgres URL or"
                + " GONEXT_DB");
      } else {
        checks.add(
            MigrationCheck.postgreSql(bundle, directory.path().resolve("pg"), server(postgres)));
      }
    } catch (StoreException e) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, e.getMessage());
    }
    return checks;
  }

  private static Database.PostgreSql server(String url) {
    try {
      return (Database.PostgreSql) Database.postgreSql(url);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(CommandFailure.Kind.USAGE, "--postgres: " + e.getMessage());
    }
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1e3).replace(".0 s", " s");
  }
}
