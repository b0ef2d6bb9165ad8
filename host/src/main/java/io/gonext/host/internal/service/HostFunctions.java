package io.gonext.host.internal.service;

import io.gonext.engine.HostCall;
import io.gonext.engine.HostFunction;
import io.gonext.host.internal.abi.AbiTable;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.abi.ImportRow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Binds services to the rows of the ABI's table. Each function tests its capability at each call.
 */
public final class HostFunctions {
  private HostFunctions() {}

  /** A service's body of one function. */
  private record Bound(Body body, boolean waits) {}

  /**
   * All functions of the table, for one version of a plugin.
   *
   * @throws IllegalStateException when the services do not offer exactly what the table says
   */
  public static List<HostFunction> of(
      AbiTable table, List<HostService> services, PluginScope scope) {
    Map<ImportKey, Bound> bound = new HashMap<>();
    for (HostService service : services) {
      service
          .bind(scope)
          .forEach((key, body) -> {
            if (bound.put(key, new Bound(body, service.waits())) != null) {
              throw new IllegalStateException("two services offer " + key);
            }
          });
    }
    List<HostFunction> functions = new ArrayList<>();
    for (ImportRow row : table.rows()) {
      functions.add(function(row, bound.remove(row.key()), scope));
    }
    if (!bound.isEmpty()) {
      throw new IllegalStateException("the table has no row for " + bound.keySet());
    }
    return functions;
  }

  private static HostFunction function(ImportRow row, @Nullable Bound bound, PluginScope scope) {
    if (bound == null) {
      throw new IllegalStateException("no service offers " + row.key());
    }
    HostFunction.Body body = body(new AnswerEncoder(row), bound, scope.waiting());
    String capability = row.capability();
    HostFunction function =
        HostFunction.of(
            row.key().module(),
            row.key().name(),
            row.type(),
            capability == null ? body : guarded(row, capability, body, scope));
    return row.allowedInAllocator() ? function.inAllocator() : function;
  }

  private static HostFunction.Body body(AnswerEncoder encoder, Bound bound, AtomicInteger waiting) {
    return switch (bound.body) {
      case Body.Plain plain -> plain.function();
      case Body.Answering(Body.Work work) ->
          bound.waits
              ? (call, args) -> encoded(encoder, call, waiting(work, waiting, call, args))
              : (call, args) -> encoded(encoder, call, answer(work, call, args));
    };
  }

  private static long encoded(AnswerEncoder encoder, HostCall call, HostAnswer answer) {
    LastError.keep(call, answer);
    return encoder.encode(call, answer);
  }

  /** The encoding comes after the wait, because it may call the guest. */
  private static HostAnswer waiting(
      Body.Work work, AtomicInteger waiting, HostCall call, long[] args) {
    waiting.incrementAndGet();
    call.beginWait();
    try {
      return answer(work, call, args);
    } finally {
      call.endWait();
      waiting.decrementAndGet();
    }
  }

  private static HostAnswer answer(Body.Work work, HostCall call, long[] args) {
    try {
      return work.answer(new GuestArguments(call, args));
    } catch (BadArgumentsException e) {
      return Refused.BAD_ARGUMENTS;
    }
  }

  private static HostFunction.Body guarded(
      ImportRow row, String capability, HostFunction.Body body, PluginScope scope) {
    CapabilityGate gate = CapabilityGate.of(scope, capability, row.key().toString());
    long denied = new AnswerEncoder(row).encode(Refused.DENIED);
    return (call, args) -> {
      if (gate.admits()) {
        return body.apply(call, args);
      }
      LastError.keep(
          call,
          new HostAnswer.Explained(
              Refused.DENIED, "the plugin does not have the capability " + capability));
      return denied;
    };
  }
}
