package io.gonext.engine;

/** What the instances of a compiled module count. Each one counts what those before it count. */
public enum Metering {
  /** Nothing. The fastest. */
  NONE,

  /**
   * The fuel that a run uses, so that it can be limited: see {@link FuelBudget}. A little slower.
   */
  FUEL,

  /**
   * Also how often each basic block runs: see {@link CompiledModule#coverage}. Much slower, and
   * compiled anew in each process. For test kits and profilers.
   */
  BLOCKS;

  /** Whether its instances count their fuel. */
  public boolean countsFuel() {
    return this != NONE;
  }
}
