package io.gonext.cli.admin;

import io.gonext.cli.fetch.Digest;
import io.gonext.cli.fetch.Downloads;
import io.gonext.cli.fetch.Location;
import io.gonext.cli.output.TemporaryDirectory;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.Delivery;
import io.gonext.host.UntrustedException;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.trust.BundleSignature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The bundles that a file names, each with the digest that it names. What is downloaded is kept in
 * a temporary directory until {@link #close}, since a plan needs the manifest first and the bundle
 * later. For one thread.
 */
final class FleetBundles implements AutoCloseable {
  private final Downloads downloads;
  private final TemporaryDirectory directory;

  /** By digest. */
  private final Map<String, Location> downloaded = new HashMap<>();

  /** Those that came from a registry with a bundle, by its digest. */
  private final Map<String, List<BundleSignature>> pulled = new HashMap<>();

  FleetBundles(Downloads downloads) {
    this.downloads = downloads;
    try {
      this.directory = TemporaryDirectory.create();
    } catch (IOException e) {
      throw new AdminException("cannot make a temporary directory: " + e.getMessage());
    }
  }

  /** The bytes of a bundle, which have its digest. */
  byte[] bytes(FleetFile.Entry plugin) throws InterruptedException {
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
  List<BundleSignature> signatures(FleetFile.Entry plugin) throws InterruptedException {
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
   * The manifest of a plugin's bundle.
   *
   * @throws AdminException when it is not a bundle, or one of another plugin
   */
  Manifest manifest(FleetFile.Entry plugin) throws InterruptedException {
    Manifest manifest;
    try {
      manifest = Bundle.read(bytes(plugin)).manifest();
    } catch (BundleRejectedException e) {
      throw new AdminException(plugin.location() + ": " + e.summary(), e.problems());
    }
    requireName(plugin, manifest);
    return manifest;
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
