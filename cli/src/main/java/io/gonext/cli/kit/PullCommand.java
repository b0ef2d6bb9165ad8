package io.gonext.cli.kit;

import io.gonext.cli.fetch.PullOptions;
import io.gonext.cli.fetch.RegistryOptions;
import io.gonext.cli.fetch.TransferNotes;
import io.gonext.cli.output.AtomicFile;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.Sizes;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.PulledPlugin;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin pull}: fetches a bundle from an OCI registry. */
@Command(
    name = "pull",
    description = "Fetch a bundle from an OCI registry, with its signatures, SBOM and provenance.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin pull oci://ghcr.io/acme/hello:0.1.0",
      "  gonext plugin pull -o hello.gnplugin oci://localhost:5000/hello:latest",
      "",
      "The bundle has the digest that the registry names. Nothing else of it is checked",
      "here: a host checks signatures when it installs the bundle.",
      RegistryOptions.LOGIN,
      KitCommand.EXIT_CODES
    })
final class PullCommand extends KitCommand {
  @Parameters(
      paramLabel = "REFERENCE",
      converter = ReferenceConverter.class,
      description = "oci://HOST/REPOSITORY:TAG, or @sha256:... instead of the tag.")
  private OciReference reference;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The file to write (default: NAME-VERSION.gnplugin in this directory).")
  private @Nullable Path output;

  @Mixin private PullOptions registry;

  @Override
  Answer answer() throws IOException, InterruptedException {
    PulledPlugin pulled;
    try (OciClient client = registry.client(reference)) {
      pulled = client.pull(reference, new TransferNotes(this::note));
    }
    Path file = output == null ? Path.of(fileName(pulled.bundle())) : output;
    Map<Path, byte[]> files = new FilesBeside(file).of(pulled);
    files.forEach(AtomicFile::write);
    return new Answer(
        ExitCode.OK,
        List.of(
            "ok  %s, %s, %s, %s"
                .formatted(
                    file,
                    Sizes.text(pulled.bundle().length),
                    pulled.digest(),
                    PushCommand.signatures(pulled.signatureFiles().size()))),
        JsonLines.fields(
            "reference",
            pulled.reference().withDigest(pulled.digest()).toString(),
            "digest",
            pulled.digest(),
            "file",
            file.toString(),
            "bytes",
            pulled.bundle().length,
            "signatures",
            pulled.signatureFiles().size(),
            "files",
            files.keySet().stream().map(Path::toString).toList()));
  }

  /** From the bundle's checked name and version: no text of the registry becomes a path. */
  private static String fileName(byte[] bundle) {
    var manifest = Bundle.read(bundle).manifest();
    return manifest.name() + "-" + manifest.version() + ".gnplugin";
  }
}
