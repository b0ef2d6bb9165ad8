package io.gonext.cli.kit;

import io.gonext.cli.output.AtomicFile;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.Sizes;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.trust.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin sign}: signs a bundle. */
@Command(
    name = "sign",
    description = "Sign a bundle: write a signature beside it.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin sign hello-0.1.0.gnplugin --key acme.key",
      "  gonext plugin sign hello-0.1.0.gnplugin --key acme.key --minisign",
      "  gonext plugin sign hello-0.1.0.gnplugin --key audit.key --add",
      "",
      "It writes BUNDLE.sig, the 64 bytes of an Ed25519 signature, which openssl and",
      "cosign check; --minisign writes BUNDLE.minisig, which minisign -V checks.",
      "Other files than bundles can be signed too, an index of plugins for example.",
      KitCommand.EXIT_CODES
    })
final class SignCommand extends KitCommand {
  /** Room for the largest bundle, index and SBOM. */
  private static final int MAX_FILE_BYTES = 2 * Bundle.MAX_BYTES;

  @Parameters(paramLabel = "BUNDLE", description = "The file to sign.")
  private Path file;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      required = true,
      description = "The private key, as keygen or openssl genpkey writes it.")
  private Path key;

  @Mixin private Passphrase passphrase;

  @Option(names = "--minisign", description = "Write the signature in minisign's form.")
  private boolean minisign;

  @Option(names = "--add", description = "Write a further signature: BUNDLE.KEYID.sig.")
  private boolean add;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The file to write (default: BUNDLE.sig).")
  private @Nullable Path output;

  @Option(names = "--replace", description = "Write over another signature.")
  private boolean replace;

  private final InstantSource clock = InstantSource.system();

  @Override
  Answer answer() throws IOException {
    if (output != null && add) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE, "--add chooses the file, and -o does too: give one of them");
    }
    byte[] bytes = read(file);
    if (String.valueOf(file.getFileName()).endsWith(".gnplugin")) {
      Bundle.read(bytes);
    }
    SigningKey signer = KeyFiles.privateKey(key, passphrase);
    Path target =
        output != null
            ? output
            : add
                ? SignatureFile.further(file, signer, minisign)
                : SignatureFile.first(file, minisign);
    String id = signer.publicKey().id();
    boolean isThere = Files.exists(target);
    boolean isSigned = isThere && SignatureFile.isBy(signer, bytes, target);
    if (isThere && !isSigned && !replace) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          target
              + " exists, and is not a signature of the key "
              + id
              + " over this file: --replace writes over it, and --add writes a second signature"
              + " beside it");
    }
    if (!isSigned) {
      AtomicFile.write(target, SignatureFile.sign(file, bytes, signer, minisign, clock).file());
    }
    return new Answer(
        ExitCode.OK,
        List.of(
            isSigned
                ? "ok  " + target + " is a signature of the key " + id + " already"
                : "ok  " + target + ", signed with the key " + id),
        JsonLines.fields(
            "file",
            file.toString(),
            "signature",
            target.toString(),
            "key",
            id,
            "format",
            minisign ? "minisign" : "raw",
            "written",
            !isSigned));
  }

  /** The bytes of a file that is signed: a bundle, or something else of at most twice its size. */
  static byte[] read(Path file) {
    byte[] bytes;
    try (var in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_FILE_BYTES + 1);
    } catch (IOException e) {
      throw KeyFiles.unreadable(file, e);
    }
    if (bytes.length > MAX_FILE_BYTES) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          file
              + " has more than "
              + Sizes.text(MAX_FILE_BYTES)
              + ": a bundle has at most "
              + Sizes.text(Bundle.MAX_BYTES));
    }
    return bytes;
  }
}
