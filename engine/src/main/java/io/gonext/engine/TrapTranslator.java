package io.gonext.engine;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Turns the exceptions of guest calls into {@link GuestTrap}. The only place that does so.
 *
 * <p>Shared by all instances of a module.
 */
final class TrapTranslator {
  /** The most frames of a trap's backtrace. */
  static final int MAX_FRAMES = 32;

  private final Function<Throwable, List<GuestFrame>> backtrace;

  /**
   * A translator.
   *
   * @param backtrace returns the functions that were running when the exception was thrown
   */
  TrapTranslator(Function<Throwable, List<GuestFrame>> backtrace) {
    this.backtrace = backtrace;
  }

  /**
   * The trap that ended a guest call.
   *
   * @param thrown the exception that ended it
   * @param deadline the time limit that has passed, or null. It takes precedence over the
   *     exception's type, because interrupted code may throw anything
   * @param refused the memory growth that was refused in this run, or null
   * @throws Error when the JVM itself has failed
   */
  GuestTrap translate(
      Throwable thrown, @Nullable TrapCause deadline, TrapCause.@Nullable MemoryLimit refused) {
    if (thrown instanceof GuestTrap trap) {
      return trap;
    }
    if (isIllness(thrown)) {
      throw (Error) thrown;
    }
    if (thrown instanceof HostFailureSignal failure && deadline == null) {
      return new GuestTrap(
          new TrapCause.HostFailure(failure.function()),
          backtrace.apply(thrown),
          failure.getCause());
    }
    TrapCause cause = deadline != null ? deadline : causeOf(thrown, refused);
    return new GuestTrap(cause, backtrace.apply(thrown), thrown);
  }

  /**
   * Errors of the JVM, not of the guest. A full heap is one, because it also affects other threads.
   */
  private static boolean isIllness(Throwable thrown) {
    return thrown instanceof LinkageError
        || (thrown instanceof VirtualMachineError && !(thrown instanceof StackOverflowError));
  }

  private static TrapCause causeOf(Throwable thrown, TrapCause.@Nullable MemoryLimit refused) {
    return switch (thrown) {
      case TrapSignal signal ->
          refused != null && signal.trapCause() instanceof TrapCause.Unreachable
              ? refused
              : signal.trapCause();
      case GuestException exception ->
          refused != null
              ? refused
              : new TrapCause.UncaughtException(
                  "the guest threw an exception that it does not catch (" + text(exception) + ")");
      case StackOverflowError _ -> new TrapCause.StackExhausted();
      case GuestExitSignal exit -> new TrapCause.Exit(exit.code());
      case GuestPanicException panic -> new TrapCause.GuestPanic(text(panic));
      case AbiViolationException violation -> new TrapCause.AbiViolation(text(violation));
      // The JVM's own checks in compiled code. It may omit their messages.
      case IndexOutOfBoundsException e ->
          new TrapCause.OutOfBounds("out of bounds memory access: " + text(e));
      case ArithmeticException _ -> new TrapCause.Division("integer divide by zero");
      default -> new TrapCause.HostFailure("the engine");
    };
  }

  private static String text(Throwable thrown) {
    String message = thrown.getMessage();
    return message == null ? thrown.getClass().getSimpleName() : message;
  }
}
