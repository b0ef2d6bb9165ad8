package io.gonext.host.internal.lifecycle;

import io.gonext.host.Provenance;
import io.gonext.host.UntrustedException;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.host.trust.TrustPolicy.Mode;
import io.gonext.host.trust.Verdict;
import io.gonext.host.trust.Verification;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks this host's trust policy about each bundle that is about to be compiled, whichever way it
 * came, and follows the policy's file. A file that disappears or is malformed while the host runs
 * leaves the last policy in force.
 *
 * <p>Thread-safe.
 */
public final class TrustGate {
  private static final Logger log = LoggerFactory.getLogger(TrustGate.class);

  /** Keys that are tried while a bundle is still being read. */
  private static final int TRIED_EARLY = 2;

  private final @Nullable Path file;
  private final boolean takesDevelopment;
  private final InstantSource clock;
  private final MeterRegistry meters;

  private volatile TrustPolicy policy;
  private volatile @Nullable String trouble;

  /** Versions in service that are not trusted any more, by plugin. Replaced as a whole. */
  private volatile Map<String, Verdict> distrusted = Map.of();

  /** What {@link #file} held when it was last read; null before that. Guarded by this. */
  private byte @Nullable [] lastRead;

  private TrustGate(
      TrustPolicy policy,
      @Nullable Path file,
      boolean takesDevelopment,
      InstantSource clock,
      MeterRegistry meters) {
    this.policy = policy;
    this.file = file;
    this.takesDevelopment = takesDevelopment;
    this.clock = clock;
    this.meters = meters;
  }

  /**
   * A gate with a policy that nobody changes but by {@link #replace}.
   *
   * @param takesDevelopment whether uploads of authors' tools pass
   */
  public static TrustGate of(
      TrustPolicy policy, boolean takesDevelopment, InstantSource clock, MeterRegistry meters) {
    return new TrustGate(policy, null, takesDevelopment, clock, meters);
  }

  /**
   * A gate that follows a file.
   *
   * @param required whether the file must be there now
   * @throws UntrustedException when it must and is not, or when it is malformed
   */
  public static TrustGate following(
      Path file,
      boolean required,
      boolean takesDevelopment,
      InstantSource clock,
      MeterRegistry meters) {
    TrustGate gate = new TrustGate(TrustPolicy.none(), file, takesDevelopment, clock, meters);
    if (required || mayBeThere(file)) {
      gate.policy = TrustPolicy.read(file);
    }
    return gate;
  }

  /**
   * Whether somebody gave the host a policy. A link that leads nowhere and a file that nobody may
   * see count as one: without a policy, the host would take every bundle.
   */
  private static boolean mayBeThere(Path file) {
    return !Files.notExists(file, LinkOption.NOFOLLOW_LINKS);
  }

  /** The policy in force. */
  public TrustPolicy policy() {
    return policy;
  }

  /** Why the file of the policy is not followed; empty when it is. */
  public Optional<String> trouble() {
    return Optional.ofNullable(trouble);
  }

  /** Why versions in service are not trusted any more, by plugin. */
  public Map<String, Verdict> distrusted() {
    return distrusted;
  }

  void distrusted(Map<String, Verdict> verdicts) {
    distrusted = Map.copyOf(verdicts);
  }

  /** Sets another policy, until the file changes. */
  void replace(TrustPolicy next) {
    policy = next;
    log.info("the trust policy was replaced: mode {}, sha256:{}", next.mode(), next.digest());
  }

  /** Reads the file again where it changed. */
  synchronized void look() {
    if (file == null || (policy.isNone() && !mayBeThere(file))) {
      return;
    }
    byte[] read;
    try {
      read = TrustPolicy.bytes(file);
    } catch (IOException e) {
      keepLast(file + " cannot be read");
      return;
    }
    if (Arrays.equals(read, lastRead)) {
      return;
    }
    lastRead = read;
    TrustPolicy next;
    try {
      next = TrustPolicy.parse(read);
    } catch (UntrustedException e) {
      keepLast(file + ": " + e.getMessage());
      return;
    }
    trouble = null;
    if (!next.digest().equals(policy.digest())) {
      replace(next);
    }
  }

  private void keepLast(String why) {
    if (!why.equals(trouble)) {
      log.error("the trust policy of before stays in force: {}", why);
      lastRead = null;
    }
    trouble = why;
  }

  /** Begins to verify the signatures of a bundle, while somebody else reads it. */
  Verification begin(byte[] bundle, List<BundleSignature> signatures) {
    Verification verification = new Verification(bundle, signatures);
    if (policy.mode() != Mode.OFF && !signatures.isEmpty()) {
      verification.begin(
          policy.likelyKeys(TRIED_EARLY),
          task -> Thread.ofPlatform().daemon().name("gonext-verify").start(task));
    }
    return verification;
  }

  /** Whether there are signatures to verify before the policy can answer. */
  boolean takesTime(Delivered delivered) {
    TrustPolicy asked = policy;
    return asked.mode() != Mode.OFF
        && !asked.isNone()
        && !delivered.development()
        && !delivered.verification().signatures().isEmpty();
  }

  /** What the policy says of a bundle. */
  Verdict judge(Delivered delivered) {
    return judge(policy, delivered);
  }

  private Verdict judge(TrustPolicy asked, Delivered delivered) {
    Manifest manifest = delivered.bundle().manifest();
    if (delivered.development()) {
      return asked.mode() != Mode.ENFORCE || takesDevelopment
          ? new Verdict(Provenance.DEVELOPMENT, "", List.of())
          : new Verdict(
              "development_refused",
              manifest.id()
                  + " was uploaded by gonext plugin dev, and this host takes signed bundles only:"
                  + " install a signed bundle, or develop on a host started with --dev",
              List.of());
    }
    // What was trusted when it came in stays so when a key expires, and not when one is revoked.
    Instant now = clock.instant();
    Instant verified = delivered.verifiedAt();
    return asked.check(
        manifest.name(),
        manifest.version().toString(),
        delivered.origin(),
        delivered.verification(),
        verified == null || verified.isAfter(now) ? now : verified);
  }

  static boolean passes(Verdict verdict) {
    return verdict.isTrusted() || verdict.code().equals(Provenance.DEVELOPMENT);
  }

  /**
   * What a bundle was found to be.
   *
   * @param warning why it is not trusted; empty when it is
   */
  record Passed(Provenance provenance, String warning) {
    List<String> warnings() {
      return warning.isEmpty() ? List.of() : List.of(warning);
    }
  }

  /**
   * Lets a bundle pass, or refuses it.
   *
   * @throws UntrustedException when the policy is enforced and does not trust it
   */
  Passed require(Delivered delivered) {
    look();
    TrustPolicy asked = policy;
    Verdict verdict = judge(asked, delivered);
    if (!passes(verdict) && asked.mode() == Mode.ENFORCE) {
      throw refused(verdict.code(), verdict.message());
    }
    return new Passed(
        new Provenance(
            delivered.origin(), verdict.code(), verdict.signers(), clock.instant(), asked.digest()),
        verdict.message());
  }

  /** A refusal, which is counted. */
  UntrustedException refused(String code, String message) {
    Counter.builder("gonext.trust.refused")
        .description("Bundles that the trust policy refused")
        .tag("code", code)
        .register(meters)
        .increment();
    return new UntrustedException(code, message);
  }

  /** Whether a bundle that is not trusted is refused. */
  boolean enforces() {
    return policy.mode() == Mode.ENFORCE;
  }

  /** Whether a version that is no longer trusted leaves service. */
  boolean stops() {
    return enforces() && policy.onRevoke() == TrustPolicy.OnRevoke.STOP;
  }
}
