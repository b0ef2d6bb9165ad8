package io.gonext.engine;

/**
 * A function that a module imports.
 *
 * @param module the import's module name, {@code env} for instance
 * @param name the import's field name
 * @param type the signature the module declares for it
 */
public record FunctionImport(String module, String name, FunctionType type) {
  /** Whether the engine provides it: a function of WASI preview 1 with the right signature. */
  public boolean isWasi() {
    return module.equals(Wasi.MODULE);
  }

  /** For people: {@code env.gn_log (i32, i32, i32) -> ()}. */
  @Override
  public String toString() {
    return module + "." + name + " " + type;
  }
}
