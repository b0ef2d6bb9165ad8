package io.gonext.host.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.gonext.host.UntrustedException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TrustPolicyTest {
  private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  private static final byte[] BUNDLE = "a bundle".getBytes(StandardCharsets.UTF_8);

  private static final TestPublisher ACME = TestPublisher.of("acme");
  private static final TestPublisher AUDIT = TestPublisher.of("audit");
  private static final TestPublisher STRANGER = TestPublisher.of("stranger");

  private static final String BOTH =
      "\"publishers\": [" + ACME.entry("") + "," + AUDIT.entry("") + "]";
  private static final String ACME_ONLY = "\"rules\": [{\"publishers\": [\"acme\"]}]";

  private static TrustPolicy policy(String body) {
    return TrustPolicy.parse(("{" + body + "}").getBytes(StandardCharsets.UTF_8));
  }

  private static Verdict check(TrustPolicy policy, TestPublisher... signers) {
    List<BundleSignature> signatures =
        Stream.of(signers).map(signer -> signer.sign(BUNDLE)).toList();
    return policy.check("shop", "1.0.0", "", BUNDLE, signatures, NOW);
  }

  @Test
  void a_bundle_signed_by_a_publisher_of_the_rule_is_trusted() {
    assertThat(check(policy(BOTH + "," + ACME_ONLY), ACME))
        .isEqualTo(new Verdict("trusted", "", List.of(new Verdict.Signer("acme", ACME.keyId()))));
  }

  @Test
  void a_signature_that_does_not_count_does_no_harm_beside_one_that_does() {
    assertThat(check(policy(BOTH + "," + ACME_ONLY), STRANGER, AUDIT, ACME).isTrusted()).isTrue();
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        Arguments.of("unsigned", "", new TestPublisher[0], "send the signature of acme"),
        Arguments.of("key_unknown", "", new TestPublisher[] {STRANGER}, "no key of the trust"),
        Arguments.of("publisher_not_allowed", "", new TestPublisher[] {AUDIT}, "signed by audit"),
        Arguments.of(
            "key_revoked", ", \"revoked\": true", new TestPublisher[] {ACME}, "is revoked"),
        Arguments.of(
            "key_revoked",
            ", \"revoked\": true",
            new TestPublisher[] {STRANGER, ACME},
            "is revoked"),
        Arguments.of(
            "key_expired",
            ", \"valid_until\": \"2026-06-01T12:00:00Z\"",
            new TestPublisher[] {ACME},
            "was valid until 2026-06-01T12:00:00Z"),
        Arguments.of(
            "key_not_yet_valid",
            ", \"valid_from\": \"2026-06-01T12:00:01Z\"",
            new TestPublisher[] {ACME},
            "is valid from 2026-06-01T12:00:01Z on"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusals")
  void each_reason_has_its_code_and_sentence(
      String code, String key, TestPublisher[] signers, String sentence) {
    TrustPolicy policy =
        policy("\"publishers\": [" + ACME.entry(key) + "," + AUDIT.entry("") + "]," + ACME_ONLY);
    Verdict verdict = check(policy, signers);
    assertThat(verdict.code()).isEqualTo(code);
    assertThat(verdict.message()).contains(sentence).contains("shop@1.0.0").contains(": ");
    assertThat(verdict.signers()).isEmpty();
  }

  @Test
  void a_key_counts_from_its_first_moment_until_before_its_last() {
    TrustPolicy policy =
        policy(
            "\"publishers\": ["
                + ACME.entry(
                    ", \"valid_from\": \"2026-06-01T12:00:00Z\","
                        + " \"valid_until\": \"2026-06-01T12:00:01Z\"")
                + "],"
                + ACME_ONLY);
    assertThat(check(policy, ACME).isTrusted()).isTrue();
  }

  @Test
  void a_changed_bundle_is_not_trusted() {
    TrustPolicy policy = policy(BOTH + "," + ACME_ONLY);
    byte[] changed = "b bundle".getBytes(StandardCharsets.UTF_8);
    assertThat(policy.check("shop", "1.0.0", "", changed, List.of(ACME.sign(BUNDLE)), NOW).code())
        .isEqualTo("key_unknown");
  }

  @Test
  void the_first_rule_that_fits_holds_and_no_other() {
    TrustPolicy policy =
        policy(
            BOTH
                + ",\"rules\": [{\"plugins\": \"shop\", \"publishers\": [\"audit\"]},"
                + "{\"publishers\": [\"acme\"]}]");
    assertThat(check(policy, ACME).code()).isEqualTo("publisher_not_allowed");
    assertThat(check(policy, AUDIT).isTrusted()).isTrue();
  }

  @Test
  void a_bundle_that_no_rule_fits_is_not_trusted() {
    TrustPolicy policy =
        policy(BOTH + ",\"rules\": [{\"plugins\": \"acme-*\", \"publishers\": [\"acme\"]}]");
    Verdict verdict = check(policy, ACME);
    assertThat(verdict.code()).isEqualTo("no_rule");
    assertThat(verdict.message()).contains("shop from upload");
  }

  @ParameterizedTest
  @CsvSource({
    "registry.example/acme/*, registry.example/acme/shop, true",
    "registry.example/acme/*, registry.example/other/shop, false",
    "registry.example/acme/*, registry.example.evil.org/acme/shop, false",
    "registry.example:5000/*, registry.example:5000/acme/shop, true",
    "upload, '', true",
    "upload, registry.example/acme/shop, false",
    "*, registry.example/acme/shop, true"
  })
  void a_rule_says_where_bundles_come_from(String pattern, String origin, boolean trusted) {
    TrustPolicy policy =
        policy(
            BOTH + ",\"rules\": [{\"registry\": \"" + pattern + "\", \"publishers\": [\"acme\"]}]");
    assertThat(
            policy
                .check("shop", "1.0.0", origin, BUNDLE, List.of(ACME.sign(BUNDLE)), NOW)
                .isTrusted())
        .isEqualTo(trusted);
  }

  @Test
  void two_keys_of_one_publisher_are_one_signature_of_a_rule_for_two() {
    TestPublisher next = TestPublisher.of("acme");
    TrustPolicy policy =
        policy(
            "\"publishers\": [{\"name\": \"acme\", \"keys\": ["
                + ACME.key("")
                + ","
                + next.key("")
                + "]},"
                + AUDIT.entry("")
                + "],\"rules\": [{\"publishers\": [\"acme\", \"audit\"], \"signatures\": 2}]");
    Verdict twice = check(policy, ACME, next);
    assertThat(twice.code()).isEqualTo("too_few_signatures");
    assertThat(twice.message()).contains("has 1, of acme");
    assertThat(check(policy, ACME, ACME).code()).isEqualTo("too_few_signatures");
    assertThat(check(policy, next, AUDIT).publishers()).containsExactly("acme", "audit");
  }

  @Test
  void without_a_policy_every_bundle_is_warned_of() {
    assertThat(TrustPolicy.none().mode()).isEqualTo(TrustPolicy.Mode.WARN);
    assertThat(check(TrustPolicy.none()).code()).isEqualTo("unsigned");
    assertThat(check(TrustPolicy.none(), ACME).code()).isEqualTo("no_policy");
  }

  @Test
  void a_policy_is_enforced_unless_it_says_otherwise() {
    assertThat(policy(BOTH + "," + ACME_ONLY).mode()).isEqualTo(TrustPolicy.Mode.ENFORCE);
    assertThat(policy(BOTH + "," + ACME_ONLY).onRevoke()).isEqualTo(TrustPolicy.OnRevoke.REPORT);
    assertThat(policy("\"mode\": \"off\"").mode()).isEqualTo(TrustPolicy.Mode.OFF);
    assertThat(check(policy("\"mode\": \"off\"")).code()).isEqualTo("not_checked");
  }

  @Test
  void the_digest_is_that_of_the_file() {
    assertThat(policy("\"mode\": \"off\"").digest())
        .hasSize(64)
        .isNotEqualTo(policy("\"mode\": \"off\" ").digest());
  }

  static Stream<Arguments> mistakes() {
    String acme = "\"publishers\": [" + ACME.entry("") + "]";
    return Stream.of(
        Arguments.of("", "/rules: it is missing, so no bundle is trusted"),
        Arguments.of("\"mode\": \"strict\"", "/mode: found \"strict\"; it must be one of enforce"),
        Arguments.of("\"modus\": 1", "/modus: no such field; there are $schema, mode"),
        Arguments.of(
            "\"publishers\": [{\"name\": \"Acme\", \"keys\": [" + ACME.key("") + "]}]",
            "/publishers/0/name: found \"Acme\"; a publisher has 1 to 63 lower-case"),
        Arguments.of("\"publishers\": [{\"name\": \"acme\"}]", "/publishers/0/keys: it is missing"),
        Arguments.of(
            "\"publishers\": [{\"name\": \"acme\", \"keys\": []}]",
            "/publishers/0/keys: it has 0 items; it must have 1 to 16"),
        Arguments.of(
            "\"publishers\": [{\"name\": \"acme\", \"keys\": [{\"key\": \"x\"}]}]",
            "/publishers/0/keys/0/key: "),
        Arguments.of(
            "\"publishers\": [" + ACME.entry(", \"valid_from\": \"tomorrow\"") + "]",
            "/publishers/0/keys/0/valid_from: found \"tomorrow\"; give a time in UTC"),
        Arguments.of(
            "\"publishers\": ["
                + ACME.entry(
                    ", \"valid_from\": \"2026-02-01T00:00:00Z\","
                        + " \"valid_until\": \"2026-01-01T00:00:00Z\"")
                + "]",
            "/publishers/0/keys/0/valid_until: it is not after valid_from"),
        Arguments.of(
            "\"publishers\": [" + ACME.entry(", \"revoked\": \"yes\"") + "]",
            "/publishers/0/keys/0/revoked: found \"yes\"; it must be true or false"),
        Arguments.of(
            "\"publishers\": [" + ACME.entry("") + "," + ACME.entry("") + "]",
            "there is another publisher acme"),
        Arguments.of(
            "\"publishers\": ["
                + ACME.entry("")
                + ","
                + new TestPublisher("other", ACME.pair()).entry("")
                + "]",
            "belongs to acme, too"),
        Arguments.of(
            acme + ",\"rules\": [{\"publishers\": [\"acne\"]}]",
            "/rules/0/publishers/0: there is no publisher acne, only acme"),
        Arguments.of(acme + ",\"rules\": [{}]", "/rules/0/publishers: it is missing"),
        Arguments.of(
            acme + ",\"rules\": [{\"publishers\": [\"acme\"], \"signatures\": 2}]",
            "/rules/0/signatures: it asks for the signatures of 2 publishers and the rule has 1,"),
        Arguments.of(
            acme + ",\"rules\": [{\"publishers\": [\"acme\"], \"signatures\": 0}]",
            "/rules/0/signatures: found 0; give a whole number"),
        Arguments.of(
            acme + ",\"rules\": [{\"publishers\": [\"acme\"], \"plugins\": \"Acme\"}]",
            "/rules/0/plugins: found \"Acme\"; a pattern has"),
        Arguments.of(
            acme
                + ",\"rules\": [{\"publishers\": [\"acme\"], \"registry\":"
                + " \"registry.example*/a\"}]",
            "/rules/0/registry: found \"registry.example*/a\"; give upload, or a host"),
        Arguments.of("\"rules\": {}", "/rules: found {}; it must be an array"));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void each_mistake_has_one_sentence(String body, String sentence) {
    assertThatThrownBy(() -> policy(body))
        .isInstanceOfSatisfying(
            UntrustedException.class, e -> assertThat(e.code()).isEqualTo("policy_malformed"))
        .hasMessageContaining(sentence);
  }

  @Test
  void all_mistakes_of_a_policy_are_told_at_once() {
    assertThatThrownBy(() -> policy("\"mode\": 1, \"on_revoke\": \"explode\", \"x\": 2"))
        .hasMessageContaining("has 4 mistakes")
        .hasMessageContaining("/mode")
        .hasMessageContaining("/on_revoke")
        .hasMessageContaining("/x");
  }

  @Test
  void a_policy_that_is_not_json_is_refused() {
    assertThatThrownBy(() -> TrustPolicy.parse("mode: enforce".getBytes(StandardCharsets.UTF_8)))
        .hasMessageContaining("the trust policy is not JSON");
    assertThatThrownBy(() -> TrustPolicy.parse(new byte[TrustPolicy.MAX_FILE_BYTES + 1]))
        .hasMessageContaining("bytes at most");
  }

  @Test
  void the_schema_takes_what_the_reader_takes() {
    var schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(new ByteArrayInputStream(TrustPolicy.schema()));
    String full =
        "{\"$schema\": \"x\", \"mode\": \"warn\", \"on_revoke\": \"stop\", \"publishers\": ["
            + ACME.entry(", \"valid_from\": \"2026-01-01T00:00:00Z\", \"revoked\": false")
            + "], \"rules\": [{\"plugins\": \"a-*\", \"registry\": \"r.example:5000/acme/*\","
            + " \"publishers\": [\"acme\"], \"signatures\": 1}]}";
    assertThat(schema.validate(full, InputFormat.JSON)).isEmpty();
    assertThat(TrustPolicy.parse(full.getBytes(StandardCharsets.UTF_8)).rules()).hasSize(1);
    for (String wrong :
        List.of(
            "{\"modus\": 1}",
            "{\"mode\": \"strict\"}",
            "{\"rules\": {}}",
            "{\"rules\": [{}]}",
            "{\"rules\": [{\"publishers\": [\"A\"]}]}",
            "{\"rules\": [{\"publishers\": [\"a\"], \"registry\": \"r*/a\"}]}",
            "{\"publishers\": [{\"name\": \"a\", \"keys\": []}]}")) {
      assertThat(schema.validate(wrong, InputFormat.JSON)).as(wrong).isNotEmpty();
    }
  }
}
