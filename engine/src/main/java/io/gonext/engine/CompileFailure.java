package io.gonext.engine;

import static io.gonext.engine.ModuleRejectedException.Reason.TOO_LARGE;
import static io.gonext.engine.ModuleRejectedException.Reason.UNSUPPORTED_FEATURE;

import io.gonext.engine.bytecode.CompiledFunctions;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes a refusal of whatever ended a compile: one module that the engine cannot compile is no
 * failure of the host, whether the compiler, the JVM's verifier or the heap gave up.
 */
final class CompileFailure {
  private static final Pattern FUNCTION =
      Pattern.compile("\\b" + CompiledFunctions.METHOD_PREFIX + "(\\d+)\\b");

  /** The verifier describes a whole method; where it was stands in the beginning. */
  private static final int SEARCHED_CHARS = 4_000;

  private static final int SHOWN_CHARS = 200;

  private CompileFailure() {}

  /** The refusal for this failure. */
  static EngineException of(Throwable failure, ModuleOutline outline) {
    return switch (failure) {
      case EngineException known -> known;
      case OutOfMemoryError full ->
          // Without its cause, whose stack trace says nothing of the module.
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
              "the JVM does not take what "
                  + where(refused, outline)
                  + " was compiled to: "
                  + line(refused));
      default ->
          new ModuleRejectedException(
              UNSUPPORTED_FEATURE,
              0,
              "the engine cannot compile the module: " + line(failure),
              failure);
    };
  }

  /** The refusal for a failure of a module of which nothing else is at hand. */
  static EngineException of(Throwable failure) {
    return new ModuleRejectedException(
        failure instanceof OutOfMemoryError ? TOO_LARGE : UNSUPPORTED_FEATURE,
        0,
        "the engine cannot compile the module: " + line(failure));
  }

  private static String where(LinkageError refused, ModuleOutline outline) {
    String message = String.valueOf(refused.getMessage());
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
