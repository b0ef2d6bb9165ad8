package io.gonext.host.hook;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A handler's turn that did not end as OK, with what helps to find the cause.
 *
 * @param plugin whose handler it is
 * @param version that ran, empty where none did
 * @param hook that it was called for
 * @param outcome how the turn ended
 * @param reason one line, without the backtrace; a plugin may have written it
 * @param backtrace the guest's functions that were running, innermost first; empty where it did not
 *     trap. Names are the guest's claim
 */
public record TurnFailure(
    String plugin,
    String version,
    String hook,
    HookOutcome outcome,
    String reason,
    List<Frame> backtrace) {
  public TurnFailure {
    backtrace = List.copyOf(backtrace);
  }

  /**
   * One of the guest's functions, and where in it the guest was.
   *
   * @param function its name
   * @param codeOffset in the module's bytes, or -1 where it is not known
   * @param source file and line, {@code src/lib.rs:12}, or null where the module has no debug
   *     information
   */
  public record Frame(String function, int codeOffset, @Nullable String source) {
    /** The name, and the line or else the offset where there is one. */
    @Override
    public String toString() {
      if (source != null) {
        return function + " (" + source + ")";
      }
      return codeOffset < 0 ? function : function + " (@0x" + Integer.toHexString(codeOffset) + ")";
    }
  }
}
