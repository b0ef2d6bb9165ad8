package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/** A module that this engine will not run, with the reason and the place in its bytes. */
public final class ModuleRejectedException extends EngineException {
  private static final long serialVersionUID = 1L;

  /** Why a module is refused. */
  public enum Reason {
    /** The bytes are no valid WebAssembly module. */
    MALFORMED,
    /** The module uses a proposal that is refused; the message names it and the function. */
    UNSUPPORTED_FEATURE,
    /** A count or a size is above its limit; the message names the limit. */
    TOO_LARGE,
    /** An import that the engine never offers, or that this instance's host does not offer. */
    FORBIDDEN_IMPORT,
    /** Two exports of one name, or an export of something that does not exist. */
    BAD_EXPORT
  }

  /** The reason, for programs; the message is for people. */
  private final Reason reason;

  /** Where in the module's bytes the reader stood. */
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

  /** Where in the module's bytes the offence begins, or 0 when it has no place there. */
  public long byteOffset() {
    return byteOffset;
  }
}
