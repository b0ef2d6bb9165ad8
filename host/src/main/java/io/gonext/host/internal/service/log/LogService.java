package io.gonext.host.internal.service.log;

import io.gonext.engine.HostFunction;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.log.PluginLog;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.GuestText;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import java.util.Map;
import org.slf4j.event.Level;

/** Lines for the plugin's log: {@code gn_log}, and what AssemblyScript has for that. */
public final class LogService implements HostService {
  /** How many numbers {@code trace} has room for. */
  private static final int TRACED = 5;

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    PluginLog log = scope.log();
    return Map.of(
        env("gn_log"), Body.plain(lines(log)),
        env("console.debug"), Body.plain(console(log, Level.DEBUG)),
        env("console.log"), Body.plain(console(log, Level.INFO)),
        env("console.info"), Body.plain(console(log, Level.INFO)),
        env("console.warn"), Body.plain(console(log, Level.WARN)),
        env("console.error"), Body.plain(console(log, Level.ERROR)),
        env("console.assert"), Body.plain(asserting(log)),
        env("trace"), Body.plain(tracing(log)));
  }

  private static ImportKey env(String name) {
    return new ImportKey("env", name);
  }

  /** {@code gn_log(level, pointer, length)}. */
  private static HostFunction.Body lines(PluginLog log) {
    return (call, args) -> {
      Level level =
          switch ((int) args[0]) {
            case 0 -> Level.DEBUG;
            case 2 -> Level.WARN;
            case 3 -> Level.ERROR;
            default -> Level.INFO;
          };
      log.write(level, GuestText.utf8(call.memory(), args[1], args[2]));
      return 0;
    };
  }

  private static HostFunction.Body console(PluginLog log, Level level) {
    return (call, args) -> {
      log.write(level, GuestText.utf16(call.memory(), args[0]));
      return 0;
    };
  }

  /** {@code console.assert(condition, message)}: logs a failed assertion, and the call goes on. */
  private static HostFunction.Body asserting(PluginLog log) {
    return (call, args) -> {
      if ((int) args[0] == 0) {
        log.write(Level.ERROR, "Assertion failed: " + GuestText.utf16(call.memory(), args[1]));
      }
      return 0;
    };
  }

  /** {@code trace(message, n, a0, ..., a4)}: the message and the first n numbers. */
  private static HostFunction.Body tracing(PluginLog log) {
    return (call, args) -> {
      var line = new StringBuilder(GuestText.utf16(call.memory(), args[0]));
      int numbers = Math.clamp(args[1], 0, TRACED);
      for (int i = 0; i < numbers; i++) {
        line.append(i == 0 ? " " : ", ").append(Double.longBitsToDouble(args[2 + i]));
      }
      log.write(Level.INFO, line.toString());
      return 0;
    };
  }
}
