package io.gonext.host;

import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.TurnFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A call of a plugin that was slow, late, or failed. Payloads and answers are not part of it.
 *
 * @param id larger than those of all calls that were recorded before it, also across restarts of
 *     the host: microseconds since 1970, or a few more
 * @param began when its turn began
 * @param plugin whose handler it is
 * @param version that ran, empty where none did
 * @param handler what was called
 * @param why it was recorded
 * @param outcome how it ended
 * @param reason why it failed, in one line of at most 1,000 characters; a plugin may have written
 *     it. Empty for a call that succeeded
 * @param took all its time
 * @param queued the part in which it waited for an instance
 * @param guest the part in the guest's code
 * @param host the part in host functions, waits included
 * @param waited the part of {@code host} in which a host function waited, for a server for instance
 * @param fuel the units that the guest used; 0 if its fuel is not counted
 * @param traceId the trace that it belongs to, 32 hexadecimal digits; null without telemetry
 * @param recording the id of its {@linkplain Recordings recording}, which newer ones may have
 *     pushed out; 0 if it was not recorded
 * @param backtrace the guest's functions that were running when it trapped, innermost first; at
 *     most 64, and empty where it did not trap. Names are the guest's claim
 */
public record NotedCall(
    long id,
    Instant began,
    String plugin,
    String version,
    Handler handler,
    Why why,
    HookOutcome outcome,
    String reason,
    Duration took,
    Duration queued,
    Duration guest,
    Duration host,
    Duration waited,
    long fuel,
    @Nullable String traceId,
    long recording,
    List<TurnFailure.Frame> backtrace) {
  /** A call that takes longer is slow. */
  public static final Duration SLOW = Duration.ofMillis(100);

  public NotedCall {
    backtrace = List.copyOf(backtrace);
  }

  /** Why a call is recorded: the strongest reason. */
  public enum Why {
    /** It succeeded, and took longer than {@link #SLOW}. A job is never slow. */
    SLOW,

    /** It succeeded, after the plugin's soft limit. */
    LATE,

    /** It did not end as OK. */
    FAILED
  }

  /**
   * What a plugin is called for.
   *
   * @param name of a hook or job; a route's method and path
   */
  public record Handler(Kind kind, String name) {
    @Override
    public String toString() {
      return kind == Kind.JOB ? "job " + name : name;
    }
  }

  /** The kinds of handlers. */
  public enum Kind {
    HOOK,
    ROUTE,
    JOB
  }
}
