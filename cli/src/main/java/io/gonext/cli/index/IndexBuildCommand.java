package io.gonext.cli.index;

import io.gonext.cli.kit.SignOptions;
import io.gonext.cli.output.JsonFile;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.OptionPairs;
import io.gonext.cli.output.PlainWriter;
import io.gonext.host.trust.SigningKey;
import io.gonext.host.trust.VerificationKey;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gonext index build}. */
@Command(
    name = "build",
    description =
        "Write the index of the bundles in a directory. The same bundles give the same" + " bytes.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext index build dist                       writes dist/index.json",
      "  gonext index build --publisher acme=acme.pub dist",
      "  gonext index build --sign acme.key dist       also writes dist/index.json.sig",
      "  gonext index build --base https://plugins.example.com/ -o index.json dist",
      "  gonext index build --base oci://ghcr.io/acme dist"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed", "2:wrong command line"})
final class IndexBuildCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "The directory with .gnplugin files.")
  private Path directory;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The file to write (default: index.json in DIR).")
  private @Nullable Path output;

  @Option(
      names = "--base",
      paramLabel = "URL",
      description = {
        "Where the bundles will be (default: beside the index).",
        "oci://HOST/PATH stands for oci://HOST/PATH/NAME:VERSION."
      })
  private @Nullable String base;

  @Option(
      names = "--publisher",
      paramLabel = "NAME=FILE",
      description =
          "A publisher and its public key. The index names it for each bundle that has its"
              + " signature beside it. Repeatable.")
  private Map<String, Path> publishers = Map.of();

  @Option(
      names = "--expires",
      paramLabel = "TIME",
      description = "When readers refuse the index: 2027-01-31T00:00:00Z.")
  private @Nullable Instant expires;

  @Option(
      names = "--serial",
      paramLabel = "NUMBER",
      description =
          "The serial of the index (default: the one of the file that it replaces, plus one if"
              + " anything changes).")
  private @Nullable Long serial;

  @Mixin private SignOptions sign;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    OptionPairs.requireWith(spec, "--sign", "--passphrase-file");
    Optional<SigningKey> signer = sign.key();
    Path file = output == null ? directory.resolve("index.json") : output;
    Map<String, VerificationKey> keys = new LinkedHashMap<>();
    publishers.forEach((name, key) -> keys.put(name, IndexOptions.key(key)));
    IndexBuild build =
        new IndexBuild(
            base == null ? "" : base.endsWith("/") ? base : base + "/",
            keys,
            expires == null
                ? Optional.empty()
                : Optional.of(expires.truncatedTo(ChronoUnit.SECONDS)));
    IndexBuild.Built built =
        build.build(
            directory, file, serial == null ? OptionalLong.empty() : OptionalLong.of(serial));
    List<String> warnings = new ArrayList<>(built.warnings());
    if (signer.isEmpty()) {
      SignOptions.outdated(file, built.bytes())
          .ifPresent(
              old -> warnings.add(old + " is of an earlier index: sign again, or delete it"));
    }
    JsonFile.replace(file, built.bytes());
    Optional<Path> signature = signer.map(key -> SignOptions.write(file, built.bytes(), key));
    String keyId = signer.map(key -> key.publicKey().id()).orElse("");
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      new JsonLines(out)
          .print(
              JsonLines.fields(
                  "file",
                  file.toString(),
                  "serial",
                  built.serial(),
                  "plugins",
                  built.plugins(),
                  "versions",
                  built.versions(),
                  "signature",
                  signature.map(Path::toString).orElse(""),
                  "key",
                  keyId,
                  "warnings",
                  warnings));
    } else {
      PrintWriter people = new PlainWriter(out);
      people.println(
          "ok  %s, serial %d, %d plugins, %d versions"
              .formatted(file, built.serial(), built.plugins(), built.versions()));
      signature.ifPresent(
          written -> people.println("ok  " + written + ", signed with the key " + keyId));
      warnings.forEach(warning -> people.println("  warning: " + warning));
    }
    return ExitCode.OK;
  }
}
