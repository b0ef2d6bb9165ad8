package io.gonext.cli.kit;

import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.provenance.Provenance;
import io.gonext.cli.provenance.Sbom;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.registry.PluginArtifact;
import io.gonext.host.registry.PulledPlugin;
import io.gonext.host.trust.BundleSignature;
import java.io.IOException;
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
 * The files that belong to a bundle {@code NAME.gnplugin} and lie beside it: signatures as {@link
 * SignatureFile} names them, the SBOM in {@code NAME.cdx.json}, the provenance in {@code
 * NAME.provenance.json}.
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
    for (Path file : SignatureFile.beside(bundle)) {
      signatures.add(read(file, BundleSignature.MAX_FILE_BYTES));
    }
    return new PluginArtifact(
        bytes, signatures, document(Sbom.EXTENSION), document(Provenance.EXTENSION), annotations);
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

  /** A name for a signature that no other one has. */
  private Path free(Map<Path, byte[]> taken, boolean isMinisign) {
    Path first = SignatureFile.first(bundle, isMinisign);
    for (int number = 2; ; number++) {
      if (!taken.containsKey(first)) {
        return first;
      }
      first = SignatureFile.further(bundle, Integer.toString(number), isMinisign);
    }
  }

  /** The files of a pulled plugin and what each has. */
  Map<Path, byte[]> of(PulledPlugin pulled) {
    Map<Path, byte[]> files = new LinkedHashMap<>();
    files.put(bundle, pulled.bundle());
    for (byte[] signature : pulled.signatureFiles()) {
      files.put(free(files, BundleSignature.isMinisign(signature)), signature);
    }
    pulled.sbom().ifPresent(sbom -> files.put(beside(Sbom.EXTENSION), sbom));
    pulled
        .provenance()
        .ifPresent(provenance -> files.put(beside(Provenance.EXTENSION), provenance));
    return files;
  }
}
