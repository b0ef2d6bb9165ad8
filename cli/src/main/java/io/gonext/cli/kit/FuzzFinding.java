package io.gonext.cli.kit;

import java.util.List;
import java.util.Locale;

/**
 * Something that is wrong with a plugin.
 *
 * @param what one sentence
 * @param details further lines
 * @param call that shows it
 * @param site where it happens in the plugin; two findings of one kind, target and site are one
 */
record FuzzFinding(Kind kind, String what, List<String> details, FuzzCall call, String site) {
  FuzzFinding {
    details = List.copyOf(details);
  }

  /** What can be found. */
  enum Kind {
    /** The guest traps. */
    TRAP,
    /** A call takes longer than its limit, or more fuel. */
    LIMIT,
    /** The host cannot use an answer. */
    ANSWER,
    /** Two new instances answer the same call in two ways. */
    NONDETERMINISM,
    /** An instance that is used again answers otherwise than a new one. */
    STATE,
    /** The memory of an instance that is used again grows with each call. */
    GROWTH,
    /** The host itself fails. */
    HOST;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What makes it another finding than others. */
  String key() {
    return kind + "|" + call.target() + "|" + site;
  }
}
