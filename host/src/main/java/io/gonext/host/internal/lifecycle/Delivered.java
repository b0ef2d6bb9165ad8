package io.gonext.host.internal.lifecycle;

import io.gonext.host.Delivery;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.host.trust.Verification;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
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

  /** The same, with more signatures; each is there once. */
  Delivered signedBy(List<BundleSignature> more) {
    Set<BundleSignature> all = new LinkedHashSet<>(verification.signatures());
    all.addAll(more);
    // Refuses too many.
    Delivery delivery = Delivery.of(bundle.bytes()).withSignatures(List.copyOf(all));
    return new Delivered(
        bundle,
        new Verification(delivery.bundle(), delivery.signatures()),
        origin,
        development,
        verifiedAt,
        allowsDowngrade);
  }

  /** The files of its signatures. */
  List<byte[]> signatureFiles() {
    return verification.signatures().stream().map(BundleSignature::file).toList();
  }
}
