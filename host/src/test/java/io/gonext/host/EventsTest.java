package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.FilterResult;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Events that real guests emit, as other plugins and the application receive them. One listener of
 * the application hangs, and one throws, in all of these tests.
 */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EventsTest {
  private static final Map<String, Integer> DATA = Map.of("n", 7);

  private static final int BAD_ARGUMENTS = -3;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private final BlockingQueue<PluginEvent> events = new LinkedBlockingQueue<>();
  private final CountDownLatch hangsUntil = new CountDownLatch(1);
  private Host host;

  @BeforeAll
  void open(@TempDir Path data) throws InterruptedException {
    OpenTelemetrySdk telemetry =
        OpenTelemetrySdk.builder()
            .setTracerProvider(
                SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(spans))
                    .build())
            .build();
    host =
        Host.open(
            HostConfig.builder(data)
                .meters(meters)
                .telemetry(telemetry)
                .eventListener(event -> hangsUntil.await())
                .eventListener(event -> {
                  throw new IllegalStateException("this listener always fails");
                })
                .eventListener(events::add)
                .build());
    GuestBundle shop = emitter("my-shop").limit("isolation", "\"reused\"");
    for (String hook :
        List.of(
            "invoice.paid",
            "paid",
            "x",
            "order",
            "good",
            "named",
            "traps",
            "refuses",
            "garbles",
            "traced")) {
      shop.filter(hook);
    }
    shop.field("jobs", "[\"good\",{\"name\":\"refuses\",\"max_attempts\":1}]");
    deploy(shop.action("event.my_shop.paid"));
  }

  @AfterAll
  void close() {
    HostTest.assertBalanced(host);
    host.close();
  }

  @AfterEach
  void nothing_is_left() {
    assertThat(events).isEmpty();
    spans.reset();
  }

  @Test
  void the_application_gets_an_event_with_plugin_version_name_and_data() throws Exception {
    double before = count("my-shop", "emitted");
    assertThat(emit("invoice.paid")).isZero();

    PluginEvent event = next();
    assertThat(event.plugin()).isEqualTo("my-shop");
    assertThat(event.version()).isEqualTo("1.0.0");
    assertThat(event.name()).isEqualTo("invoice.paid");
    assertThat(event.data()).hasToString("{\"n\":7}");
    assertThat(count("my-shop", "emitted") - before).isEqualTo(1);
  }

  @Test
  void another_plugin_gets_an_event_as_an_action() throws Exception {
    deploy(emitter("mailer").action("event.my_shop.invoice.paid"));
    emit("invoice.paid");

    assertThat(List.of(next(), next()))
        .extracting(event -> event.hook() + event.data())
        .containsExactlyInAnyOrder(
            "event.my_shop.invoice.paid{\"n\":7}", "event.mailer.next{\"n\":7}");
    host.plugins().deactivate("mailer");
  }

  @Test
  void a_plugin_does_not_get_its_own_event() throws Exception {
    CountDownLatch chainEnded = new CountDownLatch(1);
    host.addAction("test", "event.my_shop.paid", 100, (args, turn) -> chainEnded.countDown());
    emit("paid");
    chainEnded.await();
    emit("good");
    assertThat(List.of(next().name(), next().name())).containsExactly("paid", "good");
  }

  @Test
  void the_events_of_one_call_arrive_in_order() throws Exception {
    host.applyFilters("order", DATA);
    assertThat(List.of(next().name(), next().name(), next().name())).containsExactly("a", "b", "c");
  }

  @Test
  void a_job_that_fails_emits_nothing() throws Exception {
    String refused = host.jobs().run("my-shop", "refuses", JobsTest.json("{}")).id();
    assertThat(JobsTest.ended(host, refused).state()).isEqualTo(JobState.DEAD);
    host.jobs().run("my-shop", "good", JobsTest.json("{}"));
    assertThat(next().name()).isEqualTo("good");
  }

  @ParameterizedTest
  @ValueSource(strings = {"traps", "refuses", "garbles"})
  void a_call_that_fails_emits_nothing(String failure) throws Exception {
    assertThat(host.applyFilters(failure, DATA).degraded()).hasSize(1);
    emit("good");
    assertThat(next().name()).isEqualTo("good");
  }

  @Test
  void a_plugin_may_emit_in_on_activate_but_not_while_it_starts() throws Exception {
    deploy(GuestBundle.of("announces").field("capabilities", "[\"events.emit\"]").filter("status"));
    assertThat(next().name()).isEqualTo("up");
    assertThat(emit("status")).isEqualTo(BAD_ARGUMENTS);
  }

  @Test
  void events_that_cause_one_another_in_a_circle_end_after_eight() throws Exception {
    deploy(emitter("ping").filter("start").action("event.pong.next"));
    deploy(emitter("pong").action("event.ping.start").action("event.ping.next"));
    emit("start");
    await().until(() -> count("ping", "too_deep") + count("pong", "too_deep") == 1);
    List<String> hooks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      hooks.add(next().hook());
    }
    assertThat(hooks)
        .containsExactlyInAnyOrder(
            "event.ping.start",
            "event.pong.next",
            "event.ping.next",
            "event.pong.next",
            "event.ping.next",
            "event.pong.next",
            "event.ping.next",
            "event.pong.next");
    assertThat(events).isEmpty();
  }

  @Test
  void a_plugin_emits_64_events_in_a_call_and_600_in_a_minute() throws Exception {
    deploy(emitter("flood").filter("many"));
    long began = System.nanoTime();
    assertThat(emit("many")).isEqualTo(64);
    int accepted = 64;
    int calls = 1;
    while (accepted == 64 * calls) {
      accepted += emit("many");
      calls++;
    }
    long refilled = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began) * 10 + 10;
    assertThat((long) accepted).isBetween(600L, 600 + refilled);
    assertThat(count("flood", "emitted")).isEqualTo(accepted);
    for (int i = 0; i < accepted; i++) {
      assertThat(next().name()).isEqualTo("many");
    }
    assertThat(count("flood", "rate_limited")).isEqualTo(1000.0 * calls - accepted);
    assertThat(host.logs().recent("flood"))
        .extracting(LogLine::text)
        .containsOnlyOnce(
            "gn_event_emit: a plugin emits at most 64 events in a call and 600 in a minute"
                + " (0 refusals before it were not logged)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "A", "a..b", ".a", "a.", "a b", "../a", "a-b", "ä"})
  void a_name_that_is_not_dotted_lower_case_is_refused(String name) throws Exception {
    double before = count("my-shop", "bad_request");
    assertThat(emit("named", name)).isEqualTo(BAD_ARGUMENTS);
    assertThat(count("my-shop", "bad_request") - before).isEqualTo(1);
  }

  @Test
  void a_name_that_makes_the_hook_longer_than_256_characters_is_refused() throws Exception {
    // "event.my_shop." has 14 characters.
    assertThat(emit("named", "n".repeat(243))).isEqualTo(BAD_ARGUMENTS);
    assertThat(emit("named", "n".repeat(242))).isZero();
    assertThat(next().hook()).hasSize(256);
  }

  @Test
  void data_that_is_not_an_object_of_at_most_64_kib_is_refused() throws Exception {
    assertThat(emit("x", List.of())).isEqualTo(BAD_ARGUMENTS);
    assertThat(emit("x", "{oops")).isEqualTo(BAD_ARGUMENTS);
    assertThat(emit("x", Map.of("k", "v".repeat(65_536 - 7)))).isEqualTo(BAD_ARGUMENTS);
    assertThat(emit("x", Map.of("k", "v".repeat(65_536 - 8)))).isZero();
    assertThat(next().data().path("k").stringValue()).hasSize(65_528);
  }

  @Test
  void durable_is_true_or_false_and_not_part_of_the_data() throws Exception {
    assertThat(emit("x", Map.of("durable", "yes"))).isEqualTo(BAD_ARGUMENTS);
    assertThat(emit("x", Map.of("durable", false))).isZero();
    assertThat(next().data()).hasToString("{}");
  }

  @Test
  void a_listener_that_throws_is_counted_and_gets_the_next_event() throws Exception {
    // Once the count stands still: one failure for each event of the other tests.
    await().until(() -> count("my-shop", "failed") == count("my-shop", "emitted"));
    double before = count("my-shop", "failed");
    emit("x");
    emit("x");
    await().until(() -> count("my-shop", "failed") == before + 2);
    assertThat(List.of(next().name(), next().name())).containsExactly("x", "x");
  }

  @Test
  void a_delivery_is_a_span_below_the_call_that_emitted_the_event() throws Exception {
    emit("traced");
    next();
    await().until(() -> !span("gonext.event event.my_shop.traced").isEmpty());
    SpanData emitting = span("gonext.hook traced").getFirst();
    assertThat(span("gonext.event event.my_shop.traced").getFirst().getParentSpanId())
        .isEqualTo(emitting.getSpanId());
  }

  private List<SpanData> span(String name) {
    return spans.getFinishedSpanItems().stream()
        .filter(span -> span.getName().equals(name))
        .toList();
  }

  private static GuestBundle emitter(String name) {
    return GuestBundle.of(name, Guests.wasm("events")).field("capabilities", "[\"events.emit\"]");
  }

  private void deploy(GuestBundle bundle) throws InterruptedException {
    host.plugins().deploy(bundle.bytes(), Set.of("events.emit"));
  }

  private int emit(String hook) throws InterruptedException {
    return emit(hook, DATA);
  }

  private int emit(String hook, Object value) throws InterruptedException {
    FilterResult result = host.applyFilters(hook, value);
    assertThat(result.degraded()).isEmpty();
    return result.value().intValue();
  }

  private PluginEvent next() throws InterruptedException {
    return events.take();
  }

  private double count(String plugin, String outcome) {
    Counter counter =
        meters.find("gonext.plugin.events").tags("plugin", plugin, "outcome", outcome).counter();
    return counter == null ? 0 : counter.count();
  }
}
