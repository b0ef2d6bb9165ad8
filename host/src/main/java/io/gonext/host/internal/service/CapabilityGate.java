package io.gonext.host.internal.service;

import io.gonext.host.internal.audit.PluginAudit;
import io.gonext.host.internal.capability.Permissions;

/**
 * The check of one capability before one function runs, for one version of a plugin. The only place
 * where a call is denied.
 *
 * <p>Thread-safe.
 */
public final class CapabilityGate {
  private final Permissions permissions;
  private final PluginAudit audit;
  private final String capability;
  private final String function;
  private final long mask;

  private CapabilityGate(PluginScope scope, String capability, String function) {
    this.permissions = scope.permissions();
    this.audit = scope.audit();
    this.capability = capability;
    this.function = function;
    // What the manifest does not request stays denied, whatever an operator grants.
    this.mask = scope.manifest().requests(capability) ? permissions.mask(capability) : 0;
  }

  /**
   * A gate for a version.
   *
   * @param function for the audit log
   */
  public static CapabilityGate of(PluginScope scope, String capability, String function) {
    return new CapabilityGate(scope, capability, function);
  }

  /** Whether the function could run now. Records nothing, since nobody has called it. */
  public boolean isOpen() {
    return permissions.allow(mask);
  }

  /** Whether the function may run now. If not, records the denial. */
  public boolean admits() {
    if (isOpen()) {
      return true;
    }
    audit.denied(capability, function);
    return false;
  }
}
