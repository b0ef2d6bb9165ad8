package io.gonext.engine;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.ImportFunction;
import run.endive.runtime.ImportValues;
import run.endive.runtime.Instance;
import run.endive.runtime.MStack;
import run.endive.runtime.TrapException;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.Instruction;
import run.endive.wasm.types.ValType;
import run.endive.wasm.types.Value;

/** Endive's interpreter, which can count fuel: one instruction at a time. */
final class InterpretedGuest implements ComparedGuest {
  private static final InterpretedSpecRuntime ENDIVE = new InterpretedSpecRuntime();

  private final ModuleDefinition module;
  private final WasmModule parsed;
  private final boolean isMetered;
  private final ReferenceFuel counted;
  private @Nullable Instance instance;

  InterpretedGuest(ModuleDefinition module, WasmModule parsed, boolean isMetered) {
    this.module = module;
    this.parsed = parsed;
    this.isMetered = isMetered;
    counted = new ReferenceFuel(module, CAP_PAGES, CAP_ELEMENTS);
  }

  @Override
  public void beginFuel(int function) {
    counted.begin(function);
  }

  @Override
  public long usedFuel() {
    return isMetered ? counted.used() : UNKNOWN;
  }

  @Override
  public long fuelOfTrap() {
    return UNKNOWN;
  }

  /** Endive adds the offset of these stores modulo 2^32: traps instead. */
  private static void checkAddress(Instruction instruction, MStack stack) {
    switch (instruction.opcode()) {
      case I32_STORE8, I32_STORE16, I64_STORE8, I64_STORE32 -> {
        if (stack.array()[stack.size() - 2] << 32 < 0) {
          throw new TrapException("out of bounds memory access");
        }
      }
      default -> {
        // Its address does not wrap.
      }
    }
  }

  private void before(Instruction instruction, MStack stack) {
    checkAddress(instruction, stack);
    if (isMetered && instance != null) {
      counted.execute(instruction, stack);
    }
  }

  private Instance instance() {
    return Objects.requireNonNull(instance);
  }

  @Override
  public void instantiate(Host host) {
    var imports = ImportValues.builder();
    for (int i = 0; i < module.importedFunctions(); i++) {
      int function = i;
      FunctionType type = module.typeOf(i);
      imports.addFunction(
          new ImportFunction(
              module.imports().get(i).module(),
              module.imports().get(i).name(),
              run.endive.wasm.types.FunctionType.of(
                  types(type.parameters()), types(type.results())),
              (_, args) -> host.call(function, args)));
    }
    instance =
        Instance.builder(parsed)
            .withImportValues(imports.build())
            .withUnsafeExecutionListener(this::before)
            .withStart(false)
            .build();
    counted.instance(instance);
  }

  private static List<ValType> types(List<ValueType> types) {
    return types.stream()
        .map(type ->
            switch (type) {
              case I32 -> ValType.I32;
              case I64 -> ValType.I64;
              case F32 -> ValType.F32;
              case F64 -> ValType.F64;
              case FUNCREF -> ValType.FuncRef;
              case EXTERNREF -> ValType.ExternRef;
              case EXNREF -> ValType.ExnRef;
            })
        .toList();
  }

  @Override
  public long[] call(int function, long[] args) {
    List<ValueType> types = module.typeOf(function).parameters();
    for (int i = 0; i < args.length; i++) {
      if (types.get(i).isReference()) {
        args[i] = Value.REF_NULL_VALUE;
      }
    }
    long[] results = instance().getMachine().call(function, args);
    return results == null ? new long[0] : results;
  }

  @Override
  public String trapCode(Throwable thrown) {
    return ENDIVE.trapCode(thrown);
  }

  @Override
  public long global(int index) {
    return instance().global(index).getValue();
  }

  @Override
  public void setGlobal(int index, long value) {
    instance().global(index).setValue(value);
  }

  @Override
  public long globalReference(int index) {
    return (int) instance().global(index).getValue();
  }

  @Override
  public int tableSize(int table) {
    return instance().table(table).size();
  }

  @Override
  public long element(int table, int index) {
    return instance().table(table).ref(index);
  }

  @Override
  public int pages() {
    return module.memory() == null ? 0 : instance().memory().pages();
  }

  @Override
  public byte[] memory() {
    return instance().memory().readBytes(0, instance().memory().pages() << 16);
  }
}
