package io.gonext.host.internal.abi;

import io.gonext.engine.FunctionType;
import io.gonext.engine.ValueType;
import org.jspecify.annotations.Nullable;

/**
 * One function of the ABI's table.
 *
 * @param capability what a plugin needs to call it; null if it needs none
 * @param statuses how it reports what it refuses
 * @param allowedInAllocator whether a guest may call it inside its allocator. Only for a function
 *     that never returns, so that a panic there is reported as a panic, or that never enters the
 *     guest
 */
public record ImportRow(
    ImportKey key,
    FunctionType type,
    @Nullable String capability,
    StatusFamily statuses,
    boolean allowedInAllocator) {

  /** A function without a capability, with {@link StatusFamily#DATA}. */
  public static ImportRow of(String module, String name, FunctionType type) {
    return new ImportRow(new ImportKey(module, name), type, null, StatusFamily.DATA, false);
  }

  /** A copy that takes a capability. */
  public ImportRow taking(String id) {
    return new ImportRow(key, type, id, statuses, allowedInAllocator);
  }

  ImportRow with(StatusFamily family) {
    return new ImportRow(key, type, capability, family, allowedInAllocator);
  }

  ImportRow inAllocator() {
    return new ImportRow(key, type, capability, statuses, true);
  }

  static FunctionType type(ValueType... parameters) {
    return FunctionType.of(parameters);
  }
}
