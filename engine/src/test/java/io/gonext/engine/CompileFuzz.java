package io.gonext.engine;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/** The engine either compiles or refuses every module that admission admits. */
class CompileFuzz {
  static List<byte[]> seeds() {
    return FuzzSeeds.modules();
  }

  @MethodSource("seeds")
  @FuzzTest
  void compile(byte[] wasm) {
    try {
      ModuleCompiler.compile(Admission.admit(wasm, EngineLimits.defaults()), _ -> {}, () -> false);
    } catch (ModuleRejectedException refused) {
      // Refusing the input is correct too.
      return;
    }
  }
}
