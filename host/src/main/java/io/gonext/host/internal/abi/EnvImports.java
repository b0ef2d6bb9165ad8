package io.gonext.host.internal.abi;

import static io.gonext.engine.ValueType.F64;
import static io.gonext.engine.ValueType.I32;
import static io.gonext.engine.ValueType.I64;
import static io.gonext.host.internal.abi.HostImport.type;

import io.gonext.engine.FunctionType;
import io.gonext.engine.GuestPanicException;
import io.gonext.engine.HostCall;
import io.gonext.engine.HostFunction;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.event.Level;

/** The module {@code env}, and {@code env_platform}, which offers a part of it under its name. */
final class EnvImports {
  private static final String ENV = "env";

  private EnvImports() {}

  static List<HostImport> all() {
    FunctionType one = type(I32, I32).returning(I32);
    FunctionType two = type(I32, I32, I32, I32).returning(I32);
    List<HostImport> imports = new ArrayList<>();
    imports.add(
        HostImport.free(ENV, "gn_log", type(I32, I32, I32), plugin -> logging(plugin.log())));
    imports.add(
        HostImport.free(ENV, "gn_panic", type(I32, I32), plugin -> EnvImports::panic)
            .inAnAllocator());
    imports.add(
        HostImport.free(
            ENV,
            "gn_time_ms",
            type().returning(I64),
            plugin -> (call, args) -> plugin.clock().millis()));
    // Emscripten's memory.grow says so from inside malloc, for JavaScript's views of the memory.
    imports.add(
        HostImport.free(
                ENV, "emscripten_notify_memory_growth", type(I32), plugin -> (call, args) -> 0)
            .inAnAllocator());
    imports.add(
        HostImport.missing(
            ENV, "gn_i18n_translate", type(I32, I32, I32, I32).returning(I64), null));
    imports.add(
        HostImport.missing(
            ENV,
            "gn_metric_observe",
            type(I32, I32, F64, I32, I32).returning(I32),
            "metrics.observe"));
    imports.add(HostImport.missing(ENV, "gn_event_emit", two, "events.emit"));
    imports.add(HostImport.missing(ENV, "gn_span_event", two, "events.emit"));
    for (String module : List.of(ENV, "env_platform")) {
      imports.add(
          HostImport.missing(
              module, "gn_secrets_get", type(I32, I32).returning(I64), "secrets.keys"));
      imports.add(
          HostImport.guarded(
              module,
              "gn_audit_emit",
              one,
              "audit.emit",
              plugin -> (call, args) -> AuditEmit.emit(plugin, call, args)));
      imports.add(HostImport.missing(module, "gn_cron_register", one, "cron.register"));
    }
    return imports;
  }

  private static HostFunction.Body logging(PluginLog log) {
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

  private static long panic(HostCall call, long[] args) {
    throw new GuestPanicException(GuestText.utf8(call.memory(), args[0], args[1]));
  }
}
