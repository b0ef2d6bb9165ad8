package io.gonext.host.trust;

import java.util.List;
import java.util.TreeSet;

/**
 * What a {@link TrustPolicy} says of a bundle.
 *
 * @param code {@link #TRUSTED}, {@link #NOT_CHECKED}, or why the bundle is not trusted, for
 *     programs: {@code unsigned}, say
 * @param message why the bundle is not trusted and what to do, one sentence; empty otherwise
 * @param signers who signed it of those that may; one for each publisher, by name
 */
public record Verdict(String code, String message, List<Signer> signers) {
  /** The code of a bundle with all signatures that the policy asks for. */
  public static final String TRUSTED = "trusted";

  /** The code of every bundle in the mode {@code off}. */
  public static final String NOT_CHECKED = "not_checked";

  /**
   * A publisher and the key with which it signed.
   *
   * @param key its {@link VerificationKey#id}
   */
  public record Signer(String publisher, String key) {
    @Override
    public String toString() {
      return publisher + " (" + key + ")";
    }
  }

  public Verdict {
    signers = List.copyOf(signers);
  }

  /** Whether the policy finds nothing wrong. */
  public boolean isTrusted() {
    return code.equals(TRUSTED) || code.equals(NOT_CHECKED);
  }

  /** The publishers that signed, by name. */
  public List<String> publishers() {
    return List.copyOf(new TreeSet<>(signers.stream().map(Signer::publisher).toList()));
  }
}
