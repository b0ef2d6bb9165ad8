package io.gonext.host.internal.abi;

import io.gonext.engine.FunctionType;
import io.gonext.engine.ValueType;
import org.jspecify.annotations.Nullable;

/**
 * One function of the ABI's table.
 *
 * @param capability what a plugin needs to call it; null if it needs none
 * @param statuses how it reports what it refuses
 */
public record ImportRow(
    ImportKey key, FunctionType type, @Nullable String capability, StatusFamily statuses) {

  /** A function without a capability, with {@link StatusFamily#DATA}. */
  public static ImportRow of(String module, String name, FunctionType type) {
    return new ImportRow(new ImportKey(module, name), type, null, StatusFamily.DATA);
  }

  /** A copy that takes a capability. */
  public ImportRow taking(String id) {
    return new ImportRow(key, type, id, statuses);
  }

  ImportRow with(StatusFamily family) {
    return new ImportRow(key, type, capability, family);
  }

  static FunctionType type(ValueType... parameters) {
    return FunctionType.of(parameters);
  }
}
