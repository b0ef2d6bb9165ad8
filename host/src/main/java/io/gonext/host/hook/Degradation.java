package io.gonext.host.hook;

/**
 * A handler that failed while others went on: whose it was, the name of a {@link HookOutcome}, and
 * why.
 */
public record Degradation(String plugin, String code, String reason) {}
