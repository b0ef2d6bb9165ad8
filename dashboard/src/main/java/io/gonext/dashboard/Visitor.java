package io.gonext.dashboard;

/**
 * Who looks at the dashboard.
 *
 * @param name the actor in the audit log, at most 64 characters
 * @param mayChange whether the visitor may change the host; others only look
 */
public record Visitor(String name, boolean mayChange) {
  private static final int MAX_NAME_LENGTH = 64;

  /** Checks the name. */
  public Visitor {
    if (name.isEmpty() || name.length() > MAX_NAME_LENGTH) {
      throw new IllegalArgumentException(
          "a visitor's name has 1 to " + MAX_NAME_LENGTH + " characters");
    }
  }

  /** A visitor who may change everything. */
  public static Visitor operator(String name) {
    return new Visitor(name, true);
  }

  /** A visitor who only looks. */
  public static Visitor reader(String name) {
    return new Visitor(name, false);
  }
}
