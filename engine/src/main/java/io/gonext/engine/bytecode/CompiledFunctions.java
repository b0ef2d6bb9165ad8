package io.gonext.engine.bytecode;

/**
 * How the engine's compiler names the classes and methods that it makes of a module's functions.
 */
public final class CompiledFunctions {
  /** The compiled function of index 12 is the method {@code func_12}. */
  public static final String METHOD_PREFIX = "func_";

  /** HotSpot's {@code HugeMethodLimit}: it compiles no method with more bytes of bytecode. */
  public static final int HUGE_METHOD_BYTES = 8_000;

  private CompiledFunctions() {}

  /** Whether the class in this JAR entry contains compiled functions. */
  public static boolean isIn(String entryName) {
    return entryName.contains("FuncGroup");
  }

  /** The index of the function that this method was compiled from, or -1. */
  public static int indexOf(String method) {
    return method.startsWith(METHOD_PREFIX)
        ? Integer.parseInt(method.substring(METHOD_PREFIX.length()))
        : -1;
  }
}
