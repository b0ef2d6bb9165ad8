package io.gonext.host.internal.kv;

/** What became of an operation on an entry. */
public sealed interface KeyValueAnswer {
  /** Done, and there is nothing to tell. */
  record Done() implements KeyValueAnswer {}

  /** The value of an entry, or the number after an increment in decimal. */
  record Value(byte[] bytes) implements KeyValueAnswer {}

  /** There is no entry of that name. */
  record NotFound() implements KeyValueAnswer {}

  /** The entry alone is larger than the plugin's quota. */
  record OverQuota() implements KeyValueAnswer {}

  /** The entry is no decimal number of 64 bits, or would be none. */
  record NotANumber() implements KeyValueAnswer {}

  /** The store failed or did not answer in time; a change may or may not have been made. */
  record Unavailable() implements KeyValueAnswer {}
}
