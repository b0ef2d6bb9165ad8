package io.gonext.engine;

/** Links the modules of one script of the core test suite. */
interface SpecRuntime {
  /**
   * Instantiates a module with what was registered.
   *
   * @throws Unlinkable when an import is not there or has another type
   * @throws ModuleRejectedException when the engine does not support the module
   * @throws RuntimeException when it traps
   */
  Guest instantiate(byte[] wasm);

  /** Later modules may import what this one exports, under this module name. */
  void register(String name, Guest guest);

  /** The {@link TrapCause#code} of what a guest threw. */
  String trapCode(Throwable thrown);

  /** One instance. */
  interface Guest {
    long[] call(String function, long[] args);

    /** The bits of an exported global. */
    long global(String name);
  }

  /** An import is not there or has another type. */
  final class Unlinkable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String module;

    /**
     * A problem of an import.
     *
     * @param module the module's name in the import; empty if it is not known
     */
    Unlinkable(String module, String message) {
      super(message);
      this.module = module;
    }

    String module() {
      return module;
    }
  }
}
