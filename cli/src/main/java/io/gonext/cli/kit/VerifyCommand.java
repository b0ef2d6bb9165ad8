package io.gonext.cli.kit;

import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.OptionPairs;
import io.gonext.host.Delivery;
import io.gonext.host.UntrustedException;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.registry.OciReference;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.host.trust.Verdict;
import io.gonext.host.trust.VerificationKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin verify}: checks the signature of a bundle. */
@Command(
    name = "verify",
    description = "Check the signatures of a bundle with a public key or a trust policy.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin verify hello-0.1.0.gnplugin --key acme.pub",
      "  gonext plugin verify hello-0.1.0.gnplugin --key acme.minisign.pub",
      "  gonext plugin verify hello-0.1.0.gnplugin --key acme.pub --signature a.sig",
      "  gonext plugin verify hello-0.1.0.gnplugin --policy trust.json",
      "",
      "A host asks its own trust policy when it installs a bundle. It also knows which",
      "versions it had, so it may refuse a downgrade that --policy accepts.",
      KitCommand.EXIT_CODES
    })
final class VerifyCommand extends KitCommand {
  @Parameters(paramLabel = "BUNDLE", description = "The file that was signed.")
  private Path file;

  @Option(
      names = "--key",
      paramLabel = "PUB",
      description =
          "The public key, in PEM or in minisign's form. Give the option again for further keys:"
              + " one of them must have signed.")
  private List<Path> keys = List.of();

  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description = "A trust policy, which must trust the bundle, in place of --key.")
  private @Nullable Path policy;

  @Option(
      names = "--from",
      paramLabel = "REFERENCE",
      converter = ReferenceConverter.class,
      description =
          "With --policy: oci://HOST/REPOSITORY, where a host would fetch the bundle (default: it"
              + " is uploaded).")
  private @Nullable OciReference from;

  @Option(
      names = "--signature",
      paramLabel = "FILE",
      description =
          "The signature (default: the one beside it, .sig before .minisig; with --policy, all that"
              + " are beside it).")
  private @Nullable Path signature;

  private final InstantSource clock = InstantSource.system();

  @Override
  Answer answer() {
    OptionPairs.requireWith(spec(), "--policy", "--from");
    if (policy != null) {
      OptionPairs.refuseWith(spec(), "--policy", "--key");
      return answer(TrustPolicy.read(policy));
    }
    if (keys.isEmpty()) {
      throw new ParameterException(
          spec().commandLine(),
          "give the public key of the publisher with --key, or a trust policy with --policy");
    }
    return answer(keys.stream().map(KeyFiles::publicKey).toList());
  }

  private Answer answer(TrustPolicy asked) {
    byte[] bytes = Bundle.bytesOf(file);
    Manifest manifest = Bundle.read(bytes).manifest();
    List<BundleSignature> signatures =
        signature == null
            ? Delivery.signaturesBeside(file)
            : List.of(KeyFiles.signature(signature));
    Delivery delivery = new Delivery(bytes, signatures, from == null ? "" : from.origin());
    Verdict verdict =
        asked.check(
            manifest.name(),
            manifest.version().toString(),
            delivery.origin(),
            delivery.bundle(),
            delivery.signatures(),
            clock.instant());
    if (!verdict.isTrusted()) {
      throw new UntrustedException(verdict.code(), verdict.message());
    }
    return new Answer(
        ExitCode.OK,
        List.of(
            verdict.code().equals(Verdict.NOT_CHECKED)
                ? "ok  " + file + ": the policy has the mode off, and no bundle is checked"
                : "ok  %s is trusted: signed by %s"
                    .formatted(
                        file,
                        verdict.signers().stream()
                            .map(Verdict.Signer::toString)
                            .collect(Collectors.joining(", ")))),
        JsonLines.fields(
            "file",
            file.toString(),
            "plugin",
            manifest.id(),
            "origin",
            delivery.origin(),
            "code",
            verdict.code(),
            "policy",
            asked.digest(),
            "signers",
            verdict.signers().stream()
                .map(signer ->
                    JsonLines.fields("publisher", signer.publisher(), "key", signer.key()))
                .toList()));
  }

  private Answer answer(List<VerificationKey> known) {
    byte[] bytes = SignCommand.read(file);
    Path read = signature == null ? beside() : signature;
    BundleSignature parsed = KeyFiles.signature(read);
    VerificationKey signer = signer(parsed, known, bytes, read);
    List<String> text = new ArrayList<>();
    text.add("ok  %s is signed with the key %s, by %s".formatted(file, signer.id(), read));
    parsed.trustedComment().ifPresent(comment -> text.add("trusted comment: " + comment));
    return new Answer(
        ExitCode.OK,
        text,
        JsonLines.fields(
            "file",
            file.toString(),
            "signature",
            read.toString(),
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
