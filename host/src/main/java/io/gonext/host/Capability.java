package io.gonext.host;

import java.util.regex.Pattern;

/**
 * Something a plugin may be allowed to do.
 *
 * @param id dotted lower-case token, {@code kv.read} for instance; at most 64 characters
 * @param description one line for the operator who is to decide
 * @param resource what it is about
 * @param action what is done with it
 * @param sensitive whether an operator should think twice: it reaches beyond the plugin's own data
 */
public record Capability(
    String id, String description, String resource, String action, boolean sensitive) {
  static final int MAX_ID_LENGTH = 64;

  private static final Pattern ID = Pattern.compile("[a-z][a-z0-9_]*+(\\.[a-z][a-z0-9_]*+)++");

  /** Checks the id. */
  public Capability {
    if (id.length() > MAX_ID_LENGTH || !ID.matcher(id).matches()) {
      throw new IllegalArgumentException(
          "a capability's id is a dotted lower-case token of at most "
              + MAX_ID_LENGTH
              + " characters, not "
              + id);
    }
  }
}
