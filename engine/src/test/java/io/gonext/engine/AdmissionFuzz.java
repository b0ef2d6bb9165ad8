package io.gonext.engine;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/** Admission admits a module or refuses it, in bounded time and memory, and does nothing else. */
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
            // The other half of the promise.
            return;
          }
        });
  }
}
