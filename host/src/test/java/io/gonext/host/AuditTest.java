package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.internal.store.StoreFixture;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator finds in the audit log of a real host. */
@ParameterizedClass
@EnumSource
@Execution(ExecutionMode.CONCURRENT)
class AuditTest {
  private static final int BAD_ARGUMENTS = -3;
  private static final int RATE_LIMITED = -12;

  @TempDir private Path data;
  private final Database database;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private Host host;

  AuditTest(StoreFixture fixture) {
    database = fixture.create();
  }

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(HostConfig.builder(data).database(database).meters(meters).build());
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  void rows_of_changes_are_in_order_and_outlive_plugin_and_host() throws InterruptedException {
    byte[] bundle =
        GuestBundle.of("denied").filter("ask").field("capabilities", "[\"kv.read\"]").bytes();
    host.plugins().install(bundle);
    host.plugins().install(bundle);
    host.plugins().activate("denied");
    host.plugins().activate("denied");
    host.plugins().grant("denied", "kv.read");
    host.plugins().revoke("denied", "kv.read");
    host.plugins().deactivate("denied");
    host.plugins().uninstall("denied");
    host.close();
    open();
    assertThat(host.audit().newest("denied", 100))
        .extracting(AuditRow::event)
        .containsExactly("uninstall", "deactivate", "revoke", "grant", "activate", "install");
    assertThat(host.audit().newest("denied", 100))
        .allSatisfy(row -> {
          assertThat(row.actor()).isEqualTo("operator");
          assertThat(row.version()).isEqualTo("1.0.0");
        });
    assertThat(host.audit().newest("denied", 100).get(3).detail())
        .isEqualTo("{\"capabilities\":[\"kv.read\"]}");
    assertThat(host.audit().newest(1)).extracting(AuditRow::event).containsExactly("uninstall");
  }

  @Test
  void a_refused_bundle_has_a_row_under_its_claimed_name_escaped() throws Exception {
    String overlong = "n".repeat(300);
    for (String name : List.of(overlong, "up\\nper", "Upper")) {
      String manifest =
          GuestBundle.of("upper")
              .manifest()
              .replace("\"name\":\"upper\"", "\"name\":\"" + name + "\"");
      assertThatThrownBy(() ->
              host.plugins()
                  .develop(manifest.getBytes(StandardCharsets.UTF_8), Guests.wasm("upper")))
          .isInstanceOf(BundleRejectedException.class);
    }
    assertThat(host.audit().newest(3))
        .extracting(AuditRow::plugin)
        .containsExactly("Upper", "up\\nper", "n".repeat(38) + "...");
    assertThat(host.audit().newest(overlong, 10))
        .singleElement()
        .satisfies(row -> {
          assertThat(row.event()).isEqualTo("develop_refused");
          assertThat(row.detail()).contains("/name");
        });
    assertThat(host.audit().newest("up\nper", 10)).hasSize(1);
    assertThatThrownBy(() -> host.plugins().update(overlong, GuestBundle.of("upper").bytes()))
        .isInstanceOf(BundleRejectedException.class);
    assertThat(host.audit().newest(overlong, 10))
        .extracting(AuditRow::event)
        .contains("update_refused");
    assertThat(meters.get("gonext.audit.dropped").counter().count()).isZero();
  }

  @Test
  void a_change_is_recorded_under_the_name_of_its_actor() throws Exception {
    byte[] bundle =
        GuestBundle.of("denied").filter("ask").field("capabilities", "[\"kv.read\"]").bytes();
    host.audit()
        .recordedAs(
            "ci",
            () -> {
              host.plugins().install(bundle);
              host.plugins().grant("denied", "kv.read");
              assertThatThrownBy(() -> host.plugins().deactivate("denied"))
                  .isInstanceOf(ConflictException.class);
            });
    host.plugins().activate("denied");
    assertThat(host.audit().newest("denied", 10))
        .extracting(row -> row.event() + " " + row.actor())
        .containsExactly("activate operator", "deactivate_failed ci", "grant ci", "install ci");
  }

  @Test
  void a_refused_change_is_recorded_with_its_reason() {
    assertThatThrownBy(() -> host.plugins().install("no zip".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(BundleRejectedException.class);
    assertThatThrownBy(() -> host.plugins().install(GuestBundle.of("noalloc").bytes()))
        .isInstanceOf(BundleRejectedException.class);
    host.plugins().install(GuestBundle.of("refuses").bytes());
    assertThatThrownBy(() -> host.plugins().activate("refuses"))
        .isInstanceOf(ActivationException.class);

    assertThat(host.audit().newest("", 10))
        .singleElement()
        .satisfies(row -> assertThat(row.detail()).contains("not a ZIP"));
    assertThat(host.audit().newest("noalloc", 10))
        .singleElement()
        .satisfies(row -> {
          assertThat(row.event()).isEqualTo("install_refused");
          assertThat(row.detail()).contains("gn_alloc");
        });
    assertThat(host.audit().newest("refuses", 1))
        .singleElement()
        .satisfies(row -> {
          assertThat(row.event()).isEqualTo("activate_failed");
          assertThat(row.detail()).contains("on_activate returned 1");
        });
    assertThat(meters.get("gonext.plugin.install.refused").counter().count()).isEqualTo(2);

    byte[] other = GuestBundle.of("echo").bytes();
    assertThatThrownBy(() -> host.plugins().update("refuses", other))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessage("the bundle is of echo, not of refuses");
    assertThatThrownBy(() -> host.plugins().update("refuses", new byte[] {1}))
        .isInstanceOf(BundleRejectedException.class);
    assertThatThrownBy(() -> host.plugins().deactivate("refuses"))
        .isInstanceOf(ConflictException.class);
    assertThat(host.audit().newest("refuses", 3))
        .extracting(AuditRow::event)
        .containsExactly("deactivate_failed", "update_refused", "update_refused");
    assertThat(host.audit().newest("refuses", 3))
        .allSatisfy(row -> assertThat(row.version()).isEqualTo("1.0.0"));
  }

  @Test
  void a_flood_of_denied_calls_is_one_row_and_counted() throws InterruptedException {
    host.plugins()
        .install(
            GuestBundle.of("denied").filter("ask").field("capabilities", "[\"kv.read\"]").bytes());
    host.plugins().activate("denied");
    for (int i = 0; i < 300; i++) {
      assertThat(host.applyFilters("ask", 0).value().intValue()).isEqualTo(-1);
    }
    assertThat(host.audit().newest("denied", 100))
        .filteredOn(row -> row.event().equals("denied"))
        .singleElement()
        .satisfies(row -> {
          assertThat(row.actor()).isEqualTo("host");
          assertThat(row.detail()).contains("kv.read", "gonext_data.gn_kv_get");
        });
    assertThat(meters.get("gonext.plugin.denied").tag("plugin", "denied").counter().count())
        .isEqualTo(300);
    host.plugins().deactivate("denied");
    assertThat(host.audit().newest("denied", 2).getLast().detail())
        .contains("\"left_out_before\":298");
  }

  @Test
  void an_import_without_its_capability_is_denied_and_counted() throws InterruptedException {
    host.plugins().install(GuestBundle.of("denied").filter("ask").bytes());
    host.plugins().activate("denied");
    assertThat(host.applyFilters("ask", 0).value().intValue()).isEqualTo(-1);
    assertThat(host.audit().newest("denied", 1))
        .extracting(AuditRow::event)
        .containsExactly("denied");
  }

  @Test
  void a_trap_is_recorded_with_its_hook_and_code() throws InterruptedException {
    host.plugins().install(GuestBundle.of("trap").filter("h").bytes());
    host.plugins().activate("trap");
    for (int i = 0; i < 3; i++) {
      host.applyFilters("h", i);
    }
    assertThat(host.audit().newest("trap", 10))
        .filteredOn(row -> row.event().equals("trap"))
        .singleElement()
        .satisfies(row -> assertThat(row.detail()).contains("\"UNREACHABLE\"", "\"hook\":\"h\""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"emit", "platform"})
  void a_plugins_own_event_is_stored_under_its_name(String hook) throws InterruptedException {
    activateAudits();
    assertThat(emit(hook, Map.of("event", "audits.order_paid", "order", 7))).isZero();
    assertThat(host.audit().newest("audits", 1))
        .singleElement()
        .satisfies(row -> {
          assertThat(row.event()).isEqualTo("audits.order_paid");
          assertThat(row.actor()).isEqualTo("plugin");
          assertThat(row.detail()).isEqualTo("{\"order\":7}");
        });
  }

  @Test
  void an_event_that_is_not_the_plugins_own_is_refused() throws InterruptedException {
    activateAudits();
    for (Object event :
        new Object[] {
          Map.of("event", "install"),
          Map.of("event", "audits"),
          Map.of("event", "audits."),
          Map.of("event", "auditsx.a"),
          Map.of("event", "other.a"),
          Map.of("event", "audits.A"),
          Map.of("event", "audits.a\nb"),
          Map.of("event", "audits." + "a".repeat(200)),
          Map.of("event", 1),
          Map.of("x", "audits.a"),
          Map.of("event", "audits.a", "x", "y".repeat(5000)),
          "audits.a",
          7,
        }) {
      assertThat(emit("emit", event)).as("%s", event).isEqualTo(BAD_ARGUMENTS);
    }
    assertThat(host.audit().newest("audits", 10))
        .extracting(AuditRow::event)
        .containsExactly("activate", "grant", "install");
  }

  @Test
  void a_plugin_has_a_hundred_events_a_minute() throws InterruptedException {
    long begin = System.nanoTime();
    activateAudits();
    int refused = 0;
    for (int i = 0; i < 120; i++) {
      refused += emit("emit", Map.of("event", "audits.x")) == RATE_LIMITED ? 1 : 0;
    }
    // The minute began with the plugin: on a machine that stood still it may be over.
    assumeThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMinutes(1));
    assertThat(refused).isEqualTo(20);
    assertThat(host.audit().newest("audits", 1000)).hasSize(100 + 3);
  }

  private void activateAudits() throws InterruptedException {
    host.plugins()
        .install(
            GuestBundle.of("audits")
                .filter("emit")
                .filter("platform")
                .field("capabilities", "[\"audit.emit\"]")
                .bytes());
    host.plugins().grantRequested("audits");
    host.plugins().activate("audits");
  }

  private int emit(String hook, Object event) throws InterruptedException {
    return host.applyFilters(hook, event).value().intValue();
  }
}
