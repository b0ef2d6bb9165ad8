package io.gonext.cli.kit;

import io.gonext.cli.output.JsonLines;
import io.gonext.host.UntrustedException;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.VerificationKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin verify}: checks the signature of a bundle. */
@Command(
    name = "verify",
    description = "Check the signature of a bundle with a publisher's public key.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin verify hello-0.1.0.gnplugin --key acme.pub",
      "  gonext plugin verify hello-0.1.0.gnplugin --key acme.minisign.pub",
      "  gonext plugin verify hello-0.1.0.gnplugin --key acme.pub --signature a.sig",
      "",
      "A host asks its own trust policy when it installs a bundle.",
      KitCommand.EXIT_CODES
    })
final class VerifyCommand extends KitCommand {
  @Parameters(paramLabel = "BUNDLE", description = "The file that was signed.")
  private Path file;

  @Option(
      names = "--key",
      paramLabel = "PUB",
      required = true,
      description =
          "The public key, in PEM or in minisign's form. Give the option again for further keys:"
              + " one of them must have signed.")
  private List<Path> keys;

  @Option(
      names = "--signature",
      paramLabel = "FILE",
      description = "The signature (default: the one beside it, .sig before .minisig).")
  private @Nullable Path signature;

  @Override
  Answer answer() {
    List<VerificationKey> known = keys.stream().map(KeyFiles::publicKey).toList();
    byte[] bytes = SignCommand.read(file);
    Path from = signature == null ? beside() : signature;
    BundleSignature parsed = KeyFiles.signature(from);
    VerificationKey signer = signer(parsed, known, bytes, from);
    List<String> text = new ArrayList<>();
    text.add("ok  %s is signed with the key %s, by %s".formatted(file, signer.id(), from));
    parsed.trustedComment().ifPresent(comment -> text.add("trusted comment: " + comment));
    return new Answer(
        ExitCode.OK,
        text,
        JsonLines.fields(
            "file",
            file.toString(),
            "signature",
            from.toString(),
            "key",
            signer.id(),
            "format",
            parsed.isMinisign() ? "minisign" : "raw",
            "trusted_comment",
            parsed.trustedComment().orElse("")));
  }

  private Path beside() {
    Path raw = SignatureFile.first(file, false);
    Path minisign = SignatureFile.first(file, true);
    if (Files.exists(raw)) {
      return raw;
    }
    if (Files.exists(minisign)) {
      return minisign;
    }
    throw new UntrustedException(
        "signature_missing",
        file + " has no signature beside it: neither " + raw + " nor " + minisign + " is there");
  }

  private static VerificationKey signer(
      BundleSignature signature, List<VerificationKey> keys, byte[] bytes, Path from) {
    for (VerificationKey key : keys) {
      if (signature.isBy(key, bytes)) {
        return key;
      }
    }
    VerificationKey first = keys.getFirst();
    try {
      signature.requireBy(first, bytes);
      return first;
    } catch (UntrustedException e) {
      throw new UntrustedException(e.code(), from + ": " + e.getMessage());
    }
  }
}
