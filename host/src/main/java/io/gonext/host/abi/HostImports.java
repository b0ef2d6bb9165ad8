package io.gonext.host.abi;

import static io.gonext.engine.ValueType.F64;
import static io.gonext.engine.ValueType.I32;
import static io.gonext.engine.ValueType.I64;

import io.gonext.engine.FunctionImport;
import io.gonext.engine.FunctionType;
import io.gonext.engine.GuestMemory;
import io.gonext.engine.GuestPanicException;
import io.gonext.engine.HostCall;
import io.gonext.engine.HostFunction;
import io.gonext.engine.ModuleInterface;
import io.gonext.engine.ValueType;
import io.gonext.host.manifest.Manifest;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * The functions a guest may import, besides WASI: the table of ABI v1. A function that a module
 * imports without its manifest asking for the capability answers "denied"; one that this host does
 * not offer answers "internal". Both load, with a warning at install.
 */
public final class HostImports {
  private static final String WASI = "wasi_snapshot_preview1";

  /** A message longer than this is cut, in bytes. */
  private static final int MAX_TEXT_BYTES = 64 * 1024;

  /** How a module's functions say "denied" and "internal". */
  private enum Statuses {
    DATA(-1, -2),
    NET(-2, -7);

    final int denied;
    final int internal;

    Statuses(int denied, int internal) {
      this.denied = denied;
      this.internal = internal;
    }
  }

  /** What one function of the table does for one plugin. */
  @FunctionalInterface
  private interface Binding {
    HostFunction.Body bind(PluginLog log, InstantSource clock);
  }

  /**
   * A row of the table.
   *
   * @param capability that calling it takes, or null
   * @param offered what it does, or null where this host does not offer it
   */
  private record Row(
      String module,
      String name,
      FunctionType type,
      @Nullable String capability,
      Statuses statuses,
      @Nullable Binding offered) {}

  /** Functions that never return: a panic inside the allocator is to be told as one. */
  private static final Set<String> ENDING = Set.of("gn_panic", "abort");

  private static final Map<String, Row> TABLE = table();

  private HostImports() {}

  /**
   * A module's imports against the table: why it cannot load, and what will not work if it does.
   */
  public record Check(List<String> problems, List<String> warnings) {}

  /** Checks what a module imports against the table and its manifest. */
  public static Check check(ModuleInterface module, Manifest manifest) {
    List<String> problems = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    for (FunctionImport wanted : module.imports()) {
      String key = key(wanted.module(), wanted.name());
      Row row = TABLE.get(key);
      if (row == null) {
        // The engine itself checks what a module imports from WASI.
        if (!wanted.module().equals(WASI)) {
          problems.add("it imports " + key + " " + wanted.type() + ", which no host offers");
        }
      } else if (!row.type.equals(wanted.type())) {
        problems.add("it imports " + key + " as " + wanted.type() + ", the ABI says " + row.type);
      } else if (row.capability != null && !manifest.requests(row.capability)) {
        warnings.add(
            key + " will answer \"denied\": the manifest does not request " + row.capability);
      } else if (row.offered == null) {
        warnings.add(key + " will answer \"internal\": this host does not offer it");
      }
    }
    return new Check(problems, warnings);
  }

  /** The capabilities of a manifest that no function of the table stands for, a sentence each. */
  public static List<String> capabilityProblems(Manifest manifest) {
    SortedSet<String> known = new TreeSet<>();
    for (Row row : TABLE.values()) {
      if (row.capability != null) {
        known.add(row.capability);
      }
    }
    return manifest.capabilities().stream()
        .filter(capability -> !known.contains(capability))
        .map(capability -> "there is no capability " + capability + "; there are " + known)
        .toList();
  }

  /** The functions for one plugin, all of the table. */
  public static List<HostFunction> functions(
      Manifest manifest, PluginLog log, InstantSource clock) {
    List<HostFunction> functions = new ArrayList<>();
    for (Row row : TABLE.values()) {
      HostFunction.Body body;
      if (row.capability != null && !manifest.requests(row.capability)) {
        body = answering(row.statuses.denied, row.type);
      } else if (row.offered == null) {
        body = answering(row.statuses.internal, row.type);
      } else {
        body = row.offered.bind(log, clock);
      }
      HostFunction function = HostFunction.of(row.module, row.name, row.type, body);
      functions.add(ENDING.contains(row.name) ? function.inAllocator() : function);
    }
    return functions;
  }

  private static HostFunction.Body answering(int status, FunctionType type) {
    // An i64 packs (pointer, length): a null pointer and the status as a negative length.
    long answer = type.results().equals(List.of(I64)) ? Integer.toUnsignedLong(status) : status;
    return (call, args) -> answer;
  }

  private static Map<String, Row> table() {
    Map<String, Row> rows = new LinkedHashMap<>();
    FunctionType one = type(I32, I32).to(I32);
    FunctionType two = type(I32, I32, I32, I32).to(I32);
    FunctionType onePacked = type(I32, I32).to(I64);
    FunctionType twoPacked = type(I32, I32, I32, I32).to(I64);

    offer(rows, "gn_log", type(I32, I32, I32).toNothing(), (log, clock) -> logging(log));
    offer(rows, "gn_panic", type(I32, I32).toNothing(), (log, clock) -> HostImports::panic);
    offer(rows, "gn_time_ms", type().to(I64), (log, clock) -> (call, args) -> clock.millis());
    offer(
        rows,
        "abort",
        type(I32, I32, I32, I32).toNothing(),
        (log, clock) -> HostImports::assemblyScriptAbort);

    missing(rows, "env", "gn_i18n_translate", twoPacked, null, Statuses.DATA);
    missing(
        rows,
        "env",
        "gn_metric_observe",
        type(I32, I32, F64, I32, I32).to(I32),
        "metrics.observe",
        Statuses.DATA);
    missing(rows, "env", "gn_event_emit", two, "events.emit", Statuses.DATA);
    missing(rows, "env", "gn_span_event", two, "events.emit", Statuses.DATA);
    for (String module : List.of("env", "env_platform")) {
      missing(rows, module, "gn_secrets_get", onePacked, "secrets.keys", Statuses.DATA);
      missing(rows, module, "gn_audit_emit", one, "audit.emit", Statuses.DATA);
      missing(rows, module, "gn_cron_register", one, "cron.register", Statuses.DATA);
    }
    missing(rows, "env_net", "gn_http_fetch", onePacked, "http.fetch", Statuses.NET);
    String data = "gonext_data";
    missing(rows, data, "gn_db_read", twoPacked, "db.read", Statuses.DATA);
    missing(rows, data, "gn_db_write", twoPacked, "db.write", Statuses.DATA);
    missing(rows, data, "gn_kv_get", onePacked, "kv.read", Statuses.DATA);
    missing(rows, data, "gn_kv_set", twoPacked, "kv.write", Statuses.DATA);
    missing(rows, data, "gn_kv_del", onePacked, "kv.write", Statuses.DATA);
    missing(rows, data, "gn_kv_incr", type(I32, I32, I64).to(I64), "kv.write", Statuses.DATA);
    missing(rows, data, "gn_cache_invalidate", onePacked, "cache.invalidate", Statuses.DATA);
    return rows;
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
      log.write(level, text(call.memory(), args[1], args[2]));
      return 0;
    };
  }

  private static long panic(HostCall call, long[] args) {
    throw new GuestPanicException(text(call.memory(), args[0], args[1]));
  }

  /**
   * AssemblyScript's {@code abort(message, file, line, column)}: a string is UTF-16 with its length
   * in bytes in the i32 before it; a null pointer is no string.
   */
  private static long assemblyScriptAbort(HostCall call, long[] args) {
    String message = utf16(call.memory(), args[0]);
    String file = utf16(call.memory(), args[1]);
    throw new GuestPanicException(
        message + " (" + file + ":" + (args[2] & U32) + ":" + (args[3] & U32) + ")");
  }

  private static final long U32 = 0xffff_ffffL;

  private static String text(GuestMemory memory, long pointer, long length) {
    return new String(
        memory.read(pointer & U32, Math.min(length & U32, MAX_TEXT_BYTES)), StandardCharsets.UTF_8);
  }

  private static String utf16(GuestMemory memory, long pointer) {
    if ((pointer & U32) < 4) {
      return "";
    }
    long length = memory.readInt((pointer & U32) - 4) & U32;
    return new String(
        memory.read(pointer & U32, Math.min(length, MAX_TEXT_BYTES)), StandardCharsets.UTF_16LE);
  }

  private static void offer(
      Map<String, Row> rows, String name, FunctionType type, Binding binding) {
    rows.put(key("env", name), new Row("env", name, type, null, Statuses.DATA, binding));
  }

  private static void missing(
      Map<String, Row> rows,
      String module,
      String name,
      FunctionType type,
      @Nullable String capability,
      Statuses statuses) {
    rows.put(key(module, name), new Row(module, name, type, capability, statuses, null));
  }

  private static String key(String module, String name) {
    return module + "." + name;
  }

  private static Parameters type(ValueType... parameters) {
    return new Parameters(List.of(parameters));
  }

  private record Parameters(List<ValueType> types) {
    FunctionType to(ValueType result) {
      return new FunctionType(types, List.of(result));
    }

    FunctionType toNothing() {
      return new FunctionType(types, List.of());
    }
  }
}
