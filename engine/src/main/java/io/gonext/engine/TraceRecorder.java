package io.gonext.engine;

import io.gonext.engine.HostTrace.Called;
import io.gonext.engine.HostTrace.CalledBack;
import io.gonext.engine.HostTrace.Cause;
import io.gonext.engine.HostTrace.Ended;
import io.gonext.engine.HostTrace.Event;
import io.gonext.engine.HostTrace.Read;
import io.gonext.engine.HostTrace.Returned;
import io.gonext.engine.HostTrace.Wrote;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Collects the {@link HostTrace} of a run, up to a number of bytes. Owned by the thread inside the
 * instance.
 */
final class TraceRecorder {
  private static final byte MARK = '*';

  private final List<Event> events = new ArrayList<>();
  private final List<byte[]> secrets = new ArrayList<>();
  private long bytesLeft;
  private boolean isComplete = true;

  /** How many host functions the guest is inside of. */
  private int depth;

  TraceRecorder(long maxBytes) {
    this.bytesLeft = maxBytes;
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
    if (secret.length > 0) {
      secrets.add(secret.clone());
    }
  }

  /** A copy with a mark in place of each byte of a secret. */
  byte[] concealed(byte[] bytes) {
    byte[] copy = bytes.clone();
    for (byte[] secret : secrets) {
      for (int at = 0; at + secret.length <= bytes.length; at++) {
        if (Arrays.equals(bytes, at, at + secret.length, secret, 0, secret.length)) {
          Arrays.fill(copy, at, at + secret.length, MARK);
        }
      }
    }
    return copy;
  }

  private String concealed(String text) {
    return secrets.isEmpty()
        ? text
        : new String(concealed(text.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
  }

  private Event concealed(Event event) {
    return switch (event) {
      case Read(long pointer, byte[] bytes) -> new Read(pointer, concealed(bytes));
      case Wrote(long pointer, byte[] bytes) -> new Wrote(pointer, concealed(bytes));
      case Ended(Cause cause, String text, int code) -> new Ended(cause, concealed(text), code);
      default -> event;
    };
  }

  HostTrace trace() {
    return new HostTrace(
        secrets.isEmpty() ? events : events.stream().map(this::concealed).toList(), isComplete);
  }
}
