package io.gonext.host;

import io.gonext.host.internal.lifecycle.Delivered;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.host.trust.Verdict;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Whose bundles a host takes.
 *
 * <p>Thread-safe.
 */
public final class Trust {
  private final Lifecycle lifecycle;

  Trust(Lifecycle lifecycle) {
    this.lifecycle = lifecycle;
  }

  /** The policy in force. */
  public TrustPolicy policy() {
    return lifecycle.trustPolicy();
  }

  /**
   * Sets another policy at once, and judges all versions in service by it. It holds until the host
   * is closed, or until the file of the policy changes.
   */
  public void replace(TrustPolicy policy) {
    lifecycle.replaceTrust(policy);
  }

  /**
   * Reads the file of the policy now, and judges all versions in service by it if it changed. The
   * host does so by itself every second, and before it takes in a bundle. A file that is malformed
   * changes nothing; see {@link #trouble}.
   */
  public void reread() {
    lifecycle.followTrust();
  }

  /**
   * Why the file of the policy is not followed: it is malformed, or it is gone. The policy that was
   * read last stays in force. Empty when all is well.
   */
  public Optional<String> trouble() {
    return lifecycle.trustTrouble();
  }

  /**
   * Why versions in service are no longer trusted, by plugin: those that a change of the policy
   * found. In the mode {@code enforce} they are among {@link Health#troubles}, too.
   */
  public Map<String, Verdict> distrusted() {
    return lifecycle.distrusted();
  }

  /**
   * What this host's policy says of a bundle now. Nothing of the bundle is compiled, stored or run,
   * and the audit log has no row of it. A later installation asks again.
   *
   * @throws BundleRejectedException when it is not a bundle
   */
  public TrustCheck check(Delivery delivery) {
    Delivered delivered = lifecycle.receive(delivery);
    Verdict verdict = lifecycle.verdict(delivered);
    return new TrustCheck(
        delivered.bundle(),
        delivered.origin(),
        verdict,
        !verdict.isTrusted() && policy().mode() == TrustPolicy.Mode.ENFORCE);
  }

  /**
   * Why a stored version that was found trusted when it came in is not trusted any more: its key
   * was revoked since, say. Judges by what was found then, and does not read the bundle. Empty when
   * it is trusted, and for a version that was not trusted in the first place.
   */
  public Optional<Verdict> distrust(String plugin, StoredVersion version) {
    Provenance provenance = version.provenance();
    Instant verified = provenance.checkedAt();
    if (!provenance.isTrusted() || verified == null || provenance.signers().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
            policy()
                .recheck(
                    plugin, version.version(), provenance.origin(), provenance.signers(), verified))
        .filter(verdict -> !verdict.isTrusted());
  }
}
