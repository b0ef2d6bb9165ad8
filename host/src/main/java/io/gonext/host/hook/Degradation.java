package io.gonext.host.hook;

/** A handler that failed while others went on: whose it was, a code of a bounded set, and why. */
public record Degradation(String plugin, String code, String reason) {}
