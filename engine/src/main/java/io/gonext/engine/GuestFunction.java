package io.gonext.engine;

import java.util.Arrays;

/**
 * An exported function of a module, looked up once and called often. Immutable; valid for every
 * instance of its module.
 */
public final class GuestFunction {
  private static final long MASK_I32 = 0xFFFF_FFFFL;

  private final CompiledModule module;
  private final FunctionExport export;
  private final int index;

  /** The mask for the first result: it zero-extends an i32. */
  private final long resultMask;

  GuestFunction(CompiledModule module, FunctionExport export, int index) {
    this.module = module;
    this.export = export;
    this.index = index;
    var results = export.type().results();
    boolean narrow =
        !results.isEmpty()
            && (results.getFirst() == ValueType.I32 || results.getFirst() == ValueType.F32);
    this.resultMask = narrow ? MASK_I32 : ~0L;
  }

  /** The export's name. */
  public String name() {
    return export.name();
  }

  /** The signature. */
  public FunctionType type() {
    return export.type();
  }

  int index() {
    return index;
  }

  /** The first result, or 0 if there are none. */
  long result(long[] results) {
    return results.length == 0 ? 0 : results[0] & resultMask;
  }

  /** Refuses a call with the wrong number of arguments, because compiled code does not check it. */
  void check(CompiledModule caller, long[] args) {
    if (caller != module) {
      throw new IllegalArgumentException(name() + " belongs to another module");
    }
    if (args.length != export.type().parameters().size()) {
      throw new IllegalArgumentException(
          name() + " takes " + export.type() + ", not " + Arrays.toString(args));
    }
  }

  @Override
  public String toString() {
    return name() + " " + type();
  }
}
