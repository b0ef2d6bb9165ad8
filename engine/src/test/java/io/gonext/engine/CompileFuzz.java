package io.gonext.engine;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever admission lets through, the engine compiles or refuses; nothing else comes out. */
class CompileFuzz {
  static List<byte[]> seeds() {
    return FuzzSeeds.modules();
  }

  @MethodSource("seeds")
  @FuzzTest
  void compile(byte[] wasm) {
    try {
      ModuleCompiler.compile(Admission.admit(wasm, EngineLimits.defaults()), () -> {}, () -> false);
    } catch (ModuleRejectedException refused) {
      // The other half of the promise.
      return;
    }
  }
}
