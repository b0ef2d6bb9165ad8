package io.gonext.cli.index;

import io.gonext.cli.fetch.Digest;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonFile;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.RegistryException;
import io.gonext.host.UntrustedException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.PublishedFormat;
import io.gonext.host.manifest.Version;
import io.gonext.host.registry.OciReference;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.VerificationKey;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Builds the index of a directory. For one use. */
final class IndexBuild {
  private static final String BUNDLE = ".gnplugin";

  private final String base;
  private final Map<String, VerificationKey> publishers;
  private final Optional<Instant> expires;
  private final SortedMap<String, List<Entry>> plugins = new TreeMap<>();
  private final List<String> warnings = new ArrayList<>();

  /**
   * @param base before the names of the bundles; may be empty
   * @param publishers by name
   */
  IndexBuild(String base, Map<String, VerificationKey> publishers, Optional<Instant> expires) {
    this.base = base;
    this.publishers = publishers;
    this.expires = expires;
  }

  private record Entry(Version version, Path file, ObjectNode json) {}

  /**
   * An index.
   *
   * @param plugins how many
   * @param versions of all plugins together
   */
  record Built(byte[] bytes, long serial, int plugins, int versions, List<String> warnings) {}

  /**
   * Builds the index.
   *
   * @param file that it replaces, if there is one
   * @param serial empty for the one that follows
   * @throws CommandFailure when a file of the directory is not an acceptable bundle
   */
  Built build(Path directory, Path file, OptionalLong serial) {
    List<Path> bundles = bundles(directory);
    if (bundles.isEmpty()) {
      warnings.add(directory + " has no .gnplugin files, so the index lists no plugins");
    }
    bundles.forEach(this::add);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("apiVersion", PublishedFormat.API_VERSION).put("serial", 0L);
    expires.ifPresent(end -> json.put("expires", end.toString()));
    ArrayNode list = json.putArray("plugins");
    int versions = 0;
    for (Map.Entry<String, List<Entry>> plugin : plugins.entrySet()) {
      List<Entry> entries = plugin.getValue();
      entries.sort((a, b) -> order(b.version(), a.version()));
      ArrayNode of = list.addObject().put("name", plugin.getKey()).putArray("versions");
      entries.forEach(entry -> of.add(entry.json()));
      versions += entries.size();
    }
    long number = serial.orElseGet(() -> next(file, json));
    json.put("serial", number);
    byte[] bytes = JsonFile.bytes(json);
    // What this command writes, the other commands can read.
    var _ = PluginIndex.read(bytes, file.toString());
    return new Built(bytes, number, plugins.size(), versions, List.copyOf(warnings));
  }

  /** Versions that differ only in their build are in the order of the text. */
  private static int order(Version a, Version b) {
    int order = a.precedence(b);
    return order == 0 ? a.build().compareTo(b.build()) : order;
  }

  private static long next(Path file, ObjectNode json) {
    byte[] before;
    try (InputStream in = Files.newInputStream(file)) {
      before = in.readNBytes(PluginIndex.MAX_BYTES);
    } catch (IOException e) {
      return 1;
    }
    long serial;
    try {
      serial = StrictJson.integer(StrictJson.parse(before).path("serial")).orElse(0);
    } catch (InvalidJsonException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          file + " is not an index: give --serial to replace it, or another file with -o");
    }
    return Arrays.equals(before, JsonFile.bytes(json.deepCopy().put("serial", serial)))
        ? serial
        : serial + 1;
  }

  private static List<Path> bundles(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(BUNDLE)).sorted().toList();
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          directory + " is not a directory that can be read: give one with .gnplugin files");
    }
  }

  private void add(Path file) {
    byte[] bytes;
    Bundle bundle;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(Bundle.MAX_BYTES + 1);
      bundle = Bundle.read(bytes);
    } catch (IOException e) {
      throw failed(file, CommandFailure.reason(e), List.of());
    } catch (BundleRejectedException e) {
      throw failed(file, e.summary(), e.problems().size() > 1 ? e.problems() : List.of());
    }
    Manifest manifest = bundle.manifest();
    List<Entry> entries = plugins.computeIfAbsent(manifest.name(), _ -> new ArrayList<>());
    entries.stream()
        .filter(other -> other.version().equals(manifest.version()))
        .findAny()
        .ifPresent(other -> {
          throw failed(
              file, manifest.id() + " is in " + other.file() + " too: keep one of them", List.of());
        });
    entries.add(new Entry(manifest.version(), file, entry(file, bytes, bundle)));
  }

  private ObjectNode entry(Path file, byte[] bytes, Bundle bundle) {
    Manifest manifest = bundle.manifest();
    ObjectNode json = ManifestFields.of(manifest, bundle.manifestJson());
    putPublishers(file, bytes, json);
    ManifestFields.putBundle(json, manifest, Digest.ofHex(bundle.sha256()), bytes.length);
    return json.put("reference", reference(file, manifest));
  }

  /** In a registry, each plugin has a repository of its own, and each version is a tag. */
  private String reference(Path file, Manifest manifest) {
    if (!OciReference.isReference(base)) {
      return base + encoded(file);
    }
    try {
      return OciReference.parse(base + manifest.name())
          .withTag(manifest.version().toString())
          .toString();
    } catch (RegistryException e) {
      throw new CommandFailure(CommandFailure.Kind.USAGE, "--base: " + e.getMessage());
    }
  }

  private void putPublishers(Path file, byte[] bytes, ObjectNode json) {
    Path beside = file.resolveSibling(file.getFileName() + ".sig");
    if (publishers.isEmpty() || !Files.exists(beside)) {
      return;
    }
    BundleSignature signature;
    try (InputStream in = Files.newInputStream(beside)) {
      signature = BundleSignature.parse(in.readNBytes(BundleSignature.MAX_FILE_BYTES + 1));
    } catch (IOException e) {
      throw failed(beside, CommandFailure.reason(e), List.of());
    } catch (UntrustedException e) {
      throw failed(beside, e.getMessage(), List.of());
    }
    List<Map.Entry<String, VerificationKey>> signers =
        publishers.entrySet().stream()
            .filter(publisher -> signature.isBy(publisher.getValue(), bytes))
            .toList();
    if (signers.isEmpty()) {
      warnings.add(beside + " is not a signature of a --publisher");
      return;
    }
    ArrayNode names = json.putArray("publishers");
    ArrayNode keys = json.putArray("keys");
    signers.forEach(signer -> {
      names.add(signer.getKey());
      keys.add(signer.getValue().id());
    });
  }

  /** The name of a file as a part of a URL. */
  private static String encoded(Path file) {
    try {
      return new URI(null, null, "/" + file.getFileName(), null).getRawPath().substring(1);
    } catch (URISyntaxException e) {
      throw failed(file, "its name cannot be a part of a URL: rename it", List.of());
    }
  }

  private static CommandFailure failed(Path file, String reason, List<String> problems) {
    return new CommandFailure(CommandFailure.Kind.FAILED, file + ": " + reason, problems);
  }
}
