package io.gonext.cli.index;

import io.gonext.cli.fetch.Downloads;
import io.gonext.cli.fetch.Downloads.Validators;
import io.gonext.cli.fetch.Location;
import io.gonext.cli.output.CommandFailure;
import io.gonext.host.UntrustedException;
import io.gonext.host.registry.PulledIndex;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.VerificationKey;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads an index, verifies its signature, and refuses one that is older than it may be. For use by
 * one thread.
 */
final class IndexSource {
  private final Downloads downloads;
  private final IndexCache cache;
  private final List<VerificationKey> keys;
  private final boolean mayBeOld;
  private final InstantSource clock;

  /**
   * @param keys one of which must have signed the index; none to read an index unverified
   */
  IndexSource(
      Downloads downloads,
      IndexCache cache,
      List<VerificationKey> keys,
      boolean mayBeOld,
      InstantSource clock) {
    this.downloads = downloads;
    this.cache = cache;
    this.keys = List.copyOf(keys);
    this.mayBeOld = mayBeOld;
    this.clock = clock;
  }

  /**
   * An index with where it was found.
   *
   * @param warnings a sentence each
   */
  record Found(PluginIndex index, Location location, List<String> warnings) {}

  /** A file of a signature, and what it is called in messages. */
  private record NamedFile(String name, byte[] bytes) {}

  /** The bytes of an index, and the signatures that were found with them. */
  private record Read(byte[] bytes, Validators validators, List<NamedFile> signatures) {}

  /**
   * Reads the index.
   *
   * @throws CommandFailure when it cannot be read or must not be used
   */
  Found read(Location location) throws InterruptedException {
    boolean isRemote = !(location instanceof Location.OfFile);
    IndexCache.Known known = isRemote ? cache.find(location) : IndexCache.NOTHING;
    Read read = read(location, known);
    List<String> warnings = new ArrayList<>();
    if (keys.isEmpty()) {
      if (isRemote) {
        warnings.add(
            location
                + " is not verified: give its publisher's key with --index-key, or a trust policy"
                + " with --trust");
      }
    } else {
      requireSignature(location, read);
    }
    PluginIndex index = PluginIndex.read(read.bytes(), location.toString());
    requireFresh(index, location, keys.isEmpty() ? 0 : known.serial());
    if (isRemote) {
      long seen = keys.isEmpty() ? known.serial() : Math.max(known.serial(), index.serial());
      cache.keep(location, read.bytes(), read.validators(), seen);
    }
    return new Found(index, location, List.copyOf(warnings));
  }

  private Read read(Location location, IndexCache.Known known) throws InterruptedException {
    return switch (location) {
      case Location.OfFile file ->
          new Read(downloads.read(file, PluginIndex.MAX_BYTES), Validators.NONE, beside(location));
      case Location.OfUrl url -> {
        Downloads.Conditional answer =
            downloads.readIfChanged(url, known.validators(), PluginIndex.MAX_BYTES);
        yield new Read(
            answer.bytes().or(known::copy).orElseThrow(), answer.validators(), beside(location));
      }
      case Location.OfRegistry registry -> {
        PulledIndex pulled = downloads.pullIndex(registry, known.copy());
        yield new Read(
            pulled.bytes(),
            Validators.NONE,
            pulled.signatureFiles().stream()
                .map(file -> new NamedFile("a signature of " + location, file))
                .toList());
      }
    };
  }

  /** The first signature beside an index; none where nobody asks for it. */
  private List<NamedFile> beside(Location location) throws InterruptedException {
    if (!keys.isEmpty()) {
      for (String end : List.of(".sig", ".minisig")) {
        Location beside = location.beside(end);
        Optional<byte[]> file = downloads.find(beside, BundleSignature.MAX_FILE_BYTES);
        if (file.isPresent()) {
          return List.of(new NamedFile(beside.toString(), file.get()));
        }
      }
    }
    return List.of();
  }

  private void requireSignature(Location location, Read read) {
    if (read.signatures().isEmpty()) {
      throw refused(
          location,
          "it is not signed: "
              + (location instanceof Location.OfRegistry
                  ? "no signature refers to it"
                  : "there is no " + location.beside(".sig") + " beside it"));
    }
    List<String> malformed = new ArrayList<>();
    for (NamedFile file : read.signatures()) {
      try {
        BundleSignature signature = BundleSignature.parse(file.bytes());
        if (keys.stream().anyMatch(key -> signature.isBy(key, read.bytes()))) {
          return;
        }
      } catch (UntrustedException e) {
        // Anybody who can push to a registry can add one. It does not spoil the others.
        malformed.add(file.name() + ": " + e.getMessage());
      }
    }
    if (malformed.size() == read.signatures().size()) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, malformed.getFirst());
    }
    throw refused(
        location,
        "its signature is not one of --index-key or --trust; if its publisher has just changed it,"
            + " run the command again");
  }

  private void requireFresh(PluginIndex index, Location location, long seen) {
    if (mayBeOld) {
      return;
    }
    if (index.serial() < seen) {
      throw refused(
          location,
          "it has the serial "
              + index.serial()
              + ", and this machine has seen "
              + seen
              + ": somebody shows an old index; use --allow-old to read it");
    }
    index
        .expires()
        .filter(end -> clock.instant().isAfter(end))
        .ifPresent(end -> {
          throw refused(
              location,
              "it expired at "
                  + end
                  + ": ask its publisher for a new one; use --allow-old to read it");
        });
  }

  private static CommandFailure refused(Location location, String reason) {
    return new CommandFailure(CommandFailure.Kind.FAILED, location + ": " + reason);
  }
}
