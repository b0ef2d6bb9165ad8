package io.gonext.host.manifest;

import io.gonext.host.BundleRejectedException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the ZIP of a bundle holds, of which nothing else is known yet. Immutable, but for the bytes.
 *
 * @param files the sound ones by name, in the archive's order; none where it cannot be read at all
 * @param problems what is wrong with the ZIP and with its other entries, a sentence each; empty
 *     when it is sound
 */
public record BundleFiles(Map<String, byte[]> files, List<String> problems) {
  public BundleFiles {
    files = new LinkedHashMap<>(files);
    problems = List.copyOf(problems);
  }

  /** Reads as much of a bundle as can be. */
  public static BundleFiles read(byte[] bytes) {
    if (bytes.length > Bundle.MAX_BYTES) {
      return new BundleFiles(Map.of(), List.of("larger than " + Bundle.MAX_BYTES + " bytes"));
    }
    try {
      return new BundleArchive(bytes).read();
    } catch (BundleRejectedException e) {
      return new BundleFiles(Map.of(), e.problems());
    }
  }

  /** What is said of a bundle of these names, which has no manifest where one belongs. */
  public static String noManifest(Collection<String> names) {
    return names.stream()
        .filter(name -> name.endsWith("/" + Bundle.MANIFEST))
        .findFirst()
        .map(name ->
            "no manifest.json at the top of the bundle, but "
                + name
                + ": pack the files that are in that folder, not the folder")
        .orElse("no manifest.json at the top of the bundle");
  }

  /** A sentence for each name that no bundle with this entry module may hold. */
  public static List<String> unlisted(Collection<String> names, String entry) {
    return names.stream()
        .filter(name -> !BundleArchive.isListed(name) && !name.equals(entry))
        .map(name ->
            name
                + ": not a file of a bundle (manifest.json, the entry module, web/, migrations/,"
                + " locales/, warmup/, README.md, LICENSE)")
        .toList();
  }
}
