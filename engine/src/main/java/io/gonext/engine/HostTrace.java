package io.gonext.engine;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What host functions and WASI's functions did in one run, in order. A guest sees nothing else of
 * the world, so a {@link HostReplay} of the trace makes the guest do the same again.
 *
 * @param events what happened; a call within a call, which the guest's allocator may make, is
 *     between the events of the outer one
 * @param isComplete false if the run needed more space than it was given, or a function was ended
 *     by the run's limit or an interrupt: the trace then ends early and cannot be replayed to its
 *     end
 */
public record HostTrace(List<Event> events, boolean isComplete) {
  /** A run without calls of host functions. */
  public static final HostTrace EMPTY = new HostTrace(List.of(), true);

  /** Copies the list. */
  public HostTrace {
    events = List.copyOf(events);
  }

  /** About what it takes on the heap, in bytes. */
  public long weightBytes() {
    return events.stream().mapToLong(Event::weightBytes).sum();
  }

  /** One step. */
  public sealed interface Event {
    /** About what it takes on the heap, in bytes. */
    default long weightBytes() {
      return TraceRecorder.EVENT_BYTES
          + switch (this) {
            case Called(String _, long[] arguments) -> 8L * arguments.length;
            case CalledBack(String _, long[] arguments) -> 8L * arguments.length;
            case Read(long _, byte[] bytes) -> bytes.length;
            case Wrote(long _, byte[] bytes) -> bytes.length;
            case Returned _ -> 0;
            case Ended ended -> ended.text().length();
          };
    }
  }

  /**
   * The guest called a function.
   *
   * @param function its module and name, with a dot between them
   * @param arguments an i32 zero-extended, a float as its bits; not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by HostReplay, element by element
  public record Called(String function, long[] arguments) implements Event {
    /** Such as {@code env.add(1, 2)}. */
    @Override
    public String toString() {
      return call(function, arguments);
    }
  }

  /**
   * The function read the guest's memory.
   *
   * @param bytes not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Read(long pointer, byte[] bytes) implements Event {}

  /**
   * The function wrote into the guest's memory.
   *
   * @param bytes not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Wrote(long pointer, byte[] bytes) implements Event {}

  /**
   * The function called the guest back.
   *
   * @param arguments not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record CalledBack(String export, long[] arguments) implements Event {
    /** Such as {@code gn_alloc(8)}. */
    @Override
    public String toString() {
      return call(export, arguments);
    }
  }

  private static String call(String function, long[] arguments) {
    return Arrays.stream(arguments)
        .mapToObj(Long::toString)
        .collect(Collectors.joining(", ", function + "(", ")"));
  }

  /** The function returned to the guest. */
  public record Returned(long result) implements Event {}

  /** The function ended the guest. */
  public record Ended(Cause cause, String text, int exitCode) implements Event {}

  /** How a function ended the guest. */
  public enum Cause {
    /** By WASI's {@code proc_exit}; the exit code says more. */
    EXIT,
    /** The guest reported a panic; the text is its message. */
    PANIC,
    /** The guest broke its contract with the function; the text says how. */
    ABI_VIOLATION,
    /** The function failed. */
    HOST_FAILURE,
    /** The guest trapped when the function called it back. */
    TRAP
  }
}
