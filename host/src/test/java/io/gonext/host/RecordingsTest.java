package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.gonext.engine.Coverage;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestFrame;
import io.gonext.engine.GuestOutput;
import io.gonext.engine.HostTrace;
import io.gonext.engine.Metering;
import io.gonext.engine.PackedModule;
import io.gonext.engine.PlainText;
import io.gonext.engine.SourceLocation;
import io.gonext.engine.TrapState;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.recording.RecordedCall;
import io.gonext.host.recording.RecordedResult;
import io.gonext.host.recording.Recording;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.JsonNodeFactory;

/** Calls are recorded, and replayed without the host. */
class RecordingsTest {
  private static final RecordingPolicy FAILURES = new RecordingPolicy(true, Optional.empty(), 0);

  @TempDir Path data;

  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(Patience.config(data));
  }

  @AfterEach
  void every_lease_came_back() {
    HostTest.assertBalanced(host);
    host.close();
  }

  private String activate(GuestBundle bundle) throws InterruptedException {
    String name = host.plugins().install(bundle.bytes()).manifest().name();
    host.plugins().activate(name);
    return name;
  }

  /** The newest recording, once through its file. */
  private Recording newest(String plugin) {
    RecordingInfo info = host.recordings().list(plugin).getFirst();
    return Recording.parse(host.recordings().get(plugin, info.id()).orElseThrow().file());
  }

  private static List<ReplayedCall> replay(Recording recording, byte[] wasm) {
    try (Engine engine = new Engine(EngineLimits.defaults())) {
      return Replay.of(engine, wasm).run(recording, Duration.ofSeconds(20), GuestOutput.discard());
    }
  }

  /** All that a recording holds of the guest's bytes. */
  private static List<String> blocks(Recording recording) {
    List<String> blocks = new ArrayList<>();
    for (RecordedCall call : recording.calls()) {
      blocks.add(text(call.payload()));
      blocks.add(call.result() instanceof RecordedResult.Answer(byte[] bytes) ? text(bytes) : "");
      for (HostTrace.Event event : call.trace().events()) {
        switch (event) {
          case HostTrace.Read(long _, byte[] bytes) -> blocks.add(text(bytes));
          case HostTrace.Wrote(long _, byte[] bytes) -> blocks.add(text(bytes));
          default -> blocks.add(event.toString());
        }
      }
    }
    return blocks;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  @Test
  void nothing_is_recorded_until_an_operator_asks_for_it() throws InterruptedException {
    activate(GuestBundle.of("time").filter("now"));
    var _ = host.applyFilters("now", 0);
    assertThat(host.recordings().list("time")).isEmpty();
    assertThat(host.recordings().policy("time")).isEmpty();
  }

  @Test
  void a_call_that_read_the_clock_is_replayed_to_the_same_answer() throws InterruptedException {
    activate(GuestBundle.of("time").filter("now"));
    host.recordings().start("time", RecordingPolicy.ALL);
    String value = host.applyFilters("now", 0).value().toString();
    Recording recording = newest("time");
    assertThat(recording.reason()).isEqualTo("OK");
    assertThat(recording.isComplete()).isTrue();
    for (int i = 0; i < 2; i++) {
      ReplayedCall call = replay(recording, Guests.wasm("time")).getFirst();
      assertThat(call.differences()).isEmpty();
      assertThat(call.result())
          .isInstanceOfSatisfying(
              RecordedResult.Answer.class,
              answer ->
                  assertThat(new String(answer.bytes(), StandardCharsets.UTF_8)).contains(value));
    }
  }

  @Test
  void a_call_of_a_function_inside_the_allocator_is_replayed() throws InterruptedException {
    activate(GuestBundle.of("emscripten").filter("same"));
    host.recordings().start("emscripten", RecordingPolicy.ALL);
    var _ = host.applyFilters("same", "a");
    ReplayedCall call = replay(newest("emscripten"), Guests.wasm("emscripten")).getFirst();
    assertThat(call.call().trace().events()).isNotEmpty();
    assertThat(call.differences()).isEmpty();
  }

  @Test
  void a_loop_begins_each_round_with_the_state_of_the_recording() throws InterruptedException {
    activate(GuestBundle.of("counter").filter("f").limit("isolation", "\"reused\""));
    var _ = host.applyFilters("f", 0);
    host.recordings().start("counter", RecordingPolicy.ALL);
    var _ = host.applyFilters("f", 0);
    Recording recording = newest("counter");
    byte[] wasm = Guests.wasm("counter");
    assertThat(recording.isComplete()).isTrue();
    ReplayedCall once = replay(recording, wasm).getFirst();
    try (Engine engine = new Engine(EngineLimits.defaults());
        ReplayLoop loop =
            ReplayLoop.of(
                engine,
                recording,
                wasm,
                Metering.BLOCKS,
                Duration.ofSeconds(20),
                GuestOutput.discard())) {
      var _ = loop.once();
      for (int i = 0; i < 3; i++) {
        Coverage before = loop.module().coverage();
        ReplayLoop.Round round = loop.once();
        assertThat(round.difference()).isEmpty();
        assertThat(round.fuel()).isEqualTo(once.fuel());
        assertThat(loop.module().coverage().since(before).fuel()).isEqualTo(once.fuel());
        assertThat(round.calls().getFirst().result().toString())
            .isEqualTo(once.result().toString());
        assertThat(round.nanos()).isPositive();
        assertThat(round.touchedBytes()).isPositive();
        assertThat(loop.state().orElseThrow().blocks()).isNotEmpty();
      }
    }
  }

  @Test
  void a_loop_of_a_call_that_traps_starts_an_instance_for_each_round() throws InterruptedException {
    activate(GuestBundle.of("trap").filter("h"));
    host.recordings().start("trap", FAILURES);
    var _ = host.applyFilters("h", "value");
    try (Engine engine = new Engine(EngineLimits.defaults());
        ReplayLoop loop =
            ReplayLoop.of(
                engine,
                newest("trap"),
                Guests.wasm("trap"),
                Metering.NONE,
                Duration.ofSeconds(20),
                GuestOutput.discard())) {
      for (int i = 0; i < 3; i++) {
        ReplayLoop.Round round = loop.once();
        assertThat(round.difference()).isEmpty();
        assertThat(round.fuel()).isZero();
        assertThat(round.calls().getFirst().result()).isInstanceOf(RecordedResult.Trap.class);
      }
    }
  }

  @Test
  void a_trap_is_replayed_to_the_same_place() throws InterruptedException {
    activate(GuestBundle.of("trap").filter("h"));
    host.recordings().start("trap", FAILURES);
    var _ = host.applyFilters("h", "value");
    Recording recording = newest("trap");
    assertThat(recording.reason()).isEqualTo("UNREACHABLE");
    ReplayedCall call = replay(recording, Guests.wasm("trap")).getFirst();
    assertThat(call.differences()).isEmpty();
    assertThat(call.result())
        .isInstanceOfSatisfying(
            RecordedResult.Trap.class,
            trap -> assertThat(trap.backtrace().getFirst().codeOffset()).isPositive());
  }

  @Test
  void another_build_that_ends_otherwise_is_told_in_one_sentence() throws InterruptedException {
    activate(GuestBundle.of("trap").filter("h"));
    host.recordings().start("trap", FAILURES);
    var _ = host.applyFilters("h", "value");
    assertThat(replay(newest("trap"), Guests.wasm("upper")).getFirst().differences())
        .singleElement()
        .asString()
        .matches("it ended with an answer of \\d+ bytes; recorded was the trap UNREACHABLE: .*");
  }

  @Test
  void a_build_that_calls_another_function_is_told_in_one_sentence() throws InterruptedException {
    activate(GuestBundle.of("upper").filter("shout"));
    host.recordings().start("upper", RecordingPolicy.ALL);
    var _ = host.applyFilters("shout", "a");
    assertThat(replay(newest("upper"), Guests.wasm("time")).getFirst().differences())
        .containsExactly(
            "the guest called env.gn_time_ms(); when it was recorded, it made no more calls"
                + " (event 0)");
  }

  @Test
  void only_failures_are_kept_when_only_failures_are_asked_for() throws InterruptedException {
    activate(GuestBundle.of("upper").filter("shout"));
    host.recordings().start("upper", FAILURES);
    var _ = host.applyFilters("shout", "a");
    assertThat(host.recordings().list("upper")).isEmpty();
  }

  @Test
  void one_call_in_three_is_kept_when_that_is_asked_for() throws InterruptedException {
    activate(GuestBundle.of("upper").filter("shout"));
    host.recordings().start("upper", new RecordingPolicy(false, Optional.empty(), 3));
    for (int i = 0; i < 9; i++) {
      var _ = host.applyFilters("shout", "a");
    }
    assertThat(host.recordings().list("upper")).hasSize(3);
  }

  @Test
  void slow_calls_are_kept_as_slow() throws InterruptedException {
    activate(GuestBundle.of("upper").filter("shout"));
    host.recordings()
        .start("upper", new RecordingPolicy(false, Optional.of(Duration.ofNanos(1)), 0));
    var _ = host.applyFilters("shout", "a");
    assertThat(host.recordings().list("upper"))
        .singleElement()
        .extracting(RecordingInfo::reason)
        .isEqualTo("SLOW");
  }

  @Test
  void a_bad_answer_is_a_failure() throws InterruptedException {
    String plugin = activate(GuestBundle.of("badresult-notjson").filter("bad"));
    host.recordings().start(plugin, FAILURES);
    var _ = host.applyFilters("bad", "a");
    assertThat(host.recordings().list(plugin))
        .extracting(RecordingInfo::reason)
        .containsExactly("BAD_ANSWER");
  }

  @Test
  void the_last_of_each_outcome_stays_when_newer_calls_need_the_room() throws InterruptedException {
    activate(GuestBundle.of("upper").filter("shout"));
    host.recordings().start("upper", RecordingPolicy.ALL);
    var _ = host.applyFilters("shout", "a");
    host.recordings()
        .start("upper", new RecordingPolicy(false, Optional.of(Duration.ofNanos(1)), 0));
    for (int i = 0; i < 70; i++) {
      var _ = host.applyFilters("shout", "a");
    }
    assertThat(host.recordings().list("upper"))
        .hasSize(64)
        .extracting(RecordingInfo::reason)
        .contains("OK", "SLOW");
    assertThat(host.recordings().list("upper").getLast().id()).isEqualTo(1);
  }

  @Test
  void nothing_is_recorded_after_the_recording_was_stopped() throws InterruptedException {
    activate(GuestBundle.of("upper").filter("shout"));
    host.recordings().start("upper", RecordingPolicy.ALL);
    var _ = host.applyFilters("shout", "a");
    host.recordings().stop("upper");
    var _ = host.applyFilters("shout", "b");
    assertThat(host.recordings().list("upper")).hasSize(1);
  }

  @Test
  void a_job_is_recorded_and_replayed() throws InterruptedException {
    activate(GuestBundle.of("jobs").field("jobs", "[\"ok\"]"));
    host.recordings().start("jobs", RecordingPolicy.ALL);
    host.jobs().run("jobs", "ok", JsonNodeFactory.instance.objectNode());
    await().until(() -> !host.recordings().list("jobs").isEmpty());
    ReplayedCall call = replay(newest("jobs"), Guests.wasm("jobs")).getFirst();
    assertThat(call.call().isJob()).isTrue();
    assertThat(call.differences()).isEmpty();
  }

  @Test
  void a_secret_is_in_no_byte_of_a_recording() throws InterruptedException {
    activate(GuestBundle.of("settings").filter("h").field("secrets", "{\"keys\":[\"API_KEY\"]}"));
    host.plugins().grantRequested("settings");
    host.secrets().set("settings", "API_KEY", "hunter22".getBytes(StandardCharsets.UTF_8));
    host.recordings().start("settings", RecordingPolicy.ALL);
    assertThat(host.applyFilters("h", "sAPI_KEY").value().asString()).isEqualTo("hunter22");
    RecordingInfo info = host.recordings().list("settings").getFirst();
    byte[] file = host.recordings().get("settings", info.id()).orElseThrow().file();
    Recording recording = Recording.parse(file);
    assertThat(new String(file, StandardCharsets.UTF_8)).doesNotContain("hunter22");
    assertThat(blocks(recording)).isNotEmpty().noneMatch(block -> block.contains("hunter22"));
    ReplayedCall call = replay(recording, Guests.wasm("settings")).getFirst();
    assertThat(call.differences()).isEmpty();
    assertThat(call.result())
        .isInstanceOfSatisfying(
            RecordedResult.Answer.class,
            answer ->
                assertThat(new String(answer.bytes(), StandardCharsets.UTF_8))
                    .contains("********"));
  }

  @Test
  void a_call_of_an_instance_that_keeps_state_is_replayed_with_that_state()
      throws InterruptedException {
    activate(GuestBundle.of("counter").filter("h").limit("isolation", "\"reused\""));
    String first = host.applyFilters("h", 0).value().toString();
    host.recordings().start("counter", RecordingPolicy.ALL);
    String second = host.applyFilters("h", 0).value().toString();
    assertThat(second).isNotEqualTo(first);
    ReplayedCall call = replay(newest("counter"), Guests.wasm("counter")).getFirst();
    assertThat(call.differences()).isEmpty();
    assertThat(call.result())
        .isInstanceOfSatisfying(
            RecordedResult.Answer.class,
            answer -> assertThat(text(answer.bytes())).contains(second));
  }

  @Test
  void a_secret_that_an_earlier_call_left_in_the_memory_is_in_no_byte()
      throws InterruptedException {
    activate(
        GuestBundle.of("settings")
            .filter("h")
            .field("secrets", "{\"keys\":[\"API_KEY\"]}")
            .limit("isolation", "\"reused\""));
    host.plugins().grantRequested("settings");
    host.secrets().set("settings", "API_KEY", "hunter22".getBytes(StandardCharsets.UTF_8));
    var _ = host.applyFilters("h", "sAPI_KEY");
    host.recordings().start("settings", RecordingPolicy.ALL);
    var _ = host.applyFilters("h", "cnothing");
    List<String> state =
        newest("settings").state().orElseThrow().blocks().stream()
            .map(block -> text(block.bytes()))
            .toList();
    assertThat(state).isNotEmpty().noneMatch(block -> block.contains("hunter22"));
    assertThat(state).anyMatch(block -> block.contains("********"));
  }

  @Test
  void an_uninstalled_plugin_leaves_no_recordings_for_the_next_of_its_name()
      throws InterruptedException {
    activate(GuestBundle.of("upper").filter("shout"));
    host.recordings().start("upper", RecordingPolicy.ALL);
    var _ = host.applyFilters("shout", "a");
    host.plugins().deactivate("upper");
    host.plugins().uninstall("upper");
    activate(GuestBundle.of("upper").filter("shout"));
    var _ = host.applyFilters("shout", "b");
    assertThat(host.recordings().policy("upper")).isEmpty();
    assertThat(host.recordings().list("upper")).isEmpty();
  }

  @Test
  void a_trap_has_the_state_of_its_instance_and_what_it_was_made_with()
      throws InterruptedException {
    blurt("hunter22");
    Recording recording = newest("blurts");
    assertThat(recording.on().host()).isEqualTo(Host.version());
    assertThat(recording.on().java()).contains(Runtime.version().toString());
    assertThat(recording.on().system()).startsWith(System.getProperty("os.name"));
    assertThat(recording.on().architecture()).isEqualTo(System.getProperty("os.arch"));
    TrapState state = trap(recording).state().orElseThrow();
    assertThat(state.pages()).isEqualTo(2);
    assertThat(state.parts())
        .extracting(TrapState.Part::kind, TrapState.Part::from, TrapState.Part::to)
        .containsExactly(
            tuple(TrapState.Kind.DATA, 0L, 7L),
            tuple(TrapState.Kind.STACK, 7L, 2048L),
            tuple(TrapState.Kind.OTHER, 2048L, 4096L),
            tuple(TrapState.Kind.HEAP, 4096L, 131_072L));
    assertThat(state.parts().getLast().writtenBytes()).isEqualTo(4096);
    assertThat(state.globals())
        .extracting(TrapState.Global::name, TrapState.Global::bits)
        .contains(tuple("__stack_pointer", 2000L), tuple("__heap_base", 4096L));
    ReplayedCall call = replay(recording, Guests.wasm("blurts")).getFirst();
    assertThat(call.differences()).isEmpty();
    assertThat(((RecordedResult.Trap) call.result()).state()).contains(state);
  }

  private static RecordedResult.Trap trap(Recording recording) {
    return (RecordedResult.Trap) recording.calls().getFirst().result();
  }

  /** A call that panics with a secret. */
  private void blurt(String secret) throws InterruptedException {
    activate(GuestBundle.of("blurts").filter("h").field("secrets", "{\"keys\":[\"API_KEY\"]}"));
    host.plugins().grantRequested("blurts");
    host.secrets().set("blurts", "API_KEY", secret.getBytes(StandardCharsets.UTF_8));
    host.recordings().start("blurts", FAILURES);
    var _ = host.applyFilters("h", "value");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hunter22", "line one\nline two", "sch\u00f6n\u202e"})
  void a_secret_in_a_panic_is_in_no_byte_of_the_trap(String secret) throws InterruptedException {
    blurt(secret);
    RecordingInfo info = host.recordings().list("blurts").getFirst();
    byte[] file = host.recordings().get("blurts", info.id()).orElseThrow().file();
    Recording recording = Recording.parse(file);
    assertThat(trap(recording).text()).startsWith("the guest panicked: **");
    List<String> all = new ArrayList<>(blocks(recording));
    all.add(text(file));
    all.add(trap(recording).text());
    for (String form : List.of(secret, PlainText.of(secret))) {
      assertThat(all)
          .noneMatch(block -> block.contains(form))
          .noneMatch(block -> block.contains(text(form.getBytes(StandardCharsets.UTF_8))));
    }
    assertThat(replay(recording, Guests.wasm("blurts")).getFirst().differences()).isEmpty();
  }

  @Test
  void a_noted_call_leads_to_its_recording() throws InterruptedException {
    activate(GuestBundle.of("trap").filter("h"));
    var _ = host.applyFilters("h", "value");
    host.recordings().start("trap", FAILURES);
    var _ = host.applyFilters("h", "value");
    assertThat(host.activity().recentCalls("trap"))
        .extracting(NotedCall::recording)
        .containsExactly(0L, host.recordings().list("trap").getFirst().id());
  }

  @Test
  void a_recording_of_version_1_is_read() throws IOException {
    try (var in = getClass().getResourceAsStream("recording-v1.json")) {
      Recording recording = Recording.parse(in.readAllBytes());
      assertThat(recording.on().host()).isEqualTo("0.1.0");
      assertThat(trap(recording).backtrace())
          .containsExactly(
              new GuestFrame(-1, "f", 31, null),
              new GuestFrame(-1, "g", -1, new SourceLocation("src/lib.rs", 12, 0)),
              new GuestFrame(-1, "env.h", -1, null));
      assertThat(trap(recording).state()).isEmpty();
    }
  }

  @Test
  void a_recording_of_a_later_version_is_refused() {
    assertThatThrownBy(
            () -> Recording.parse("{\"gonext_recording\":3}".getBytes(StandardCharsets.UTF_8)))
        .hasMessageContaining("its format is 3, and this version of gonext reads 1 to 2");
  }

  @Test
  void a_build_with_debug_information_is_the_same_build() throws InterruptedException {
    activate(GuestBundle.of("trap").filter("h"));
    host.recordings().start("trap", FAILURES);
    var _ = host.applyFilters("h", "value");
    byte[] wasm = Guests.wasm("trap");
    byte[] section = {0, 13, 11, '.', 'd', 'e', 'b', 'u', 'g', '_', 's', 't', 'r', 1, 1};
    byte[] debug = Arrays.copyOf(wasm, wasm.length + section.length);
    System.arraycopy(section, 0, debug, wasm.length, section.length);
    assertThat(PackedModule.of(debug)).isEqualTo(wasm);
    Recording recording = newest("trap");
    RecordedCall call = recording.calls().getFirst();
    Recording moved =
        new Recording(
            recording.plugin(),
            recording.version(),
            recording.moduleSha256(),
            recording.on(),
            recording.at(),
            recording.reason(),
            recording.memoryPages(),
            recording.start(),
            recording.state(),
            List.of(
                new RecordedCall(
                    false,
                    call.name(),
                    call.payload(),
                    call.trace(),
                    new RecordedResult.Trap(
                        "UNREACHABLE",
                        "",
                        List.of(new GuestFrame(1, "gn_handle_hook", 1, null)),
                        Optional.empty()),
                    call.fuel())));
    assertThat(replay(recording, debug).getFirst().differences()).isEmpty();
    assertThat(replay(moved, debug).getFirst().differences())
        .singleElement()
        .asString()
        .contains("it ended with the trap UNREACHABLE");
  }

  @Test
  void a_plugin_that_is_not_in_service_is_not_recorded() {
    assertThatThrownBy(() -> host.recordings().start("nobody", RecordingPolicy.ALL))
        .isInstanceOf(ConflictException.class);
  }
}
