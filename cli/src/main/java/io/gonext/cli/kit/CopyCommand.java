package io.gonext.cli.kit;

import io.gonext.cli.fetch.RegistryOptions;
import io.gonext.cli.fetch.TransferNotes;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.Sizes;
import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.PushedArtifact;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin copy}: copies a plugin from one OCI registry to another. */
@Command(
    name = "copy",
    description = "Copy a plugin and its signatures from one OCI registry to another.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin copy oci://ghcr.io/acme/hello:0.1.0 oci://eu.example.com/hello",
      "",
      "All bytes stay as they are, and so do the digests and the signatures.",
      RegistryOptions.LOGIN,
      KitCommand.EXIT_CODES
    })
final class CopyCommand extends KitCommand {
  @Parameters(
      index = "0",
      paramLabel = "FROM",
      converter = ReferenceConverter.class,
      description = "oci://HOST/REPOSITORY:TAG, or @sha256:... instead of the tag.")
  private OciReference from;

  @Parameters(
      index = "1",
      paramLabel = "TO",
      converter = ReferenceConverter.class,
      description = "oci://HOST/REPOSITORY[:TAG]; the tag is that of FROM if there is none.")
  private OciReference to;

  @Mixin private RegistryOptions registry;

  @Override
  Answer answer() throws InterruptedException {
    PushedArtifact copied;
    try (OciClient client = registry.client(from, to)) {
      copied = client.copy(from, to, new TransferNotes(this::note));
    }
    return new Answer(
        ExitCode.OK,
        List.of(
            "ok  %s, %s sent, referrers: %d"
                .formatted(copied.reference(), Sizes.text(copied.bytesSent()), copied.referrers())),
        JsonLines.fields(
            "reference",
            copied.reference().toString(),
            "digest",
            copied.reference().digest().orElse(""),
            "bytes_sent",
            copied.bytesSent(),
            "referrers",
            copied.referrers()));
  }
}
