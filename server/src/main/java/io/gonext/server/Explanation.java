package io.gonext.server;

import io.gonext.engine.PlainText;
import io.gonext.host.hook.HookOutcome;
import java.util.EnumSet;
import java.util.Set;

/**
 * Explains to a caller why a plugin failed: one line of bounded length. Reasons that may reveal
 * something about the host are only in its log.
 */
final class Explanation {
  static final int MAX_LENGTH = 500;

  private static final Set<HookOutcome> OF_THE_HOST =
      EnumSet.of(HookOutcome.EXCEPTION, HookOutcome.HOST_FAILURE, HookOutcome.NO_INSTANCE);

  private Explanation() {}

  static String of(HookOutcome outcome, String reason) {
    return OF_THE_HOST.contains(outcome) ? "see the log" : PlainText.of(reason, MAX_LENGTH);
  }
}
