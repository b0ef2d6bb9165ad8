package io.gonext.host.internal.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.internal.audit.PluginAudit.Emitted;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.JsonNodeFactory;

class PluginAuditTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final AtomicLong nanoTime = new AtomicLong(Long.MAX_VALUE - 5);
  private final List<String> rows = new ArrayList<>();
  private boolean full;

  private final PluginAudit audit =
      new PluginAudit(
          (plugin, version, event, actor, detail) ->
              !full && rows.add(plugin + "@" + version + " " + event + " " + actor + " " + detail),
          meters,
          "my-plugin",
          "1.0.0",
          nanoTime::get);

  @Test
  void a_repeated_denial_is_one_row_a_minute_with_the_number_left_out() {
    for (int i = 0; i < 500; i++) {
      audit.denied("kv.read", "gonext_data.gn_kv_get");
    }
    String first = "my-plugin@1.0.0 denied host {\"capability\":\"kv.read\",";
    assertThat(rows).singleElement().asString().startsWith(first).doesNotContain("left_out");
    nanoTime.addAndGet(TimeUnit.MINUTES.toNanos(1));
    audit.denied("kv.read", "gonext_data.gn_kv_get");
    assertThat(rows).hasSize(2).last().asString().contains("\"left_out_before\":499");
    assertThat(denials("kv.read")).isEqualTo(501);
  }

  @Test
  void each_capability_and_each_kind_of_trap_has_a_row_of_its_own() {
    audit.denied("kv.read", "f");
    audit.denied("kv.write", "g");
    audit.trapped("h", "DEADLINE", "too late");
    audit.trapped("h", "UNREACHABLE", null);
    audit.trapped("h", "DEADLINE", "too late again");
    assertThat(rows).hasSize(4);
    assertThat(rows.get(2))
        .isEqualTo(
            "my-plugin@1.0.0 trap host"
                + " {\"code\":\"DEADLINE\",\"hook\":\"h\",\"message\":\"too late\"}");
  }

  @Test
  void an_invalid_answer_is_one_row_a_minute() {
    audit.answeredNonsense("h", "its answer has no \"value\"");
    audit.answeredNonsense("i", "x".repeat(5000));
    assertThat(rows)
        .containsExactly(
            "my-plugin@1.0.0 bad_answer host"
                + " {\"hook\":\"h\",\"message\":\"its answer has no \\\"value\\\"\"}");
    audit.close();
    assertThat(rows).hasSize(2).last().asString().hasSizeLessThan(1200);
  }

  @Test
  void a_close_writes_a_row_for_what_was_left_out() {
    for (int i = 0; i < 5; i++) {
      audit.denied("kv.read", "f");
    }
    audit.denied("kv.write", "g");
    audit.close();
    assertThat(rows).hasSize(3).last().asString().contains("kv.read", "\"left_out_before\":3");
    audit.close();
    assertThat(rows).hasSize(3);
  }

  @Test
  void a_long_message_is_cut() {
    audit.trapped("h", "GUEST_PANIC", "x".repeat(5000));
    assertThat(rows.getFirst()).hasSizeLessThan(1200);
  }

  @Test
  void a_plugin_has_a_hundred_events_a_minute() {
    for (int i = 0; i < PluginAudit.EVENTS_PER_MINUTE; i++) {
      assertThat(emit()).isEqualTo(Emitted.QUEUED);
    }
    assertThat(emit()).isEqualTo(Emitted.TOO_MANY);
    assertThat(rows).hasSize(PluginAudit.EVENTS_PER_MINUTE);
    nanoTime.addAndGet(TimeUnit.MINUTES.toNanos(1));
    assertThat(emit()).isEqualTo(Emitted.QUEUED);
    full = true;
    assertThat(emit()).isEqualTo(Emitted.LOST);
  }

  private Emitted emit() {
    return audit.emitted("my-plugin.x", JsonNodeFactory.instance.objectNode());
  }

  private double denials(String capability) {
    return meters.get("gonext.plugin.denied").tag("capability", capability).counter().count();
  }
}
