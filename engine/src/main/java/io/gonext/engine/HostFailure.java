package io.gonext.engine;

/**
 * Something that a host function needed and did not get.
 *
 * @param code of the host's own, for what failed
 * @param reason what was not available, as the first part of a sentence
 */
public record HostFailure(String code, String reason) {}
