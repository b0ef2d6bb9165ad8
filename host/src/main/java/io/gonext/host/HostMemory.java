package io.gonext.host;

/**
 * The memory of this host, in bytes.
 *
 * @param heapUsed what the JVM's heap holds now, garbage included
 * @param heapMax the largest that the heap may become
 * @param instances the weight of all instances of plugins
 * @param instancesBudget the most that all instances may weigh before idle ones are closed
 */
public record HostMemory(long heapUsed, long heapMax, long instances, long instancesBudget) {}
