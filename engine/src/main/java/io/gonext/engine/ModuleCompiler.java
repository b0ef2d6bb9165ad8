package io.gonext.engine;

import io.gonext.engine.bytecode.OffsetRecorder;
import java.io.ByteArrayInputStream;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import run.endive.compiler.Cache;
import run.endive.compiler.InterpreterFallback;
import run.endive.compiler.MachineFactoryCompiler;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmEngineException;
import run.endive.wasm.WasmModule;

/** Compiles an admitted module to JVM classes, with Endive's runtime compiler. */
final class ModuleCompiler {
  /** The prefix of the names of all generated classes. Backtraces recognize them by it. */
  static final String CLASS_NAME = "run.endive.$gen.CompiledMachine";

  /**
   * A larger body never fits in a JVM method, which has at most 65,535 bytes, because no
   * instruction becomes shorter.
   */
  private static final int SURELY_TOO_LARGE_BYTES = 60_000;

  /**
   * Compiling finds the other functions that do not fit. Each costs one more compile of the module;
   * Go's toolchain emits a handful.
   */
  static final int MOST_ATTEMPTS = 16;

  /**
   * The interpreter takes about 20 bytes of heap for each local of each call. A recursion reaches
   * some thousand calls, so this many locals take 20 MB to 60 MB.
   */
  static final int MOST_INTERPRETED_LOCALS = 1_000;

  /**
   * The options that the classes depend on, besides the module, the engine's version and the JDK.
   */
  static final String OPTIONS =
      "interpreted from "
          + SURELY_TOO_LARGE_BYTES
          + " bytes, at most "
          + MOST_INTERPRETED_LOCALS
          + " locals, "
          + MOST_ATTEMPTS
          + " attempts";

  private static final String ANOTHER_PROBLEM = " - type mismatch";

  private static final Pattern TOO_LARGE_FUNCTION = Pattern.compile("WASM function index: (\\d+)");

  private ModuleCompiler() {}

  /**
   * Parses, validates and compiles.
   *
   * @param beforeLoading called after the module was validated and before any of its classes is
   *     loaded
   * @param isAbandoned whether no caller waits for the result any more; checked between attempts
   *     and between classes
   * @throws ModuleRejectedException when the module does not validate, or too many of its functions
   *     are too large
   */
  static ModuleClasses compile(
      ModuleOutline outline, Runnable beforeLoading, BooleanSupplier isAbandoned) {
    WasmModule module = parse(outline);
    // Endive's compiler loads the classes that it has compiled, to check that the JVM accepts them.
    beforeLoading.run();
    Set<Integer> interpreted = surelyTooLarge(outline);
    for (int attempt = 0; attempt < MOST_ATTEMPTS && !isAbandoned.getAsBoolean(); attempt++) {
      var classes = new Collected();
      int tooLarge = tryToCompile(module, interpreted, classes);
      if (tooLarge < 0) {
        interpreted.forEach(function -> checkInterpreted(module, outline, function));
        var offsets = new OffsetRecorder(module, outline.imports().size());
        return new ModuleClasses(module, offsets.record(classes.get()), interpreted, isAbandoned);
      }
      interpreted.add(tooLarge);
    }
    throw new ModuleRejectedException(
        ModuleRejectedException.Reason.TOO_LARGE,
        0,
        "more than " + MOST_ATTEMPTS + " functions are too large for a method of the JVM");
  }

  private static WasmModule parse(ModuleOutline outline) {
    try {
      return Parser.parse(outline.stripped());
    } catch (RuntimeException | StackOverflowError | AssertionError e) {
      // Endive's parser and validator throw many kinds of exceptions for an invalid module.
      throw new ModuleRejectedException(
          ModuleRejectedException.Reason.MALFORMED,
          0,
          "the module is not valid: " + first(String.valueOf(e.getMessage())),
          e);
    }
  }

  /**
   * The validator reports a type mismatch for each instruction of a function. The first is enough.
   */
  private static String first(String problems) {
    int end = problems.indexOf(ANOTHER_PROBLEM);
    return end < 0 ? problems : problems.substring(0, end) + ", and more mismatches";
  }

  /** An interpreted function keeps its locals on the heap, not on the thread's stack. */
  private static void checkInterpreted(WasmModule module, ModuleOutline outline, int function) {
    int body = function - outline.imports().size();
    int locals = module.codeSection().getFunctionBody(body).localTypes().size();
    if (locals > MOST_INTERPRETED_LOCALS) {
      throw new ModuleRejectedException(
          ModuleRejectedException.Reason.TOO_LARGE,
          0,
          "function "
              + function
              + " is too large for a method of the JVM and has "
              + locals
              + " locals; the limit for such a function is "
              + MOST_INTERPRETED_LOCALS);
    }
  }

  /**
   * Loads what was compiled before. The module with this SHA-256 was valid then, so it is not
   * validated again.
   *
   * @param isAbandoned as for {@link #compile}
   */
  static ModuleClasses load(
      ModuleOutline outline, CompileCache.Entry entry, BooleanSupplier isAbandoned) {
    WasmModule module =
        Parser.builder()
            .withValidation(false)
            .build()
            .parse(() -> new ByteArrayInputStream(outline.stripped()));
    return new ModuleClasses(module, entry.jar(), entry.interpreted(), isAbandoned);
  }

  private static Set<Integer> surelyTooLarge(ModuleOutline outline) {
    Set<Integer> indices = new HashSet<>();
    for (int i = 0; i < outline.bodyBytes().length; i++) {
      if (outline.bodyBytes()[i] > SURELY_TOO_LARGE_BYTES) {
        indices.add(outline.imports().size() + i);
      }
    }
    return indices;
  }

  /** The index of a function that does not fit in a JVM method, or -1 if all functions fit. */
  private static int tryToCompile(WasmModule module, Set<Integer> interpreted, Cache classes) {
    try {
      MachineFactoryCompiler.builder(module)
          .withClassName(CLASS_NAME)
          .withInterpreterFallback(InterpreterFallback.FAIL)
          .withInterpretedFunctions(interpreted)
          .withCache(classes)
          .compile();
      return -1;
    } catch (RuntimeException | StackOverflowError | AssertionError e) {
      Matcher function = TOO_LARGE_FUNCTION.matcher(String.valueOf(e.getMessage()));
      if (e instanceof WasmEngineException && function.find()) {
        return Integer.parseInt(function.group(1));
      }
      // The module is valid, so this is a limit or a fault of the compiler.
      throw new ModuleRejectedException(
          ModuleRejectedException.Reason.UNSUPPORTED_FEATURE,
          0,
          "the engine cannot compile the module: " + e.getMessage(),
          e);
    }
  }

  /** Receives the classes from Endive's compiler through its cache interface. */
  private static final class Collected implements Cache {
    private byte @Nullable [] jar;

    // The interface uses null for an absent entry.
    @Override
    public byte @Nullable [] get(String key) {
      return null;
    }

    @Override
    public void putIfAbsent(String key, byte[] data) {
      jar = data;
    }

    byte[] get() {
      if (jar == null) {
        throw new IllegalStateException("the compiler produced no classes");
      }
      return jar;
    }
  }
}
