package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.PulledPlugin;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.TestPublisher;
import io.gonext.host.trust.TrustPolicy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The trust policy on each way by which a bundle gets into a host. */
class TrustTest {
  private static final TestPublisher ACME = TestPublisher.of("acme");
  private static final TestPublisher STRANGER = TestPublisher.of("stranger");

  private static final SimpleMeterRegistry METERS = new SimpleMeterRegistry();

  @TempDir private static Path data;
  private static Host host;
  private static int count;

  /** A new one for each test, on the shared host. */
  private String plugin;

  @TempDir private Path files;

  @BeforeAll
  static void open() throws InterruptedException {
    host = Host.open(HostConfig.builder(data).meters(METERS).trust(enforced()).build());
  }

  @AfterAll
  static void close() {
    host.close();
  }

  @BeforeEach
  void fresh() {
    plugin = "plugin-" + ++count;
    host.trust().replace(enforced());
  }

  private static TrustPolicy enforced() {
    return policy("", "");
  }

  /**
   * @param more fields of the policy
   * @param ofKey fields of the key of ACME
   */
  private static TrustPolicy policy(String more, String ofKey) {
    return TrustPolicy.parse(json(more, ofKey).getBytes(StandardCharsets.UTF_8));
  }

  private static String json(String more, String ofKey) {
    return "{"
        + more
        + "\"publishers\": ["
        + ACME.entry(ofKey)
        + "], \"rules\": [{\"publishers\": [\"acme\"]}]}";
  }

  private byte[] version(String version) {
    return GuestBundle.of(plugin, Guests.wasm("upper")).version(version).filter("h").bytes();
  }

  private static Delivery by(TestPublisher publisher, byte[] bundle) {
    return Delivery.of(bundle).withSignatures(List.of(publisher.sign(bundle)));
  }

  private Path written(byte[] bundle, boolean signed) throws IOException {
    Path file = Files.write(files.resolve(plugin + ".gnplugin"), bundle);
    if (signed) {
      Files.write(files.resolve(plugin + ".gnplugin.sig"), ACME.file(bundle));
    }
    return file;
  }

  /** Brings in what the policy would refuse, before there was such a policy. */
  private static void withoutPolicy(Change change) throws Exception {
    host.trust().replace(TrustPolicy.none());
    change.make();
    host.trust().replace(enforced());
  }

  private interface Change {
    void make() throws Exception;
  }

  private static Delivery delivery(byte[] bundle, boolean signed) {
    return signed ? by(ACME, bundle) : Delivery.of(bundle);
  }

  /** A way by which a bundle gets to where it may serve. */
  enum Way {
    INSTALL {
      @Override
      void take(TrustTest test, boolean signed) {
        host.plugins().install(delivery(test.version("1.0.0"), signed));
      }
    },
    INSTALL_OF_A_FILE {
      @Override
      void take(TrustTest test, boolean signed) throws IOException {
        host.plugins().install(test.written(test.version("1.0.0"), signed));
      }
    },
    UPDATE {
      @Override
      void take(TrustTest test, boolean signed) throws Exception {
        host.plugins().install(delivery(test.version("1.0.0"), true));
        host.plugins().update(delivery(test.version("2.0.0"), signed));
      }
    },
    UPDATE_FROM_A_FILE {
      @Override
      void take(TrustTest test, boolean signed) throws Exception {
        host.plugins().install(delivery(test.version("1.0.0"), true));
        host.plugins().update(test.written(test.version("2.0.0"), signed));
      }
    },
    DEPLOY {
      @Override
      void take(TrustTest test, boolean signed) throws Exception {
        host.plugins().deploy(delivery(test.version("1.0.0"), signed), Set.of());
      }
    },
    DEPLOY_OF_A_FILE {
      @Override
      void take(TrustTest test, boolean signed) throws Exception {
        host.plugins().deploy(test.written(test.version("1.0.0"), signed), Set.of());
      }
    },
    ACTIVATE {
      @Override
      void take(TrustTest test, boolean signed) throws Exception {
        withoutPolicy(() -> host.plugins().install(delivery(test.version("1.0.0"), signed)));
        host.plugins().activate(test.plugin);
      }
    },
    APPROVE {
      @Override
      void take(TrustTest test, boolean signed) throws Exception {
        host.plugins().install(by(ACME, test.version("1.0.0")));
        byte[] asking =
            GuestBundle.of(test.plugin, Guests.wasm("upper"))
                .version("2.0.0")
                .field("capabilities", "[\"kv.write\"]")
                .filter("h")
                .bytes();
        withoutPolicy(() ->
            assertThat(host.plugins().update(delivery(asking, signed)))
                .isInstanceOf(UpdateResult.AwaitingApproval.class));
        host.plugins().approve(test.plugin);
      }
    },
    ROLLBACK {
      @Override
      void take(TrustTest test, boolean signed) throws Exception {
        withoutPolicy(() -> {
          host.plugins().install(delivery(test.version("1.0.0"), signed));
          host.plugins().update(by(ACME, test.version("2.0.0")));
        });
        host.plugins().rollback(test.plugin);
      }
    },
    DEVELOP {
      @Override
      void take(TrustTest test, boolean signed) throws Exception {
        GuestBundle bundle = GuestBundle.of(test.plugin, Guests.wasm("upper")).filter("h");
        if (signed) {
          host.plugins().install(by(ACME, bundle.bytes()));
        } else {
          host.plugins()
              .develop(bundle.manifest().getBytes(StandardCharsets.UTF_8), Guests.wasm("upper"));
        }
      }
    };

    abstract void take(TrustTest test, boolean signed) throws Exception;
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void an_unsigned_bundle_is_refused(Way way) {
    assertThatThrownBy(() -> way.take(this, false))
        .isInstanceOfSatisfying(
            UntrustedException.class,
            e ->
                assertThat(e.code())
                    .isEqualTo(way == Way.DEVELOP ? "development_refused" : "unsigned"));
    assertThat(host.health().pools()).doesNotContainKey(plugin);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void a_signed_bundle_is_taken(Way way) throws Exception {
    way.take(this, true);
    assertThat(host.plugins().find(plugin)).isPresent();
  }

  @Test
  void what_was_verified_is_stored_and_audited() throws InterruptedException {
    TrustPolicy policy = host.trust().policy();
    host.plugins().install(by(ACME, version("1.0.0")));
    Provenance found = host.plugins().find(plugin).orElseThrow().current().provenance();
    assertThat(found.code()).isEqualTo("trusted");
    assertThat(found.summary()).isEqualTo("acme (" + ACME.keyId() + ")");
    assertThat(found.policy()).isEqualTo(policy.digest()).hasSize(64);
    assertThat(found.checkedAt()).isNotNull();
    assertThat(found.origin()).isEqualTo("upload");
    assertThat(host.audit().newest(plugin, 1).getFirst().detail())
        .contains("\"code\":\"trusted\"")
        .contains("\"publisher\":\"acme\",\"key\":\"" + ACME.keyId() + "\"")
        .contains(policy.digest());
  }

  @Test
  void a_refusal_is_audited_and_counted_with_its_code() {
    byte[] bundle = version("1.0.0");
    assertThatThrownBy(() -> host.plugins().install(by(STRANGER, bundle)))
        .isInstanceOf(UntrustedException.class);
    AuditRow row = host.audit().newest(plugin, 1).getFirst();
    assertThat(row.event()).isEqualTo("install_refused");
    assertThat(row.detail()).contains("\"code\":\"key_unknown\"");
    assertThat(METERS.counter("gonext.trust.refused", "code", "key_unknown").count())
        .isGreaterThanOrEqualTo(1);
    assertThat(host.plugins().find(plugin)).isEmpty();
  }

  @Test
  void in_mode_warn_the_result_and_the_stored_version_say_so() {
    host.trust().replace(policy("\"mode\": \"warn\", ", ""));
    assertThat(host.plugins().install(version("1.0.0")).warnings())
        .singleElement()
        .asString()
        .contains("is not signed");
    assertThat(host.plugins().find(plugin).orElseThrow().current().provenance().summary())
        .isEqualTo("unsigned");
    assertThat(host.audit().newest(plugin, 1).getFirst().detail())
        .contains("\"code\":\"unsigned\"");
  }

  @Test
  void signatures_that_come_later_are_kept_with_the_installed_bundle() throws Exception {
    byte[] bundle = version("1.0.0");
    withoutPolicy(() -> host.plugins().install(bundle));
    assertThatThrownBy(() -> host.plugins().activate(plugin))
        .isInstanceOf(UntrustedException.class);
    assertThat(host.plugins().install(by(ACME, bundle)).unchanged()).isTrue();
    host.plugins().activate(plugin);
    assertThat(host.plugins().find(plugin).orElseThrow().current().provenance().isTrusted())
        .isTrue();
  }

  @Test
  void a_rule_for_a_registry_takes_only_bundles_from_there() {
    TrustPolicy policy =
        TrustPolicy.parse(
            ("{\"publishers\": ["
                    + ACME.entry("")
                    + "], \"rules\": [{\"registry\": \"registry.example/acme/*\","
                    + " \"publishers\": [\"acme\"]}]}")
                .getBytes(StandardCharsets.UTF_8));
    host.trust().replace(policy);
    byte[] bundle = version("1.0.0");
    assertThatThrownBy(() -> host.plugins().install(by(ACME, bundle)))
        .hasMessageContaining("from upload");
    Delivery fetched = fetched(bundle, new byte[] {1, 2, 3}, ACME.file(bundle));
    host.plugins().install(fetched);
    assertThat(host.plugins().find(plugin).orElseThrow().current().provenance().origin())
        .isEqualTo("registry.example/acme/shop");
  }

  private Delivery fetched(byte[] bundle, byte[]... signatures) {
    return Delivery.fetched(
        new PulledPlugin(
            OciReference.parse("oci://registry.example/acme/shop:1"),
            "sha256:" + "0".repeat(64),
            plugin,
            bundle,
            List.of(signatures),
            Optional.empty(),
            Optional.empty(),
            Map.of()));
  }

  @Test
  void the_audit_log_names_the_reference_of_a_refused_bundle() {
    assertThatThrownBy(() -> host.plugins().install(fetched(version("1.0.0"))))
        .isInstanceOf(UntrustedException.class);
    AuditRow row = host.audit().newest(plugin, 1).getFirst();
    assertThat(row.event()).isEqualTo("install_refused");
    assertThat(row.detail())
        .contains("\"code\":\"unsigned\"")
        .contains("\"reference\":\"oci://registry.example/acme/shop:1@sha256:0000");
  }

  @Test
  void a_malformed_signature_beside_a_file_is_refused_by_name() throws IOException {
    Path file = written(version("1.0.0"), false);
    Files.write(files.resolve(plugin + ".gnplugin.0123456789abcdef.sig"), new byte[5]);
    assertThatThrownBy(() -> host.plugins().install(file))
        .isInstanceOf(UntrustedException.class)
        .hasMessageContaining(plugin + ".gnplugin.0123456789abcdef.sig");
  }

  @Test
  void only_signatures_of_the_file_itself_are_taken_from_its_folder() throws IOException {
    Path file = written(version("1.0.0"), true);
    Files.write(files.resolve(plugin + ".gnplugin.old.bak.sig"), new byte[5]);
    Files.write(files.resolve("other-" + plugin + ".gnplugin.sig"), new byte[5]);
    assertThat(Delivery.read(file).signatures()).hasSize(1);
  }

  @Test
  void the_refusal_of_a_signature_wins_over_what_is_wrong_with_the_module() {
    byte[] module = Guests.wasm("upper");
    byte[] broken =
        GuestBundle.of(plugin, Arrays.copyOf(module, module.length - 1)).filter("h").bytes();
    assertThatThrownBy(() -> host.plugins().install(by(STRANGER, broken)))
        .isInstanceOfSatisfying(
            UntrustedException.class, e -> assertThat(e.code()).isEqualTo("key_unknown"));
    assertThatThrownBy(() -> host.plugins().install(by(ACME, broken)))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("plugin.wasm");
  }

  @Test
  void more_signatures_than_a_bundle_may_have_are_refused() {
    byte[] bundle = version("1.0.0");
    List<BundleSignature> many =
        Collections.nCopies(TrustPolicy.MAX_SIGNATURES + 1, ACME.sign(bundle));
    assertThatThrownBy(() -> Delivery.of(bundle).withSignatures(many))
        .isInstanceOfSatisfying(
            UntrustedException.class, e -> assertThat(e.code()).isEqualTo("too_many_signatures"));
  }

  @Test
  void a_lower_version_of_a_publisher_needs_permission_also_after_an_uninstall() throws Exception {
    host.plugins().install(by(ACME, version("2.0.0")));
    host.plugins().uninstall(plugin);
    Delivery old = by(ACME, version("1.0.0"));
    assertThatThrownBy(() -> host.plugins().install(old))
        .isInstanceOfSatisfying(
            UntrustedException.class, e -> assertThat(e.code()).isEqualTo("downgrade"))
        .hasMessageContaining("older than 2.0.0 of the publisher acme")
        .hasMessageContaining("--allow-downgrade");
    assertThatThrownBy(() -> host.plugins().deploy(old, Set.of()))
        .isInstanceOf(UntrustedException.class);
    host.plugins().install(old.allowingDowngrade());
    assertThat(host.plugins().find(plugin).orElseThrow().current().version()).isEqualTo("1.0.0");
    // The mark stays where it was.
    assertThatThrownBy(() -> host.plugins().update(by(ACME, version("1.5.0"))))
        .isInstanceOf(UntrustedException.class);
    host.plugins().update(by(ACME, version("2.0.0")));
  }

  @Test
  void a_rollback_needs_no_permission_to_go_back() throws InterruptedException {
    host.plugins().install(by(ACME, version("1.0.0")));
    host.plugins().update(by(ACME, version("2.0.0")));
    host.plugins().rollback(plugin);
    assertThat(host.plugins().find(plugin).orElseThrow().current().version()).isEqualTo("1.0.0");
  }

  @Test
  void a_version_that_waited_and_was_rejected_does_not_raise_the_mark() throws Exception {
    host.plugins().install(by(ACME, version("1.0.0")));
    byte[] asking =
        GuestBundle.of(plugin, Guests.wasm("upper"))
            .version("9.0.0")
            .field("capabilities", "[\"kv.write\"]")
            .filter("h")
            .bytes();
    host.plugins().update(by(ACME, asking));
    host.plugins().reject(plugin);
    assertThat(host.plugins().update(by(ACME, version("2.0.0"))))
        .isInstanceOf(UpdateResult.Replaced.class);
  }

  @Test
  void a_revoked_key_is_reported_and_what_serves_serves_on() throws Exception {
    host.plugins().deploy(by(ACME, version("1.0.0")), Set.of());
    host.trust().replace(policy("", ", \"revoked\": true"));
    assertThat(host.health().troubles().get(plugin)).contains("not trusted").contains("is revoked");
    assertThat(host.trust().distrusted())
        .hasEntrySatisfying(plugin, verdict -> assertThat(verdict.code()).isEqualTo("key_revoked"));
    assertThat(host.applyFilters("h", plugin).value().stringValue())
        .isEqualTo(plugin.toUpperCase(Locale.ROOT));
    assertThat(host.audit().newest(plugin, 1).getFirst().event()).isEqualTo("distrusted");
    assertThat(METERS.get("gonext.trust.distrusted").gauge().value()).isGreaterThanOrEqualTo(1);
    assertThatThrownBy(() -> host.plugins().update(by(ACME, version("2.0.0"))))
        .hasMessageContaining("is revoked");
    host.trust().replace(enforced());
    assertThat(host.health().troubles()).doesNotContainKey(plugin);
    host.plugins().deactivate(plugin);
  }

  @Test
  void a_revoked_key_stops_what_serves_where_the_policy_says_so() throws Exception {
    host.plugins().deploy(by(ACME, version("1.0.0")), Set.of());
    host.trust().replace(policy("\"on_revoke\": \"stop\", ", ", \"revoked\": true"));
    assertThat(host.health().pools()).doesNotContainKey(plugin);
    StoredPlugin stored = host.plugins().find(plugin).orElseThrow();
    assertThat(host.trust().distrust(plugin, stored.current()).orElseThrow().code())
        .isEqualTo("key_revoked");
    assertThat(stored.state()).isEqualTo(PluginState.ERRORED);
    assertThat(stored.cause()).contains("is revoked");
    host.trust().replace(enforced());
    host.plugins().reset(plugin);
    host.plugins().activate(plugin);
    host.plugins().deactivate(plugin);
  }

  @Test
  void a_key_that_expired_before_the_install_does_not_let_it_start() throws Exception {
    host.plugins().install(by(ACME, version("1.0.0")));
    String past = ", \"valid_until\": \"2026-01-01T00:00:00Z\"";
    String later = ", \"valid_until\": \"2999-01-01T00:00:00Z\"";
    host.trust().replace(policy("", later));
    host.plugins().activate(plugin);
    host.plugins().deactivate(plugin);
    host.trust().replace(policy("", past));
    assertThatThrownBy(() -> host.plugins().activate(plugin))
        .as("it was installed after that")
        .hasMessageContaining("was valid until");
  }

  @Test
  void at_start_up_the_policy_of_the_file_refuses_what_is_in_the_store(@TempDir Path own)
      throws Exception {
    try (Host first = Host.open(own)) {
      first.plugins().deploy(Delivery.of(version("1.0.0")), Set.of());
      plugin = "signed";
      first.plugins().deploy(by(ACME, version("1.0.0")), Set.of());
    }
    Files.writeString(own.resolve("trust.json"), json("", ""));
    try (Host again = Host.open(own)) {
      assertThat(again.health().pools()).containsOnlyKeys("signed");
      assertThat(again.health().troubles().values())
          .singleElement()
          .asString()
          .contains("is not signed");
    }
  }

  @Test
  void a_change_of_the_file_is_in_force_for_the_next_bundle(@TempDir Path own) throws Exception {
    Path file = Files.writeString(own.resolve("policy.json"), json("", ""));
    try (Host other = Host.open(HostConfig.builder(own).trustFile(file).build())) {
      other.plugins().install(by(ACME, version("1.0.0")));
      Files.writeString(file, json("", ", \"revoked\": true"));
      assertThatThrownBy(() -> other.plugins().update(by(ACME, version("2.0.0"))))
          .hasMessageContaining("is revoked");
      Files.writeString(file, "{");
      other.trust().reread();
      assertThat(other.trust().trouble().orElseThrow()).contains("is not JSON");
      assertThatThrownBy(() -> other.plugins().update(by(ACME, version("2.0.0"))))
          .hasMessageContaining("is revoked");
      Files.delete(file);
      other.trust().reread();
      assertThat(other.trust().policy().mode()).isEqualTo(TrustPolicy.Mode.ENFORCE);
    }
  }

  @Test
  void a_host_does_not_open_without_the_policy_it_is_told_to_follow(@TempDir Path own)
      throws IOException {
    Path missing = own.resolve("policy.json");
    HostConfig config = HostConfig.builder(own.resolve("data")).trustFile(missing).build();
    assertThatThrownBy(() -> Host.open(config))
        .isInstanceOf(UntrustedException.class)
        .hasMessageContaining("policy.json cannot be read");
    Files.writeString(missing, "{\"mode\": 1}");
    assertThatThrownBy(() -> Host.open(config)).hasMessageContaining("/mode");
  }

  @Test
  void a_host_for_development_takes_uploads_beside_an_enforced_policy(@TempDir Path own)
      throws Exception {
    HostConfig config = HostConfig.builder(own).trust(enforced()).takesDevelopment(true).build();
    GuestBundle bundle = GuestBundle.of(plugin, Guests.wasm("upper")).filter("h");
    try (Host other = Host.open(config)) {
      other
          .plugins()
          .develop(bundle.manifest().getBytes(StandardCharsets.UTF_8), Guests.wasm("upper"));
      assertThat(other.plugins().find(plugin).orElseThrow().current().provenance().summary())
          .isEqualTo("development");
      assertThatThrownBy(() -> other.plugins().update(version("2.0.0")))
          .hasMessageContaining("is not signed");
    }
    try (Host again = Host.open(config)) {
      assertThat(again.health().pools()).containsOnlyKeys(plugin);
    }
    try (Host production = Host.open(config.toBuilder().takesDevelopment(false).build())) {
      assertThat(production.health().troubles())
          .hasEntrySatisfying(plugin, why -> assertThat(why).contains("gonext plugin dev"));
      assertThat(production.health().pools()).isEqualTo(Map.of());
    }
  }
}
