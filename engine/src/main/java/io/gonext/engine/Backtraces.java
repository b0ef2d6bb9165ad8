package io.gonext.engine;

import io.gonext.engine.bytecode.CompiledFunctions;
import io.gonext.engine.dwarf.SourceLines;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns stack traces of the JVM into backtraces of the guest, for one module.
 *
 * <p>Safe for any number of threads.
 */
final class Backtraces {
  /** A longer path is cut. */
  private static final int MOST_PATH_CHARS = 512;

  private final int importedFunctions;
  private final int codeStart;
  private final FunctionNames names;
  private final SourceLines lines;

  /** Finds source lines. */
  @FunctionalInterface
  interface Sources {
    /** The line of the instruction at an offset in the module, or null. */
    @Nullable SourceLocation at(int offset);
  }

  /** The position of each function's first instruction in the module's bytes. */
  private final int[] starts;

  Backtraces(ModuleOutline outline, FunctionNames names, SourceLines lines) {
    this.importedFunctions = outline.definition().importedFunctions();
    this.codeStart = outline.debug().codeStart();
    this.names = names;
    this.lines = lines;
    this.starts = outline.definition().firstInstructions();
  }

  /** The guest functions that were running, innermost first. */
  List<GuestFrame> of(Throwable thrown) {
    SourceLines.Lookup lookup = lines.lookup();
    return of(
        thrown.getStackTrace(),
        TrapTranslator.MAX_FRAMES,
        offset -> {
          SourceLines.Line line = lookup.at(offset - codeStart);
          return line == null ? null : location(line);
        });
  }

  /**
   * The guest functions of a stack trace, innermost first.
   *
   * @param most the most frames
   * @param source finds the line of an offset in the module
   */
  List<GuestFrame> of(StackTraceElement[] trace, int most, Sources source) {
    var frames = new ArrayList<GuestFrame>();
    // The function of the part that was seen last, until the method of the whole function follows.
    int open = -1;
    for (StackTraceElement element : trace) {
      if (frames.size() == most) {
        break;
      }
      int index = function(element);
      if (index < 0) {
        continue;
      }
      if (index != open) {
        frames.add(frame(index, position(index, element), source));
      }
      open = CompiledFunctions.isPart(element.getMethodName()) ? index : -1;
    }
    return frames;
  }

  /** The function that this method was compiled from, or -1. */
  private static int function(StackTraceElement element) {
    return element.getClassName().startsWith(ModuleCompiler.CLASS_NAME)
        ? CompiledFunctions.indexOf(element.getMethodName())
        : -1;
  }

  /** The position in the module's bytes at which a function was, or -1. */
  private int position(int function, StackTraceElement element) {
    int body = function - importedFunctions;
    int distance = CompiledFunctions.distance(element.getMethodName(), element.getLineNumber());
    return body < 0 || distance < 0 ? -1 : starts[body] + distance;
  }

  private GuestFrame frame(int function, int offset, Sources source) {
    String name = names.of(function);
    if (offset < 0) {
      return new GuestFrame(function, name, GuestFrame.UNKNOWN_OFFSET, null);
    }
    return new GuestFrame(function, name, offset, source.at(offset));
  }

  static SourceLocation location(SourceLines.Line line) {
    return new SourceLocation(
        PlainText.of(line.path(), MOST_PATH_CHARS), line.number(), line.column());
  }
}
