package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/** The engine refuses a module. Has the reason and the place in the module's bytes. */
public final class ModuleRejectedException extends EngineException {
  private static final long serialVersionUID = 1L;

  /** Why a module is refused. */
  public enum Reason {
    /** The bytes are not a valid WebAssembly module. */
    MALFORMED,
    /**
     * The module uses a proposal that the engine refuses. The message names it and the function.
     */
    UNSUPPORTED_FEATURE,
    /** A count or a size is above its limit. The message names the limit. */
    TOO_LARGE,
    /** An import that the engine does not support, or that this instance's host does not offer. */
    FORBIDDEN_IMPORT,
    /** Two exports with one name, or an export of something that does not exist. */
    BAD_EXPORT
  }

  /** The reason, for programs; the message is for people. */
  private final Reason reason;

  /** The reader's offset in the module. */
  private final long byteOffset;

  ModuleRejectedException(Reason reason, long byteOffset, String message) {
    this(reason, byteOffset, message, null);
  }

  ModuleRejectedException(
      Reason reason, long byteOffset, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.byteOffset = byteOffset;
  }

  /** Why the module is refused. */
  public Reason reason() {
    return reason;
  }

  /** The offset in the module at which the problem begins, or 0 if it has no single place. */
  public long byteOffset() {
    return byteOffset;
  }
}
