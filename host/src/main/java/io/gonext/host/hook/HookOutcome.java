package io.gonext.host.hook;

/**
 * How a handler's turn ended: the values of the label {@code outcome}, and the codes of {@link
 * Degradation}. Those of a trap are named as the engine's trap causes are.
 */
public enum HookOutcome {
  OK(false),

  UNREACHABLE(true),
  OUT_OF_BOUNDS(true),
  DIVISION(true),
  INDIRECT_CALL(true),
  UNCAUGHT_EXCEPTION(true),
  STACK_EXHAUSTED(true),
  MEMORY_LIMIT(true),
  GUEST_PANIC(true),
  EXIT(true),
  ABI_VIOLATION(true),
  /** It computed for longer than its own limit. */
  DEADLINE(true),
  /** It used the fuel of its call. */
  OUT_OF_FUEL(true),
  /** The hook cannot use its answer. */
  BAD_ANSWER(true),
  /** An instance of it could not be made. */
  NO_INSTANCE(true),

  /** Its own word: a status below zero. It ran to its end, and may be right to refuse. */
  STATUS(false),
  /** It waited in host functions for longer than its own limit, or until the chain's time ended. */
  WAIT_LIMIT(false),
  /** The chain or the caller left it less than its own limit, and that ran out. */
  CUT_SHORT(false),
  /** The chain's time was up before its turn. */
  CHAIN_DEADLINE(false),
  /** The caller's thread was interrupted. */
  INTERRUPTED(false),
  /** A host function failed, which is not the fault of the plugin that called it. */
  HOST_FAILURE(false),
  /** It failed after the store had failed to read or write what it needed. */
  STORE_UNAVAILABLE(false),
  /** It failed after a function of the application that it called had failed or was late. */
  APPLICATION_UNAVAILABLE(false),
  /** It failed after a server that it called gave no usable answer in time. */
  UPSTREAM_UNAVAILABLE(false),
  /** What it was to be given is beyond the ABI's cap. */
  PAYLOAD_TOO_LARGE(false),
  /** All its instances are in use, and no place or no time is left to wait for one. */
  SATURATED(false),
  /** It is being taken out of service. */
  UNAVAILABLE(false),
  /** Its circuit breaker is open. */
  BREAKER_OPEN(false),
  /** A handler of the application said that it failed. */
  FAILED(false),
  /** A handler of the application threw, or the host has a bug. */
  EXCEPTION(false);

  private final boolean faultOfPlugin;

  HookOutcome(boolean faultOfPlugin) {
    this.faultOfPlugin = faultOfPlugin;
  }

  /** Whether it counts towards the plugin's circuit breaker. */
  public boolean isFaultOfPlugin() {
    return faultOfPlugin;
  }
}
