package io.gonext.host.internal.abi;

/** What {@code gn_handle_hook} returned. */
public sealed interface HookReply {
  /** Done, without a body: a filter's value is unchanged. */
  record Done() implements HookReply {}

  /** The guest refused or failed, with a negative status of its own choosing. */
  record Failed(int status) implements HookReply {
    /** The status in words, where the ABI gives it a meaning. */
    public String meaning() {
      return switch (status) {
        case -1 -> "error";
        case -2 -> "out of memory";
        case -3 -> "bad payload";
        case -4 -> "unknown hook";
        default -> "status " + status;
      };
    }
  }

  /** A body, copied out of the guest's memory. */
  record Body(byte[] bytes) implements HookReply {}
}
