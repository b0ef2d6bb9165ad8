package io.gonext.cli.kit;

import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.OwnersOnly;
import io.gonext.host.UntrustedException;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.SigningKey;
import io.gonext.host.trust.VerificationKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Supplier;

/** Reads keys and signatures from files. A message about one begins with the file's name. */
final class KeyFiles {
  /** More than the largest file that is read as a key, so that its size gets a sentence. */
  private static final int MAX_KEY_BYTES = 65_536;

  private KeyFiles() {}

  static VerificationKey publicKey(Path file) {
    String text = text(file);
    return named(file, () -> VerificationKey.parse(text));
  }

  /** Reads a private key. One that is not encrypted must be its owner's alone. */
  static SigningKey privateKey(Path file, Passphrase passphrase) {
    String text = text(file);
    if (!SigningKey.isEncrypted(text)) {
      SigningKey key = named(file, () -> SigningKey.parse(text));
      try {
        OwnersOnly.require(file);
      } catch (IOException e) {
        throw unreadable(file, e);
      }
      return key;
    }
    char[] known = passphrase.known(file);
    try {
      return named(file, () -> SigningKey.parse(text, known));
    } finally {
      Arrays.fill(known, ' ');
    }
  }

  static BundleSignature signature(Path file) {
    byte[] bytes = bytes(file, BundleSignature.MAX_FILE_BYTES + 1);
    return named(file, () -> BundleSignature.parse(bytes));
  }

  private static String text(Path file) {
    return new String(bytes(file, MAX_KEY_BYTES), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(Path file, int most) {
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(most);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  static CommandFailure unreadable(Path file, IOException e) {
    return new CommandFailure(
        CommandFailure.Kind.FAILED,
        Files.isDirectory(file)
            ? file + " is a directory: give a file"
            : file + " cannot be read: " + CommandFailure.reason(e));
  }

  private static <T> T named(Path file, Supplier<T> read) {
    try {
      return read.get();
    } catch (UntrustedException e) {
      throw new UntrustedException(e.code(), file + ": " + e.getMessage());
    }
  }
}
