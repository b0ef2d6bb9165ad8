package io.gonext.cli.kit;

import io.gonext.cli.output.AtomicFile;
import io.gonext.host.trust.SigningKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of a command that signs the file that it writes. */
public final class SignOptions {
  @Option(
      names = "--sign",
      paramLabel = "KEY",
      description = "Sign the file with a private key: write FILE.sig, too.")
  private @Nullable Path key;

  @Mixin private Passphrase passphrase;

  /** Reads the key, which may ask for its passphrase; empty without {@code --sign}. */
  public Optional<SigningKey> key() {
    return Optional.ofNullable(key).map(file -> KeyFiles.privateKey(file, passphrase));
  }

  /** Writes the signature of a file over the one that it had. */
  public static Path write(Path file, byte[] bytes, SigningKey key) {
    Path signature = SignatureFile.first(file, false);
    AtomicFile.write(signature, key.sign(bytes).file());
    return signature;
  }

  /** The signature beside a file that is about to get other bytes. */
  public static Optional<Path> outdated(Path file, byte[] bytes) {
    Path signature = SignatureFile.first(file, false);
    return Files.exists(signature) && !hasBytes(file, bytes)
        ? Optional.of(signature)
        : Optional.empty();
  }

  private static boolean hasBytes(Path file, byte[] bytes) {
    return Files.exists(file) && Arrays.equals(SignCommand.read(file), bytes);
  }
}
