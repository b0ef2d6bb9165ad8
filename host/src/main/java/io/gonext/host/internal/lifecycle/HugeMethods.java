package io.gonext.host.internal.lifecycle;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;

/**
 * Says when functions of a plugin are too large for the JIT. HotSpot compiles no method of more
 * than 8,000 bytes of bytecode unless it is told to; interpreted, a function of 10 KB was measured
 * to take 6 times as long.
 */
final class HugeMethods {
  private static final String FLAG = "DontCompileHugeMethods";

  private HugeMethods() {}

  /** Whether this JVM leaves huge methods to the interpreter. */
  static boolean areInterpreted() {
    HotSpotDiagnosticMXBean jvm =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    return jvm != null && Boolean.parseBoolean(jvm.getVMOption(FLAG).getValue());
  }

  /** A sentence for the operator where there is something to say. */
  static Optional<String> warning(List<String> oversizedFunctions, boolean interpreted) {
    return oversizedFunctions.isEmpty() || !interpreted
        ? Optional.empty()
        : Optional.of(
            "too large for the JIT, and several times slower for it: "
                + String.join(", ", oversizedFunctions)
                + "; start the JVM with -XX:-"
                + FLAG);
  }
}
