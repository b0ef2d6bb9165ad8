package io.gonext.host;

import io.gonext.host.manifest.Bundle;
import io.gonext.host.registry.PulledPlugin;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.TrustPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bundle with what came with it: its signatures, and where it is from. Immutable, as long as
 * nobody changes the bytes that it was made of.
 */
public final class Delivery {
  /** The longest origin, in characters. */
  public static final int MAX_ORIGIN_CHARS = 1024;

  private static final Logger log = LoggerFactory.getLogger(Delivery.class);

  private final byte[] bundle;
  private final List<BundleSignature> signatures;
  private final String origin;
  private final String reference;
  private final boolean allowsDowngrade;

  private Delivery(
      byte[] bundle,
      List<BundleSignature> signatures,
      String origin,
      String reference,
      boolean allowsDowngrade) {
    if (signatures.size() > TrustPolicy.MAX_SIGNATURES) {
      throw new UntrustedException(
          "too_many_signatures",
          "a bundle comes with "
              + TrustPolicy.MAX_SIGNATURES
              + " signatures at most, this one with "
              + signatures.size()
              + ": leave out those that the trust policy does not ask for");
    }
    if (origin.length() > MAX_ORIGIN_CHARS) {
      throw new IllegalArgumentException(
          "an origin has " + MAX_ORIGIN_CHARS + " characters at most");
    }
    this.bundle = bundle;
    this.signatures = List.copyOf(signatures);
    this.origin = origin;
    this.reference = reference;
    this.allowsDowngrade = allowsDowngrade;
  }

  /**
   * A bundle that came with signatures from somewhere.
   *
   * @param origin the reference in a registry, with or without {@code oci://}; empty for an upload
   * @throws UntrustedException with the code {@code too_many_signatures} when there are more than
   *     {@link TrustPolicy#MAX_SIGNATURES}
   * @throws IllegalArgumentException when the origin is longer than {@link #MAX_ORIGIN_CHARS}
   */
  public Delivery(byte[] bundle, List<BundleSignature> signatures, String origin) {
    this(bundle, signatures, normal(origin), "", false);
  }

  private static String normal(String origin) {
    String plain = origin.startsWith("oci://") ? origin.substring("oci://".length()) : origin;
    return plain.isEmpty() ? TrustPolicy.UPLOAD : plain;
  }

  /** A bundle without signatures. */
  public static Delivery of(byte[] bundle) {
    return new Delivery(bundle, List.of(), "");
  }

  /**
   * A bundle that came with files of signatures from somewhere where others can add such files: a
   * registry. What is not a signature is left out, and so is what exceeds {@link
   * TrustPolicy#MAX_SIGNATURES}.
   *
   * <p>A policy sees where it came from, without tag and digest.
   */
  public static Delivery fetched(PulledPlugin pulled) {
    String origin = pulled.origin();
    List<BundleSignature> signatures = new ArrayList<>();
    for (byte[] file : pulled.signatureFiles()) {
      try {
        if (signatures.size() < TrustPolicy.MAX_SIGNATURES) {
          signatures.add(BundleSignature.parse(file));
        }
      } catch (UntrustedException e) {
        log.warn("a signature from {} is left out: {}", origin, e.getMessage());
      }
    }
    return new Delivery(
        pulled.bundle(),
        signatures,
        normal(origin),
        pulled.reference().withDigest(pulled.digest()).toString(),
        false);
  }

  /**
   * Reads a bundle file and the signatures beside it; see {@link #signaturesBeside}.
   *
   * @throws BundleRejectedException when there is no such file or it cannot be read
   * @throws UntrustedException when a signature beside it is malformed, or there are too many
   */
  public static Delivery read(Path file) {
    return new Delivery(Bundle.bytesOf(file), signaturesBeside(file), "");
  }

  /**
   * The signatures of a bundle file that are in its folder: {@code FILE.sig}, {@code FILE.minisig},
   * and {@code FILE.KEY.sig} for any key, by name.
   *
   * @throws UntrustedException when one of them is malformed or cannot be read
   */
  public static List<BundleSignature> signaturesBeside(Path file) {
    Path name = file.getFileName();
    Path folder = file.toAbsolutePath().getParent();
    if (name == null || folder == null) {
      return List.of();
    }
    List<Path> found;
    try (Stream<Path> files = Files.list(folder)) {
      found =
          files
              .filter(each ->
                  BundleSignature.isNameFor(name.toString(), String.valueOf(each.getFileName())))
              .sorted()
              .limit(TrustPolicy.MAX_SIGNATURES + 1L)
              .toList();
    } catch (IOException e) {
      // A folder that lists nothing has no signatures beside the file.
      return List.of();
    }
    List<BundleSignature> signatures = new ArrayList<>();
    found.forEach(each -> signatures.add(signature(each)));
    return signatures;
  }

  /**
   * Reads the file of a signature.
   *
   * @throws UntrustedException with the code {@code signature_malformed} when it is not one or
   *     cannot be read
   */
  public static BundleSignature signature(Path file) {
    try (var in = Files.newInputStream(file)) {
      return BundleSignature.parse(in.readNBytes(BundleSignature.MAX_FILE_BYTES + 1));
    } catch (IOException e) {
      throw new UntrustedException(
          "signature_malformed", file + " cannot be read: name the file of a signature");
    } catch (UntrustedException e) {
      throw new UntrustedException(e.code(), file + ": " + e.getMessage());
    }
  }

  /** The same, with these signatures. */
  public Delivery withSignatures(List<BundleSignature> others) {
    return new Delivery(bundle, others, origin, reference, allowsDowngrade);
  }

  /**
   * The same, which may also bring a version that is lower than one that was current before, signed
   * by the same publisher.
   */
  public Delivery allowingDowngrade() {
    return new Delivery(bundle, signatures, origin, reference, true);
  }

  /** The bytes of the bundle; not a copy. */
  public byte[] bundle() {
    return bundle;
  }

  public List<BundleSignature> signatures() {
    return signatures;
  }

  /** The reference in a registry, or {@link TrustPolicy#UPLOAD}. */
  public String origin() {
    return origin;
  }

  /**
   * What the host pulled: {@code oci://HOST/REPOSITORY:TAG@DIGEST}, with the digest of the
   * artifact. Empty for a bundle that was not {@link #fetched}. The audit log shows it.
   */
  public String reference() {
    return reference;
  }

  public boolean allowsDowngrade() {
    return allowsDowngrade;
  }
}
