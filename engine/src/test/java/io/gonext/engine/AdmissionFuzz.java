package io.gonext.engine;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/** Admission either admits or refuses a module, in bounded time and memory. */
class AdmissionFuzz {
  static List<byte[]> seeds() {
    return FuzzSeeds.modules();
  }

  @MethodSource("seeds")
  @FuzzTest
  void admit(byte[] wasm) {
    Budget.check(
        Duration.ofMillis(500),
        (1 << 20) + 64L * wasm.length,
        () -> {
          try {
            Admission.admit(wasm, EngineLimits.defaults());
          } catch (ModuleRejectedException refused) {
            // Refusing the input is correct too.
            return;
          }
        });
  }
}
