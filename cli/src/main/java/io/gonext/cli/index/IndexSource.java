package io.gonext.cli.index;

import io.gonext.cli.fetch.Downloads;
import io.gonext.cli.fetch.Downloads.Validators;
import io.gonext.cli.fetch.Location;
import io.gonext.cli.output.CommandFailure;
import io.gonext.host.UntrustedException;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.VerificationKey;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

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

  /**
   * Reads the index.
   *
   * @throws CommandFailure when it cannot be read or must not be used
   */
  Found read(Location location) throws InterruptedException {
    IndexCache.Known known = IndexCache.NOTHING;
    byte[] bytes;
    Validators validators = Validators.NONE;
    if (location instanceof Location.OfUrl url) {
      known = cache.find(location);
      Downloads.Conditional answer =
          downloads.readIfChanged(url, known.validators(), PluginIndex.MAX_BYTES);
      bytes = answer.bytes().or(known::copy).orElseThrow();
      validators = answer.validators();
    } else {
      bytes = downloads.read(location, PluginIndex.MAX_BYTES);
    }
    List<String> warnings = new ArrayList<>();
    if (keys.isEmpty()) {
      if (location instanceof Location.OfUrl) {
        warnings.add(location + " is not verified: give its publisher's key with --index-key");
      }
    } else {
      requireSignature(location, bytes);
    }
    PluginIndex index = PluginIndex.read(bytes, location.toString());
    requireFresh(index, location, keys.isEmpty() ? 0 : known.serial());
    if (location instanceof Location.OfUrl) {
      long seen = keys.isEmpty() ? known.serial() : Math.max(known.serial(), index.serial());
      cache.keep(location, bytes, validators, seen);
    }
    return new Found(index, location, List.copyOf(warnings));
  }

  private void requireSignature(Location location, byte[] bytes) throws InterruptedException {
    Location beside = location.beside(".sig");
    byte[] file =
        downloads
            .find(beside, BundleSignature.MAX_FILE_BYTES)
            .orElseThrow(
                () -> refused(location, "it is not signed: there is no " + beside + " beside it"));
    try {
      BundleSignature signature = BundleSignature.parse(file);
      if (keys.stream().noneMatch(key -> signature.isBy(key, bytes))) {
        throw refused(
            location,
            "its signature is not one of --index-key; if its publisher has just changed it, run the"
                + " command again");
      }
    } catch (UntrustedException e) {
      throw refused(beside, e.getMessage());
    }
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
