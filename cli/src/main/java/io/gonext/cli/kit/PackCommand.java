package io.gonext.cli.kit;

import io.gonext.cli.output.AtomicFile;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.OptionPairs;
import io.gonext.cli.output.Sizes;
import io.gonext.cli.provenance.BuildFacts;
import io.gonext.cli.provenance.Provenance;
import io.gonext.cli.provenance.Sbom;
import io.gonext.cli.provenance.WasmSection;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.trust.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin pack}: packs a bundle; the same files give the same bytes. */
@Command(
    name = "pack",
    description = "Build a project and pack it as a bundle. The same files give the same bytes.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin pack .                        writes ./NAME-VERSION.gnplugin",
      "  gonext plugin pack -o out.gnplugin my-plugin",
      "  gonext plugin pack --no-build --json .      pack the last module",
      "  gonext plugin pack --sign acme.key .        also write the bundle's .sig",
      "",
      "A bundle holds manifest.json, the module, README.md, LICENSE, web/,",
      "migrations/, locales/ and warmup/. The module keeps the names of functions,",
      "but no line numbers: --debug-file writes a copy that has both.",
      "Beside the bundle, NAME-VERSION.cdx.json lists what it consists of (CycloneDX),",
      "and NAME-VERSION.provenance.json says how it was built (SLSA). They have a time",
      "only if SOURCE_DATE_EPOCH is set.",
      KitCommand.EXIT_CODES
    })
final class PackCommand extends KitCommand {
  private static final String EXTENSION = ".gnplugin";

  @Parameters(
      paramLabel = "PROJECT",
      arity = "0..1",
      defaultValue = ".",
      description = "Directory of the plugin's project (default: this directory).")
  private Path project;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The file to write (default: NAME-VERSION.gnplugin in the project).")
  private @Nullable Path output;

  @Option(
      names = "--debug-file",
      paramLabel = "FILE",
      description =
          "Also write the module with its debug information to FILE. It translates the offsets of a"
              + " backtrace into lines.")
  private @Nullable Path debugFile;

  @Mixin private SignOptions sign;

  @Option(names = "--minisign", description = "With --sign: write minisign's form, too.")
  private boolean minisign;

  @Option(names = "--no-sbom", description = "Do not write the list of what the bundle has.")
  private boolean noSbom;

  @Option(names = "--no-provenance", description = "Do not write how the bundle was built.")
  private boolean noProvenance;

  @Mixin private SourceOptions options;

  @Mixin private TrialOptions trial;

  private final InstantSource clock = InstantSource.system();

  @Override
  Answer answer() throws IOException, InterruptedException {
    if (Files.isRegularFile(project)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE, project + " is a file: give the directory of a project");
    }
    OptionPairs.requireWith(spec(), "--sign", "--minisign", "--passphrase-file");
    SigningKey key = sign.key().orElse(null);
    PluginSource built = PluginSource.read(project, options);
    PluginSource source = built.asPacked();
    Manifest manifest = source.requireAcceptable(trial.capabilities(trial.functions(project)));
    byte[] bytes = source.bundle();
    Path file =
        output == null
            ? project.resolve(manifest.name() + "-" + manifest.version() + EXTENSION).normalize()
            : output;
    if (file.getFileName() == null || Files.isDirectory(file)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE, file + " is a directory: give the name of a file");
    }
    List<Path> outdated = new ArrayList<>(outdated(file, bytes));
    Map<Path, byte[]> written = new LinkedHashMap<>();
    written.put(file, bytes);
    var bundle = new FilesBeside(file);
    Optional<Path> sbom = noSbom ? Optional.empty() : Optional.of(bundle.beside(Sbom.EXTENSION));
    Optional<Path> provenance =
        noProvenance ? Optional.empty() : Optional.of(bundle.beside(Provenance.EXTENSION));
    List<Path> others = Stream.of(sbom, provenance).flatMap(Optional::stream).toList();
    requireApart(file, source);
    others.forEach(each -> requireApart(each, source));
    requireDebugFileApart(file, others, source);
    if (sbom.isPresent() || provenance.isPresent()) {
      BuildFacts facts =
          BuildFacts.of(
              project,
              options.language(),
              options.builds(),
              manifest,
              BuildFacts.HashedFile.of(file.getFileName().toString(), bytes),
              source.module(),
              System.getenv());
      byte[] listed = Sbom.write(facts);
      sbom.ifPresent(each -> written.put(each, listed));
      provenance.ifPresent(each ->
          written.put(
              each,
              Provenance.write(
                  facts,
                  sbom.map(
                      list -> BuildFacts.HashedFile.of(list.getFileName().toString(), listed)))));
    }
    if (debugFile != null) {
      written.put(debugFile, built.module());
    }
    written.forEach(AtomicFile::write);
    String sha256 = Bundle.read(bytes).sha256();
    List<String> text = new ArrayList<>();
    text.add(
        "ok  %s, %d files, %s, sha256 %s"
            .formatted(file, source.files().size(), Sizes.text(bytes.length), sha256));
    Map<String, Object> fields =
        JsonLines.fields(
            "plugin",
            manifest.id(),
            "file",
            file.toString(),
            "bytes",
            bytes.length,
            "sha256",
            sha256,
            "files",
            List.copyOf(source.files().keySet()));
    sbom.ifPresent(each -> fields.put("sbom", each.toString()));
    provenance.ifPresent(each -> fields.put("provenance", each.toString()));
    if (!others.isEmpty()) {
      text.add(
          "    with " + others.stream().map(Path::toString).collect(Collectors.joining(" and ")));
    }
    if (debugFile != null) {
      int codeStart = WasmSection.codeStart(built.module());
      text.add(
          "debug information in %s; for the line of a frame @0xN: llvm-symbolizer --obj=%s $((0xN -"
                  .formatted(debugFile, debugFile)
              + " 0x%x))".formatted(codeStart));
      fields.put("debug_file", debugFile.toString());
      fields.put("code_start", codeStart);
    }
    List<Path> signatures = key == null ? List.of() : sign(file, bytes, key);
    if (key != null) {
      signatures.forEach(signature ->
          text.add("ok  " + signature + ", signed with the key " + key.publicKey().id()));
      fields.put("key", key.publicKey().id());
    }
    outdated.removeAll(signatures);
    outdated.forEach(signature ->
        text.add("warning: " + signature + " is of an earlier bundle: sign again, or delete it"));
    fields.put("signatures", signatures.stream().map(Path::toString).toList());
    fields.put("outdated_signatures", outdated.stream().map(Path::toString).toList());
    return new Answer(ExitCode.OK, text, fields);
  }

  private void requireDebugFileApart(Path file, List<Path> others, PluginSource source) {
    if (debugFile == null) {
      return;
    }
    requireApart(debugFile, source);
    if (isSame(debugFile, file)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE, "-o and --debug-file are both " + file + ": give two files");
    }
    if (others.stream().anyMatch(each -> isSame(debugFile, each))) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          debugFile + " is written beside the bundle: give another name for --debug-file");
    }
  }

  /** A file that goes into the bundle must not be overwritten. */
  private void requireApart(Path file, PluginSource source) {
    if (source.files().keySet().stream().anyMatch(name -> isSame(file, project.resolve(name)))) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          file + " is a file that goes into the bundle: give another name");
    }
  }

  private static boolean isSame(Path one, Path other) {
    return one.toAbsolutePath().normalize().equals(other.toAbsolutePath().normalize());
  }

  private List<Path> sign(Path file, byte[] bytes, SigningKey key) {
    List<Path> written = new ArrayList<>();
    for (boolean isMinisign : minisign ? List.of(false, true) : List.of(false)) {
      Path target = SignatureFile.first(file, isMinisign);
      AtomicFile.write(target, SignatureFile.sign(file, bytes, key, isMinisign, clock).file());
      written.add(target);
    }
    return written;
  }

  /** Signatures of the bundle that was there before, under the same name. */
  private static List<Path> outdated(Path file, byte[] bytes) throws IOException {
    boolean isSame = Files.isRegularFile(file) && Arrays.equals(Files.readAllBytes(file), bytes);
    return isSame ? List.of() : SignatureFile.beside(file);
  }
}
