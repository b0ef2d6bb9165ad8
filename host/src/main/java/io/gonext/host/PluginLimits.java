package io.gonext.host;

import java.time.Duration;

/**
 * What one plugin gets on one host: the lower of what its manifest asks for and what the operator
 * allows.
 *
 * @param memoryMb linear memory of one instance, in MiB
 * @param call one call of a hook or route
 * @param instancesMin kept warm
 */
public record PluginLimits(int memoryMb, Duration call, int instancesMin, int instancesMax) {}
