package io.gonext.host.internal.lifecycle;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;

/**
 * Warns when functions of a plugin are too large for the JIT. By default HotSpot does not compile a
 * method of more than 8,000 bytes of bytecode. A function of 10 KB took 6 times as long when
 * interpreted.
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

  /** A warning for the operator, or empty. */
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
