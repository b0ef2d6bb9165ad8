package io.gonext.host.internal.service;

import static io.gonext.engine.ValueType.I64;

import io.gonext.engine.HostCall;
import io.gonext.engine.HostFailure;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportRow;
import java.util.Arrays;

/**
 * Turns a host function's answer into its result. An i64 packs a pointer and a length: a body lies
 * in a block from the guest's own allocator, and a status is a negative length with a null pointer.
 * An i32 is the status itself, or 0.
 */
record AnswerEncoder(ImportRow row, boolean packed) {
  private static final long U32 = 0xffff_ffffL;

  AnswerEncoder(ImportRow row) {
    this(row, row.type().results().contains(I64));
  }

  long encode(HostCall call, HostAnswer answer) {
    return switch (answer) {
      case HostAnswer.Done _ -> 0;
      case HostAnswer.Body(byte[] bytes) -> body(call, bytes);
      case HostAnswer.Confidential(byte[] bytes) -> {
        try {
          call.conceal(bytes);
          yield body(call, bytes);
        } finally {
          Arrays.fill(bytes, (byte) 0);
        }
      }
      case Refused refused -> encode(refused);
      case HostAnswer.Explained(Refused refused, _) -> encode(refused);
      case HostAnswer.RejectedByDatabase _ -> encode(Refused.REJECTED);
      case HostAnswer.Unavailable(String reason) -> {
        call.reportFailure(new HostFailure(HookOutcome.STORE_UNAVAILABLE.name(), reason));
        yield encode(Refused.INTERNAL);
      }
      case HostAnswer.ApplicationFailed(String reason) -> {
        call.reportFailure(new HostFailure(HookOutcome.APPLICATION_UNAVAILABLE.name(), reason));
        yield encode(Refused.INTERNAL);
      }
      case HostAnswer.UpstreamFailed(String message) -> {
        call.reportFailure(new HostFailure(HookOutcome.UPSTREAM_UNAVAILABLE.name(), message));
        yield encode(Refused.UPSTREAM_FAILED);
      }
    };
  }

  long encode(Refused refused) {
    int status = row.statuses().status(refused);
    return packed ? Integer.toUnsignedLong(status) : status;
  }

  /** An empty body needs no block. */
  private long body(HostCall call, byte[] bytes) {
    if (!packed) {
      throw new IllegalStateException(row.key() + " returns " + row.type() + ", not a body");
    }
    if (bytes.length == 0) {
      return 0;
    }
    long pointer = call.callGuest(call.function("gn_alloc"), bytes.length) & U32;
    if (pointer == 0) {
      return encode(Refused.INTERNAL);
    }
    call.memory().write(pointer, bytes);
    return pointer << 32 | bytes.length;
  }
}
