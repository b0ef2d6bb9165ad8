package io.gonext.host.hook;

/**
 * A handler that failed while others went on: whose it was, how its turn ended, and why. The reason
 * is for the operator.
 */
public record Degradation(String plugin, HookOutcome outcome, String reason) {
  /** The outcome's name, as JSON has it. */
  public String code() {
    return outcome.name();
  }
}
