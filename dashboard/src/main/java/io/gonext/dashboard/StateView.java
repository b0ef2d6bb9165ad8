package io.gonext.dashboard;

/** The state of a plugin as pages show it: a mark of its own shape, and a word. */
enum StateView {
  SERVES("good", "serves"),
  BREAKER_TRYING("warn", "breaker tries again"),
  BREAKER_OPEN("bad", "breaker open"),
  TROUBLE("bad", "in trouble"),
  ERRORED("bad", "out of service"),
  INACTIVE("off", "off"),
  INSTALLED("off", "not activated");

  /** The width of the bar of instances in use. */
  static final int BAR_WIDTH = 100;

  private final String kind;
  private final String label;

  StateView(String kind, String label) {
    this.kind = kind;
    this.label = label;
  }

  /** The class of the mark: {@code good}, {@code warn}, {@code bad} or {@code off}. */
  String kind() {
    return kind;
  }

  String label() {
    return label;
  }
}
