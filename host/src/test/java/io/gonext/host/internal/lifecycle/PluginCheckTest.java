package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.PluginCheck;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an author is told before the upload is what a host says at install. */
class PluginCheckTest {
  @Test
  void a_good_plugin_has_a_manifest_and_nothing_to_say() {
    PluginCheck check = PluginCheck.of(manifest("echo"), Guests.wasm("echo"));
    assertThat(check.passed()).isTrue();
    assertThat(check.manifest()).isNotNull().extracting("name").isEqualTo("echo");
    assertThat(check.warnings()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "noalloc, it does not export gn_alloc",
    "mistyped, the ABI says",
    "alias, it exports an imported function",
    "badimport, which no host offers",
    "badimport-signature, the ABI says",
  })
  void what_a_host_refuses_is_a_problem(String guest, String said) {
    PluginCheck check = PluginCheck.of(manifest(guest), Guests.wasm(guest));
    assertThat(check.problems()).anyMatch(problem -> problem.contains(said));
  }

  @Test
  void a_check_reports_all_problems_at_once() {
    byte[] manifest = "{\"name\":\"X\"}".getBytes(StandardCharsets.UTF_8);
    PluginCheck check = PluginCheck.of(manifest, Guests.wasm("noalloc"));
    assertThat(check.manifest()).isNull();
    assertThat(check.problems())
        .anyMatch(problem -> problem.contains("/name"))
        .anyMatch(problem -> problem.contains("gn_alloc"));
  }

  @Test
  void bytes_that_are_not_a_module_are_a_problem() {
    byte[] text = "hello".getBytes(StandardCharsets.UTF_8);
    assertThat(PluginCheck.of(manifest("echo"), text).problems())
        .singleElement()
        .asString()
        .contains("not a WebAssembly");
  }

  @Test
  void a_manifest_that_is_too_large_is_not_read() {
    assertThat(PluginCheck.of(new byte[256 * 1024 + 1], Guests.wasm("echo")).problems())
        .singleElement()
        .asString()
        .contains("larger than");
  }

  @Test
  void a_capability_nobody_knows_and_a_memory_too_large_are_problems() {
    byte[] manifest =
        GuestBundle.of("memory-64")
            .limit("memory_mb", 1)
            .field("capabilities", "[\"no.such\"]")
            .manifest()
            .getBytes(StandardCharsets.UTF_8);
    assertThat(PluginCheck.of(manifest, Guests.wasm("memory-64")).problems())
        .anyMatch(problem -> problem.contains("no.such"))
        .anyMatch(problem -> problem.contains("the limit is 16"));
  }

  @Test
  void a_misspelt_capability_is_reported_with_its_place_and_a_suggestion() {
    byte[] manifest =
        GuestBundle.of("echo")
            .limit("call_ms", 0)
            .field("capabilities", "[\"kv.raed\"]")
            .manifest()
            .getBytes(StandardCharsets.UTF_8);
    assertThat(PluginCheck.of(manifest, Guests.wasm("echo")).problems())
        .satisfiesExactlyInAnyOrder(
            limit -> assertThat(limit).startsWith("/limits/call_ms: "),
            capability ->
                assertThat(capability)
                    .startsWith("/capabilities/0: ")
                    .endsWith("did you mean kv.read?"));
  }

  @Test
  void a_limit_beyond_the_usual_ones_is_a_warning() {
    byte[] manifest =
        GuestBundle.of("echo")
            .limit("call_ms", 1001)
            .limit("memory_mb", 64)
            .manifest()
            .getBytes(StandardCharsets.UTF_8);
    assertThat(PluginCheck.of(manifest, Guests.wasm("echo")).warnings())
        .containsExactly(
            "/limits/call_ms: the plugin gets 1000 and not 1001, since the operator allows no more"
                + " (gonext serve --call-ms)");
  }

  @Test
  void an_import_without_its_capability_is_a_warning() {
    PluginCheck check = PluginCheck.of(manifest("denied"), Guests.wasm("denied"));
    assertThat(check.passed()).as("%s", check.problems()).isTrue();
    assertThat(check.warnings()).isNotEmpty();
  }

  private static byte[] manifest(String guest) {
    return GuestBundle.of(guest).manifest().getBytes(StandardCharsets.UTF_8);
  }
}
