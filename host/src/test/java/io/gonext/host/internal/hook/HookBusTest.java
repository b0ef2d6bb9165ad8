package io.gonext.host.internal.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.gonext.engine.CallTimes;
import io.gonext.host.ChainFailedException;
import io.gonext.host.RecordingLogger;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.BatchFilterHandler;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterHandler;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.HookTurn;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

class HookBusTest {
  private static final JsonNode START = text("");

  private static final Duration SECOND = Duration.ofSeconds(1);

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  /** The bus's time: it passes only where a test says so. */
  private final AtomicLong nanos = new AtomicLong(42);

  private final HookBus bus = bus(Duration.ofSeconds(3));

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
        (value, args, turn) -> {
          throw new HookFailedException(HookOutcome.UNREACHABLE, "trapped", null);
        });
    bus.addFilter("also-good", "h", 3, appending("b"));
    FilterResult result = bus.applyFilters("h", START, List.of());
    assertThat(result.value()).isEqualTo(text("ab"));
    assertThat(result.degraded())
        .containsExactly(new Degradation("bad", HookOutcome.UNREACHABLE, "trapped"));
    assertThat(count("bad", "UNREACHABLE")).isEqualTo(1);
    assertThat(count("bad", "OK")).isZero();
    assertThat(count("good", "OK")).isEqualTo(1);
  }

  @Test
  void an_action_that_fails_does_not_stop_the_other_actions() throws InterruptedException {
    List<String> told = new ArrayList<>();
    bus.addAction("a", "h", 10, (args, turn) -> told.add("a" + args));
    bus.addAction(
        "b",
        "h",
        10,
        (args, turn) -> {
          throw new HookFailedException("no");
        });
    bus.addAction("c", "h", 10, (args, turn) -> told.add("c" + args));
    ActionResult result = bus.doAction("h", List.of(text("x")));
    assertThat(told).containsExactly("a[\"x\"]", "c[\"x\"]");
    assertThat(result.handlers()).isEqualTo(3);
    assertThat(result.degraded()).extracting(Degradation::plugin).containsExactly("b");
  }

  @Test
  void removing_a_plugin_removes_its_handlers() throws InterruptedException {
    bus.addFilter("a", "h", 10, appending("a"));
    bus.addFilter("b", "h", 10, appending("b"));
    bus.addAction("a", "h", 10, (args, turn) -> {});
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
        (value, args, turn) -> {
          bus.removeAll("b");
          return text(value.stringValue() + "a");
        });
    bus.addFilter("b", "h", 2, appending("b"));
    assertThat(bus.applyFilters("h", START, List.of()).value()).isEqualTo(text("ab"));
    assertThat(bus.applyFilters("h", START, List.of()).value()).isEqualTo(text("a"));
  }

  @Test
  void a_chain_whose_time_is_up_asks_no_further_handler() throws InterruptedException {
    HookBus hurried = bus(SECOND);
    hurried.addFilter(
        "slow",
        "h",
        1,
        (value, args, turn) -> {
          pass(SECOND);
          return text("a");
        });
    hurried.addFilter("late", "h", 2, appending("b"));
    FilterResult result = hurried.applyFilters("h", START, List.of());
    assertThat(result.value()).isEqualTo(text("a"));
    assertThat(result.degraded()).extracting(Degradation::code).containsExactly("CHAIN_DEADLINE");
  }

  @Test
  void a_handler_can_read_the_time_that_is_left() throws InterruptedException {
    List<Duration> limits = new ArrayList<>();
    bus.addOwnAction("a", "h", 1, (args, turn) -> limits.add(turn.remaining()));
    bus.addOwnAction("b", "h", 2, (args, turn) -> limits.add(turn.remaining()));
    bus.doAction("h", List.of());
    assertThat(limits).containsExactly(SECOND, SECOND);
  }

  @Test
  void a_handler_has_its_own_limit_and_at_most_what_is_left_of_the_chain()
      throws InterruptedException {
    List<Duration> limits = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      bus.addOwnAction(
          "p" + i,
          "h",
          i,
          (args, turn) -> {
            limits.add(turn.remaining());
            pass(Duration.ofMillis(900));
          });
    }
    assertThat(bus.doAction("h", List.of()).degraded())
        .containsExactly(new Degradation("p3", HookOutcome.DEADLINE, "it did not end in its time"));
    assertThat(limits).containsExactly(SECOND, SECOND, SECOND, Duration.ofMillis(300));
  }

  @Test
  void a_plugin_has_all_that_is_left_of_the_chain_for_its_own_limits() throws InterruptedException {
    List<Duration> left = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      bus.addAction(
          "p" + i,
          "h",
          i,
          (args, turn) -> {
            left.add(turn.remaining());
            pass(Duration.ofMillis(1_500));
          });
    }
    assertThat(bus.doAction("h", List.of()).degraded()).isEmpty();
    assertThat(left).containsExactly(Duration.ofSeconds(3), Duration.ofMillis(1_500));
  }

  @Test
  void the_time_that_a_plugin_waits_is_a_measurement_of_its_own() throws InterruptedException {
    bus.addAction(
        "waits", "h", 1, (args, turn) -> turn.ran("1.0.0", new CallTimes(9, 8, 7, false, 0)));
    bus.addAction(
        "computes", "h", 2, (args, turn) -> turn.ran("1", new CallTimes(9, 8, 0, false, 0)));
    bus.doAction("h", List.of());
    assertThat(meters.get("gonext.plugin.wait").timers())
        .singleElement()
        .satisfies(timer -> {
          assertThat(timer.getId().getTag("plugin")).isEqualTo("waits");
          assertThat(timer.totalTime(TimeUnit.NANOSECONDS)).isEqualTo(7);
        });
  }

  @Test
  void a_call_may_ask_for_less_time_than_the_chain_has_but_not_for_more()
      throws InterruptedException {
    List<Duration> limits = new ArrayList<>();
    bus.addOwnAction("a", "h", 1, (args, turn) -> limits.add(turn.remaining()));
    bus.doAction(CallOptions.DEFAULT.withLimit(Duration.ofMillis(5)), "h", List.of());
    bus.doAction(CallOptions.DEFAULT.withLimit(Duration.ofDays(100_000)), "h", List.of());
    assertThat(limits).containsExactly(Duration.ofMillis(5), SECOND);
  }

  @Test
  void a_result_that_comes_too_late_is_not_used() throws InterruptedException {
    bus.addOwnFilter(
        "late",
        "h",
        1,
        (value, args, turn) -> {
          pass(Duration.ofMillis(1001));
          return text("late");
        });
    FilterResult result = bus.applyFilters("h", START, List.of());
    assertThat(result.value()).isEqualTo(START);
    assertThat(result.degraded()).extracting(Degradation::code).containsExactly("DEADLINE");
  }

  @Test
  void a_handler_that_throws_or_returns_nothing_is_passed_over() throws InterruptedException {
    bus.addFilter(
        "throws",
        "h",
        1,
        (value, args, turn) -> {
          throw new IllegalStateException("oh");
        });
    bus.addFilter("nothing", "h", 2, (value, args, turn) -> nothing());
    bus.addFilter("good", "h", 3, appending("a"));
    FilterResult result = bus.applyFilters("h", START, List.of());
    assertThat(result.value()).isEqualTo(text("a"));
    assertThat(result.degraded())
        .extracting(Degradation::plugin, Degradation::code)
        .containsExactly(tuple("throws", "EXCEPTION"), tuple("nothing", "EXCEPTION"));
    assertThat(count("throws", "EXCEPTION")).isEqualTo(1);
  }

  @Test
  void a_handler_that_runs_out_of_stack_or_fails_an_assertion_is_passed_over()
      throws InterruptedException {
    bus.addOwnFilter("deep", "h", 1, (value, args, turn) -> endless(value));
    bus.addOwnAction(
        "wrong",
        "h",
        1,
        (args, turn) -> {
          throw new AssertionError("no");
        });
    bus.addOwnFilter("good", "h", 2, (value, args, turn) -> text("a"));
    FilterResult result = bus.applyFilters("h", START, List.of());
    assertThat(result.value()).isEqualTo(text("a"));
    assertThat(result.degraded())
        .extracting(Degradation::plugin, Degradation::code)
        .containsExactly(tuple("deep", "EXCEPTION"));
    assertThat(bus.doAction("h", List.of()).degraded()).hasSize(1);
    assertThat(count("deep", "EXCEPTION")).isEqualTo(1);
    assertThat(count("wrong", "EXCEPTION")).isEqualTo(1);
  }

  @Test
  void an_error_of_the_machine_ends_the_chain_and_is_counted() {
    OutOfMemoryError error = new OutOfMemoryError("for a test");
    bus.addOwnFilter(
        "a",
        "h",
        1,
        (value, args, turn) -> {
          throw error;
        });
    assertThatThrownBy(() -> bus.applyFilters("h", START, List.of())).isSameAs(error);
    assertThat(count("a", "EXCEPTION")).isEqualTo(1);
  }

  @Test
  void a_handler_of_the_application_changes_nothing_but_by_what_it_returns()
      throws InterruptedException {
    ObjectNode value = JsonNodeFactory.instance.objectNode().put("n", 1);
    ObjectNode arg = JsonNodeFactory.instance.objectNode().put("arg", 1);
    FilterHandler meddling =
        (given, args, turn) -> {
          ((ObjectNode) given).put("n", 2);
          ((ObjectNode) args.getFirst()).put("arg", 2);
          throw new HookFailedException("halfway");
        };
    bus.addOwnFilter("one", "h", 1, meddling);
    bus.addOwnFilter(
        "many",
        "h",
        2,
        new BatchFilterHandler() {
          @Override
          public JsonNode filter(JsonNode given, List<JsonNode> args, HookTurn turn)
              throws HookFailedException, InterruptedException {
            return meddling.filter(given, args, turn);
          }

          @Override
          public Optional<Together> take(List<JsonNode> values, List<JsonNode> args) {
            return Optional.of(turn -> List.of(filter(values.getFirst(), args, turn)));
          }
        });
    bus.addOwnAction("act", "h", 1, (args, turn) -> ((ObjectNode) args.getFirst()).removeAll());
    List<String> seen = new ArrayList<>();
    bus.addOwnFilter(
        "after",
        "h",
        3,
        (given, args, turn) -> {
          seen.add(given + " " + args);
          return given;
        });
    assertThat(bus.applyFilters("h", value, List.of(arg)).value().toString())
        .isEqualTo("{\"n\":1}");
    bus.applyFiltersBatch(CallOptions.DEFAULT, "h", List.of(value), List.of(arg));
    bus.doAction("h", List.of(arg));
    assertThat(seen).containsExactly("{\"n\":1} [{\"arg\":1}]", "{\"n\":1} [{\"arg\":1}]");
    assertThat(value.toString()).isEqualTo("{\"n\":1}");
    assertThat(arg.toString()).isEqualTo("{\"arg\":1}");
  }

  @Test
  void removing_a_plugin_keeps_the_handlers_of_the_application() throws InterruptedException {
    bus.addOwnFilter("same-name", "h", 1, (value, args, turn) -> text("a"));
    bus.addFilter("same-name", "h", 2, appending("b"));
    bus.addOwnAction("same-name", "h", 1, (args, turn) -> {});
    bus.removeFilter("same-name", "h");
    bus.removeAction("same-name", "h");
    bus.removeAll("same-name");
    assertThat(bus.applyFilters("h", START, List.of()).value()).isEqualTo(text("a"));
    assertThat(bus.doAction("h", List.of()).handlers()).isEqualTo(1);
  }

  @Test
  void an_interrupt_ends_the_chain_and_is_nobodys_failure() {
    bus.addFilter(
        "a",
        "h",
        1,
        (value, args, turn) -> {
          throw new InterruptedException();
        });
    assertThatThrownBy(() -> bus.applyFilters("h", START, List.of()))
        .isInstanceOf(InterruptedException.class);
    assertThat(count("a", "INTERRUPTED")).isEqualTo(1);
  }

  @Test
  void a_handler_that_says_stop_is_the_last_one_asked() throws InterruptedException {
    bus.addFilter(
        "a",
        "h",
        1,
        (value, args, turn) -> {
          turn.stop();
          return text("final");
        });
    bus.addFilter("b", "h", 2, appending("b"));
    assertThat(bus.applyFilters("h", START, List.of()))
        .isEqualTo(new FilterResult(text("final"), List.of()));
    assertThat(count("b", "OK")).isZero();
  }

  @Test
  void a_handler_that_says_stop_and_then_fails_stops_nothing() throws InterruptedException {
    bus.addFilter(
        "a",
        "h",
        1,
        (value, args, turn) -> {
          turn.stop();
          throw new HookFailedException("no");
        });
    bus.addFilter("b", "h", 2, appending("b"));
    assertThat(bus.applyFilters("h", START, List.of()).value()).isEqualTo(text("b"));
  }

  @Test
  void a_call_that_is_to_fail_closed_names_the_handler_and_asks_no_other() {
    bus.addFilter(
        "bad",
        "h",
        1,
        (value, args, turn) -> {
          throw new HookFailedException("no");
        });
    bus.addFilter("after", "h", 2, appending("b"));
    bus.addAction(
        "bad",
        "h",
        1,
        (args, turn) -> {
          throw new HookFailedException("no");
        });
    CallOptions closed = CallOptions.DEFAULT.withFailClosed();
    assertThatThrownBy(() -> bus.applyFilters(closed, "h", START, List.of()))
        .isInstanceOfSatisfying(
            ChainFailedException.class,
            e -> {
              assertThat(e.plugin()).isEqualTo("bad");
              assertThat(e.hook()).isEqualTo("h");
              assertThat(e.outcome()).isEqualTo(HookOutcome.FAILED);
            });
    assertThatThrownBy(() -> bus.doAction(closed, "h", List.of()))
        .isInstanceOf(ChainFailedException.class);
    assertThatThrownBy(() -> bus.applyFiltersBatch(closed, "h", List.of(START), List.of()))
        .isInstanceOf(ChainFailedException.class);
    assertThat(count("after", "OK")).isZero();
  }

  @Test
  void a_batch_has_the_results_that_its_values_would_have_alone() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      bus.addFilter("one-" + i, "h", i, sample("o" + i));
      bus.addFilter("many-" + i, "h", i, together(sample("m" + i)));
    }
    List<JsonNode> values = List.of(text("a"), text("stop"), text("fail"), text("b"));
    List<JsonNode> alone = new ArrayList<>();
    for (JsonNode value : values) {
      alone.add(bus.applyFilters("h", value, List.of()).value());
    }
    BatchResult batch = bus.applyFiltersBatch(CallOptions.DEFAULT, "h", values, List.of());
    assertThat(batch.values()).isEqualTo(alone);
    assertThat(alone.get(1)).isEqualTo(text("stopo0"));
    assertThat(batch.degraded())
        .extracting(Degradation::plugin)
        .containsExactly("one-0", "one-1", "one-2");
    assertThat(count("many-1", "OK")).as("turns alone, and one together").isEqualTo(3 + 1);
  }

  @Test
  void a_batch_that_fails_leaves_all_values_as_they_were() throws InterruptedException {
    bus.addFilter("short", "h", 1, answering(values -> values.subList(1, values.size())));
    bus.addFilter("good", "h", 2, appending("a"));
    BatchResult batch =
        bus.applyFiltersBatch(CallOptions.DEFAULT, "h", List.of(text("x"), text("y")), List.of());
    assertThat(batch.values()).containsExactly(text("xa"), text("ya"));
    assertThat(batch.degraded())
        .extracting(Degradation::plugin, Degradation::code)
        .containsExactly(tuple("short", "BAD_ANSWER"));
  }

  @Test
  void many_values_that_fail_alike_are_one_line_in_the_log() throws InterruptedException {
    RecordingLogger log = new RecordingLogger();
    HookBus logged = new HookBus(log, meters, OpenTelemetry.noop(), SECOND, SECOND, nanos::get);
    logged.addFilter("a", "h", 1, sample("a"));
    logged.addFilter("b", "h", 2, sample("b"));
    List<JsonNode> values = Collections.nCopies(500, text("fail"));
    for (int call = 1; call <= 2; call++) {
      logged.applyFiltersBatch(CallOptions.DEFAULT, "h", values, List.of());
      assertThat(log.written)
          .filteredOn(line -> line.startsWith("WARN"))
          .hasSize(2 * call)
          .endsWith("WARN plugin b failed in hook h (FAILED): no");
    }
    assertThat(count("a", "FAILED")).isEqualTo(1000);
  }

  @Test
  void values_too_large_to_go_together_go_one_by_one() throws InterruptedException {
    bus.addFilter(
        "p",
        "h",
        1,
        new ChainBatchFilter() {
          @Override
          public JsonNode filter(JsonNode value, List<JsonNode> args, Turn turn) {
            return text(value.stringValue() + "1");
          }

          @Override
          public Optional<Taken> take(List<JsonNode> values, List<JsonNode> args) {
            return Optional.empty();
          }
        });
    BatchResult batch =
        bus.applyFiltersBatch(CallOptions.DEFAULT, "h", List.of(text("x"), text("y")), List.of());
    assertThat(batch).isEqualTo(new BatchResult(List.of(text("x1"), text("y1")), List.of()));
    assertThat(count("p", "OK")).isEqualTo(2);
    assertThat(bus.failedTurns("p")).isZero();
  }

  @Test
  void a_turn_is_a_span_with_its_outcome_and_times() throws InterruptedException {
    InMemorySpanExporter spans = InMemorySpanExporter.create();
    List<SpanData> finished;
    try (SdkTracerProvider provider =
        SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(spans)).build()) {
      HookBus traced =
          new HookBus(
              meters,
              OpenTelemetrySdk.builder().setTracerProvider(provider).build(),
              Duration.ofSeconds(3),
              SECOND,
              nanos::get);
      Tracer tracer = provider.get("test");
      traced.addFilter(
          "good",
          "h",
          1,
          (value, args, turn) -> {
            tracer.spanBuilder("inner").startSpan().end();
            turn.ran("1.2.3", new CallTimes(100, 30, 20, false, 42));
            return value;
          });
      traced.addFilter(
          "bad",
          "h",
          2,
          (value, args, turn) -> {
            throw new HookFailedException(HookOutcome.STATUS, "it answered -1", null);
          });
      traced.applyFilters("h", START, List.of());
      // The provider's end clears the exporter.
      finished = spans.getFinishedSpanItems();
    }
    assertThat(finished)
        .extracting(SpanData::getName)
        .containsExactly("inner", "gonext.hook h", "gonext.hook h");
    assertThat(finished.get(0).getParentSpanId()).isEqualTo(finished.get(1).getSpanId());
    assertThat(finished.get(1).getAttributes().asMap())
        .isEqualTo(
            Attributes.builder()
                .put("gonext.plugin", "good")
                .put("gonext.version", "1.2.3")
                .put("gonext.hook", "h")
                .put("gonext.outcome", "OK")
                .put("gonext.guest_ns", 70)
                .put("gonext.host_ns", 30)
                .put("gonext.wait_ns", 20)
                .put("gonext.fuel", 42)
                .build()
                .asMap());
    assertThat(finished.get(2).getAttributes().get(AttributeKey.stringKey("gonext.outcome")))
        .isEqualTo("STATUS");
    assertThat(finished.get(2).getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
  }

  private HookBus bus(Duration chainLimit) {
    return new HookBus(meters, OpenTelemetry.noop(), chainLimit, SECOND, nanos::get);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @SuppressWarnings("InfiniteRecursion") // that is the point
  private static JsonNode endless(JsonNode value) {
    return endless(value);
  }

  @SuppressWarnings("NullAway") // what a careless handler may do
  private static JsonNode nothing() {
    return null;
  }

  /** Appends; stops after "stop", fails at "fail". */
  private static ChainFilter sample(String suffix) {
    return (value, args, turn) -> {
      String text = value.stringValue();
      if (text.equals("fail")) {
        throw new HookFailedException("no");
      }
      if (text.equals("stop")) {
        turn.stop();
      }
      return text(text + suffix);
    };
  }

  /** The same as a filter that takes many values, and passes over one where it would fail. */
  private static ChainBatchFilter together(ChainFilter one) {
    return new ChainBatchFilter() {
      @Override
      public JsonNode filter(JsonNode value, List<JsonNode> args, Turn turn)
          throws HookFailedException, InterruptedException {
        return value.equals(text("fail")) ? value : one.filter(value, args, turn);
      }

      @Override
      public Optional<Taken> take(List<JsonNode> values, List<JsonNode> args) {
        return Optional.of(turn -> {
          List<JsonNode> made = new ArrayList<>();
          for (int i = 0; i < values.size(); i++) {
            Turn own = new Turn(() -> 0, 0, 1);
            made.add(filter(values.get(i), args, own));
            if (own.isStopped()) {
              turn.stop(i);
            }
          }
          return made;
        });
      }
    };
  }

  private static ChainBatchFilter answering(UnaryOperator<List<JsonNode>> answer) {
    return new ChainBatchFilter() {
      @Override
      public JsonNode filter(JsonNode value, List<JsonNode> args, Turn turn) {
        throw new AssertionError("asked for one value");
      }

      @Override
      public Optional<Taken> take(List<JsonNode> values, List<JsonNode> args) {
        return Optional.of(turn -> answer.apply(values));
      }
    };
  }

  private long count(String plugin, String outcome) {
    var timer =
        meters.find("gonext.plugin.hook").tags("plugin", plugin, "outcome", outcome).timer();
    return timer == null ? 0 : timer.count();
  }

  private static ChainFilter appending(String suffix) {
    return (value, args, turn) -> text(value.stringValue() + suffix);
  }

  private static JsonNode text(String text) {
    return JsonNodeFactory.instance.stringNode(text);
  }
}
