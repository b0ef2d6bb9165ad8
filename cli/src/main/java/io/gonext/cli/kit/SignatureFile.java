package io.gonext.cli.kit;

import io.gonext.host.UntrustedException;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.SigningKey;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The files of signatures beside a file: {@code FILE.sig} and {@code FILE.minisig}, and {@code
 * FILE.KEY.sig} and {@code FILE.KEY.minisig} for those of further keys.
 */
final class SignatureFile {
  private static final String RAW = ".sig";
  private static final String MINISIGN = ".minisig";

  /** The id of a further key in the name of its signature. */
  private static final Pattern KEY = Pattern.compile("\\.([0-9a-f]{16})\\.(?:mini)?sig$");

  private SignatureFile() {}

  /**
   * A signature that was read, and not verified.
   *
   * @param key the id of the key that it or its file's name names; empty when they name none
   */
  record Named(Path file, String format, String key) {
    /**
     * Reads the file of a signature.
     *
     * @throws UntrustedException when it is not one
     */
    static Named read(Path file) {
      BundleSignature signature = KeyFiles.signature(file);
      String key =
          signature
              .namedKey()
              .or(() ->
                  KEY.matcher(file.toString()).results().map(match -> match.group(1)).findFirst())
              .orElse("");
      return new Named(file, signature.isMinisign() ? "minisign" : "raw", key);
    }

    @Override
    public String toString() {
      return file
          + (key.isEmpty() ? ", which names no key" : ", which names the key " + key)
          + ": not verified";
    }
  }

  /** The name of the first signature of a file. */
  static Path first(Path file, boolean isMinisign) {
    return file.resolveSibling(file.getFileName() + (isMinisign ? MINISIGN : RAW));
  }

  /** The name of a further key's signature. */
  static Path further(Path file, SigningKey key, boolean isMinisign) {
    return further(file, key.publicKey().id(), isMinisign);
  }

  /** The name of a further signature, which has an id of its own. */
  static Path further(Path file, String id, boolean isMinisign) {
    return file.resolveSibling(file.getFileName() + "." + id + (isMinisign ? MINISIGN : RAW));
  }

  static BundleSignature sign(
      Path file, byte[] bytes, SigningKey key, boolean isMinisign, InstantSource clock) {
    return isMinisign
        ? key.signMinisign(
            bytes,
            "timestamp:%d\tfile:%s\thashed"
                .formatted(
                    clock.instant().getEpochSecond(),
                    String.valueOf(file.getFileName()).replaceAll("\\p{Cntrl}", "?")))
        : key.sign(bytes);
  }

  /** Whether a file is a key's signature over these bytes, in any form. */
  static boolean isBy(SigningKey key, byte[] bytes, Path signature) {
    try {
      return KeyFiles.signature(signature).isBy(key.publicKey(), bytes);
    } catch (UntrustedException e) {
      return false;
    }
  }

  /** The signatures that are beside a file, by name. */
  static List<Path> beside(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    List<Path> found = new ArrayList<>();
    if (directory == null || !Files.isDirectory(directory)) {
      return found;
    }
    String name = String.valueOf(file.getFileName());
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(
            directory,
            entry -> BundleSignature.isNameFor(name, String.valueOf(entry.getFileName())))) {
      entries.forEach(entry -> found.add(file.resolveSibling(entry.getFileName())));
    }
    found.sort(null);
    return found;
  }
}
