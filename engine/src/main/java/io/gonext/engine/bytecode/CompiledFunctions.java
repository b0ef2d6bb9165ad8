package io.gonext.engine.bytecode;

/** How the compiler names the classes and methods that it makes of a module's functions. */
public final class CompiledFunctions {
  /**
   * The function of index 12 is the method {@code func_12}; a part of it is {@code func_12_345_6},
   * where 345 is the distance in bytes of its first instruction from the function's, and 6 the
   * part's number.
   */
  public static final String METHOD_PREFIX = "func_";

  /** The prefix of a method that calls a function with tail calls, and then what it calls last. */
  static final String CALL_PREFIX = "call_";

  static final String TAIL_PREFIX = "tail_";
  static final String FOREIGN_PREFIX = "foreign_";
  static final String INDIRECT_PREFIX = "indirect_";

  /** Before the numbers of the parts that another code of the function resumes. */
  static final String RESUMED = "r";

  /** Between the name of the instance's class and the number of a class with functions. */
  public static final String GROUP = "$";

  /** HotSpot's {@code HugeMethodLimit}: it compiles no method with more bytes of bytecode. */
  public static final int HUGE_METHOD_BYTES = 8_000;

  /**
   * The units of fuel that a method with loops takes at once, and about the most that it uses
   * between two polls for interrupts.
   */
  public static final int FUEL_A_POLL = 20_000;

  /**
   * Starts of functions poll for interrupts about every so many instructions; see {@link
   * #MOST_AT_START}.
   */
  public static final int INSTRUCTIONS_OF_STARTS = 64_000;

  /** What one start counts at most, and where the loops of the function poll themselves. */
  static final int MOST_AT_START = INSTRUCTIONS_OF_STARTS / 16;

  /** The line of a place whose distance does not fit in a line number. */
  static final int UNKNOWN_LINE = 0xFFFF;

  private CompiledFunctions() {}

  /** The index of the function that this method was compiled from, or -1. */
  public static int indexOf(String method) {
    if (!method.startsWith(METHOD_PREFIX)) {
      return -1;
    }
    int end = method.indexOf('_', METHOD_PREFIX.length());
    return Integer.parseInt(method, METHOD_PREFIX.length(), end < 0 ? method.length() : end, 10);
  }

  /** Whether the method is only a part of its function, which the rest of the function called. */
  public static boolean isPart(String method) {
    return method.startsWith(METHOD_PREFIX) && method.indexOf('_', METHOD_PREFIX.length()) >= 0;
  }

  /**
   * The distance in bytes between the function's first instruction and the place with this line, or
   * -1 if it is not known.
   */
  public static int distance(String method, int line) {
    if (line <= 0 || line == UNKNOWN_LINE) {
      return -1;
    }
    int base = 0;
    int end = method.indexOf('_', METHOD_PREFIX.length());
    if (end >= 0) {
      base = Integer.parseInt(method, end + 1, method.indexOf('_', end + 1), 10);
    }
    return base + line - 1;
  }

  static int line(int distanceFromMethod) {
    return Math.min(distanceFromMethod + 1, UNKNOWN_LINE);
  }

  /**
   * A place in a function that backtraces understand.
   *
   * @param distance from the function's first instruction, in bytes
   */
  public static StackTraceElement place(String className, int function, int distance) {
    return new StackTraceElement(className, part(function, distance, "0"), null, 1);
  }

  static String part(int function, int distance, String number) {
    return METHOD_PREFIX + function + "_" + distance + "_" + number;
  }
}
