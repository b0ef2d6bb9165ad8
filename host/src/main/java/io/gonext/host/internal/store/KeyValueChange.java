package io.gonext.host.internal.store;

/** What is to be done with one entry of a plugin. */
public sealed interface KeyValueChange {
  /** The entry's key. */
  String name();

  /**
   * Writes an entry, in the place of the one of that name.
   *
   * @param value not copied: it must not change
   */
  record Set(String name, byte[] value) implements KeyValueChange {}

  /**
   * Writes an entry, unless there is one of that name.
   *
   * @param value not copied: it must not change
   */
  record SetIfAbsent(String name, byte[] value) implements KeyValueChange {}

  /** Deletes an entry. */
  record Delete(String name) implements KeyValueChange {}

  /** Adds to an entry that holds a decimal number; an entry that does not exist holds 0. */
  record Increment(String name, long delta) implements KeyValueChange {}
}
