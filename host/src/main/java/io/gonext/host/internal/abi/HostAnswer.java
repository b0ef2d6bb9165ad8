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
    /** A quota is exceeded. */
    QUOTA,
    /** The plugin may do this only so often. */
    RATE_LIMITED,
    /** A request may not go where the guest wants to send it. */
    BLOCKED,
    /** Another server gave no usable answer. */
    UPSTREAM_FAILED,
    /** Something else was first, such as an entry that the guest would create. */
    CONFLICT,
    /** It took too long. What a change has done is not known. */
    TIMED_OUT,
    /** The database did not accept a statement. */
    REJECTED
  }

  /**
   * As a {@link Refused}, with the reason for {@code gn_last_error}.
   *
   * @param message for the plugin's author
   */
  record Explained(Refused refused, String message) implements HostAnswer {}

  /**
   * As a {@link Refused#REJECTED}, with the reason for {@code gn_last_error}.
   *
   * @param sqlState the code of the SQL standard, or of the database
   * @param message for the plugin's author
   */
  record RejectedByDatabase(String sqlState, String message) implements HostAnswer {}

  /**
   * A server that the plugin called gave no usable answer, or none in time. The guest sees {@link
   * Refused#UPSTREAM_FAILED}. If its call fails after that, the plugin is not to blame, unless it
   * spent its time in other ways than waiting.
   *
   * @param message for the plugin's author
   */
  record UpstreamFailed(String message) implements HostAnswer {}

  /**
   * A function of the application failed or was late. The guest sees the status of {@link
   * Refused#INTERNAL}. If its call fails after that, the plugin is not to blame.
   *
   * @param reason as the first part of a sentence
   */
  record ApplicationFailed(String reason) implements HostAnswer {}

  /**
   * The store failed or was late. The guest sees the status of {@link Refused#INTERNAL}. If its
   * call fails after that, the plugin is not to blame.
   *
   * @param reason what was not available, as the first part of a sentence
   */
  record Unavailable(String reason) implements HostAnswer {}
}
