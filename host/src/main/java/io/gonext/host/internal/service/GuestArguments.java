package io.gonext.host.internal.service;

import io.gonext.engine.HostCall;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The arguments of one call of a host function. A block is two arguments, a pointer and a length. A
 * block that is too long, or is not what it should be, ends the call with the status "bad
 * arguments". A block outside of the guest's memory ends the guest's call with a trap.
 *
 * <p>Valid until the function returns, on the thread that it was called on.
 */
public final class GuestArguments implements Uninterrupted {
  private static final int REPLACEMENT = 0xFFFD;

  private final HostCall call;
  private final long[] values;

  GuestArguments(HostCall call, long[] values) {
    this.call = call;
    this.values = values;
  }

  /** Ends the call with the status "bad arguments" unless a condition holds. */
  public static void require(boolean acceptable) {
    if (!acceptable) {
      throw new BadArgumentsException();
    }
  }

  /** See {@link HostCall#once}. */
  public <T> T once(Object key, Supplier<T> first) {
    return call.once(key, first);
  }

  /** See {@link HostCall#afterSuccess}. */
  public void afterSuccess(Runnable effect) {
    call.afterSuccess(effect);
  }

  @Override
  public <R extends @Nullable Object> R uninterrupted(
      Duration atMost, Runnable cutOff, Supplier<R> work) {
    return call.uninterrupted(atMost, cutOff, work);
  }

  /** See {@link HostCall#remainingNanos}. */
  public Duration remaining() {
    return Duration.ofNanos(remainingNanos());
  }

  /** See {@link HostCall#remainingNanos}. */
  public long remainingNanos() {
    return call.remainingNanos();
  }

  /** The hook, or the name of the other export of the guest that is running; empty at its start. */
  public String task() {
    return call.task();
  }

  /** An argument of type i64, or of type i32 zero-extended. */
  public long number(int index) {
    return values[index];
  }

  /** A copy of the block whose pointer is the argument at an index. */
  public byte[] bytes(int index, int maxBytes) {
    require(values[index + 1] <= maxBytes);
    return call.memory().read(values[index], values[index + 1]);
  }

  /** Well-formed UTF-8. The pointer of an empty text does not matter. */
  public String text(int index, int maxBytes) {
    if (values[index + 1] == 0) {
      return "";
    }
    byte[] bytes = bytes(index, maxBytes);
    String text = new String(bytes, StandardCharsets.UTF_8);
    // A malformed text contains the replacement character, and so may a well-formed one.
    require(
        text.indexOf(REPLACEMENT) < 0
            || Arrays.equals(bytes, text.getBytes(StandardCharsets.UTF_8)));
    return text;
  }

  /** JSON, read as strictly as everything that the host gets from others. */
  public JsonNode json(int index, int maxBytes) {
    try {
      return StrictJson.parse(bytes(index, maxBytes));
    } catch (InvalidJsonException e) {
      throw new BadArgumentsException();
    }
  }
}
