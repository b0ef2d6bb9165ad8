package io.gonext.host.internal.abi;

import io.gonext.engine.FunctionType;
import io.gonext.engine.ValueType;
import org.jspecify.annotations.Nullable;

/**
 * One function of the ABI's table.
 *
 * @param capability what a plugin needs to call it; null if it needs none
 * @param statuses how it reports what it refuses
 * @param offered false if this host has no service for it yet: it then answers "internal"
 */
public record ImportRow(
    ImportKey key,
    FunctionType type,
    @Nullable String capability,
    StatusFamily statuses,
    boolean offered) {

  /** A function that this host offers, without a capability, with {@link StatusFamily#DATA}. */
  public static ImportRow of(String module, String name, FunctionType type) {
    return new ImportRow(new ImportKey(module, name), type, null, StatusFamily.DATA, true);
  }

  /** A copy that takes a capability. */
  public ImportRow taking(String id) {
    return new ImportRow(key, type, id, statuses, offered);
  }

  ImportRow with(StatusFamily family) {
    return new ImportRow(key, type, capability, family, offered);
  }

  ImportRow notOffered() {
    return new ImportRow(key, type, capability, statuses, false);
  }

  static FunctionType type(ValueType... parameters) {
    return FunctionType.of(parameters);
  }
}
