package io.gonext.host.internal.service.runtime;

import io.gonext.engine.GuestPanicException;
import io.gonext.engine.HostCall;
import io.gonext.engine.PlainText;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.GuestText;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.LastError;
import io.gonext.host.internal.service.PluginScope;
import java.time.InstantSource;
import java.util.Map;

/**
 * What the runtime of a guest's language needs: time, random numbers, panic and exit, under the
 * names of this ABI and of AssemblyScript. None takes a capability, as in WASI.
 */
public final class RuntimeService implements HostService {
  /** Of the name of a source file, in characters. */
  private static final int MAX_FILE_LENGTH = 256;

  private static final double NANOS_PER_MILLI = 1e6;

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    InstantSource clock = scope.clock();
    return Map.of(
        env("gn_panic"),
        Body.plain(RuntimeService::panic),
        env("gn_time_ms"),
        Body.plain((call, args) -> clock.millis()),
        env("gn_last_error"),
        Body.answering(LastError::read),
        env("emscripten_notify_memory_growth"),
        Body.plain((call, args) -> 0),
        env("abort"),
        Body.plain(RuntimeService::abort),
        env("process.exit"),
        Body.plain(RuntimeService::exit),
        env("Date.now"),
        Body.plain((call, args) -> bits((double) clock.millis())),
        env("performance.now"),
        Body.plain((call, args) -> bits(call.monotonicNanos() / NANOS_PER_MILLI)),
        // Math.random starts from the bits of this number, not from its value.
        env("seed"),
        Body.plain((call, args) -> bits(call.random().nextDouble())));
  }

  private static ImportKey env(String name) {
    return new ImportKey("env", name);
  }

  private static long bits(double value) {
    return Double.doubleToRawLongBits(value);
  }

  /** {@code gn_panic(pointer, length)}. */
  private static long panic(HostCall call, long[] args) {
    throw new GuestPanicException(GuestText.utf8(call.memory(), args[0], args[1]));
  }

  /** {@code abort(message, file, line, column)}. */
  private static long abort(HostCall call, long[] args) {
    String message = GuestText.utf16(call.memory(), args[0]);
    String file = PlainText.of(GuestText.utf16(call.memory(), args[1]), MAX_FILE_LENGTH);
    throw new GuestPanicException(
        PlainText.of(message)
            + " ("
            + file
            + ":"
            + Integer.toUnsignedLong((int) args[2])
            + ":"
            + Integer.toUnsignedLong((int) args[3])
            + ")");
  }

  /** {@code process.exit(code)}. */
  private static long exit(HostCall call, long[] args) {
    throw call.exit((int) args[0]);
  }
}
