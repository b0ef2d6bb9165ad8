package io.gonext.host.abi;

import static io.gonext.engine.ValueType.I32;
import static io.gonext.engine.ValueType.I64;
import static io.gonext.host.abi.HostImport.type;

import io.gonext.engine.FunctionType;
import java.util.List;

/** The module {@code gonext_data}. */
final class DataImports {
  private static final String DATA = "gonext_data";

  private DataImports() {}

  static List<HostImport> all() {
    FunctionType one = type(I32, I32).returning(I64);
    FunctionType two = type(I32, I32, I32, I32).returning(I64);
    return List.of(
        HostImport.missing(DATA, "gn_db_read", two, "db.read"),
        HostImport.missing(DATA, "gn_db_write", two, "db.write"),
        HostImport.missing(DATA, "gn_kv_get", one, "kv.read"),
        HostImport.missing(DATA, "gn_kv_set", two, "kv.write"),
        HostImport.missing(DATA, "gn_kv_del", one, "kv.write"),
        HostImport.missing(DATA, "gn_kv_incr", type(I32, I32, I64).returning(I64), "kv.write"),
        HostImport.missing(DATA, "gn_cache_invalidate", one, "cache.invalidate"));
  }
}
