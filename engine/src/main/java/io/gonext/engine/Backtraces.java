package io.gonext.engine;

import io.gonext.engine.bytecode.CompiledFunctions;
import io.gonext.engine.bytecode.OffsetRecorder;
import io.gonext.engine.dwarf.SourceLines;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import run.endive.wasm.WasmEngineException;
import run.endive.wasm.WasmModule;

/**
 * Turns stack traces of the JVM into backtraces of the guest, for one module.
 *
 * <p>Safe for any number of threads.
 */
final class Backtraces {
  /** A longer path is cut. */
  private static final int MOST_PATH_CHARS = 512;

  private final ModuleOutline outline;
  private final WasmModule module;
  private final FunctionNames names;
  private final SourceLines lines;

  Backtraces(ModuleOutline outline, WasmModule module, FunctionNames names, SourceLines lines) {
    this.outline = outline;
    this.module = module;
    this.names = names;
    this.lines = lines;
  }

  /** The guest functions that were running, innermost first. */
  List<GuestFrame> of(Throwable thrown) {
    var frames = new ArrayList<GuestFrame>();
    SourceLines.Lookup lookup = lines.lookup();
    Throwable innermost = thrown;
    while (innermost instanceof WasmEngineException && innermost.getCause() != null) {
      innermost = innermost.getCause();
    }
    @Nullable StackTraceElement called = null;
    for (StackTraceElement element : innermost.getStackTrace()) {
      if (frames.size() == TrapTranslator.MAX_FRAMES) {
        break;
      }
      if (isFunction(element)) {
        int index = CompiledFunctions.indexOf(element.getMethodName());
        frames.add(frame(index, address(index, element.getLineNumber(), called), lookup));
      }
      called = element;
    }
    return frames;
  }

  /** Compiled guest functions are methods called {@code func_<index>}. */
  private static boolean isFunction(StackTraceElement element) {
    return element.getClassName().startsWith(ModuleCompiler.CLASS_NAME)
        && CompiledFunctions.indexOf(element.getMethodName()) >= 0;
  }

  /**
   * The offset at which a function was, in the bytes that Endive parsed, or -1.
   *
   * @param line the line that {@link OffsetRecorder} wrote
   * @param called the method that the function had called, or null. The JVM gives a call without a
   *     line the line of the previous call, so the line is only valid for methods that the recorder
   *     gives one
   */
  private int address(int function, int line, @Nullable StackTraceElement called) {
    int body = function - outline.imports().size();
    if (body < 0 || line <= 0 || line == OffsetRecorder.UNKNOWN_LINE || !isSite(called)) {
      return -1;
    }
    int first = module.codeSection().getFunctionBody(body).instructions().getFirst().address();
    return first + line - 1;
  }

  private static boolean isSite(@Nullable StackTraceElement called) {
    return called == null
        || isAccess(called.getClassName(), called.getMethodName())
        || OffsetRecorder.isRecorded(called.getMethodName());
  }

  /** Whether compiled code calls this method for a load or a store. */
  private static boolean isAccess(String className, String method) {
    return className.startsWith(VarHandle.class.getName())
        || className.equals(GuestAccess.class.getName())
        || (className.equals(Objects.class.getName()) && method.equals("checkIndex"));
  }

  private GuestFrame frame(int function, int address, SourceLines.Lookup lookup) {
    String name = names.of(function);
    if (address < 0) {
      return new GuestFrame(function, name, GuestFrame.UNKNOWN_OFFSET, null);
    }
    DebugSections debug = outline.debug();
    int offset = address + debug.strippedBytes();
    SourceLines.Line line = lookup.at(offset - debug.codeStart());
    return new GuestFrame(function, name, offset, line == null ? null : location(line));
  }

  static SourceLocation location(SourceLines.Line line) {
    return new SourceLocation(PlainText.of(line.path(), MOST_PATH_CHARS), line.number());
  }
}
