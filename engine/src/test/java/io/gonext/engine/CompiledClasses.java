package io.gonext.engine;

import org.jspecify.annotations.Nullable;
import run.endive.compiler.Cache;
import run.endive.compiler.InterpreterFallback;
import run.endive.compiler.MachineFactoryCompiler;
import run.endive.wasm.WasmModule;

/** The unmodified output of Endive's compiler. */
public final class CompiledClasses implements Cache {
  private byte @Nullable [] jar;

  private CompiledClasses() {}

  public static byte[] of(WasmModule module) {
    var collected = new CompiledClasses();
    MachineFactoryCompiler.builder(module)
        .withClassName(ModuleCompiler.CLASS_NAME)
        .withInterpreterFallback(InterpreterFallback.FAIL)
        .withCache(collected)
        .compile();
    if (collected.jar == null) {
      throw new IllegalStateException("the compiler handed out no classes");
    }
    return collected.jar;
  }

  @Override
  public byte @Nullable [] get(String key) {
    return null;
  }

  @Override
  public void putIfAbsent(String key, byte[] data) {
    jar = data;
  }
}
