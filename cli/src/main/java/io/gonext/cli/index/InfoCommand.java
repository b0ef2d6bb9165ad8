package io.gonext.cli.index;

import io.gonext.cli.fetch.Digest;
import io.gonext.cli.fetch.Downloads;
import io.gonext.cli.fetch.Location;
import io.gonext.cli.fetch.RegistryOptions;
import io.gonext.cli.index.PluginIndex.Release;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.PlainWriter;
import io.gonext.cli.output.Sizes;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import io.gonext.host.manifest.Version;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.PluginDescription;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code gonext info}. */
@Command(
    name = "info",
    description = {
      "Show what an index, a bundle or a registry says of a plugin.",
      "SBOM and provenance are shown where there are any."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext info --index dist/index.json hello-rust",
      "  gonext info --index dist/index.json --json hello-rust@0.1.0",
      "  gonext info hello-rust-0.1.0.gnplugin",
      "  gonext info oci://ghcr.io/acme/hello:0.1.0",
      "",
      "SBOM and provenance are what the author says. Nobody has signed them.",
      RegistryOptions.LOGIN
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed, or not in the index", "2:wrong command line"})
public final class InfoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "NAME[@VERSION]|FILE|REFERENCE",
      description = {
        "A plugin of the index (its newest version if",
        "none is given), a .gnplugin file, or",
        "oci://HOST/REPOSITORY:TAG."
      })
  private String plugin;

  @Mixin private IndexOptions options;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    try (Downloads downloads = new Downloads(options.registry())) {
      if (OciReference.isReference(plugin)) {
        return showArtifact(downloads);
      }
      // No name of a plugin has a dot or a slash.
      return plugin.endsWith(Location.BUNDLE) || plugin.contains("/")
          ? showBundle(downloads)
          : showRelease(downloads);
    }
  }

  private int showArtifact(Downloads downloads) throws InterruptedException {
    Location.OfRegistry location = new Location.OfRegistry(OciReference.parse(plugin));
    PluginDescription described = downloads.describe(location);
    ObjectNode shown = JsonNodeFactory.instance.objectNode();
    if (described.manifestJson().isPresent()) {
      byte[] json = described.manifestJson().get();
      Manifest manifest = ManifestReader.read(json);
      shown.put("name", manifest.name());
      shown.setAll(ManifestFields.of(manifest, json));
      ManifestFields.putBundle(shown, manifest, described.bundleDigest(), described.bundleBytes());
    } else {
      shown.put("digest", described.bundleDigest()).put("size", described.bundleBytes());
    }
    shown.put("reference", location.reference().withDigest(described.digest()).toString());
    return show(shown, List.of(), Documents.of(described));
  }

  private int showBundle(Downloads downloads) throws InterruptedException {
    Location location = Location.parse(plugin);
    byte[] bytes = downloads.read(location, Bundle.MAX_BYTES);
    Bundle bundle;
    try {
      bundle = Bundle.read(bytes);
    } catch (BundleRejectedException e) {
      throw e.in(plugin);
    }
    ObjectNode shown = JsonNodeFactory.instance.objectNode().put("name", bundle.manifest().name());
    String digest = Digest.ofHex(bundle.sha256());
    shown.setAll(ManifestFields.of(bundle.manifest(), bundle.manifestJson()));
    ManifestFields.putBundle(shown, bundle.manifest(), digest, bytes.length);
    shown.put("reference", plugin);
    return show(shown, List.of(), Documents.beside(location, digest, downloads));
  }

  private int showRelease(Downloads downloads) throws InterruptedException {
    IndexSource.Found found = options.found();
    int at = plugin.indexOf('@');
    String name = at < 0 ? plugin : plugin.substring(0, at);
    List<Release> releases = found.index().releases(name);
    if (releases.isEmpty()) {
      throw failed("the index has no plugin " + name + ": gonext search lists its plugins");
    }
    Release release =
        at < 0
            ? PluginIndex.newest(releases).orElseThrow()
            : version(releases, plugin.substring(at + 1));
    Location bundle = found.location().resolve(release.text("reference"));
    ObjectNode shown = json(release).put("reference", bundle.toString());
    return show(shown, releases, documents(found.location(), bundle, release, downloads));
  }

  /** What the index says is shown also where the bundle's place does not answer. */
  private static Documents documents(
      Location index, Location bundle, Release release, Downloads downloads)
      throws InterruptedException {
    if (bundle.isThisMachine() && !index.isThisMachine()) {
      return new Documents(
          Optional.empty(),
          Optional.empty(),
          List.of("an index on another machine does not lead to this one: " + bundle));
    }
    try {
      return bundle instanceof Location.OfRegistry registry
          ? Documents.of(downloads.describe(registry))
          : Documents.beside(bundle, release.text("digest"), downloads);
    } catch (CommandFailure e) {
      return new Documents(
          Optional.empty(),
          Optional.empty(),
          List.of("SBOM and provenance cannot be read: " + e.getMessage()));
    }
  }

  private int show(ObjectNode shown, List<Release> releases, Documents documents) {
    if (!releases.isEmpty()) {
      var versions = shown.putArray("versions");
      releases.forEach(each -> versions.add(each.version().toString()));
    }
    documents.putInto(shown);
    PlainWriter err = new PlainWriter(spec.commandLine().getErr());
    documents.warnings().forEach(warning -> err.println("gonext: warning: " + warning));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      new JsonLines(out).print(shown);
    } else {
      print(shown, releases, documents, new PlainWriter(out));
    }
    return ExitCode.OK;
  }

  private static Release version(List<Release> releases, String text) {
    Version wanted;
    try {
      wanted = Version.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(CommandFailure.Kind.USAGE, String.valueOf(e.getMessage()));
    }
    return releases.stream()
        .filter(release -> release.version().equals(wanted))
        .findAny()
        .orElseThrow(
            () -> failed("the index has no version " + text + "; it has " + versions(releases)));
  }

  private static String versions(List<Release> releases) {
    return releases.stream()
        .map(release -> release.version().toString())
        .collect(Collectors.joining(", "));
  }

  private static CommandFailure failed(String message) {
    return new CommandFailure(CommandFailure.Kind.FAILED, message);
  }

  /** A version as the index has it, with the plugin's name. */
  static ObjectNode json(Release release) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("name", release.plugin());
    json.setAll(release.json());
    return json;
  }

  private static void print(
      ObjectNode shown, List<Release> releases, Documents documents, PrintWriter out) {
    String name = shown.path("name").asString("");
    out.println(name.isEmpty() ? "a plugin" : name + "@" + shown.path("version").asString(""));
    line("about", shown.path("description").asString(""), out);
    line("licence", shown.path("license").asString(""), out);
    line("requests", joined(shown, "capabilities"), out);
    line("publisher", joined(shown, "publishers"), out);
    line("keys", joined(shown, "keys"), out);
    line("host", shown.path("host").asString(""), out);
    line("size", Sizes.text(shown.path("size").longValue()), out);
    line("digest", shown.path("digest").asString(""), out);
    line("reference", shown.path("reference").asString(""), out);
    line("versions", versions(releases), out);
    documents.print(out);
  }

  private static String joined(ObjectNode shown, String field) {
    return shown
        .path(field)
        .valueStream()
        .map(text -> text.asString(""))
        .collect(Collectors.joining(", "));
  }

  static void line(String head, String value, PrintWriter out) {
    if (!value.isEmpty()) {
      out.println("  %-10s %s".formatted(head, value));
    }
  }
}
