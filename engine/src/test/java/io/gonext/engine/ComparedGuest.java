package io.gonext.engine;

/** One way to run a module, for a comparison. It belongs to one thread. */
interface ComparedGuest {
  /** The most pages of a memory. */
  int CAP_PAGES = 1_024;

  /** The most elements of a table. */
  int CAP_ELEMENTS = 100_000;

  /** What is not known about the fuel. */
  long UNKNOWN = -1;

  /** Answers the calls of a module's imported functions. */
  interface Host {
    long[] call(int function, long[] args);
  }

  /** Makes the instance and runs the module's start function. */
  void instantiate(Host host);

  /**
   * Calls a function with null for each reference. Of references in the results, only the index.
   */
  long[] call(int function, long[] args);

  /** Begins to count the fuel of a call of this function. */
  void beginFuel(int function);

  /** The fuel of the call that returned, or {@link #UNKNOWN} if it is not counted. */
  long usedFuel();

  /** The fuel of the call that trapped, or {@link #UNKNOWN}. */
  long fuelOfTrap();

  String trapCode(Throwable thrown);

  long global(int index);

  void setGlobal(int index, long value);

  /** The function's index, or -1 for null. */
  long globalReference(int index);

  int tableSize(int table);

  /** The function's index, or -1 for null. */
  long element(int table, int index);

  /** The size of the memory, or 0 if there is none. */
  int pages();

  byte[] memory();
}
