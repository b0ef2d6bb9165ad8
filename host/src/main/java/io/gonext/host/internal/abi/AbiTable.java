package io.gonext.host.internal.abi;

import static io.gonext.engine.ValueType.F64;
import static io.gonext.engine.ValueType.I32;
import static io.gonext.engine.ValueType.I64;
import static io.gonext.host.internal.abi.ImportRow.type;

import io.gonext.engine.FunctionType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The functions that a guest may import besides WASI, one row for each. The documentation, the
 * checks of a plugin and the binding of services all read these rows. Immutable.
 */
public final class AbiTable {
  private static final String ENV = "env";
  private static final String PLATFORM = "env_platform";
  private static final String NET = "env_net";
  private static final String DATA = "gonext_data";

  private static final AbiTable V1 = new AbiTable(version1());

  private final Map<ImportKey, ImportRow> rows;

  private AbiTable(Collection<ImportRow> rows) {
    Map<ImportKey, ImportRow> byKey = new LinkedHashMap<>();
    for (ImportRow row : rows) {
      if (byKey.put(row.key(), row) != null) {
        throw new IllegalArgumentException("two rows for " + row.key());
      }
    }
    this.rows = Collections.unmodifiableMap(byKey);
  }

  /**
   * A table of some rows.
   *
   * @throws IllegalArgumentException when two of them are of one function
   */
  public static AbiTable of(Collection<ImportRow> rows) {
    return new AbiTable(rows);
  }

  /** The table of guest ABI v1. */
  public static AbiTable v1() {
    return V1;
  }

  /**
   * A copy with one row more.
   *
   * @throws IllegalArgumentException when the table has that function
   */
  public AbiTable with(ImportRow row) {
    List<ImportRow> more = new ArrayList<>(rows.values());
    more.add(row);
    return new AbiTable(more);
  }

  /** All rows, in the order of the documentation. */
  public Collection<ImportRow> rows() {
    return rows.values();
  }

  /** The row of a function; null if no host has such a function. */
  public @Nullable ImportRow find(ImportKey key) {
    return rows.get(key);
  }

  private static List<ImportRow> version1() {
    FunctionType blockToStatus = type(I32, I32).returning(I32);
    FunctionType twoBlocksToStatus = type(I32, I32, I32, I32).returning(I32);
    FunctionType blockToBody = type(I32, I32).returning(I64);
    FunctionType twoBlocksToBody = type(I32, I32, I32, I32).returning(I64);
    FunctionType toDouble = type().returning(F64);
    return List.of(
        ImportRow.of(ENV, "gn_log", type(I32, I32, I32)),
        ImportRow.of(ENV, "gn_panic", type(I32, I32)).inAllocator(),
        ImportRow.of(ENV, "gn_time_ms", type().returning(I64)),
        // Emscripten's memory.grow calls it, for JavaScript's views of the memory.
        ImportRow.of(ENV, "emscripten_notify_memory_growth", type(I32)).inAllocator(),
        ImportRow.of(ENV, "gn_config_get", blockToBody),
        // The service checks the capability that the application gave to the function.
        ImportRow.of(ENV, "gn_app_call", twoBlocksToBody),
        ImportRow.of(ENV, "gn_job_enqueue", blockToBody).taking("jobs.enqueue"),
        ImportRow.of(ENV, "gn_last_error", type().returning(I64)),
        ImportRow.of(ENV, "gn_i18n_translate", twoBlocksToBody),
        ImportRow.of(ENV, "gn_metric_observe", type(I32, I32, F64, I32, I32).returning(I32))
            .taking("metrics.observe"),
        ImportRow.of(ENV, "gn_event_emit", twoBlocksToStatus).taking("events.emit"),
        ImportRow.of(ENV, "gn_span_event", twoBlocksToStatus).taking("events.emit"),
        // Guests that were built for either name load.
        ImportRow.of(ENV, "gn_secrets_get", blockToBody).taking("secrets.keys"),
        ImportRow.of(ENV, "gn_audit_emit", blockToStatus).taking("audit.emit"),
        ImportRow.of(ENV, "gn_cron_register", blockToStatus).taking("cron.register"),
        ImportRow.of(PLATFORM, "gn_secrets_get", blockToBody).taking("secrets.keys"),
        ImportRow.of(PLATFORM, "gn_audit_emit", blockToStatus).taking("audit.emit"),
        ImportRow.of(PLATFORM, "gn_cron_register", blockToStatus).taking("cron.register"),
        // The standard library of AssemblyScript. Names and types are those of asc 0.28
        // (std/assembly/bindings/dom.ts, node.ts and builtins.ts). console.time is left out,
        // because its timer would outlive the call; document, crypto and others need objects of
        // JavaScript.
        ImportRow.of(ENV, "abort", type(I32, I32, I32, I32)).inAllocator(),
        ImportRow.of(ENV, "console.debug", type(I32)),
        ImportRow.of(ENV, "console.log", type(I32)),
        ImportRow.of(ENV, "console.info", type(I32)),
        ImportRow.of(ENV, "console.warn", type(I32)),
        ImportRow.of(ENV, "console.error", type(I32)),
        ImportRow.of(ENV, "console.assert", type(I32, I32)),
        ImportRow.of(ENV, "trace", type(I32, I32, F64, F64, F64, F64, F64)),
        ImportRow.of(ENV, "Date.now", toDouble),
        ImportRow.of(ENV, "performance.now", toDouble),
        ImportRow.of(ENV, "seed", toDouble),
        ImportRow.of(ENV, "process.exit", type(I32)).inAllocator(),
        ImportRow.of(NET, "gn_http_fetch", blockToBody).taking("http.fetch").with(StatusFamily.NET),
        ImportRow.of(NET, "gn_users_read", blockToBody).with(StatusFamily.NET),
        ImportRow.of(NET, "gn_media_read", blockToBody).with(StatusFamily.NET),
        ImportRow.of(DATA, "gn_db_read", twoBlocksToBody).taking("db.read"),
        ImportRow.of(DATA, "gn_db_write", twoBlocksToBody).taking("db.write"),
        ImportRow.of(DATA, "gn_db_batch", blockToBody).taking("db.write"),
        ImportRow.of(DATA, "gn_kv_get", blockToBody).taking("kv.read"),
        ImportRow.of(DATA, "gn_kv_set", twoBlocksToBody).taking("kv.write"),
        ImportRow.of(DATA, "gn_kv_set_if_absent", twoBlocksToBody).taking("kv.write"),
        ImportRow.of(DATA, "gn_kv_del", blockToBody).taking("kv.write"),
        ImportRow.of(DATA, "gn_kv_incr", type(I32, I32, I64).returning(I64)).taking("kv.write"),
        ImportRow.of(DATA, "gn_cache_invalidate", blockToBody).taking("cache.invalidate"));
  }
}
