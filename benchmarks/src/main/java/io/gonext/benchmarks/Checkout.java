package io.gonext.benchmarks;

import java.net.URISyntaxException;
import java.nio.file.Path;

/** Where the sources are that a benchmark builds for itself, and where it may write. */
final class Checkout {
  private Checkout() {}

  /** The root of the checkout that this code was built in. */
  static Path root() {
    try {
      // benchmarks/target/bench.jar or benchmarks/target/classes
      var code = Checkout.class.getProtectionDomain().getCodeSource().getLocation().toURI();
      return Path.of(code).resolve("../../..").normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the location of this code is not a path", e);
    }
  }

  /** A path below benchmarks/target. */
  static Path target(String path) {
    return root().resolve("benchmarks/target").resolve(path);
  }
}
