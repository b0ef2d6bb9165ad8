package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.host.internal.store.StoreFixture;
import io.gonext.host.trust.TrustPolicy;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What an operator grants is what a guest may do, from its next call on. */
@ParameterizedClass
@EnumSource
@Execution(ExecutionMode.CONCURRENT)
class GrantsTest {
  /** The answers of the guest {@code asks}. */
  private static final int DENIED = -1;

  private static final int LET_THROUGH = -3;

  @TempDir private Path data;
  private final Database database;
  private Host host;

  GrantsTest(StoreFixture fixture) {
    database = fixture.create();
  }

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(config());
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  void nothing_is_granted_by_installing_and_activating() throws InterruptedException {
    activate();
    assertThat(answer()).isEqualTo(DENIED);
    PluginGrants grants = host.plugins().grants("asks");
    assertThat(grants.requested()).containsExactly("db.read");
    assertThat(grants.granted()).isEmpty();
    assertThat(grants.missing()).containsExactly("db.read");
  }

  @Test
  void a_grant_and_its_end_are_live_at_the_next_call() throws InterruptedException {
    activate();
    assertThat(host.plugins().grant("asks", "db.read").granted()).containsExactly("db.read");
    assertThat(answer()).isEqualTo(LET_THROUGH);
    assertThat(host.plugins().revoke("asks", "db.read").granted()).isEmpty();
    assertThat(answer()).isEqualTo(DENIED);
    assertThat(host.health().pool("asks").orElseThrow().created()).isEqualTo(1);
  }

  @Test
  void a_decision_survives_a_restart() throws InterruptedException {
    activate();
    host.plugins().grant("asks", "db.read");
    restart();
    assertThat(answer()).isEqualTo(LET_THROUGH);
    host.plugins().revoke("asks", "db.read");
    restart();
    assertThat(answer()).isEqualTo(DENIED);
  }

  @Test
  void a_decision_goes_with_the_plugin_and_holds_for_one_version() throws InterruptedException {
    host.plugins().install(bundle().bytes());
    host.plugins().grant("asks", "db.read");
    host.plugins().uninstall("asks");
    activate();
    assertThat(answer()).isEqualTo(DENIED);

    host.plugins().grant("asks", "db.read");
    host.plugins().deactivate("asks");
    host.plugins().uninstall("asks");
    host.plugins().install(bundle().version("1.0.1").bytes());
    assertThat(host.plugins().grants("asks").granted()).isEmpty();
  }

  /** What is kept are a plugin's entries; decisions were made on a bundle, and go with it. */
  @Test
  void another_bundle_of_the_same_version_inherits_nothing_also_where_data_is_kept()
      throws InterruptedException {
    activate();
    host.plugins().grant("asks", "db.read");
    assertThat(answer()).isEqualTo(LET_THROUGH);
    host.plugins().deactivate("asks");
    host.plugins().uninstallKeepingData("asks");
    host.plugins().install(bundle().action("more").bytes());
    assertThat(host.plugins().grants("asks").missing()).containsExactly("db.read");
    host.plugins().activate("asks");
    assertThat(answer()).isEqualTo(DENIED);
  }

  @Test
  void granting_all_that_is_asked_for_leaves_what_was_revoked() {
    host.plugins()
        .install(bundle().field("capabilities", "[\"db.read\",\"kv.read\",\"kv.write\"]").bytes());
    host.plugins().revoke("asks", "kv.write");
    host.plugins().grant("asks", "kv.read");
    assertThat(host.plugins().grantRequested("asks").granted())
        .containsExactly("db.read", "kv.read");
    assertThat(host.plugins().grantRequested("asks").missing()).containsExactly("kv.write");
    assertThat(host.plugins().grant("asks", "kv.write").missing()).isEmpty();
  }

  @Test
  void naming_a_secret_asks_for_the_capability_to_read_it() {
    host.plugins().install(bundle().field("secrets", "{\"keys\":[\"token\"]}").bytes());
    assertThat(host.plugins().grants("asks").requested())
        .containsExactly("db.read", "secrets.keys");
  }

  @Test
  void a_capability_that_is_not_requested_cannot_be_granted_or_revoked() {
    host.plugins().install(bundle().bytes());
    assertThatThrownBy(() -> host.plugins().grant("asks", "db.read", "kv.read"))
        .isInstanceOf(ConflictException.class)
        .hasMessage("asks@1.0.0 does not ask for kv.read; it asks for db.read");
    assertThatThrownBy(() -> host.plugins().revoke("asks", "nonsense"))
        .isInstanceOf(ConflictException.class);
    assertThat(host.plugins().grants("asks").granted()).isEmpty();
    assertThatThrownBy(() -> host.plugins().grant("nobody", "db.read"))
        .isInstanceOf(UnknownPluginException.class);
    assertThatThrownBy(() -> host.plugins().grants("nobody"))
        .isInstanceOf(UnknownPluginException.class);
  }

  @Test
  void an_import_beyond_what_is_asked_for_loads_with_a_warning_and_is_denied()
      throws InterruptedException {
    InstallResult installed = host.plugins().install(GuestBundle.of("asks").filter("ask").bytes());
    assertThat(installed.warnings())
        .singleElement()
        .asString()
        .contains("gonext_data.gn_db_read", "denied", "db.read");
    host.plugins().activate("asks");
    host.plugins().grantRequested("asks");
    assertThat(answer()).isEqualTo(DENIED);
  }

  @Test
  void a_capability_of_the_application_can_be_asked_for_once_it_is_registered()
      throws InterruptedException {
    byte[] bundle = bundle().field("capabilities", "[\"invoices.read\"]").bytes();
    assertThatThrownBy(() -> host.plugins().install(bundle))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("invoices.read");
    Capability capability =
        new Capability("invoices.read", "Read invoices", "invoices", "read", true);
    assertThat(host.capabilities().register(capability)).isTrue();
    host.plugins().install(bundle);
    host.plugins().grant("asks", "invoices.read");

    host.close();
    CapabilityRegistry capabilities = CapabilityRegistry.standard();
    capabilities.register(capability);
    host = Host.open(config().toBuilder().capabilities(capabilities).build());
    assertThat(host.plugins().grants("asks").granted()).containsExactly("invoices.read");
    assertThat(host.mayUse("asks", "invoices.read")).isFalse();
    host.plugins().activate("asks");
    assertThat(host.mayUse("asks", "invoices.read")).isTrue();
    host.plugins().revoke("asks", "invoices.read");
    assertThat(host.mayUse("asks", "invoices.read")).isFalse();
  }

  private HostConfig config() {
    return HostConfig.builder(data).trust(TrustPolicy.off()).database(database).build();
  }

  private static GuestBundle bundle() {
    return GuestBundle.of("asks").filter("ask").field("capabilities", "[\"db.read\"]");
  }

  private void activate() throws InterruptedException {
    host.plugins().install(bundle().bytes());
    host.plugins().activate("asks");
  }

  private void restart() throws InterruptedException {
    host.close();
    host = Host.open(config());
  }

  private int answer() throws InterruptedException {
    return host.applyFilters("ask", 0).value().intValue();
  }
}
