package io.gonext.cli.kit;

import io.gonext.cli.fetch.RegistryOptions;
import io.gonext.cli.output.JsonLines;
import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin tags}: what a repository of an OCI registry holds. */
@Command(
    name = "tags",
    description = "List the tags of a repository in an OCI registry.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin tags oci://ghcr.io/acme/hello",
      "",
      "Tags under which a registry keeps signatures (sha256-...) are left out.",
      RegistryOptions.LOGIN,
      KitCommand.EXIT_CODES
    })
final class TagsCommand extends KitCommand {
  /** What registries without the referrers API keep signatures under. */
  private static final Pattern FALLBACK = Pattern.compile("sha(?:256|512)-[0-9a-f]{64,}");

  @Parameters(
      paramLabel = "REFERENCE",
      converter = ReferenceConverter.class,
      description = "oci://HOST/REPOSITORY")
  private OciReference reference;

  @Mixin private RegistryOptions registry;

  @Override
  Answer answer() throws InterruptedException {
    List<String> tags;
    try (OciClient client = registry.client(reference)) {
      tags =
          client.tags(reference).stream()
              .filter(tag -> !FALLBACK.matcher(tag).matches())
              .sorted()
              .toList();
    }
    return new Answer(
        ExitCode.OK,
        tags.isEmpty() ? List.of(reference.origin() + " has no tags") : tags,
        JsonLines.fields("repository", reference.origin(), "tags", tags));
  }
}
