package io.gonext.cli.admin;

import io.gonext.cli.fetch.Digest;
import io.gonext.cli.fetch.Downloads;
import io.gonext.cli.fetch.Location;
import io.gonext.cli.output.TemporaryDirectory;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.Delivery;
import io.gonext.host.UntrustedException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import io.gonext.host.registry.OciReference;
import io.gonext.host.trust.BundleSignature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * The bundles that a file names, each with the digest that it names. What is downloaded is kept in
 * a temporary directory until {@link #close}, since a plan needs the manifest first and the bundle
 * later. For one thread.
 */
final class FleetBundles implements AutoCloseable {
  private static final int FORBIDDEN = 403;
  private static final int BAD_GATEWAY = 502;

  private final Downloads downloads;
  private final AdminClient host;
  private final boolean allowDowngrade;
  private final TemporaryDirectory directory;

  /** Whether the host refuses bundles. Null before anybody has asked it. */
  private @Nullable Boolean enforces;

  /** The digests of those that the host fetches itself. */
  private final Set<String> fetchedByHost = new HashSet<>();

  /** By digest. */
  private final Map<String, Location> downloaded = new HashMap<>();

  /** Those that came from a registry with a bundle, by its digest. */
  private final Map<String, List<BundleSignature>> pulled = new HashMap<>();

  /**
   * @param allowDowngrade whether a host may take a lower version than one that it had before
   */
  FleetBundles(Downloads downloads, AdminClient host, boolean allowDowngrade) {
    this.downloads = downloads;
    this.host = host;
    this.allowDowngrade = allowDowngrade;
    try {
      this.directory = TemporaryDirectory.create();
    } catch (IOException e) {
      throw new AdminException("cannot make a temporary directory: " + e.getMessage());
    }
  }

  /** The bytes of a bundle, which have its digest. */
  private byte[] bytes(FleetFile.Entry plugin) throws InterruptedException {
    Location known = downloaded.getOrDefault(plugin.digest(), plugin.location());
    byte[] bytes =
        known instanceof Location.OfRegistry registry
            ? pull(plugin, registry)
            : downloads.read(known, Bundle.MAX_BYTES);
    Digest.require(plugin.location(), bytes, plugin.digest());
    if (!(known instanceof Location.OfFile)) {
      keep(plugin.digest(), bytes);
    }
    return bytes;
  }

  private byte[] pull(FleetFile.Entry plugin, Location.OfRegistry registry)
      throws InterruptedException {
    Delivery delivery = Delivery.fetched(downloads.pull(registry));
    pulled.put(plugin.digest(), delivery.signatures());
    return delivery.bundle();
  }

  /**
   * The signatures of a bundle: those of the artifact in a registry, or in the files beside the
   * bundle. A host decides what they are worth. Asked after {@link #bytes}.
   */
  private List<BundleSignature> signatures(FleetFile.Entry plugin) throws InterruptedException {
    return switch (plugin.location()) {
      case Location.OfRegistry _ -> pulled.getOrDefault(plugin.digest(), List.of());
      case Location.OfFile(Path path) -> beside(path);
      case Location.OfUrl url -> beside(url);
    };
  }

  private static List<BundleSignature> beside(Path bundle) {
    try {
      return Delivery.signaturesBeside(bundle);
    } catch (UntrustedException e) {
      throw new AdminException(String.valueOf(e.getMessage()));
    }
  }

  private List<BundleSignature> beside(Location.OfUrl url) throws InterruptedException {
    List<BundleSignature> signatures = new ArrayList<>();
    for (String end : List.of(".sig", ".minisig")) {
      Location beside = url.beside(end);
      Optional<byte[]> file = downloads.find(beside, BundleSignature.MAX_FILE_BYTES);
      if (file.isPresent()) {
        try {
          signatures.add(BundleSignature.parse(file.get()));
        } catch (UntrustedException e) {
          throw new AdminException(beside + ": " + e.getMessage());
        }
      }
    }
    return signatures;
  }

  private void keep(String digest, byte[] bytes) {
    Path file = directory.path().resolve(digest.replace(':', '-'));
    try {
      Files.write(file, bytes);
      downloaded.put(digest, new Location.OfFile(file));
    } catch (IOException e) {
      // It is downloaded again when it is needed.
    }
  }

  /**
   * A bundle that a plugin gets.
   *
   * @param refusal why the host's trust policy refuses it; empty when it does not
   * @param note for people: how it gets to the host, and what the policy warns of; may be empty
   */
  record Found(Manifest manifest, String refusal, String note) {}

  /**
   * Looks at a plugin's bundle. The host fetches what it may fetch from a registry. Everything else
   * is read here and uploaded.
   *
   * @throws AdminException when it is not a bundle, or one of another plugin
   */
  Found find(FleetFile.Entry plugin) throws InterruptedException {
    String note = "";
    if (plugin.location() instanceof Location.OfRegistry(OciReference reference)) {
      try {
        JsonNode checked = host.checkTrust(reference, plugin.digest(), allowDowngrade);
        fetchedByHost.add(plugin.digest());
        return found(
            plugin, ManifestReader.read(StrictJson.write(checked.path("manifest"))), checked, "");
      } catch (AdminException e) {
        if (!e.hasStatus(FORBIDDEN) && !e.hasStatus(BAD_GATEWAY)) {
          throw e;
        }
        note = "it is uploaded, since the host does not fetch it: " + e.getMessage();
      }
    }
    byte[] bytes = bytes(plugin);
    Manifest manifest;
    try {
      manifest = Bundle.read(bytes).manifest();
    } catch (BundleRejectedException e) {
      throw new AdminException(plugin.location() + ": " + e.summary(), e.problems());
    }
    return found(
        plugin,
        manifest,
        enforces()
            ? host.checkTrust(bytes, signatures(plugin), allowDowngrade)
            : MissingNode.getInstance(),
        note);
  }

  private static Found found(
      FleetFile.Entry plugin, Manifest manifest, JsonNode checked, String note) {
    requireName(plugin, manifest);
    String problem = checked.path("problem").asString("");
    boolean isRefused = checked.path("refused").booleanValue(false);
    return new Found(
        manifest,
        isRefused ? problem : "",
        isRefused || problem.isEmpty() ? note : "it is not trusted: " + problem);
  }

  private boolean enforces() throws InterruptedException {
    if (enforces == null) {
      enforces = host.host().path("trust_mode").asString("").equals("enforce");
    }
    return enforces;
  }

  /** Installs a bundle with its signatures, or updates to it. */
  JsonNode send(String method, String path, FleetFile.Entry plugin) throws InterruptedException {
    String query = path + "?allow_downgrade=" + allowDowngrade;
    return plugin.location() instanceof Location.OfRegistry(OciReference reference)
            && fetchedByHost.contains(plugin.digest())
        ? host.sendReference(method, query, reference, plugin.digest(), List.of())
        : host.send(method, query, bytes(plugin), signatures(plugin));
  }

  static void requireName(FleetFile.Entry plugin, Manifest manifest) {
    if (!manifest.name().equals(plugin.name())) {
      throw new AdminException(
          plugin.location() + " is a bundle of " + manifest.name() + ", not of " + plugin.name());
    }
  }

  @Override
  public void close() {
    directory.close();
  }
}
