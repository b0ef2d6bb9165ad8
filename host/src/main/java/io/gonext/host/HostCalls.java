package io.gonext.host;

import io.gonext.engine.HostTrace;
import io.gonext.engine.HostTrace.Called;
import io.gonext.engine.HostTrace.CalledBack;
import io.gonext.engine.HostTrace.Ended;
import io.gonext.engine.HostTrace.Event;
import io.gonext.engine.HostTrace.Read;
import io.gonext.engine.HostTrace.Returned;
import io.gonext.engine.HostTrace.Wrote;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The calls of a trace: as they are, and for people, one line each, such as {@code
 * gn_kv_get("greeting") -> "hello" (5 bytes)}. A trace may come from a stranger: each line is plain
 * and of bounded length.
 */
public final class HostCalls {
  /** How many calls before one that differs are shown. */
  private static final int CALLS_BEFORE = 3;

  private HostCalls() {}

  /**
   * One call of a host function.
   *
   * @param began the index of its first event in the trace
   * @param events its own events, without those of calls within it; not to be changed
   */
  public record Call(int began, List<Event> events) {
    /** The function and its arguments. */
    public Called called() {
      return (Called) events.getFirst();
    }

    /** What happened then. */
    public List<Event> rest() {
      return events.subList(1, events.size());
    }
  }

  /**
   * The calls, in the order in which they began. A call within a call, which the guest's allocator
   * may make, follows the outer one.
   */
  public static List<Call> of(HostTrace trace) {
    return calls(trace.events());
  }

  /** A line for each call, in the order in which they began. */
  public static List<String> lines(HostTrace trace) {
    return calls(trace.events()).stream().map(HostCallLine::of).toList();
  }

  /** The last calls, at most so many, in the order in which they began. */
  public static List<String> last(HostTrace trace, int count) {
    List<Call> calls = calls(trace.events());
    return calls.subList(Math.max(0, calls.size() - count), calls.size()).stream()
        .map(HostCallLine::of)
        .toList();
  }

  /**
   * How the guest's calls differ, in the form of a diff: a few calls that were the same, then the
   * recorded call after {@code - }, then the guest's after {@code + }.
   *
   * @param at where the recorded call begins, as an index of the events
   * @param actual the guest's call with the blocks that it gave; empty if it ended
   */
  public static List<String> difference(HostTrace trace, int at, List<Event> actual) {
    List<Call> calls = calls(trace.events());
    List<Call> before = calls.stream().filter(call -> call.began < at).toList();
    Stream<String> same =
        before.subList(Math.max(0, before.size() - CALLS_BEFORE), before.size()).stream()
            .map(call -> "  " + HostCallLine.of(call));
    Stream<String> recorded =
        calls.stream()
            .filter(call -> call.began >= at)
            .limit(1)
            .map(call -> "- " + HostCallLine.of(call));
    Stream<String> made = calls(actual).stream().map(call -> "+ " + HostCallLine.of(call));
    return Stream.of(
            same,
            trace.events().size() > at ? recorded : Stream.of("- (no more calls)"),
            actual.isEmpty() ? Stream.of("+ (the guest ended)") : made)
        .flatMap(lines -> lines)
        .toList();
  }

  private static List<Call> calls(List<Event> events) {
    List<Call> calls = new ArrayList<>();
    List<Call> open = new ArrayList<>();
    for (int i = 0; i < events.size(); i++) {
      Event event = events.get(i);
      if (event instanceof Called) {
        Call call = new Call(i, new ArrayList<>());
        calls.add(call);
        open.add(call);
      }
      if (open.isEmpty()) {
        // Not a trace that a host wrote.
        continue;
      }
      open.getLast().events.add(event);
      switch (event) {
        case Returned _, Ended _ -> open.removeLast();
        case Called _, CalledBack _, Read _, Wrote _ -> {
          // Inside the call.
        }
      }
    }
    return calls;
  }
}
