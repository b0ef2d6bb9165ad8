package io.gonext.cli.kit;

import io.gonext.cli.fetch.RegistryOptions;
import io.gonext.cli.fetch.TransferNotes;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.Sizes;
import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.PluginArtifact;
import io.gonext.host.registry.PushedArtifact;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin push}: stores a bundle in an OCI registry. */
@Command(
    name = "push",
    description = "Store a bundle in an OCI registry, with its signatures, SBOM and provenance.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin push hello-0.1.0.gnplugin oci://ghcr.io/acme/hello",
      "  gonext plugin push hello-0.1.0.gnplugin oci://localhost:5000/hello:latest",
      "",
      "Without a tag, the tag is the version; a + is written _ there. The files beside",
      "the bundle are stored, too: FILE.sig, FILE.minisig, FILE.*.sig, and .cdx.json",
      "and .provenance.json instead of .gnplugin.",
      RegistryOptions.LOGIN,
      KitCommand.EXIT_CODES
    })
final class PushCommand extends KitCommand {
  private static final String PREFIX = "org.opencontainers.image.";

  @Parameters(index = "0", paramLabel = "FILE", description = "The .gnplugin file.")
  private Path file;

  @Parameters(
      index = "1",
      paramLabel = "REFERENCE",
      converter = ReferenceConverter.class,
      description = "oci://HOST/REPOSITORY[:TAG]")
  private OciReference reference;

  @Option(
      names = "--created",
      paramLabel = "TIME",
      description =
          "Say when it was made, such as 2026-01-31T12:00:00Z. Without it, the same bundle has the"
              + " same digest whenever it is pushed.")
  private @Nullable String created;

  @Option(
      names = "--annotation",
      paramLabel = "KEY=VALUE",
      description = {
        "Say more of it: source, licenses, url, vendor, authors",
        "or another name of org.opencontainers.image.*",
        "Repeatable."
      })
  private Map<String, String> annotations = new TreeMap<>();

  @Mixin private RegistryOptions registry;

  @Override
  Answer answer() throws IOException, InterruptedException {
    PluginArtifact artifact = new FilesBeside(file).artifact(annotations());
    PushedArtifact pushed;
    try (OciClient client = registry.client(reference)) {
      pushed = client.push(reference, artifact, new TransferNotes(this::note));
    }
    List<String> text = new ArrayList<>();
    text.add(
        "ok  %s, %s sent, %s"
            .formatted(
                pushed.reference(),
                Sizes.text(pushed.bytesSent()),
                signatures(pushed.referrers())));
    return new Answer(
        ExitCode.OK,
        text,
        JsonLines.fields(
            "reference",
            pushed.reference().toString(),
            "digest",
            pushed.reference().digest().orElse(""),
            "bytes_sent",
            pushed.bytesSent(),
            "signatures",
            pushed.referrers()));
  }

  static String signatures(int number) {
    return switch (number) {
      case 0 -> "no signature";
      case 1 -> "1 signature";
      default -> number + " signatures";
    };
  }

  private SortedMap<String, String> annotations() {
    SortedMap<String, String> all = new TreeMap<>();
    annotations.forEach((key, value) -> all.put(key.contains(".") ? key : PREFIX + key, value));
    if (created != null) {
      try {
        all.put(PREFIX + "created", OffsetDateTime.parse(created).toString());
      } catch (DateTimeException e) {
        throw new CommandFailure(
            CommandFailure.Kind.USAGE,
            "--created " + created + " is not a time such as 2026-01-31T12:00:00Z");
      }
    }
    return all;
  }
}
