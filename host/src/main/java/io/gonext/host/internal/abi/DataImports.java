package io.gonext.host.internal.abi;

import static io.gonext.engine.ValueType.I32;
import static io.gonext.engine.ValueType.I64;
import static io.gonext.host.internal.abi.HostImport.type;

import io.gonext.engine.FunctionType;
import io.gonext.engine.GuestMemory;
import io.gonext.engine.HostCall;
import io.gonext.engine.HostFunction;
import io.gonext.host.internal.kv.KeyValueAnswer;
import io.gonext.host.internal.kv.PluginKeyValues;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The module {@code gonext_data}. */
final class DataImports {
  private static final String DATA = "gonext_data";
  private static final String READ = "kv.read";
  private static final String WRITE = "kv.write";

  private static final int MAX_KEY_BYTES = 256;
  private static final int MAX_VALUE_BYTES = 256 * 1024;

  private static final long U32 = 0xffff_ffffL;

  private DataImports() {}

  static List<HostImport> all() {
    FunctionType one = type(I32, I32).returning(I64);
    FunctionType two = type(I32, I32, I32, I32).returning(I64);
    return List.of(
        HostImport.missing(DATA, "gn_db_read", two, "db.read"),
        HostImport.missing(DATA, "gn_db_write", two, "db.write"),
        HostImport.guarded(
            DATA,
            "gn_kv_get",
            one,
            READ,
            plugin -> onKey(plugin, (entries, key, call, args) -> entries.get(key))),
        HostImport.guarded(
            DATA, "gn_kv_set", two, WRITE, plugin -> onKey(plugin, DataImports::set)),
        HostImport.guarded(
            DATA,
            "gn_kv_del",
            one,
            WRITE,
            plugin -> onKey(plugin, (entries, key, call, args) -> entries.delete(key))),
        HostImport.guarded(
            DATA,
            "gn_kv_incr",
            type(I32, I32, I64).returning(I64),
            WRITE,
            plugin -> onKey(plugin, (entries, key, call, args) -> entries.increment(key, args[2]))),
        HostImport.missing(DATA, "gn_cache_invalidate", one, "cache.invalidate"));
  }

  /** What is done with the entry of a key; null for bad arguments. */
  @FunctionalInterface
  private interface Operation {
    @Nullable KeyValueAnswer run(PluginKeyValues entries, String key, HostCall call, long[] args);
  }

  private static HostFunction.Body onKey(PluginAccess plugin, Operation operation) {
    return (call, args) -> {
      String key = key(call.memory(), args[0], args[1]);
      if (key == null) {
        return status(Statuses.DATA.badArguments);
      }
      return switch (operation.run(plugin.keyValues(), key, call, args)) {
        case null -> status(Statuses.DATA.badArguments);
        case KeyValueAnswer.Done() -> 0;
        case KeyValueAnswer.Value(byte[] bytes) -> body(call, bytes);
        case KeyValueAnswer.NotFound() -> status(Statuses.DATA.notFound);
        case KeyValueAnswer.OverQuota() -> status(Statuses.DATA.quota);
        case KeyValueAnswer.NotANumber() -> status(Statuses.DATA.badArguments);
        case KeyValueAnswer.Unavailable() -> status(Statuses.DATA.internal);
      };
    };
  }

  private static @Nullable KeyValueAnswer set(
      PluginKeyValues entries, String key, HostCall call, long[] args) {
    return args[3] > MAX_VALUE_BYTES
        ? null
        : entries.set(key, call.memory().read(args[2], args[3]));
  }

  /** A key is text without NUL, which PostgreSQL's text cannot hold; null where it is none. */
  private static @Nullable String key(GuestMemory memory, long pointer, long length) {
    if (length < 1 || length > MAX_KEY_BYTES) {
      return null;
    }
    try {
      String key =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(memory.read(pointer, length)))
              .toString();
      return key.indexOf(0) < 0 ? key : null;
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  /** A body in a block of the guest's own; an empty one needs none. */
  private static long body(HostCall call, byte[] bytes) {
    if (bytes.length == 0) {
      return 0;
    }
    long pointer = call.callGuest(call.function("gn_alloc"), bytes.length) & U32;
    if (pointer == 0) {
      return status(Statuses.DATA.internal);
    }
    call.memory().write(pointer, bytes);
    return pointer << 32 | bytes.length;
  }

  private static long status(int status) {
    return Integer.toUnsignedLong(status);
  }
}
