package io.gonext.engine;

import java.time.Duration;
import java.util.List;

/**
 * What an instance is given when it is made.
 *
 * @param hostFunctions what it may import besides WASI; a module may import fewer
 * @param output where its standard output and error go
 * @param maxMemoryPages the most linear memory it may have, in pages of 64 KiB; the module's own
 *     maximum holds where it is lower
 * @param maxTableElements the most elements each of its tables may have
 * @param startTimeout how long the start section and {@code _initialize} or {@code _start} may take
 *     together
 * @param maxLineBytes longer lines of output arrive in pieces of this size
 * @param maxOutputBytesPerRun output beyond this many bytes in one run is dropped, and one line
 *     says so
 * @param verifiesResets whether each reset compares the whole instance with its snapshot and fails
 *     with the first difference: for debugging and for tests, since it takes as long as a copy
 */
public record InstanceConfig(
    List<HostFunction> hostFunctions,
    GuestOutput output,
    int maxMemoryPages,
    int maxTableElements,
    Duration startTimeout,
    int maxLineBytes,
    int maxOutputBytesPerRun,
    boolean verifiesResets) {

  /** Copies the list and checks the ranges. */
  public InstanceConfig {
    hostFunctions = List.copyOf(hostFunctions);
    EngineLimits.requireInRange("maxMemoryPages", maxMemoryPages, 0, EngineLimits.MOST_PAGES);
    EngineLimits.requireInRange("maxTableElements", maxTableElements, 0, 10_000_000);
    EngineLimits.requireInRange("maxLineBytes", maxLineBytes, 1, 1 << 20);
    EngineLimits.requireInRange("maxOutputBytesPerRun", maxOutputBytesPerRun, 0, 1 << 30);
    if (!startTimeout.isPositive()) {
      throw new IllegalArgumentException("startTimeout must be positive: " + startTimeout);
    }
  }

  /**
   * No host functions, output discarded, 1,024 pages (64 MiB), 100,000 table elements, 5 s to
   * start, lines of 8 KiB, 64 KiB of output a run, resets not verified.
   */
  public static InstanceConfig defaults() {
    return new InstanceConfig(
        List.of(),
        GuestOutput.discard(),
        1024,
        100_000,
        Duration.ofSeconds(5),
        8 * 1024,
        64 * 1024,
        false);
  }

  /** A copy with these host functions. */
  public InstanceConfig withHostFunctions(List<HostFunction> functions) {
    return new InstanceConfig(
        functions,
        output,
        maxMemoryPages,
        maxTableElements,
        startTimeout,
        maxLineBytes,
        maxOutputBytesPerRun,
        verifiesResets);
  }

  /** A copy with this output. */
  public InstanceConfig withOutput(GuestOutput sink) {
    return new InstanceConfig(
        hostFunctions,
        sink,
        maxMemoryPages,
        maxTableElements,
        startTimeout,
        maxLineBytes,
        maxOutputBytesPerRun,
        verifiesResets);
  }

  /** A copy with this limit of memory, in pages of 64 KiB. */
  public InstanceConfig withMaxMemoryPages(int pages) {
    return new InstanceConfig(
        hostFunctions,
        output,
        pages,
        maxTableElements,
        startTimeout,
        maxLineBytes,
        maxOutputBytesPerRun,
        verifiesResets);
  }

  /** A copy with this limit of elements a table. */
  public InstanceConfig withMaxTableElements(int elements) {
    return new InstanceConfig(
        hostFunctions,
        output,
        maxMemoryPages,
        elements,
        startTimeout,
        maxLineBytes,
        maxOutputBytesPerRun,
        verifiesResets);
  }

  /** A copy with this limit of time for the start. */
  public InstanceConfig withStartTimeout(Duration timeout) {
    return new InstanceConfig(
        hostFunctions,
        output,
        maxMemoryPages,
        maxTableElements,
        timeout,
        maxLineBytes,
        maxOutputBytesPerRun,
        verifiesResets);
  }

  /** A copy with these limits of output. */
  public InstanceConfig withOutputLimits(int lineBytes, int bytesPerRun) {
    return new InstanceConfig(
        hostFunctions,
        output,
        maxMemoryPages,
        maxTableElements,
        startTimeout,
        lineBytes,
        bytesPerRun,
        verifiesResets);
  }

  /** A copy whose resets are verified, or not. */
  public InstanceConfig withVerifiedResets(boolean verified) {
    return new InstanceConfig(
        hostFunctions,
        output,
        maxMemoryPages,
        maxTableElements,
        startTimeout,
        maxLineBytes,
        maxOutputBytesPerRun,
        verified);
  }
}
