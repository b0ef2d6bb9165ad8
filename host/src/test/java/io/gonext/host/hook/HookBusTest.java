package io.gonext.host.hook;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

class HookBusTest {
  private static final JsonNode START = text("");

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final HookBus bus = new HookBus(meters, Duration.ofSeconds(3));

  @Test
  void filters_run_by_priority_then_in_order_of_registration() throws InterruptedException {
    bus.addFilter("p3", "h", 20, appending("d"));
    bus.addFilter("p1", "h", 10, appending("b"));
    bus.addFilter("p2", "h", 10, appending("c"));
    bus.addFilter("p0", "h", -1, appending("a"));
    assertThat(bus.applyFilters("h", START, List.of()).value()).isEqualTo(text("abcd"));
  }

  @Test
  void a_hook_without_handlers_leaves_the_value_alone() throws InterruptedException {
    assertThat(bus.applyFilters("h", START, List.of()))
        .isEqualTo(new FilterResult(START, List.of()));
    assertThat(bus.doAction("h", List.of())).isEqualTo(new ActionResult(0, List.of()));
  }

  @Test
  void a_filter_that_fails_is_passed_over_named_and_counted() throws InterruptedException {
    bus.addFilter("good", "h", 1, appending("a"));
    bus.addFilter(
        "bad",
        "h",
        2,
        (value, args, limit) -> {
          throw new HookFailedException("UNREACHABLE", "trapped", null);
        });
    bus.addFilter("also-good", "h", 3, appending("b"));
    FilterResult result = bus.applyFilters("h", START, List.of());
    assertThat(result.value()).isEqualTo(text("ab"));
    assertThat(result.degraded()).containsExactly(new Degradation("bad", "UNREACHABLE", "trapped"));
    assertThat(count("bad", "UNREACHABLE")).isEqualTo(1);
    assertThat(count("bad", "OK")).isZero();
    assertThat(count("good", "OK")).isEqualTo(1);
  }

  @Test
  void an_action_that_fails_keeps_no_other_from_being_told() throws InterruptedException {
    List<String> told = new ArrayList<>();
    bus.addAction("a", "h", 10, (args, limit) -> told.add("a" + args));
    bus.addAction(
        "b",
        "h",
        10,
        (args, limit) -> {
          throw new HookFailedException("STATUS", "no", null);
        });
    bus.addAction("c", "h", 10, (args, limit) -> told.add("c" + args));
    ActionResult result = bus.doAction("h", List.of(text("x")));
    assertThat(told).containsExactly("a[\"x\"]", "c[\"x\"]");
    assertThat(result.handlers()).isEqualTo(3);
    assertThat(result.degraded()).extracting(Degradation::plugin).containsExactly("b");
  }

  @Test
  void what_a_plugin_registered_goes_with_it() throws InterruptedException {
    bus.addFilter("a", "h", 10, appending("a"));
    bus.addFilter("b", "h", 10, appending("b"));
    bus.addAction("a", "h", 10, (args, limit) -> {});
    bus.removeAll("a");
    assertThat(bus.applyFilters("h", START, List.of()).value()).isEqualTo(text("b"));
    assertThat(bus.doAction("h", List.of()).handlers()).isZero();
  }

  @Test
  void a_chain_runs_on_the_handlers_it_began_with() throws InterruptedException {
    bus.addFilter(
        "a",
        "h",
        1,
        (value, args, limit) -> {
          bus.removeAll("b");
          return text(value.stringValue() + "a");
        });
    bus.addFilter("b", "h", 2, appending("b"));
    assertThat(bus.applyFilters("h", START, List.of()).value()).isEqualTo(text("ab"));
    assertThat(bus.applyFilters("h", START, List.of()).value()).isEqualTo(text("a"));
  }

  @Test
  void a_chain_whose_time_is_up_asks_no_further_handler() throws InterruptedException {
    HookBus hurried = new HookBus(meters, Duration.ofNanos(1));
    hurried.addFilter("slow", "h", 1, appending("a"));
    FilterResult result = hurried.applyFilters("h", START, List.of());
    assertThat(result.value()).isEqualTo(START);
    assertThat(result.degraded()).extracting(Degradation::code).containsExactly("CHAIN_DEADLINE");
  }

  @Test
  void a_handler_is_told_the_time_that_is_left() throws InterruptedException {
    List<Duration> limits = new ArrayList<>();
    bus.addAction("a", "h", 1, (args, limit) -> limits.add(limit));
    bus.addAction("b", "h", 2, (args, limit) -> limits.add(limit));
    bus.doAction("h", List.of());
    assertThat(limits.get(0)).isLessThanOrEqualTo(Duration.ofSeconds(3));
    assertThat(limits.get(1)).isLessThan(limits.get(0));
  }

  private long count(String plugin, String outcome) {
    var timer =
        meters.find("gonext.plugin.hook").tags("plugin", plugin, "outcome", outcome).timer();
    return timer == null ? 0 : timer.count();
  }

  private static FilterHandler appending(String suffix) {
    return (value, args, limit) -> text(value.stringValue() + suffix);
  }

  private static JsonNode text(String text) {
    return JsonNodeFactory.instance.stringNode(text);
  }
}
