package io.gonext.host;

import io.gonext.host.hook.HookOutcome;
import java.time.Duration;

/**
 * A handler failed in a call with {@link io.gonext.host.hook.CallOptions#failClosed}. No handler
 * after it ran, and the value so far is discarded.
 */
public final class ChainFailedException extends HostException {
  private static final long serialVersionUID = 1L;

  private final String plugin;
  private final String hook;
  private final HookOutcome outcome;
  private final String reason;
  private final Duration retryAfter;

  /**
   * @param reason for the operator
   * @param retryAfter the shortest time after which another try may succeed
   */
  public ChainFailedException(
      String plugin,
      String hook,
      HookOutcome outcome,
      String reason,
      Duration retryAfter,
      Throwable cause) {
    super(plugin + " failed in hook " + hook + " (" + outcome + "): " + reason, cause);
    this.plugin = plugin;
    this.hook = hook;
    this.outcome = outcome;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** The owner of the handler. */
  public String plugin() {
    return plugin;
  }

  public String hook() {
    return hook;
  }

  /** How its turn ended. */
  public HookOutcome outcome() {
    return outcome;
  }

  /** Why it failed, for the operator. */
  public String reason() {
    return reason;
  }

  /** When another try may succeed, at the soonest. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
