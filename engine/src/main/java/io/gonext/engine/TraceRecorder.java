package io.gonext.engine;

import io.gonext.engine.HostTrace.Cause;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Collects what host functions do in recorded runs, each up to a number of bytes. To add an event
 * is to copy it to the end of one array, because nearly all recordings are dropped when the run has
 * ended well: objects are made of those that are kept. Made to be used again.
 *
 * <p>Not thread-safe. While an instance records to it, it belongs to the thread inside.
 */
public final class TraceRecorder {
  /** What an event takes as an object on the heap, beside its contents. */
  static final int EVENT_BYTES = 48;

  private static final int FIRST_BYTES = 1024;
  private static final int FIRST_TEXTS = 16;

  /** As {@link EncodedTrace} reads them. */
  private byte[] bytes = new byte[FIRST_BYTES];

  private int end;

  /** The names of functions and the texts of ends, in the order of the events. */
  private String[] texts = new String[FIRST_TEXTS];

  private int textEnd;

  /** Secrets that host functions told. */
  private final List<byte[]> concealed = new ArrayList<>();

  /** Where the current trace begins. */
  private int from;

  private int textsFrom;
  private long bytesLeft;
  private long weightBytes;
  private boolean isComplete;

  /** How many host functions the guest is inside of. */
  private int depth;

  /**
   * One trace in a recorder, until that is {@linkplain #clear() cleared}.
   *
   * @param weightBytes about what it takes on the heap as objects
   */
  public record Part(
      int from, int to, int textsFrom, int textsTo, boolean isComplete, long weightBytes) {}

  /** Forgets all traces and secrets. */
  public void clear() {
    end = 0;
    Arrays.fill(texts, 0, textEnd, null);
    textEnd = 0;
    concealed.forEach(secret -> Arrays.fill(secret, (byte) 0));
    concealed.clear();
  }

  /** The heap bytes that it keeps for its next use. */
  public long capacityBytes() {
    return bytes.length;
  }

  /** Adds the secrets that host functions told since it was cleared. */
  public void addConcealed(SecretMarks marks) {
    concealed.forEach(marks::add);
  }

  /** A copy of a trace, with the secrets marked out. */
  public EncodedTrace copy(Part part, SecretMarks marks) {
    byte[] copy = Arrays.copyOfRange(bytes, part.from, part.to);
    String[] names = Arrays.copyOfRange(texts, part.textsFrom, part.textsTo);
    EncodedTrace.markOut(copy, names, marks);
    return new EncodedTrace(copy, names, part.isComplete, part.weightBytes);
  }

  /** Begins a trace that takes at most so many bytes, about. */
  void begin(long maxBytes) {
    from = end;
    textsFrom = textEnd;
    bytesLeft = maxBytes;
    weightBytes = 0;
    isComplete = true;
    depth = 0;
  }

  Part part() {
    return new Part(from, end, textsFrom, textEnd, isComplete, weightBytes);
  }

  /** Runs a function for the guest. */
  long record(String name, HostFunction function, HostCall call, long[] args) {
    numbers(EncodedTrace.CALL, name, args);
    depth++;
    try {
      long result = function.body().apply(call, args);
      returned(result);
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

  /** A host function reads there. */
  void read(long pointer, LinearMemory memory, int length) {
    block(EncodedTrace.READ, pointer, memory, length);
  }

  /** A host function has written what is there. */
  void wrote(long pointer, LinearMemory memory, int length) {
    block(EncodedTrace.WRITE, pointer, memory, length);
  }

  void calledBack(String export, long[] arguments) {
    numbers(EncodedTrace.BACK, export, arguments);
  }

  /** See {@link HostCall#conceal}. */
  void conceal(byte[] secret) {
    concealed.add(secret.clone());
  }

  private void numbers(byte kind, String name, long[] values) {
    if (takes(8L * values.length)) {
      text(name);
      room(2 + 8 * values.length);
      bytes[end] = kind;
      // A function has at most 255 parameters here: the JVM's limit for a method.
      bytes[end + 1] = (byte) values.length;
      end += 2;
      for (long value : values) {
        ByteArrays.setLong(bytes, end, value);
        end += Long.BYTES;
      }
    }
  }

  private void block(byte kind, long pointer, LinearMemory memory, int length) {
    if (depth > 0 && takes(length)) {
      room(1 + Long.BYTES + Integer.BYTES + length);
      bytes[end] = kind;
      ByteArrays.setLong(bytes, end + 1, pointer);
      ByteArrays.setInt(bytes, end + 9, length);
      end += 13;
      memory.readBytes((int) pointer, bytes, end, length);
      end += length;
    }
  }

  private void returned(long result) {
    if (takes(0)) {
      room(1 + Long.BYTES);
      bytes[end] = EncodedTrace.RETURN;
      ByteArrays.setLong(bytes, end + 1, result);
      end += 9;
    }
  }

  private void end(Cause cause, String text, int exitCode) {
    if (takes(text.length())) {
      text(cause.name());
      text(text);
      room(1 + Integer.BYTES);
      bytes[end] = EncodedTrace.END;
      ByteArrays.setInt(bytes, end + 1, exitCode);
      end += 5;
    }
  }

  /** Whether there is room for an event with so many bytes of contents. */
  private boolean takes(long contentBytes) {
    long weight = EVENT_BYTES + contentBytes;
    bytesLeft -= weight;
    isComplete &= bytesLeft >= 0;
    if (isComplete) {
      weightBytes += weight;
    }
    return isComplete;
  }

  private void text(String text) {
    if (textEnd == texts.length) {
      texts = Arrays.copyOf(texts, 2 * textEnd);
    }
    texts[textEnd++] = text;
  }

  private void room(int more) {
    if (more > bytes.length - end) {
      bytes = Arrays.copyOf(bytes, Math.max(end + more, 2 * bytes.length));
    }
  }
}
