package io.gonext.host;

import io.gonext.host.trust.TrustPolicy;
import io.gonext.host.trust.Verdict;
import io.gonext.host.trust.Verdict.Signer;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where a version came from, and what the host that took it in found out about it.
 *
 * @param origin the reference in a registry, or {@link TrustPolicy#UPLOAD}
 * @param code a {@link Verdict#code}; {@link #DEVELOPMENT} for an upload of {@code gonext plugin
 *     dev}
 * @param signers who signed it of those that may
 * @param checkedAt when that was found out; null for a version that an earlier release took in
 * @param policy the {@linkplain TrustPolicy#digest digest} of the policy; empty without one
 */
public record Provenance(
    String origin, String code, List<Signer> signers, @Nullable Instant checkedAt, String policy) {
  /** The code of a version that an author's tool uploaded: nobody signs it. */
  public static final String DEVELOPMENT = "development";

  /** What is known of a version that an earlier release took in. */
  public static final Provenance UNKNOWN =
      new Provenance(TrustPolicy.UPLOAD, "unsigned", List.of(), null, "");

  /** Copies the signers. */
  public Provenance {
    signers = List.copyOf(signers);
  }

  /** Whether all signatures were there that the policy asked for. */
  public boolean isTrusted() {
    return code.equals(Verdict.TRUSTED);
  }

  /** Whether it was uploaded by {@code gonext plugin dev}. */
  public boolean isDevelopment() {
    return code.equals(DEVELOPMENT);
  }

  /** The publishers of a trusted version, by name; of another one, none. */
  public List<String> publishers() {
    return isTrusted() ? signers.stream().map(Signer::publisher).toList() : List.of();
  }

  /**
   * The kind of the code: {@code trusted}, {@code unsigned}, {@code development}, {@code
   * not_checked}, or {@code untrusted} for all others.
   */
  public String status() {
    return switch (code) {
      case Verdict.TRUSTED, Verdict.NOT_CHECKED, DEVELOPMENT, "unsigned" -> code;
      default -> "untrusted";
    };
  }

  /** In a few words: {@code acme (0123456789abcdef)}, {@code unsigned}, {@code development}. */
  public String summary() {
    return switch (code) {
      case Verdict.TRUSTED ->
          signers.stream().map(Signer::toString).collect(Collectors.joining(", "));
      case Verdict.NOT_CHECKED -> "not checked";
      case DEVELOPMENT, "unsigned" -> code;
      default -> "untrusted (" + code + ")";
    };
  }
}
