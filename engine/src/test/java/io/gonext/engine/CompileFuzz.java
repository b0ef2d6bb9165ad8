package io.gonext.engine;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/** The engine compiles every module that admission admits, with fuel and without. */
class CompileFuzz {
  static List<byte[]> seeds() {
    return FuzzSeeds.modules();
  }

  @MethodSource("seeds")
  @FuzzTest
  void compile(byte[] wasm) {
    ModuleOutline outline;
    try {
      outline = Admission.admit(wasm, EngineLimits.defaults());
    } catch (ModuleRejectedException refused) {
      // Refusing the input is correct too, but only here.
      return;
    }
    ModuleCompiler.compile(outline, Metering.NONE, _ -> {}, () -> false);
    ModuleCompiler.compile(outline, Metering.FUEL, _ -> {}, () -> false);
  }
}
