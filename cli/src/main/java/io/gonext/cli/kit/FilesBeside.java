package io.gonext.cli.kit;

import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.provenance.Provenance;
import io.gonext.cli.provenance.Sbom;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.registry.PluginArtifact;
import io.gonext.host.registry.PulledPlugin;
import io.gonext.host.trust.BundleSignature;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The files that belong to a bundle {@code NAME.gnplugin} and lie beside it: signatures in {@code
 * NAME.gnplugin.sig}, {@code NAME.gnplugin.minisig} and {@code NAME.gnplugin.*.sig}, the SBOM in
 * {@code NAME.cdx.json}, the provenance in {@code NAME.provenance.json}.
 *
 * @param bundle the file of the bundle
 */
record FilesBeside(Path bundle) {
  private static final int MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

  /** What a push stores. */
  PluginArtifact artifact(SortedMap<String, String> annotations) throws IOException {
    byte[] bytes;
    try {
      bytes = read(bundle, Bundle.MAX_BYTES);
    } catch (NoSuchFileException e) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE, bundle + " does not exist: give the path of a .gnplugin file");
    }
    List<byte[]> signatures = new ArrayList<>();
    for (Path file : signatures()) {
      signatures.add(read(file, BundleSignature.MAX_FILE_BYTES));
    }
    return new PluginArtifact(
        bytes, signatures, document(Sbom.EXTENSION), document(Provenance.EXTENSION), annotations);
  }

  private List<Path> signatures() throws IOException {
    List<Path> files = new ArrayList<>();
    String own = bundle.getFileName().toString();
    Path directory = bundle.toAbsolutePath().getParent();
    try (DirectoryStream<Path> beside =
        Files.newDirectoryStream(
            directory,
            file -> {
              String name = file.getFileName().toString();
              return name.equals(own + ".minisig")
                  || (name.startsWith(own + ".") && name.endsWith(".sig"));
            })) {
      beside.forEach(files::add);
    }
    files.sort(null);
    return files;
  }

  private Optional<byte[]> document(String ending) throws IOException {
    Path file = beside(ending);
    return Files.exists(file) ? Optional.of(read(file, MAX_DOCUMENT_BYTES)) : Optional.empty();
  }

  /** A file with the name of the bundle but for its ending. */
  Path beside(String ending) {
    String name = bundle.getFileName().toString().replaceFirst("\\.gnplugin$", "");
    return bundle.resolveSibling(name + ending);
  }

  private static byte[] read(Path file, int most) throws IOException {
    if (Files.isDirectory(file)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE, file + " is a directory: give a .gnplugin file");
    }
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(most + 1);
      if (bytes.length > most) {
        throw new CommandFailure(
            CommandFailure.Kind.FAILED, file + " has more than " + most + " bytes");
      }
      return bytes;
    }
  }

  /** The files of a pulled plugin and what each has. */
  Map<Path, byte[]> of(PulledPlugin pulled) {
    Map<Path, byte[]> files = new LinkedHashMap<>();
    files.put(bundle, pulled.bundle());
    int number = 1;
    for (byte[] signature : pulled.signatureFiles()) {
      String ending = number == 1 ? ".sig" : "." + number + ".sig";
      files.put(bundle.resolveSibling(bundle.getFileName() + ending), signature);
      number++;
    }
    pulled.sbom().ifPresent(sbom -> files.put(beside(Sbom.EXTENSION), sbom));
    pulled
        .provenance()
        .ifPresent(provenance -> files.put(beside(Provenance.EXTENSION), provenance));
    return files;
  }
}
