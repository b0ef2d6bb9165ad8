package io.gonext.engine;

import java.time.Duration;

/** Why a call into a guest ended with a {@link GuestTrap}. */
public sealed interface TrapCause {
  /** A stable label for logs and metrics, for example {@code DEADLINE}. */
  String code();

  /** One sentence for people, without the guest's backtrace. */
  String describe();

  /** The guest executed an {@code unreachable} instruction. Most compilers emit it for an abort. */
  record Unreachable() implements TrapCause {
    @Override
    public String code() {
      return "UNREACHABLE";
    }

    @Override
    public String describe() {
      return "the guest executed unreachable";
    }
  }

  /**
   * An access outside of the linear memory or of a table.
   *
   * @param text the access
   */
  record OutOfBounds(String text) implements TrapCause {
    @Override
    public String code() {
      return "OUT_OF_BOUNDS";
    }

    @Override
    public String describe() {
      return text;
    }
  }

  /**
   * Integer arithmetic without a result: division by zero, overflow, conversion of a float that
   * does not fit the integer type.
   *
   * @param text the operation
   */
  record Division(String text) implements TrapCause {
    @Override
    public String code() {
      return "DIVISION";
    }

    @Override
    public String describe() {
      return text;
    }
  }

  /**
   * An indirect call of an empty table element, or of a function with another signature.
   *
   * @param text the problem
   */
  record IndirectCall(String text) implements TrapCause {
    @Override
    public String code() {
      return "INDIRECT_CALL";
    }

    @Override
    public String describe() {
      return text;
    }
  }

  /**
   * The guest threw an exception that no function caught.
   *
   * @param text the exception
   */
  record UncaughtException(String text) implements TrapCause {
    @Override
    public String code() {
      return "UNCAUGHT_EXCEPTION";
    }

    @Override
    public String describe() {
      return text;
    }
  }

  /** The guest, or a host function it called, used up the thread's stack. */
  record StackExhausted() implements TrapCause {
    @Override
    public String code() {
      return "STACK_EXHAUSTED";
    }

    @Override
    public String describe() {
      return "the guest exhausted the call stack";
    }
  }

  /**
   * The run exceeded its time limit while the guest computed.
   *
   * @param limit how long it could compute: the time of its waits is not part of it
   */
  record Deadline(Duration limit) implements TrapCause {
    @Override
    public String code() {
      return "DEADLINE";
    }

    @Override
    public String describe() {
      return "the guest did not return within " + limit.toMillis() + " ms";
    }
  }

  /**
   * The guest waited in host functions until its limit for that passed.
   *
   * @param limit how long it could wait
   */
  record WaitLimit(Duration limit) implements TrapCause {
    @Override
    public String code() {
      return "WAIT_LIMIT";
    }

    @Override
    public String describe() {
      return "the guest waited in host functions for more than " + limit.toMillis() + " ms";
    }
  }

  /**
   * The guest used up the fuel of its call. For one module and one input, it always ends at the
   * same place.
   *
   * @param units the fuel that the call had
   */
  record OutOfFuel(long units) implements TrapCause {
    @Override
    public String code() {
      return "OUT_OF_FUEL";
    }

    @Override
    public String describe() {
      return "out of fuel: the call used its " + units + " units";
    }
  }

  /** Other code interrupted the calling thread while the guest ran. The thread's flag stays set. */
  record Interrupted() implements TrapCause {
    @Override
    public String code() {
      return "INTERRUPTED";
    }

    @Override
    public String describe() {
      return "the calling thread was interrupted";
    }
  }

  /**
   * The guest aborted in a run in which its memory could not grow.
   *
   * @param pages the requested size, in pages of 64 KiB
   * @param limitPages the most pages it may have
   */
  record MemoryLimit(long pages, int limitPages) implements TrapCause {
    @Override
    public String code() {
      return "MEMORY_LIMIT";
    }

    @Override
    public String describe() {
      return "the guest aborted after its memory could not grow to "
          + pages
          + " pages of 64 KiB; the limit is "
          + limitPages;
    }
  }

  /**
   * The guest reported a panic.
   *
   * @param text the guest's message; untrusted
   */
  record GuestPanic(String text) implements TrapCause {
    @Override
    public String code() {
      return "GUEST_PANIC";
    }

    @Override
    public String describe() {
      return "the guest panicked: " + text;
    }
  }

  /**
   * The guest called WASI {@code proc_exit}.
   *
   * @param exitCode its exit code
   */
  record Exit(int exitCode) implements TrapCause {
    @Override
    public String code() {
      return "EXIT";
    }

    @Override
    public String describe() {
      return "the guest exited with code " + exitCode;
    }
  }

  /**
   * The guest broke its contract with the host.
   *
   * @param text the rule and the violation
   */
  record AbiViolation(String text) implements TrapCause {
    @Override
    public String code() {
      return "ABI_VIOLATION";
    }

    @Override
    public String describe() {
      return text;
    }
  }

  /**
   * A host function failed. The exception is the {@link GuestTrap}'s cause; the guest does not see
   * it.
   *
   * @param function the host function, for example {@code env.gn_log}
   */
  record HostFailure(String function) implements TrapCause {
    @Override
    public String code() {
      return "HOST_FAILURE";
    }

    @Override
    public String describe() {
      return "the host failed in " + function;
    }
  }
}
