package io.gonext.engine;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A call into a guest ended before it returned. The instance is not usable afterwards. */
public final class GuestTrap extends EngineException {
  private static final long serialVersionUID = 1L;

  /** The most frames in the message: names and paths are long, and a panic has many frames. */
  private static final int MESSAGE_FRAMES = 8;

  private final transient TrapCause trapCause;
  private final transient List<GuestFrame> backtrace;

  GuestTrap(TrapCause trapCause, List<GuestFrame> backtrace, @Nullable Throwable cause) {
    super(message(trapCause, backtrace), cause);
    this.trapCause = trapCause;
    this.backtrace = List.copyOf(backtrace);
  }

  private static String message(TrapCause cause, List<GuestFrame> backtrace) {
    if (backtrace.isEmpty()) {
      return cause.describe();
    }
    int more = backtrace.size() - MESSAGE_FRAMES;
    return backtrace.stream()
        .limit(MESSAGE_FRAMES)
        .map(GuestFrame::toString)
        .collect(
            Collectors.joining(
                " < ", cause.describe() + " (in ", more > 0 ? " < and " + more + " more)" : ")"));
  }

  /** Why the call ended. */
  public TrapCause trapCause() {
    return trapCause;
  }

  /**
   * The guest functions that were running, innermost first, at most {@value
   * TrapTranslator#MAX_FRAMES}.
   */
  public List<GuestFrame> backtrace() {
    return backtrace;
  }
}
