package io.gonext.engine;

import io.gonext.engine.HostTrace.Called;
import io.gonext.engine.HostTrace.CalledBack;
import io.gonext.engine.HostTrace.Cause;
import io.gonext.engine.HostTrace.Ended;
import io.gonext.engine.HostTrace.Event;
import io.gonext.engine.HostTrace.Read;
import io.gonext.engine.HostTrace.Returned;
import io.gonext.engine.HostTrace.Wrote;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects the {@link HostTrace} of a run, up to a number of bytes. Owned by the thread inside the
 * instance.
 */
final class TraceRecorder {
  private final List<Event> events = new ArrayList<>();
  private final SecretMarks marks;
  private long bytesLeft;
  private boolean isComplete = true;

  /** How many host functions the guest is inside of. */
  private int depth;

  TraceRecorder(long maxBytes, SecretMarks marks) {
    this.bytesLeft = maxBytes;
    this.marks = marks;
  }

  /** Runs a function for the guest. */
  long record(HostFunction function, HostCall call, long[] args) {
    add(new Called(function.qualifiedName(), args.clone()));
    depth++;
    try {
      long result = function.body().apply(call, args);
      add(new Returned(result));
      return result;
    } catch (GuestExitSignal exit) {
      end(Cause.EXIT, "", exit.code());
      throw exit;
    } catch (GuestPanicException panic) {
      end(Cause.PANIC, String.valueOf(panic.getMessage()), 0);
      throw panic;
    } catch (AbiViolationException violation) {
      end(Cause.ABI_VIOLATION, String.valueOf(violation.getMessage()), 0);
      throw violation;
    } catch (GuestTrap trap) {
      end(Cause.TRAP, "", 0);
      throw trap;
    } catch (TrapSignal signal) {
      // The limit of the run, or an interrupt: another run need not end there.
      isComplete = false;
      throw signal;
    } catch (RuntimeException failure) {
      end(Cause.HOST_FAILURE, "", 0);
      throw failure;
    } finally {
      depth--;
    }
  }

  private void end(Cause cause, String text, int exitCode) {
    add(new Ended(cause, text, exitCode));
  }

  void read(long pointer, byte[] bytes) {
    if (depth > 0) {
      add(new Read(pointer, bytes));
    }
  }

  void wrote(long pointer, byte[] bytes) {
    if (depth > 0) {
      add(new Wrote(pointer, bytes));
    }
  }

  void calledBack(String export, long[] arguments) {
    add(new CalledBack(export, arguments.clone()));
  }

  private void add(Event event) {
    bytesLeft -= event.weightBytes();
    isComplete &= bytesLeft >= 0;
    if (isComplete) {
      events.add(event);
    }
  }

  /** See {@link HostCall#conceal}. */
  void conceal(byte[] secret) {
    marks.add(secret);
  }

  private Event concealed(Event event) {
    return switch (event) {
      case Read(long pointer, byte[] bytes) -> new Read(pointer, marks.markedOut(bytes));
      case Wrote(long pointer, byte[] bytes) -> new Wrote(pointer, marks.markedOut(bytes));
      case Ended(Cause cause, String text, int code) ->
          new Ended(cause, marks.markedOut(text), code);
      default -> event;
    };
  }

  HostTrace trace() {
    return new HostTrace(
        marks.isEmpty() ? events : events.stream().map(this::concealed).toList(), isComplete);
  }
}
