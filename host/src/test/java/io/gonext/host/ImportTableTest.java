package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.trust.TrustPolicy;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every function of the ABI's table, as a real guest finds it in a real host. */
class ImportTableTest {
  /** By the name that abi-v1 gives it: {@code gonext_data}, and all that return an i32. */
  private static final int DENIED = -1;

  private static final int BAD_ARGUMENTS = -3;
  private static final int NOT_FOUND = -4;

  /** Without telemetry an event does nothing. */
  private static final int DONE = 0;

  private static final int NET_DENIED = -2;
  private static final int NET_BAD_REQUEST = -1;

  /** With the letters by which the guest {@code imports} has them. */
  enum Function {
    I18N('a', "env", "gn_i18n_translate", "", NOT_FOUND, NOT_FOUND),
    METRIC('b', "env", "gn_metric_observe", "metrics.observe", DENIED, BAD_ARGUMENTS),
    EVENT('c', "env", "gn_event_emit", "events.emit", DENIED, BAD_ARGUMENTS),
    SPAN('d', "env", "gn_span_event", "events.emit", DENIED, DONE),
    SECRET('e', "env", "gn_secrets_get", "secrets.keys", DENIED, DENIED),
    AUDIT('f', "env", "gn_audit_emit", "audit.emit", DENIED, BAD_ARGUMENTS),
    CRON('g', "env", "gn_cron_register", "cron.register", DENIED, BAD_ARGUMENTS),
    PLATFORM_SECRET('h', "env_platform", "gn_secrets_get", "secrets.keys", DENIED, DENIED),
    PLATFORM_AUDIT('i', "env_platform", "gn_audit_emit", "audit.emit", DENIED, BAD_ARGUMENTS),
    PLATFORM_CRON('j', "env_platform", "gn_cron_register", "cron.register", DENIED, BAD_ARGUMENTS),
    FETCH('k', "env_net", "gn_http_fetch", "http.fetch", NET_DENIED, NET_BAD_REQUEST),
    DB_READ('l', "gonext_data", "gn_db_read", "db.read", DENIED, BAD_ARGUMENTS),
    DB_WRITE('m', "gonext_data", "gn_db_write", "db.write", DENIED, BAD_ARGUMENTS),
    KV_GET('n', "gonext_data", "gn_kv_get", "kv.read", DENIED, BAD_ARGUMENTS),
    KV_SET('o', "gonext_data", "gn_kv_set", "kv.write", DENIED, BAD_ARGUMENTS),
    KV_DEL('p', "gonext_data", "gn_kv_del", "kv.write", DENIED, BAD_ARGUMENTS),
    KV_INCR('q', "gonext_data", "gn_kv_incr", "kv.write", DENIED, BAD_ARGUMENTS),
    CACHE('r', "gonext_data", "gn_cache_invalidate", "cache.invalidate", DENIED, BAD_ARGUMENTS);

    final char letter;
    final String module;
    final String function;
    final String capability;
    final int withoutGrant;

    /** With zeros for arguments, which are bad ones for most functions. */
    final int granted;

    Function(
        char letter,
        String module,
        String function,
        String capability,
        int withoutGrant,
        int granted) {
      this.letter = letter;
      this.module = module;
      this.function = function;
      this.capability = capability;
      this.withoutGrant = withoutGrant;
      this.granted = granted;
    }

    String key() {
      return module + "." + function;
    }

    String hook() {
      return "call_" + letter;
    }
  }

  @TempDir private Path data;
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(HostConfig.builder(data).trust(TrustPolicy.off()).build());
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  void each_import_loads_and_install_warns_of_its_answer() {
    List<String> expected = new ArrayList<>();
    for (Function function : Function.values()) {
      if (!function.capability.isEmpty()) {
        expected.add(
            function.key()
                + " will answer \"denied\": the manifest does not request "
                + function.capability);
      }
    }
    assertThat(host.plugins().install(bundle(Set.of()).bytes()).warnings())
        .containsExactlyInAnyOrderElementsOf(expected);

    host.plugins().uninstall("imports");
    assertThat(host.plugins().install(bundle(capabilities()).bytes()).warnings())
        .containsExactly(
            "/http/fetch/allow: the plugin requests http.fetch and lists no origin, so it reaches"
                + " none");
  }

  @Test
  void each_function_answers_denied_before_a_grant_and_after_a_revocation()
      throws InterruptedException {
    host.plugins().install(bundle(capabilities()).bytes());
    host.plugins().activate("imports");
    for (Function function : Function.values()) {
      assertThat(call(function)).as(function.key()).isEqualTo(function.withoutGrant);
    }
    assertThat(host.audit().newest("imports", 100))
        .filteredOn(row -> row.event().equals("denied"))
        .as("one row a capability")
        .hasSize(capabilities().size());

    host.plugins().grantRequested("imports");
    for (Function function : Function.values()) {
      assertThat(call(function)).as(function.key()).isEqualTo(function.granted);
    }
    host.plugins().revoke("imports", capabilities().toArray(String[]::new));
    for (Function function : Function.values()) {
      assertThat(call(function)).as(function.key()).isEqualTo(function.withoutGrant);
    }
  }

  @Test
  void a_capability_missing_in_the_manifest_is_denied_and_audited() throws InterruptedException {
    host.plugins().install(bundle(Set.of()).bytes());
    host.plugins().activate("imports");
    for (Function function : Function.values()) {
      assertThat(call(function)).as(function.key()).isEqualTo(function.withoutGrant);
    }
    assertThat(host.audit().newest("imports", 100))
        .filteredOn(row -> row.event().equals("denied"))
        .extracting(AuditRow::detail)
        .hasSize(capabilities().size())
        .anyMatch(detail -> detail.contains("env_net.gn_http_fetch"));
  }

  @ParameterizedTest
  @EnumSource
  void an_import_with_another_signature_is_refused_by_name(Function function) {
    byte[] module = importing(function.module, function.function);
    assertThatThrownBy(() -> host.plugins().install(GuestBundle.of("imports", module).bytes()))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("it imports " + function.key() + " as (f32) -> (), the ABI says ");
  }

  @Test
  void a_function_of_another_module_is_refused_on_one_line() {
    byte[] module = importing("env_net", "gn_kv\nget");
    assertThatThrownBy(() -> host.plugins().install(GuestBundle.of("imports", module).bytes()))
        .hasMessageContaining("it imports env_net.gn_kv\\nget (f32) -> (), which no host offers")
        .hasMessageNotContaining("\n");
  }

  private static Set<String> capabilities() {
    Set<String> capabilities = new TreeSet<>();
    for (Function function : Function.values()) {
      if (!function.capability.isEmpty()) {
        capabilities.add(function.capability);
      }
    }
    return capabilities;
  }

  private static GuestBundle bundle(Set<String> capabilities) {
    GuestBundle bundle =
        GuestBundle.of("imports", Guests.wasm("imports"))
            .field(
                "capabilities",
                capabilities.isEmpty() ? "[]" : "[\"" + String.join("\",\"", capabilities) + "\"]");
    for (Function function : Function.values()) {
      bundle = bundle.filter(function.hook());
    }
    return bundle;
  }

  private int call(Function function) throws InterruptedException {
    return host.applyFilters(function.hook(), 0).value().intValue();
  }

  /** A module that imports one function, of type {@code (f32) -> ()}, and has nothing else. */
  private static byte[] importing(String module, String name) {
    ByteArrayOutputStream imports = new ByteArrayOutputStream();
    imports.write(1);
    for (String text : List.of(module, name)) {
      imports.write(text.length());
      imports.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }
    imports.writeBytes(new byte[] {0, 0});
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[] {0, 'a', 's', 'm', 1, 0, 0, 0});
    bytes.writeBytes(new byte[] {1, 5, 1, 0x60, 1, 0x7d, 0});
    bytes.write(2);
    bytes.write(imports.size());
    bytes.writeBytes(imports.toByteArray());
    return bytes.toByteArray();
  }

  @Test
  void a_guest_of_emscripten_may_report_growth_in_its_allocator() throws InterruptedException {
    assertThat(
            host.plugins().install(GuestBundle.of("emscripten").filter("same").bytes()).warnings())
        .isEmpty();
    host.plugins().activate("emscripten");

    var result = host.applyFilters("same", "value");

    assertThat(result.value().asString()).isEqualTo("value");
    assertThat(result.degraded()).isEmpty();
  }
}
