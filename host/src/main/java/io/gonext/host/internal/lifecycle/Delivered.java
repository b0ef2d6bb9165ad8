package io.gonext.host.internal.lifecycle;

import io.gonext.host.manifest.Bundle;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.host.trust.Verification;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A bundle that came in or was stored, and what its trust depends on.
 *
 * @param origin the reference in a registry, or "upload"
 * @param development whether an author's tool uploaded it
 * @param verifiedAt when it was found trusted for the first time; null before that
 * @param allowsDowngrade whether it may be lower than what was current before
 */
public record Delivered(
    Bundle bundle,
    Verification verification,
    String origin,
    boolean development,
    @Nullable Instant verifiedAt,
    boolean allowsDowngrade) {
  /** An upload of an author's tool. */
  static Delivered development(Bundle bundle) {
    return new Delivered(
        bundle, new Verification(new byte[0], List.of()), TrustPolicy.UPLOAD, true, null, false);
  }

  /** The files of its signatures. */
  List<byte[]> signatureFiles() {
    return verification.signatures().stream().map(BundleSignature::file).toList();
  }
}
