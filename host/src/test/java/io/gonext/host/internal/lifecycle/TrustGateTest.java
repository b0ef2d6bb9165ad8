package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.host.UntrustedException;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.trust.TestPublisher;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.host.trust.Verification;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustGateTest {
  private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
  private static final TestPublisher ACME = TestPublisher.of("acme");
  private static final byte[] BUNDLE = GuestBundle.of("echo").filter("h").bytes();

  private static TrustGate gate(String ofKey) {
    String policy =
        "{\"publishers\": [" + ACME.entry(ofKey) + "], \"rules\": [{\"publishers\": [\"acme\"]}]}";
    return TrustGate.of(
        TrustPolicy.parse(policy.getBytes(StandardCharsets.UTF_8)),
        false,
        InstantSource.fixed(NOW),
        new SimpleMeterRegistry());
  }

  private static Delivered verified(@Nullable Instant at) {
    return new Delivered(
        Bundle.read(BUNDLE),
        new Verification(BUNDLE, List.of(ACME.sign(BUNDLE))),
        "upload",
        false,
        at,
        false);
  }

  @Test
  void a_version_verified_before_its_key_expired_still_starts() {
    TrustGate gate = gate(", \"valid_until\": \"2026-05-01T00:00:00Z\"");
    assertThat(gate.require(verified(Instant.parse("2026-04-30T23:59:59Z"))).warning()).isEmpty();
    assertThatThrownBy(() -> gate.require(verified(null)))
        .isInstanceOfSatisfying(
            UntrustedException.class, e -> assertThat(e.code()).isEqualTo("key_expired"));
  }

  @Test
  void a_version_verified_before_its_key_was_revoked_does_not_start() {
    TrustGate gate = gate(", \"revoked\": true");
    assertThatThrownBy(() -> gate.require(verified(Instant.parse("2026-04-30T23:59:59Z"))))
        .isInstanceOfSatisfying(
            UntrustedException.class, e -> assertThat(e.code()).isEqualTo("key_revoked"));
  }

  @Test
  void a_time_of_verification_in_the_future_counts_as_now() {
    TrustGate gate = gate(", \"valid_from\": \"2026-07-01T00:00:00Z\"");
    assertThatThrownBy(() -> gate.require(verified(Instant.parse("2026-08-01T00:00:00Z"))))
        .isInstanceOfSatisfying(
            UntrustedException.class, e -> assertThat(e.code()).isEqualTo("key_not_yet_valid"));
  }

  @Test
  void a_verification_that_began_early_gives_the_same_answer() {
    TrustGate gate = gate("");
    Verification begun = gate.begin(BUNDLE, List.of(ACME.sign(BUNDLE)));
    Delivered delivered = new Delivered(Bundle.read(BUNDLE), begun, "upload", false, null, false);
    assertThat(gate.require(delivered).provenance().isTrusted()).isTrue();
  }

  @Test
  void a_link_to_a_policy_that_is_not_there_refuses_the_start(@TempDir Path directory)
      throws IOException {
    Path file = directory.resolve("trust.json");
    Files.createSymbolicLink(file, directory.resolve("nowhere"));
    assertThatThrownBy(() -> following(file))
        .isInstanceOf(UntrustedException.class)
        .hasMessageContaining("cannot be read");
  }

  @Test
  void a_link_that_appears_and_leads_nowhere_is_reported(@TempDir Path directory)
      throws IOException {
    Path file = directory.resolve("trust.json");
    TrustGate gate = following(file);
    gate.look();
    assertThat(gate.trouble()).isEmpty();
    Files.createSymbolicLink(file, directory.resolve("nowhere"));
    gate.look();
    assertThat(gate.trouble()).hasValueSatisfying(t -> assertThat(t).contains("cannot be read"));
  }

  @Test
  void a_device_is_not_read_as_a_policy(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("trust.json");
    Files.createSymbolicLink(file, Path.of("/dev/null"));
    assertThatThrownBy(() -> following(file))
        .isInstanceOf(UntrustedException.class)
        .hasMessageContaining("cannot be read");
  }

  private static TrustGate following(Path file) {
    return TrustGate.following(
        file, false, false, InstantSource.fixed(NOW), new SimpleMeterRegistry());
  }
}
