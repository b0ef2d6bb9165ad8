package io.gonext.engine;

import static io.gonext.engine.ModuleRejectedException.Reason.TOO_LARGE;
import static io.gonext.engine.ModuleRejectedException.Reason.UNSUPPORTED_FEATURE;

import io.gonext.engine.bytecode.ClassLimitException;
import io.gonext.engine.bytecode.CompiledFunctions;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns whatever ended a compile into a refusal of the module. A module that the engine cannot
 * compile is not a failure of the host, whether the compiler or the JVM's verifier failed or the
 * heap was full.
 */
final class CompileFailure {
  private static final Pattern FUNCTION =
      Pattern.compile("\\b" + CompiledFunctions.METHOD_PREFIX + "(\\d+)(_\\d+)*\\b");

  /** How the message of {@code java.lang.classfile} about a method's size begins. */
  private static final String METHOD_TOO_LARGE = "Code length ";

  /** The verifier's message describes a whole method, and starts with the place. */
  private static final int SEARCHED_CHARS = 4_000;

  private static final int SHOWN_CHARS = 200;

  private CompileFailure() {}

  /** The refusal for this failure. */
  static EngineException of(Throwable failure, ModuleOutline outline) {
    return switch (failure) {
      case EngineException known -> known;
      case OutOfMemoryError full ->
          // Without the cause: its stack trace says nothing about the module.
          new ModuleRejectedException(
              TOO_LARGE,
              0,
              "compiling the module took more memory than this process has left ("
                  + line(full)
                  + ")");
      case LinkageError refused ->
          new ModuleRejectedException(
              UNSUPPORTED_FEATURE,
              0,
              "the JVM refuses the compiled code of "
                  + where(String.valueOf(refused.getMessage()), outline)
                  + ": "
                  + line(refused));
      case ClassLimitException tooLarge ->
          new ModuleRejectedException(TOO_LARGE, 0, tooLarge(tooLarge, outline));
      default ->
          new ModuleRejectedException(
              UNSUPPORTED_FEATURE,
              0,
              "the engine cannot compile the module: " + line(failure),
              failure);
    };
  }

  private static String tooLarge(ClassLimitException limit, ModuleOutline outline) {
    String message = String.valueOf(limit.getMessage());
    return message.startsWith(METHOD_TOO_LARGE)
        ? where(message, outline)
            + " uses more locals or operands at once than the compiler can pass between JVM"
            + " methods; divide it into smaller functions"
        : "the module has more exports, globals and types, or a function more constants, than a"
            + " class of the JVM can have";
  }

  /** The refusal for a failure before the module's outline is known. */
  static EngineException of(Throwable failure) {
    return new ModuleRejectedException(
        failure instanceof OutOfMemoryError ? TOO_LARGE : UNSUPPORTED_FEATURE,
        0,
        "the engine cannot compile the module: " + line(failure));
  }

  private static String where(String message, ModuleOutline outline) {
    Matcher function =
        FUNCTION.matcher(message.substring(0, Math.min(message.length(), SEARCHED_CHARS)));
    if (!function.find()) {
      return "the module";
    }
    int index = Integer.parseInt(function.group(1));
    return "function " + index + " (" + FunctionNames.of(outline).of(index) + ")";
  }

  private static String line(Throwable failure) {
    String message = failure.getMessage();
    if (message == null) {
      return failure.getClass().getSimpleName();
    }
    String line = message.lines().findFirst().orElse("");
    return PlainText.of(line.substring(0, Math.min(line.length(), SHOWN_CHARS)));
  }
}
