package io.gonext.host;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * What one plugin gets on one host: the lower of what its manifest asks for and what the operator
 * allows.
 *
 * @param memoryMb linear memory of one instance, in MiB
 * @param call what it computes in one call of a hook or route
 * @param waits what it waits in host functions in one call; in a hook, not longer than the chain's
 *     time
 * @param instancesMin kept warm
 * @param fuel what it may use in one call; empty for no limit
 */
public record PluginLimits(
    int memoryMb,
    Duration call,
    Duration waits,
    int instancesMin,
    int instancesMax,
    OptionalLong fuel) {}
