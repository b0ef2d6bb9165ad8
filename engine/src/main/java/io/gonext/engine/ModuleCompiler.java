package io.gonext.engine;

import java.util.function.Function;
import run.endive.compiler.InterpreterFallback;
import run.endive.compiler.MachineFactoryCompiler;
import run.endive.runtime.Instance;
import run.endive.runtime.Machine;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmEngineException;
import run.endive.wasm.WasmModule;

/** From an admitted module to classes of the JVM, by the engine's runtime compiler. */
final class ModuleCompiler {
  /** The prefix of all generated classes' names, by which a backtrace knows them. */
  static final String CLASS_NAME = "run.endive.$gen.CompiledMachine";

  private ModuleCompiler() {}

  /** A module's classes; the factory is good for this very {@code module} only. */
  record Compiled(WasmModule module, Function<Instance, Machine> machines) {}

  /**
   * Parses, validates and compiles.
   *
   * @throws ModuleRejectedException when the module does not validate
   */
  static Compiled compile(ModuleOutline outline) {
    try {
      WasmModule module = Parser.parse(outline.stripped());
      Function<Instance, Machine> machines =
          MachineFactoryCompiler.builder(module)
              .withClassName(CLASS_NAME)
              .withInterpreterFallback(InterpreterFallback.SILENT)
              .compile();
      return new Compiled(module, machines);
    } catch (WasmEngineException e) {
      var rejected =
          new ModuleRejectedException(
              ModuleRejectedException.Reason.MALFORMED,
              0,
              "the module is not valid: " + e.getMessage());
      rejected.initCause(e);
      throw rejected;
    }
  }
}
