package io.gonext.cli.admin;

import io.gonext.host.Delivery;
import io.gonext.host.trust.BundleSignature;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What a host's trust policy may ask of a bundle. */
final class SignatureOptions {
  @Option(
      names = "--signature",
      paramLabel = "FILE",
      description =
          "Send this signature of the bundle, and not those in the files beside it whose names add"
              + " .sig or .minisig to its name. Repeatable.")
  private List<Path> signatures = new ArrayList<>();

  @Option(
      names = "--allow-downgrade",
      description =
          "Take the bundle also when a higher version of the same publisher was in use before.")
  private boolean allowDowngrade;

  /** The signatures to send with a bundle file. */
  List<BundleSignature> of(Path bundle) {
    return signatures.isEmpty() ? Delivery.signaturesBeside(bundle) : given();
  }

  /** The signatures that the command line names. */
  List<BundleSignature> given() {
    return signatures.stream().map(Delivery::signature).toList();
  }

  /** For the query of a request. */
  String query() {
    return "allow_downgrade=" + allowDowngrade;
  }
}
