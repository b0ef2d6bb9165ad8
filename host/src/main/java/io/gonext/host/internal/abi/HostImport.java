package io.gonext.host.internal.abi;

import static io.gonext.engine.ValueType.I64;

import io.gonext.engine.FunctionType;
import io.gonext.engine.HostFunction;
import io.gonext.engine.ValueType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One function of the ABI's table.
 *
 * @param capability that calling it takes, or null
 * @param offered what it does, or null where this host does not offer it
 * @param inAllocator whether a guest may call it inside its allocator, as one that never returns (a
 *     panic there is told as one) or never enters the guest
 */
record HostImport(
    String module,
    String name,
    FunctionType type,
    @Nullable String capability,
    Statuses statuses,
    @Nullable Binding offered,
    boolean inAllocator) {

  /** What a function does for one plugin. */
  @FunctionalInterface
  interface Binding {
    HostFunction.Body bind(PluginAccess plugin);
  }

  /** One that takes no capability. */
  static HostImport free(String module, String name, FunctionType type, Binding offered) {
    return new HostImport(module, name, type, null, Statuses.DATA, offered, false);
  }

  /** One that takes a capability, with the statuses of {@code gonext_data}. */
  static HostImport guarded(
      String module, String name, FunctionType type, String capability, Binding offered) {
    return new HostImport(module, name, type, capability, Statuses.DATA, offered, false);
  }

  /** One of the table that this host does not offer. */
  static HostImport missing(
      String module, String name, FunctionType type, @Nullable String capability) {
    return new HostImport(module, name, type, capability, Statuses.DATA, null, false);
  }

  HostImport with(Statuses others) {
    return new HostImport(module, name, type, capability, others, offered, inAllocator);
  }

  HostImport inAnAllocator() {
    return new HostImport(module, name, type, capability, statuses, offered, true);
  }

  static FunctionType type(ValueType... parameters) {
    return FunctionType.of(parameters);
  }

  String key() {
    return module + "." + name;
  }

  /** The function as one plugin gets it: what it may not call answers "denied". */
  HostFunction bind(PluginAccess plugin) {
    HostFunction.Body body = offered == null ? answering(statuses.internal) : offered.bind(plugin);
    if (capability != null) {
      body = guarded(plugin, capability, body);
    }
    HostFunction function = HostFunction.of(module, name, type, body);
    return inAllocator ? function.inAllocator() : function;
  }

  private HostFunction.Body guarded(PluginAccess plugin, String needed, HostFunction.Body body) {
    // What the manifest does not ask for stays denied, whatever is granted.
    long mask = plugin.manifest().requests(needed) ? plugin.permissions().mask(needed) : 0;
    HostFunction.Body denied = answering(statuses.denied);
    return (call, args) -> {
      if (plugin.permissions().allow(mask)) {
        return body.apply(call, args);
      }
      plugin.audit().denied(needed, key());
      return denied.apply(call, args);
    };
  }

  private HostFunction.Body answering(int status) {
    // An i64 packs (pointer, length): a null pointer and the status as a negative length.
    long answer = type.results().equals(List.of(I64)) ? Integer.toUnsignedLong(status) : status;
    return (call, args) -> answer;
  }
}
