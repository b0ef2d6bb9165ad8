package io.gonext.engine;

import io.gonext.engine.HostTrace.Called;
import io.gonext.engine.HostTrace.CalledBack;
import io.gonext.engine.HostTrace.Ended;
import io.gonext.engine.HostTrace.Event;
import io.gonext.engine.HostTrace.Read;
import io.gonext.engine.HostTrace.Returned;
import io.gonext.engine.HostTrace.Wrote;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Answers a guest's calls of host functions from a {@link HostTrace}, and checks that the guest
 * makes the same calls with the same data. The first difference ends the guest with {@link
 * TrapCause.HostFailure}.
 *
 * <p>Some functions need no answer, such as those that log. The guest may call them more often than
 * it was recorded, after all the rest was replayed, and before a recorded call that ended it. That
 * is a difference as well, but the guest goes on.
 *
 * <p>For one run. Owned by the thread of that run until it has ended.
 */
public final class HostReplay {
  private static final int SHOWN_BYTES = 64;
  private static final int MOST_ARGUMENTS = 16;
  private static final int MOST_GIVEN_BYTES = 64 * 1024;
  private static final int MOST_MORE = 1_000;

  private final List<Event> events;
  private final boolean isComplete;
  private final Predicate<String> needsNoAnswer;

  /** Calls of functions that need no answer, after what was recorded. */
  private final List<Event> more = new ArrayList<>();

  private boolean isAnswered = true;
  private int next;
  private @Nullable String difference;

  /** Where the call that is being answered began, as an index of the events. */
  private int callBegan;

  /** The guest's call that differs, with what it gave; empty while none does. */
  private List<Event> actual = List.of();

  /** Replays a trace from its beginning. Every call needs a recorded answer. */
  public HostReplay(HostTrace trace) {
    this(trace, function -> false);
  }

  /**
   * Replays a trace from its beginning.
   *
   * @param needsNoAnswer whether a function, such as {@code env.gn_log}, only takes note of
   *     something; those with a result always need an answer
   */
  public HostReplay(HostTrace trace, Predicate<String> needsNoAnswer) {
    this.events = trace.events();
    this.isComplete = trace.isComplete();
    this.needsNoAnswer = needsNoAnswer;
  }

  /** Whether all that the guest asked for was answered. */
  public boolean isAnswered() {
    return isAnswered;
  }

  /** The calls that the guest made after what was recorded, and that need no answer. */
  public List<Event> more() {
    return List.copyOf(more);
  }

  /**
   * What the guest did otherwise than in the trace, in one sentence, or empty. A guest that ended
   * before it made all calls of the trace differs as well.
   */
  public Optional<String> difference() {
    if (difference == null && next < events.size()) {
      return Optional.of(
          "the guest ended; when it was recorded, "
              + shown(events.get(next))
              + " (event "
              + next
              + ")");
    }
    return Optional.ofNullable(difference);
  }

  /**
   * Where the first call that differs begins, as an index of the trace's events; the number of
   * events if the guest made more calls, or if nothing differs.
   */
  public int differsAt() {
    return difference == null ? next : callBegan;
  }

  /**
   * The call that differs: a {@link Called}, and what the guest gave with it. Empty if the guest
   * ended instead, or if nothing differs.
   */
  public List<Event> differing() {
    return actual;
  }

  /** How many events of the trace were replayed. */
  public int replayed() {
    return next;
  }

  /** Answers a call of the guest. */
  long answer(HostFunction function, HostCall call, long[] args) {
    var actual = new Called(function.qualifiedName(), args.clone());
    callBegan = next;
    if (!(next() instanceof Called expected)
        || !expected.function().equals(actual.function())
        || !Arrays.equals(expected.arguments(), actual.arguments())) {
      if (isComplete
          && isAtEnd()
          && function.type().results().isEmpty()
          && needsNoAnswer.test(function.qualifiedName())) {
        return note(actual, call);
      }
      throw stops(actual.toString(), given(actual, call));
    }
    next++;
    while (true) {
      Event event = next();
      switch (event) {
        case Read(long pointer, byte[] bytes) -> {
          byte[] actualBytes = call.memory().read(pointer, bytes.length);
          if (!Arrays.equals(bytes, actualBytes)) {
            throw stops(
                actual.function() + " with " + shown(pointer, actualBytes), given(actual, call));
          }
        }
        case Wrote(long pointer, byte[] bytes) -> call.memory().write(pointer, bytes);
        case CalledBack(String export, long[] arguments) -> {
          next++;
          callBack(call, export, arguments);
          continue;
        }
        case Returned(long result) -> {
          next++;
          return result;
        }
        case Ended ended -> {
          next++;
          throw end(ended);
        }
        case Called _ ->
            throw stops("nothing from inside " + actual.function(), given(actual, call));
        case null -> throw stops(actual.toString(), given(actual, call));
      }
      next++;
    }
  }

  /** Whether all was replayed, but for a call that ended the guest. */
  private boolean isAtEnd() {
    if (next >= events.size()) {
      return true;
    }
    for (Event event : events.subList(next + 1, events.size())) {
      if (event instanceof Called) {
        return false;
      }
    }
    return events.getLast() instanceof Ended;
  }

  /** Takes note of a call beyond the recording. */
  private long note(Called actual, HostCall call) {
    List<Event> given = given(actual, call);
    if (difference == null) {
      var _ = differs(actual.toString(), given);
    }
    if (more.size() < MOST_MORE) {
      more.addAll(given);
      more.add(new Returned(0));
    }
    isAnswered &= more.size() < MOST_MORE;
    return 0;
  }

  private void callBack(HostCall call, String export, long[] arguments) {
    try {
      call.callGuest(call.function(export), arguments.clone());
    } catch (GuestTrap trap) {
      if (next() instanceof Ended ended && ended.cause() == HostTrace.Cause.TRAP) {
        next++;
      }
      throw trap;
    }
  }

  private @Nullable Event next() {
    return next < events.size() ? events.get(next) : null;
  }

  private static RuntimeException end(Ended ended) {
    return switch (ended.cause()) {
      case EXIT -> new GuestExitSignal(ended.exitCode());
      case PANIC -> new GuestPanicException(ended.text());
      case ABI_VIOLATION -> new AbiViolationException(ended.text());
      case HOST_FAILURE -> new IllegalStateException("the function failed when it was recorded");
      case TRAP -> new IllegalStateException("the guest trapped here when it was recorded");
    };
  }

  /**
   * The call with the blocks that its arguments may be: each pair of arguments that is a pointer
   * and a length in the memory.
   */
  private static List<Event> given(Called called, HostCall call) {
    List<Event> events = new ArrayList<>();
    events.add(called);
    long[] args = called.arguments();
    for (int i = 0; i + 1 < args.length && i < MOST_ARGUMENTS; i++) {
      block(args[i], args[i + 1], call).ifPresent(events::add);
    }
    return events;
  }

  private static Optional<Event> block(long pointer, long length, HostCall call) {
    if (pointer < 0 || length <= 0 || length > MOST_GIVEN_BYTES) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Read(pointer, call.memory().read(pointer, length)));
    } catch (AbiViolationException outside) {
      return Optional.empty();
    }
  }

  private RuntimeException stops(String actual, List<Event> given) {
    isAnswered = false;
    return differs(actual, given);
  }

  private RuntimeException differs(String actual, List<Event> given) {
    if (difference == null) {
      this.actual = given;
      Event expected = next();
      difference =
          "the guest called "
              + actual
              + "; when it was recorded, "
              + (expected != null
                  ? shown(expected)
                  : isComplete ? "it made no more calls" : "the recording was full by then")
              + " (event "
              + next
              + ")";
    }
    return new IllegalStateException(difference);
  }

  /** What the guest did when it was recorded; what it chose is bounded and plain. */
  private static String shown(Event expected) {
    return switch (expected) {
      case Called called -> "it called " + called;
      case Read(long pointer, byte[] bytes) -> "the function read " + shown(pointer, bytes);
      case Wrote _, CalledBack _, Returned _, Ended _ -> "it made no call there";
    };
  }

  private static String shown(long pointer, byte[] bytes) {
    byte[] first = Arrays.copyOf(bytes, Math.min(bytes.length, SHOWN_BYTES));
    boolean isText = true;
    for (byte b : first) {
      isText &= b >= ' ' && b < 0x7F;
    }
    return bytes.length
        + " bytes at "
        + pointer
        + ": "
        + (isText
            ? "\"" + new String(first, StandardCharsets.US_ASCII) + "\""
            : HexFormat.of().formatHex(first))
        + (bytes.length > SHOWN_BYTES ? "..." : "");
  }
}
