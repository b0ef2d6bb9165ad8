package io.gonext.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The settings of a new instance.
 *
 * @param hostFunctions the functions that it may import in addition to WASI's
 * @param output where its standard output and error go
 * @param maxMemoryPages the most linear memory it may have, in pages of 64 KiB; a lower maximum of
 *     the module takes precedence
 * @param maxTableElements the most elements each of its tables may have
 * @param startTimeout how long the start section and {@code _initialize} or {@code _start} may take
 *     together
 * @param startFuel the fuel that they may use together; limited only for a module that counts it
 * @param maxLineBytes longer lines of output arrive in pieces of this size
 * @param maxOutputBytesPerRun the instance drops output beyond this many bytes in one run, and
 *     reports that in one line
 * @param verifiesResets whether each reset compares the whole instance with its snapshot and fails
 *     with the first difference. For tests and debugging, because it takes as long as a copy
 * @param startTraceBytes how many bytes the recording of host functions during the start may take,
 *     about; 0 records nothing. See {@link GuestInstance#startTrace}
 * @param startReplay what answers in place of host functions during the start; empty for none
 */
public record InstanceConfig(
    List<HostFunction> hostFunctions,
    GuestOutput output,
    int maxMemoryPages,
    int maxTableElements,
    Duration startTimeout,
    FuelBudget startFuel,
    int maxLineBytes,
    int maxOutputBytesPerRun,
    boolean verifiesResets,
    int startTraceBytes,
    Optional<HostTrace> startReplay) {

  /** Copies the list and checks the ranges. */
  public InstanceConfig {
    hostFunctions = List.copyOf(hostFunctions);
    EngineLimits.requireInRange("maxMemoryPages", maxMemoryPages, 0, EngineLimits.MOST_PAGES);
    EngineLimits.requireInRange("maxTableElements", maxTableElements, 0, 10_000_000);
    EngineLimits.requireInRange("maxLineBytes", maxLineBytes, 1, 1 << 20);
    EngineLimits.requireInRange("maxOutputBytesPerRun", maxOutputBytesPerRun, 0, 1 << 30);
    EngineLimits.requireInRange("startTraceBytes", startTraceBytes, 0, 1 << 30);
    if (!startTimeout.isPositive()) {
      throw new IllegalArgumentException("startTimeout must be positive: " + startTimeout);
    }
  }

  /** The settings that a {@link #builder} starts from. */
  public static InstanceConfig defaults() {
    return builder().build();
  }

  /**
   * Starts from: no host functions, output discarded, 1,024 pages (64 MiB), 100,000 table elements,
   * 5 s and any fuel to start, lines of 8 KiB, 64 KiB of output per run, resets not verified,
   * nothing recorded or replayed.
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects the settings of an {@link InstanceConfig}. Not thread-safe. */
  public static final class Builder {
    private List<HostFunction> hostFunctions = List.of();
    private GuestOutput output = GuestOutput.discard();
    private int maxMemoryPages = 1024;
    private int maxTableElements = 100_000;
    private Duration startTimeout = Duration.ofSeconds(5);
    private FuelBudget startFuel = FuelBudget.UNLIMITED;
    private int maxLineBytes = 8 * 1024;
    private int maxOutputBytesPerRun = 64 * 1024;
    private boolean verifiesResets;
    private int startTraceBytes;
    private Optional<HostTrace> startReplay = Optional.empty();

    private Builder() {}

    /** Sets {@link InstanceConfig#hostFunctions}. */
    public Builder hostFunctions(List<HostFunction> hostFunctions) {
      this.hostFunctions = hostFunctions;
      return this;
    }

    /** Adds one to {@link InstanceConfig#hostFunctions}. */
    public Builder hostFunction(HostFunction hostFunction) {
      List<HostFunction> more = new ArrayList<>(hostFunctions);
      more.add(hostFunction);
      hostFunctions = more;
      return this;
    }

    /** Sets {@link InstanceConfig#output}. */
    public Builder output(GuestOutput output) {
      this.output = output;
      return this;
    }

    /** Sets {@link InstanceConfig#maxMemoryPages}. */
    public Builder maxMemoryPages(int maxMemoryPages) {
      this.maxMemoryPages = maxMemoryPages;
      return this;
    }

    /** Sets {@link InstanceConfig#maxTableElements}. */
    public Builder maxTableElements(int maxTableElements) {
      this.maxTableElements = maxTableElements;
      return this;
    }

    /** Sets {@link InstanceConfig#startTimeout}. */
    public Builder startTimeout(Duration startTimeout) {
      this.startTimeout = startTimeout;
      return this;
    }

    /** Sets {@link InstanceConfig#startFuel}. */
    public Builder startFuel(FuelBudget startFuel) {
      this.startFuel = startFuel;
      return this;
    }

    /** Sets {@link InstanceConfig#maxLineBytes}. */
    public Builder maxLineBytes(int maxLineBytes) {
      this.maxLineBytes = maxLineBytes;
      return this;
    }

    /** Sets {@link InstanceConfig#maxOutputBytesPerRun}. */
    public Builder maxOutputBytesPerRun(int maxOutputBytesPerRun) {
      this.maxOutputBytesPerRun = maxOutputBytesPerRun;
      return this;
    }

    /** Sets {@link InstanceConfig#verifiesResets}. */
    public Builder verifiesResets(boolean verifiesResets) {
      this.verifiesResets = verifiesResets;
      return this;
    }

    /** Sets {@link InstanceConfig#startTraceBytes}. */
    public Builder startTraceBytes(int startTraceBytes) {
      this.startTraceBytes = startTraceBytes;
      return this;
    }

    /** Sets {@link InstanceConfig#startReplay}. */
    public Builder startReplay(HostTrace trace) {
      this.startReplay = Optional.of(trace);
      return this;
    }

    /**
     * The settings.
     *
     * @throws IllegalArgumentException when a setting is out of its range
     */
    public InstanceConfig build() {
      return new InstanceConfig(
          hostFunctions,
          output,
          maxMemoryPages,
          maxTableElements,
          startTimeout,
          startFuel,
          maxLineBytes,
          maxOutputBytesPerRun,
          verifiesResets,
          startTraceBytes,
          startReplay);
    }
  }
}
