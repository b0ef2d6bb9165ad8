package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Trials.Where;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.json.StrictJson;
import io.gonext.host.trust.TrustPolicy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Single calls that an operator makes: real guests in a real host. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TrialsTest {
  @TempDir private static Path data;
  private Host host;

  @BeforeAll
  void open() throws InterruptedException {
    host = Host.open(HostConfig.builder(data).trust(TrustPolicy.off()).build());
    deploy(GuestBundle.of("upper").filter("shout").limit("fuel", 1_000_000));
    deploy(GuestBundle.of("echo").filter("shout"));
    deploy(GuestBundle.of("panic").filter("give.up").action("give.up"));
    deploy(GuestBundle.of("route-echo").route("POST", "/a/{id}"));
    deploy(
        GuestBundle.of("purges").filter("purge").field("capabilities", "[\"cache.invalidate\"]"),
        "cache.invalidate");
  }

  private void deploy(GuestBundle bundle, String... grants) throws InterruptedException {
    host.plugins().deploy(bundle.bytes(), Set.of(grants));
  }

  @AfterAll
  void close() {
    host.close();
  }

  @ParameterizedTest
  @EnumSource
  void a_filter_of_one_plugin_runs_alone_and_is_measured(Where where) throws Exception {
    TrialResult result = host.trials().filter("upper", where, "shout", "a");

    assertThat(result.outcome()).isEqualTo(HookOutcome.OK);
    assertThat(result.value()).isEqualTo(StrictJson.valueOf("A"));
    assertThat(result.version()).isEqualTo("1.0.0");
    assertThat(result.fuel()).isPositive();
    assertThat(result.touchedBytes()).isPositive();
    assertThat(result.took()).isGreaterThanOrEqualTo(result.guest()).isPositive();
    assertThat(result.backtrace()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void a_call_that_traps_has_its_reason_and_backtrace(Where where) throws Exception {
    TrialResult filter = host.trials().filter("panic", where, "give.up", 1);
    TrialResult action = host.trials().action("panic", where, "give.up");

    for (TrialResult result : List.of(filter, action)) {
      assertThat(result.outcome()).isEqualTo(HookOutcome.GUEST_PANIC);
      assertThat(result.reason()).isEqualTo("the guest panicked: the guest gave up");
      assertThat(result.value()).isNull();
      assertThat(result.backtrace()).isNotEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_route_answers_a_response(Where where) throws Exception {
    PluginRequest request =
        new PluginRequest("POST", "/a/7", "", Map.of(), "a body".getBytes(StandardCharsets.UTF_8));
    TrialResult result = host.trials().route("route-echo", where, request);

    PluginResponse response = result.response().orElseThrow();
    assertThat(response.status()).isEqualTo(200);
    assertThat(response.body()).asString(StandardCharsets.UTF_8).isEqualTo("a body");
    assertThat(result.value()).isNull();
  }

  @Test
  void a_trial_has_no_effect_and_a_live_call_has_one() throws Exception {
    long before = host.cacheInvalidations().last();
    TrialResult trial = host.trials().filter("purges", Where.TRIAL, "purge", List.of("a"));
    assertThat(trial.value()).isEqualTo(StrictJson.valueOf(0));
    assertThat(host.cacheInvalidations().last()).isEqualTo(before);
    assertThat(host.activity().plugin("purges").orElseThrow().calls()).isZero();

    host.trials().filter("purges", Where.LIVE, "purge", List.of("a"));
    assertThat(host.cacheInvalidations().last()).isEqualTo(before + 1);
    assertThat(host.activity().plugin("purges").orElseThrow().calls()).isEqualTo(1);
  }

  @Test
  void a_live_call_is_in_the_audit_log_without_its_payload() throws Exception {
    host.trials().filter("echo", Where.TRIAL, "shout", "a secret");
    assertThat(host.audit().newest("echo", 1).getFirst().event()).isNotEqualTo("try");
    host.audit()
        .recordedAs("ada", () -> host.trials().filter("echo", Where.LIVE, "shout", "a secret"));

    AuditRow row = host.audit().newest("echo", 1).getFirst();
    assertThat(row.event()).isEqualTo("try");
    assertThat(row.actor()).isEqualTo("ada");
    assertThat(row.detail()).isEqualTo("{\"call\":\"filter shout\",\"outcome\":\"OK\"}");
  }

  @Test
  void a_trial_needs_no_plugin_in_service_and_a_live_call_does() throws Exception {
    host.plugins().install(GuestBundle.of("idle", Guests.wasm("upper")).filter("up").bytes());

    assertThat(host.trials().filter("idle", Where.TRIAL, "up", "a").value())
        .isEqualTo(StrictJson.valueOf("A"));
    assertThatThrownBy(() -> host.trials().filter("idle", Where.LIVE, "up", "a"))
        .isInstanceOf(UnknownPluginException.class);
  }

  @ParameterizedTest
  @EnumSource
  void what_a_plugin_does_not_declare_is_refused_in_a_sentence(Where where) {
    assertThatThrownBy(() -> host.trials().filter("upper", where, "whisper", "a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("upper has no filter whisper");
    assertThatThrownBy(() -> host.trials().action("upper", where, "shout"))
        .hasMessage("upper has no action shout");
    PluginRequest request = new PluginRequest("GET", "/a/7", "", Map.of(), new byte[0]);
    assertThatThrownBy(() -> host.trials().route("route-echo", where, request))
        .hasMessage("route-echo has no route for GET /a/7");
    assertThatThrownBy(() -> host.trials().route("nobody", where, request))
        .isInstanceOf(UnknownPluginException.class);
  }

  @ParameterizedTest
  @EnumSource
  void a_payload_that_is_too_large_fails_and_does_not_throw(Where where) throws Exception {
    TrialResult result = host.trials().filter("upper", where, "shout", "x".repeat(2 * 1024 * 1024));

    assertThat(result.outcome()).isEqualTo(HookOutcome.PAYLOAD_TOO_LARGE);
  }
}
