package io.gonext.host.internal.abi;

import io.gonext.host.CapabilityRegistry;
import io.gonext.host.internal.audit.PluginAudit;
import io.gonext.host.internal.capability.Permissions;
import io.gonext.host.internal.kv.PluginKeyValues;
import io.gonext.host.manifest.Manifest;
import java.time.InstantSource;

/**
 * What the host functions of one version of a plugin work with; all its instances share it.
 *
 * @param permissions what it may do at this moment
 */
public record PluginAccess(
    Manifest manifest,
    CapabilityRegistry capabilities,
    Permissions permissions,
    PluginLog log,
    PluginAudit audit,
    PluginKeyValues keyValues,
    InstantSource clock) {}
