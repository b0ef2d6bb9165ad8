package io.gonext.host.trust;

import io.gonext.host.UntrustedException;
import io.gonext.host.json.SchemaFile;
import io.gonext.host.trust.Verdict.Signer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Whose bundles a host takes: what is in {@code trust.json}. The first rule that fits a bundle says
 * how many of which publishers must have signed it. A bundle that no rule fits is not trusted.
 *
 * <p>Immutable.
 */
public final class TrustPolicy {
  /** No file of a policy is larger, in bytes. */
  public static final int MAX_FILE_BYTES = 1024 * 1024;

  /** The most signatures that may come with a bundle: each may cost a pass over its bytes. */
  public static final int MAX_SIGNATURES = 8;

  /** The origin of a bundle that did not come from a registry. */
  public static final String UPLOAD = "upload";

  private static final String SCHEMA = "trust-policy-v1.json";

  /** What happens to a bundle that is not trusted. */
  public enum Mode {
    /** It is refused. */
    ENFORCE,
    /** It is taken, with a warning. */
    WARN,
    /** No bundle is looked at. */
    OFF;

    /** As in {@code trust.json}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What happens to a version in service that is no longer trusted, in {@link Mode#ENFORCE}. */
  public enum OnRevoke {
    /** It is reported, and serves on. */
    REPORT,
    /** It is reported, and leaves service. */
    STOP
  }

  /**
   * A key of a publisher.
   *
   * @param from the first moment at which it may bring in a bundle
   * @param until the first moment at which it may not any more
   * @param revoked whether nothing signed with it is trusted
   */
  public record TrustedKey(
      VerificationKey key, @Nullable Instant from, @Nullable Instant until, boolean revoked) {
    boolean isValidAt(Instant now) {
      return !revoked
          && (from == null || !now.isBefore(from))
          && (until == null || now.isBefore(until));
    }
  }

  /** Who signs bundles. */
  public record Publisher(String name, List<TrustedKey> keys) {
    public Publisher {
      keys = List.copyOf(keys);
    }
  }

  /**
   * Whose signatures a bundle needs.
   *
   * @param plugins names of plugins, with {@code *} for any characters
   * @param registry where bundles come from, with {@code *} for any characters
   * @param publishers names of those that may sign
   * @param signatures how many of them must have signed
   */
  public record Rule(String plugins, String registry, List<String> publishers, int signatures) {
    public Rule {
      publishers = List.copyOf(publishers);
    }

    boolean fits(String plugin, String origin) {
      return Glob.matches(plugins, plugin) && Glob.matches(registry, origin);
    }
  }

  private static final TrustPolicy NONE =
      new TrustPolicy(Mode.WARN, OnRevoke.REPORT, List.of(), List.of(), "");
  private static final TrustPolicy OFF =
      new TrustPolicy(Mode.OFF, OnRevoke.REPORT, List.of(), List.of(), "");

  private final Mode mode;
  private final OnRevoke onRevoke;
  private final List<Publisher> publishers;
  private final List<Rule> rules;
  private final String digest;

  TrustPolicy(
      Mode mode, OnRevoke onRevoke, List<Publisher> publishers, List<Rule> rules, String digest) {
    this.mode = mode;
    this.onRevoke = onRevoke;
    this.publishers = List.copyOf(publishers);
    this.rules = List.copyOf(rules);
    this.digest = digest;
  }

  /** The policy of a host to which nobody gave one: it warns of every bundle. */
  public static TrustPolicy none() {
    return NONE;
  }

  /** The policy that does not look at any bundle. */
  public static TrustPolicy off() {
    return OFF;
  }

  /**
   * Reads a policy.
   *
   * @param json the bytes of {@code trust.json}
   * @throws UntrustedException with the code {@code policy_malformed} and all mistakes, a sentence
   *     each
   */
  public static TrustPolicy parse(byte[] json) {
    return PolicyReader.read(json);
  }

  /**
   * Reads the file of a policy.
   *
   * @throws UntrustedException with the code {@code policy_malformed} when the file cannot be read,
   *     is larger than {@link #MAX_FILE_BYTES}, or has mistakes
   */
  public static TrustPolicy read(Path file) {
    try {
      return parse(bytes(file));
    } catch (IOException e) {
      throw new UntrustedException(
          PolicyReader.MALFORMED, file + " cannot be read: name the file of a trust policy");
    } catch (UntrustedException e) {
      throw new UntrustedException(e.code(), file + ": " + e.getMessage());
    }
  }

  /**
   * The first bytes of a policy's file, one more than it may have at most.
   *
   * @throws IOException when it cannot be read, or is a pipe or a device: its reader could wait for
   *     ever
   */
  public static byte[] bytes(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new IOException(file + " is not a regular file");
    }
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(MAX_FILE_BYTES + 1);
    }
  }

  /** The JSON Schema of a policy, UTF-8. */
  public static byte[] schema() {
    return SchemaFile.bytes(TrustPolicy.class, SCHEMA);
  }

  public Mode mode() {
    return mode;
  }

  public OnRevoke onRevoke() {
    return onRevoke;
  }

  public List<Publisher> publishers() {
    return publishers;
  }

  public List<Rule> rules() {
    return rules;
  }

  /** SHA-256 of the file, lower-case hex; empty for a policy that was not read from one. */
  public String digest() {
    return digest;
  }

  /** Whether nobody gave the host a policy. */
  public boolean isNone() {
    return equals(NONE);
  }

  /** As {@link #check(String, String, String, Verification, Instant)}. */
  public Verdict check(
      String plugin,
      String version,
      String origin,
      byte[] bundle,
      List<BundleSignature> signatures,
      Instant now) {
    return check(plugin, version, origin, new Verification(bundle, signatures), now);
  }

  /**
   * Whether a bundle may be taken. Depends on nothing but the arguments.
   *
   * @param plugin the name in the manifest of the bundle
   * @param version the version there
   * @param origin the reference in a registry, or {@link #UPLOAD}; empty means the latter
   * @param bundle the bundle with its signatures
   * @param now when the bundle came in: keys have to be valid then
   */
  public Verdict check(
      String plugin, String version, String origin, Verification bundle, Instant now) {
    if (mode == Mode.OFF) {
      return new Verdict(Verdict.NOT_CHECKED, "", List.of());
    }
    String id = plugin + "@" + version;
    if (isNone()) {
      return bundle.signatures().isEmpty()
          ? refused(
              "unsigned",
              id
                  + " is not signed, and this host has no trust policy: write a trust.json that"
                  + " names the publishers you trust")
          : refused(
              "no_policy",
              "nobody says whose signatures to trust: write a trust.json that names the publisher"
                  + " of "
                  + id);
    }
    String from = origin.isEmpty() ? UPLOAD : origin;
    Optional<Rule> found = rules.stream().filter(rule -> rule.fits(plugin, from)).findFirst();
    if (found.isEmpty()) {
      return noRule(plugin, from);
    }
    return check(id, found.get(), bundle, now);
  }

  private static Verdict noRule(String plugin, String from) {
    return refused(
        "no_rule",
        "no rule of the trust policy is for "
            + plugin
            + " from "
            + from
            + ": add one that names the publishers who may sign it");
  }

  private Verdict check(String id, Rule rule, Verification bundle, Instant now) {
    if (bundle.signatures().isEmpty()) {
      return refused(
          "unsigned",
          id + " is not signed: send the signature of " + named(rule, " or ") + " with it");
    }
    TreeMap<String, Signer> signers = new TreeMap<>();
    List<Verdict> problems = new ArrayList<>();
    for (BundleSignature signature : bundle.signatures()) {
      Optional<Found> maker =
          maker(rule.publishers(), signature, bundle)
              .or(() ->
                  signers.size() < rule.signatures()
                      ? maker(others(rule), signature, bundle)
                      : Optional.empty());
      Verdict problem = maker.isEmpty() ? unknown(id) : problem(id, rule, maker.get(), now);
      if (problem == null) {
        Signer signer = maker.orElseThrow().signer();
        signers.putIfAbsent(signer.publisher(), signer);
      } else {
        problems.add(problem);
      }
    }
    return verdict(id, rule, List.copyOf(signers.values()), problems);
  }

  private static Verdict verdict(String id, Rule rule, List<Signer> all, List<Verdict> problems) {
    if (all.size() >= rule.signatures()) {
      return new Verdict(Verdict.TRUSTED, "", all);
    }
    if (rule.signatures() == 1 || (all.isEmpty() && !problems.isEmpty())) {
      // A key that the policy knows says more than a signature of somebody else beside it.
      return problems.stream()
          .filter(problem -> !problem.code().equals("key_unknown"))
          .findFirst()
          .orElseGet(problems::getFirst);
    }
    return new Verdict(
        "too_few_signatures",
        id
            + " needs the signatures of "
            + rule.signatures()
            + " of the publishers "
            + named(rule, ", ")
            + ", and has "
            + (all.isEmpty() ? "none" : all.size() + ", of " + publishers(all))
            + problems.stream().map(p -> "; " + p.message()).collect(Collectors.joining())
            + ": send the others with it",
        all);
  }

  /**
   * What this policy says of a version that was found trusted before: whether enough of the keys
   * that signed it still count. The bytes of the bundle are not looked at. A key that has expired
   * since counts, and a policy without rules has nothing against it.
   *
   * @param signers who signed it, as was found then
   * @param verifiedAt when it was found
   */
  public Verdict recheck(
      String plugin, String version, String origin, List<Signer> signers, Instant verifiedAt) {
    if (mode == Mode.OFF || isNone()) {
      return new Verdict(Verdict.TRUSTED, "", signers);
    }
    String id = plugin + "@" + version;
    Optional<Rule> rule = rules.stream().filter(each -> each.fits(plugin, origin)).findFirst();
    if (rule.isEmpty()) {
      return noRule(plugin, origin);
    }
    TreeMap<String, Signer> counting = new TreeMap<>();
    List<Verdict> problems = new ArrayList<>();
    for (Signer signer : signers) {
      Optional<Found> maker = found(signer.key());
      Verdict problem =
          maker.isEmpty() ? gone(id, signer) : problem(id, rule.get(), maker.get(), verifiedAt);
      if (problem == null) {
        Signer now = maker.orElseThrow().signer();
        counting.putIfAbsent(now.publisher(), now);
      } else {
        problems.add(problem);
      }
    }
    return verdict(id, rule.get(), List.copyOf(counting.values()), problems);
  }

  /** The publisher may have another name by now. */
  private Optional<Found> found(String keyId) {
    return publishers.stream()
        .flatMap(publisher -> publisher.keys().stream().map(key -> new Found(publisher, key)))
        .filter(candidate -> candidate.key().key().id().equals(keyId))
        .findFirst();
  }

  private static Verdict gone(String id, Signer signer) {
    return refused(
        "key_unknown",
        "the key "
            + signer.key()
            + " of "
            + signer.publisher()
            + ", which signed "
            + id
            + ", is not in the trust policy any more: add it, or get a bundle signed with another"
            + " key");
  }

  /** A key that made a signature. */
  private record Found(Publisher publisher, TrustedKey key) {
    Signer signer() {
      return new Signer(publisher.name(), key.key().id());
    }

    @Override
    public String toString() {
      return "the key " + key.key().id() + " of " + publisher.name();
    }
  }

  private Optional<Found> maker(
      Collection<String> names, BundleSignature signature, Verification bundle) {
    return publishers.stream()
        .filter(publisher -> names.contains(publisher.name()))
        .flatMap(publisher -> publisher.keys().stream().map(key -> new Found(publisher, key)))
        .filter(candidate -> bundle.isBy(signature, candidate.key().key()))
        .findFirst();
  }

  private List<String> others(Rule rule) {
    return publishers.stream()
        .map(Publisher::name)
        .filter(name -> !rule.publishers().contains(name))
        .toList();
  }

  private static Verdict unknown(String id) {
    return refused(
        "key_unknown",
        "no key of the trust policy made a signature that came with "
            + id
            + ": the bundle or the signature was changed, or its key is missing from the policy");
  }

  /** Why a signature does not count; null when it does. */
  private static @Nullable Verdict problem(String id, Rule rule, Found maker, Instant now) {
    if (maker.key().revoked()) {
      return refused(
          "key_revoked",
          maker + ", which signed " + id + ", is revoked: get a bundle signed with another key");
    }
    if (!rule.publishers().contains(maker.publisher().name())) {
      return refused(
          "publisher_not_allowed",
          id
              + " is signed by "
              + maker.publisher().name()
              + ", and the trust policy has it signed by "
              + named(rule, " or ")
              + ": get their signature, or add the publisher to the rule for "
              + rule.plugins());
    }
    Instant from = maker.key().from();
    if (from != null && now.isBefore(from)) {
      return refused(
          "key_not_yet_valid",
          maker
              + ", which signed "
              + id
              + ", is valid from "
              + from
              + " on: wait, or check this host's clock, which says "
              + now);
    }
    Instant until = maker.key().until();
    if (until != null && !now.isBefore(until)) {
      return refused(
          "key_expired",
          maker
              + ", which signed "
              + id
              + ", was valid until "
              + until
              + ": get a bundle signed with the publisher's present key");
    }
    return null;
  }

  private static String named(Rule rule, String separator) {
    return String.join(separator, rule.publishers());
  }

  private static String publishers(List<Signer> signers) {
    return signers.stream().map(Signer::publisher).collect(Collectors.joining(", "));
  }

  private static Verdict refused(String code, String message) {
    return new Verdict(code, message, List.of());
  }

  /**
   * The keys that most likely made the signatures of a bundle of which nothing else is known yet:
   * those that are not revoked, in the order of the policy.
   *
   * @param most how many at most
   */
  public List<VerificationKey> likelyKeys(int most) {
    return publishers.stream()
        .flatMap(publisher -> publisher.keys().stream())
        .filter(key -> !key.revoked())
        .map(TrustedKey::key)
        .limit(most)
        .toList();
  }

  /** The keys of all publishers that are not revoked and are valid at a moment. */
  public List<VerificationKey> validKeys(Instant now) {
    return publishers.stream()
        .flatMap(publisher -> publisher.keys().stream())
        .filter(key -> key.isValidAt(now))
        .map(TrustedKey::key)
        .toList();
  }
}
