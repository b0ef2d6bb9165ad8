package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.engine.HostTrace.Called;
import io.gonext.guests.Guests;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What host functions did in a run is recorded, and replayed without them. */
class HostReplayTest {
  private static final int ROOM = 100_000;

  @RegisterExtension final TestEngine engine = new TestEngine();

  /** How often a function of the host ran. */
  private final AtomicLong calls = new AtomicLong();

  private String secret = "";

  private final TraceRecorder recorder = new TraceRecorder();
  private final SecretMarks marks = new SecretMarks();

  private CompiledModule module;
  private GuestInstance recorded;

  @BeforeEach
  void compile() {
    module = engine.engine.compile(Guests.wasm("engine-trace"));
    recorded = module.instantiate(config().startTraceBytes(ROOM).build());
  }

  private InstanceConfig.Builder config() {
    FunctionType words = FunctionType.of(ValueType.I32, ValueType.I32);
    return engine
        .configBuilder()
        .hostFunctions(
            List.of(
                HostFunction.of("env", "answer", words.returning(ValueType.I32), this::answer),
                HostFunction.of(
                    "env",
                    "add",
                    FunctionType.of(ValueType.I64, ValueType.I64).returning(ValueType.I64),
                    (call, args) -> args[0] + args[1] + calls.incrementAndGet()),
                HostFunction.of(
                    "env",
                    "panic",
                    words,
                    (call, args) -> {
                      throw new GuestPanicException(call.memory().readUtf8(args[0], args[1]));
                    }),
                HostFunction.of(
                    "env",
                    "fail",
                    FunctionType.of(),
                    (call, args) -> {
                      throw new IllegalArgumentException("broken");
                    })));
  }

  /** Another answer at each call, in a block that the guest allocates. */
  private long answer(HostCall call, long[] args) {
    String question = call.memory().readUtf8(args[0], args[1]);
    call.conceal(secret.getBytes(StandardCharsets.UTF_8));
    String text = calls.incrementAndGet() + question + "        ";
    long block = call.callGuest(call.function("alloc"), args[1] * 100);
    call.memory().write(block, text.substring(0, 8).getBytes(StandardCharsets.UTF_8));
    return block;
  }

  private GuestInstance replaying() {
    return module.instantiate(config().startReplay(recorded.startTrace().trace()).build());
  }

  private HostTrace record(String function, long... args) {
    recorded.startRecording(recorder, ROOM);
    TestEngine.call(recorded, function, args);
    return stopRecording();
  }

  /** What was recorded, with the secrets marked out that host functions told. */
  private HostTrace stopRecording() {
    TraceRecorder.Part part = recorded.stopRecording();
    recorder.addConcealed(marks);
    return recorder.copy(part, marks).trace();
  }

  private static long replay(
      GuestInstance guest, HostReplay replay, String function, long... args) {
    guest.replayNext(replay);
    return TestEngine.call(guest, function, args);
  }

  @Test
  void a_replayed_start_gives_the_same_memory() {
    long seed = TestEngine.call(recorded, "seed");
    assertThat(TestEngine.call(replaying(), "seed")).isEqualTo(seed);
    assertThat(TestEngine.call(module.instantiate(config().build()), "seed")).isNotEqualTo(seed);
  }

  @ParameterizedTest
  @CsvSource({"roll, ", "roll-twice, ", "ask, 7"})
  void a_replayed_run_gives_the_same_result_without_the_host(String function, Long arg) {
    long[] args = arg == null ? new long[0] : new long[] {arg};
    recorded.startRecording(recorder, ROOM);
    long result = TestEngine.call(recorded, function, args);
    HostTrace trace = stopRecording();
    assertThat(trace.isComplete()).isTrue();
    long before = calls.get();
    for (int i = 0; i < 3; i++) {
      var replay = new HostReplay(trace);
      assertThat(replay(replaying(), replay, function, args)).isEqualTo(result);
      assertThat(replay.difference()).isEmpty();
      assertThat(replay.replayed()).isEqualTo(trace.events().size());
    }
    assertThat(calls).hasValue(before);
  }

  @Test
  void a_replay_lasts_for_one_run() {
    GuestInstance guest = replaying();
    replay(guest, new HostReplay(record("add", 1, 2)), "add", 1, 2);
    long before = calls.get();
    TestEngine.call(guest, "add", 1, 2);
    assertThat(calls).hasValue(before + 1);
  }

  @Test
  void nothing_is_recorded_after_the_recording_was_stopped() {
    record("add", 1, 2);
    TestEngine.call(recorded, "add", 3, 4);
    assertThat(record("add", 5, 6).events())
        .filteredOn(Called.class::isInstance)
        .singleElement()
        .extracting(event -> ((Called) event).arguments())
        .isEqualTo(new long[] {5, 6});
    assertThatThrownBy(recorded::stopRecording).isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @CsvSource({"panic, 11", "fail, ", "exit, 3"})
  void a_function_that_ends_the_guest_does_so_in_the_replay(String function, Long arg) {
    long[] args = arg == null ? new long[0] : new long[] {arg};
    recorded.startRecording(recorder, ROOM);
    GuestTrap trap = TestEngine.trap(recorded, function, args);
    var replay = new HostReplay(stopRecording());
    GuestInstance guest = replaying();
    guest.replayNext(replay);
    assertThat(TestEngine.trap(guest, function, args).trapCause()).isEqualTo(trap.trapCause());
    assertThat(replay.difference()).isEmpty();
  }

  @Test
  void a_trap_in_a_call_back_is_the_same_trap() {
    recorded.startRecording(recorder, ROOM);
    GuestTrap trap = TestEngine.trap(recorded, "ask", 11);
    var replay = new HostReplay(stopRecording());
    GuestInstance guest = replaying();
    guest.replayNext(replay);
    GuestTrap again = TestEngine.trap(guest, "ask", 11);
    assertThat(again.trapCause()).isEqualTo(trap.trapCause());
    assertThat(again.backtrace()).isEqualTo(trap.backtrace());
    assertThat(replay.difference()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "add | 1 | 3 | the guest called env.add(1, 3); when it was recorded, it called env.add(1,"
            + " 2) (event 0)",
        "roll | | | the guest called wasi_snapshot_preview1.random_get(8, 8); when it was recorded,"
            + " it called env.add(1, 2) (event 0)",
        "nothing | | | the guest ended; when it was recorded, it called env.add(1, 2) (event 0)",
      })
  void another_call_is_a_difference(String function, Long one, Long other, String difference) {
    var replay = new HostReplay(record("add", 1, 2));
    GuestInstance guest = replaying();
    guest.replayNext(replay);
    long[] args = one == null ? new long[0] : new long[] {one, other};
    if (function.equals("nothing")) {
      TestEngine.call(guest, function, args);
    } else {
      assertThat(TestEngine.trap(guest, function, args).trapCause())
          .isInstanceOf(TrapCause.HostFailure.class);
    }
    assertThat(replay.difference()).contains(difference);
  }

  @Test
  void other_data_for_the_same_call_is_a_difference() {
    var replay = new HostReplay(record("ask", 7));
    GuestInstance guest = replaying();
    guest.replayNext(replay);
    TestEngine.trap(guest, "ask-otherwise", 7);
    assertThat(replay.difference())
        .contains(
            "the guest called env.answer with 7 bytes at 64: \"Wow are\"; when it was recorded,"
                + " the function read 7 bytes at 64: \"how are\" (event 1)");
  }

  @Test
  void one_more_call_is_a_difference() {
    var replay = new HostReplay(record("roll"));
    GuestInstance guest = replaying();
    guest.replayNext(replay);
    TestEngine.trap(guest, "roll-twice");
    assertThat(replay.difference())
        .hasValueSatisfying(text -> assertThat(text).endsWith("it made no more calls (event 3)"));
  }

  /** {@code env.panic} has no result, so that it can stand for a function that logs. */
  @Test
  void a_call_that_needs_no_answer_may_come_after_what_was_recorded() {
    var replay = new HostReplay(record("nothing"), "env.panic"::equals);
    GuestInstance guest = replaying();
    guest.replayNext(replay);
    TestEngine.call(guest, "panic", 11);
    assertThat(replay.isAnswered()).isTrue();
    assertThat(replay.difference()).isPresent();
    assertThat(replay.more()).hasSize(3).last().isEqualTo(new HostTrace.Returned(0));

    var strict = new HostReplay(HostTrace.EMPTY);
    GuestInstance other = replaying();
    other.replayNext(strict);
    TestEngine.trap(other, "panic", 11);
    assertThat(strict.isAnswered()).isFalse();
  }

  @Test
  void a_recording_that_is_full_says_so() {
    recorded.startRecording(recorder, 150);
    TestEngine.call(recorded, "roll-twice");
    HostTrace trace = stopRecording();
    assertThat(trace.isComplete()).isFalse();
    assertThat(trace.events()).hasSize(2);
    var replay = new HostReplay(trace);
    GuestInstance guest = replaying();
    guest.replayNext(replay);
    TestEngine.trap(guest, "roll-twice");
    assertThat(replay.difference())
        .hasValueSatisfying(text -> assertThat(text).contains("the recording was full by then"));
  }

  @Test
  void a_secret_is_not_in_the_recording() {
    secret = "how are";
    recorded.startRecording(recorder, ROOM);
    TestEngine.call(recorded, "ask", 7);
    HostTrace trace = stopRecording();
    assertThat(marks.markedOut(" now: how are how".getBytes(StandardCharsets.UTF_8)))
        .asString()
        .isEqualTo(" now: ******* how");
    assertThat(trace.events())
        .filteredOn(HostTrace.Wrote.class::isInstance)
        .extracting(event -> new String(((HostTrace.Wrote) event).bytes(), StandardCharsets.UTF_8))
        .contains("1*******");
  }

  @Test
  void a_state_goes_to_another_instance_that_has_just_started() {
    // Blocks from the bump allocator, the clock and random numbers in memory.
    TestEngine.call(recorded, "ask", 7);
    TestEngine.call(recorded, "roll");
    InstanceState state = recorded.stateSinceStart().orElseThrow();
    recorded.startRecording(recorder, ROOM);
    long answer = TestEngine.call(recorded, "ask", 7);
    HostTrace trace = stopRecording();

    GuestInstance guest = replaying();
    guest.applyState(state);
    var replay = new HostReplay(trace);
    assertThat(replay(guest, replay, "ask", 7)).isEqualTo(answer);
    assertThat(replay.difference()).isEmpty();

    assertThat(guest.linear().contents()).isEqualTo(recorded.linear().contents());
  }

  @Test
  void a_later_state_shares_the_blocks_that_are_as_they_were() {
    TestEngine.call(recorded, "ask", 7);
    InstanceState first = recorded.stateSinceStart().orElseThrow();
    InstanceState same = recorded.stateSinceStart().orElseThrow();
    assertThat(same.blocks()).isNotEmpty();
    for (int i = 0; i < same.blocks().size(); i++) {
      assertThat(same.blocks().get(i)).isSameAs(first.blocks().get(i));
    }
    TestEngine.call(recorded, "roll");
    TestEngine.call(recorded, "ask", 7);
    InstanceState later = recorded.stateSinceStart().orElseThrow();
    GuestInstance guest = replaying();
    guest.applyState(later);
    assertThat(guest.linear().contents()).isEqualTo(recorded.linear().contents());
  }

  @Test
  void the_last_state_is_given_again_while_nothing_changes() {
    assertThat(recorded.stateSinceStart().orElseThrow().blocks()).isEmpty();
    TestEngine.call(recorded, "ask", 7);
    InstanceState first = recorded.stateSinceStart().orElseThrow();
    assertThat(recorded.stateSinceStart())
        .hasValueSatisfying(same -> assertThat(same).isSameAs(first));
    recorded.forgetState();
    InstanceState copied = recorded.stateSinceStart().orElseThrow();
    assertThat(copied.blocks()).hasSameSizeAs(first.blocks());
    GuestInstance guest = replaying();
    guest.applyState(copied);
    assertThat(guest.linear().contents()).isEqualTo(recorded.linear().contents());
    recorded.reset();
    assertThat(recorded.stateSinceStart().orElseThrow().blocks()).isEmpty();
  }

  /** Stores at random places, across the ends of blocks and of pages too, and growth. */
  @Test
  void each_state_is_the_memory_at_that_time() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 300; i++) {
      LinearMemory memory = recorded.linear();
      for (int stores = random.nextInt(4); stores > 0; stores--) {
        int block = random.nextInt(memory.pages() * 16 - 1);
        memory.writeLong(
            (block + 1) * LinearMemory.BLOCK_BYTES - random.nextInt(16), random.nextLong());
      }
      if (i % 100 == 99) {
        memory.grow(1);
      }
      TestEngine.call(recorded, "add", 1, 2);
      if (random.nextInt(20) == 0) {
        recorded.forgetState();
      }
      InstanceState state = recorded.stateSinceStart().orElseThrow();
      if (i % 7 == 0) {
        GuestInstance guest = replaying();
        guest.applyState(state);
        assertThat(guest.linear().contents()).as("seed %d", seed).isEqualTo(memory.contents());
        GuestInstance other = replaying();
        other.applyState(state.joined());
        assertThat(other.linear().contents()).as("seed %d", seed).isEqualTo(memory.contents());
      }
    }
  }

  @Test
  void a_state_of_another_module_is_refused() {
    InstanceState other = new InstanceState(1, List.of(), List.of(1L, 2L), List.of(), List.of());
    assertThatThrownBy(() -> replaying().applyState(other))
        .isInstanceOf(IllegalArgumentException.class);
    InstanceState far =
        new InstanceState(
            1,
            List.of(new InstanceState.Block(65_530, new byte[7])),
            recorded.stateSinceStart().orElseThrow().globals(),
            List.of(),
            List.of());
    assertThatThrownBy(() -> replaying().applyState(far))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void another_start_is_refused() {
    assertThatThrownBy(() -> module.instantiate(config().startReplay(record("add", 1, 2)).build()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("the start differs: the guest called")
        .hasMessageContaining("random_get");
  }
}
