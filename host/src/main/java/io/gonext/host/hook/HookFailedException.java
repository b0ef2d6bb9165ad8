package io.gonext.host.hook;

import io.gonext.engine.PlainText;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A handler did not do its work. The message is for the operator. */
public final class HookFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  /** When another try may succeed, where nothing else is known. */
  private static final Duration SOON = Duration.ofSeconds(1);

  private final HookOutcome outcome;
  private final Duration retryAfter;

  /** A failure of a handler of the application. */
  public HookFailedException(String message) {
    this(HookOutcome.FAILED, message, null);
  }

  /**
   * A failure.
   *
   * @param message null says no more than the outcome; {@linkplain PlainText kept} to a line
   */
  public HookFailedException(
      HookOutcome outcome, @Nullable String message, @Nullable Throwable cause) {
    this(outcome, message, cause, SOON);
  }

  /**
   * As {@link #HookFailedException(HookOutcome, String, Throwable)}.
   *
   * @param retryAfter when another try may succeed, at the soonest
   */
  public HookFailedException(
      HookOutcome outcome,
      @Nullable String message,
      @Nullable Throwable cause,
      Duration retryAfter) {
    // An ordinary event, told by its message; where there is more to it, the cause has the trace.
    super(message == null ? outcome.name() : PlainText.of(message), cause, true, false);
    this.outcome = outcome;
    this.retryAfter = retryAfter;
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }

  public HookOutcome outcome() {
    return outcome;
  }

  /** When another try may succeed, at the soonest. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
