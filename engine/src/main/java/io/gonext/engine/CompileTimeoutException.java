package io.gonext.engine;

import java.time.Duration;

/**
 * A module took more processor time to compile than {@link EngineLimits#compileTimeout()}.
 *
 * <p>The engine cannot stop the compiling thread. It abandons the thread, which ends by itself in a
 * time that the size limits bound.
 */
public final class CompileTimeoutException extends EngineException {
  private static final long serialVersionUID = 1L;

  CompileTimeoutException(Duration limit) {
    super(
        "the module did not compile within "
            + limit.toMillis()
            + " ms of processor time"
            + EngineLimits.raise("compileTimeout"),
        null);
  }
}
