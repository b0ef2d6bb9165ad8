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
import java.util.Arrays;
import java.util.List;

/**
 * A {@link HostTrace} in one array, as {@link TraceRecorder} writes it: an event is a byte for its
 * kind and then, for a call and a call back, a byte with the number of arguments, and these; for a
 * block of memory its pointer, its length in four bytes, and its bytes; for the end of a function
 * its result, or the exit code in four bytes. Numbers are little-endian, with eight bytes where
 * nothing else is said. Names are in a second array, as are the cause and the text of an end.
 *
 * <p>Immutable.
 */
public final class EncodedTrace {
  static final byte CALL = 0;
  static final byte BACK = 1;
  static final byte READ = 2;
  static final byte WRITE = 3;
  static final byte RETURN = 4;
  static final byte END = 5;

  /** A run without calls of host functions. */
  public static final EncodedTrace EMPTY = new EncodedTrace(new byte[0], new String[0], true, 0);

  private final byte[] bytes;
  private final String[] texts;
  private final boolean isComplete;
  private final long weightBytes;

  /** Keeps the arrays. */
  EncodedTrace(byte[] bytes, String[] texts, boolean isComplete, long weightBytes) {
    this.bytes = bytes;
    this.texts = texts;
    this.isComplete = isComplete;
    this.weightBytes = weightBytes;
  }

  /** As {@link HostTrace#isComplete}. */
  public boolean isComplete() {
    return isComplete;
  }

  /** As {@link HostTrace#weightBytes}, which is more than this takes. */
  public long weightBytes() {
    return weightBytes;
  }

  /** The trace. */
  public HostTrace trace() {
    List<Event> events = new ArrayList<>();
    int text = 0;
    for (int at = 0; at < bytes.length; at = next(bytes, at)) {
      events.add(
          switch (bytes[at]) {
            case CALL -> new Called(texts[text++], numbers(at));
            case BACK -> new CalledBack(texts[text++], numbers(at));
            case READ -> new Read(ByteArrays.getLong(bytes, at + 1), block(at));
            case WRITE -> new Wrote(ByteArrays.getLong(bytes, at + 1), block(at));
            case RETURN -> new Returned(ByteArrays.getLong(bytes, at + 1));
            default ->
                new Ended(
                    Cause.valueOf(texts[text++]), texts[text++], ByteArrays.getInt(bytes, at + 1));
          });
    }
    return new HostTrace(events, isComplete);
  }

  /** Where the event after this one begins. */
  private static int next(byte[] bytes, int at) {
    return at
        + switch (bytes[at]) {
          case CALL, BACK -> 2 + Long.BYTES * (bytes[at + 1] & 0xFF);
          case READ, WRITE -> 13 + ByteArrays.getInt(bytes, at + 9);
          case RETURN -> 9;
          default -> 5;
        };
  }

  private long[] numbers(int at) {
    long[] numbers = new long[bytes[at + 1] & 0xFF];
    Arrays.setAll(numbers, i -> ByteArrays.getLong(bytes, at + 2 + Long.BYTES * i));
    return numbers;
  }

  private byte[] block(int at) {
    return Arrays.copyOfRange(bytes, at + 13, next(bytes, at));
  }

  /** Marks out the secrets in the blocks and texts of a trace. */
  static void markOut(byte[] bytes, String[] texts, SecretMarks marks) {
    if (marks.isEmpty()) {
      return;
    }
    int text = 0;
    for (int at = 0; at < bytes.length; at = next(bytes, at)) {
      switch (bytes[at]) {
        case CALL, BACK -> text++;
        case READ, WRITE -> {
          byte[] marked = marks.markedOut(Arrays.copyOfRange(bytes, at + 13, next(bytes, at)));
          System.arraycopy(marked, 0, bytes, at + 13, marked.length);
        }
        case END -> {
          // After the name of the cause.
          texts[text + 1] = marks.markedOut(texts[text + 1]);
          text += 2;
        }
        default -> {}
      }
    }
  }
}
