package io.gonext.host.internal.abi;

import static io.gonext.engine.ValueType.F64;
import static io.gonext.engine.ValueType.I32;
import static io.gonext.host.internal.abi.HostImport.type;

import io.gonext.engine.GuestPanicException;
import io.gonext.engine.HostCall;
import io.gonext.engine.HostFunction;
import io.gonext.engine.PlainText;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.event.Level;

/**
 * What AssemblyScript's compiler imports from {@code env} for its own standard library, where
 * JavaScript would answer: the log, clocks and random numbers. None takes a capability, as their
 * like in WASI do not.
 *
 * <p>Names and signatures are those of asc 0.28 ({@code std/assembly/bindings/dom.ts}, {@code
 * node.ts} and {@code builtins.ts}). What it has beyond these ({@code console.time}, {@code
 * document}, {@code crypto}) is left out: a timer's state would outlive the call, and the others
 * need objects of JavaScript.
 */
final class AssemblyScriptImports {
  private static final String ENV = "env";

  /** Of the name of a source file, in characters. */
  private static final int MAX_FILE_LENGTH = 256;

  /** How many numbers {@code trace} has room for. */
  private static final int TRACED = 5;

  private static final double NANOS_PER_MILLI = 1e6;

  private AssemblyScriptImports() {}

  static List<HostImport> all() {
    List<HostImport> imports = new ArrayList<>();
    imports.add(
        HostImport.free(
                ENV, "abort", type(I32, I32, I32, I32), plugin -> AssemblyScriptImports::abort)
            .inAnAllocator());
    imports.add(console("debug", Level.DEBUG));
    imports.add(console("log", Level.INFO));
    imports.add(console("info", Level.INFO));
    imports.add(console("warn", Level.WARN));
    imports.add(console("error", Level.ERROR));
    imports.add(
        HostImport.free(ENV, "console.assert", type(I32, I32), plugin -> asserting(plugin.log())));
    imports.add(
        HostImport.free(
            ENV,
            "trace",
            type(I32, I32, F64, F64, F64, F64, F64),
            plugin -> tracing(plugin.log())));
    imports.add(
        HostImport.free(
            ENV,
            "Date.now",
            type().returning(F64),
            plugin -> (call, args) -> bits((double) plugin.clock().millis())));
    imports.add(
        HostImport.free(
            ENV,
            "performance.now",
            type().returning(F64),
            plugin -> (call, args) -> bits(call.monotonicNanos() / NANOS_PER_MILLI)));
    // The seed of Math.random: its bits, not its value, are what the generator begins with.
    imports.add(
        HostImport.free(
            ENV,
            "seed",
            type().returning(F64),
            plugin -> (call, args) -> bits(call.random().nextDouble())));
    imports.add(
        HostImport.free(
                ENV,
                "process.exit",
                type(I32),
                plugin ->
                    (call, args) -> {
                      throw call.exit((int) args[0]);
                    })
            .inAnAllocator());
    return imports;
  }

  private static long bits(double value) {
    return Double.doubleToRawLongBits(value);
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

  private static HostImport console(String name, Level level) {
    return HostImport.free(
        ENV,
        "console." + name,
        type(I32),
        plugin ->
            (call, args) -> {
              plugin.log().write(level, GuestText.utf16(call.memory(), args[0]));
              return 0;
            });
  }

  /** {@code console.assert(condition, message)}: says so and goes on, as JavaScript does. */
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
