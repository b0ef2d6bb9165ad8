package io.gonext.engine;

import io.gonext.engine.GuestCode.ImportedFunction;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An instance whose code is written in Java, to test the runtime without the compiler. */
final class WrittenCode extends GuestCode {
  static final int CAP = 1_000;

  private final long[] globals;
  private final @Nullable Object[] references;
  private final Map<Integer, ImportedFunction> functions = new TreeMap<>();

  private WrittenCode(int globals) {
    this.globals = new long[globals];
    this.references = new Object[globals];
  }

  /** An instance with its parts, before its instantiation. */
  static WrittenCode of(WasmBytes module) {
    ModuleDefinition definition =
        Admission.admit(module.toBytes(), EngineLimits.defaults()).definition();
    var code = new WrittenCode(definition.globals().size());
    code.bind(
        definition.compacted(),
        definition.memory() == null
            ? LinearMemory.none()
            : new LinearMemory(definition.memory(), CAP),
        definition.tables().stream()
            .map(type -> new GuestTable(type, CAP))
            .toArray(GuestTable[]::new),
        new GuestGlobal[definition.globals().size()],
        new ImportedFunction[0]);
    return code;
  }

  WrittenCode with(int function, ImportedFunction does) {
    functions.put(function, does);
    return this;
  }

  @Override
  public long[] call(int function, long[] args) {
    return Objects.requireNonNull(functions.get(function)).call(args);
  }

  @Override
  public long global(int index) {
    return globals[index];
  }

  @Override
  public void setGlobal(int index, long bits) {
    globals[index] = bits;
  }

  @Override
  public @Nullable Object globalReference(int index) {
    return references[index];
  }

  @Override
  public void setGlobalReference(int index, @Nullable Object reference) {
    references[index] = reference;
  }
}
