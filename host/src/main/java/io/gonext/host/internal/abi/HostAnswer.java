package io.gonext.host.internal.abi;

/** The answer of a host function whose result is a body or a status. */
public sealed interface HostAnswer {
  /** The function did its work, and has nothing to return. */
  enum Done implements HostAnswer {
    DONE
  }

  /** Bytes for the guest. Only a function that returns an i64 can answer so. */
  record Body(byte[] bytes) implements HostAnswer {}

  /** As {@link Body}, for bytes that are cleared once the guest has them. */
  record Confidential(byte[] bytes) implements HostAnswer {}

  /** The function did not do what the guest asked for. */
  enum Refused implements HostAnswer {
    /** The plugin does not have the function's capability. */
    DENIED,
    /** The host failed, or does not offer the function. */
    INTERNAL,
    BAD_ARGUMENTS,
    NOT_FOUND,
    /** A quota or a rate is exceeded. */
    QUOTA
  }

  /**
   * Something that the function needs failed or was late, such as the store. The guest sees the
   * status of {@link Refused#INTERNAL}. If its call fails after that, the plugin is not to blame.
   *
   * @param reason what was not available, as the first part of a sentence
   */
  record Unavailable(String reason) implements HostAnswer {}
}
