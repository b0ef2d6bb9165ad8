package io.gonext.engine;

import java.util.List;
import java.util.Map;
import run.endive.runtime.ByteArrayMemory;
import run.endive.runtime.GlobalInstance;
import run.endive.runtime.ImportFunction;
import run.endive.runtime.ImportGlobal;
import run.endive.runtime.ImportMemory;
import run.endive.runtime.ImportTable;
import run.endive.runtime.Instance;
import run.endive.runtime.Store;
import run.endive.runtime.TableInstance;
import run.endive.runtime.WasmException;
import run.endive.wasm.Parser;
import run.endive.wasm.UnlinkableException;
import run.endive.wasm.types.MemoryLimits;
import run.endive.wasm.types.Table;
import run.endive.wasm.types.TableLimits;
import run.endive.wasm.types.ValType;
import run.endive.wasm.types.Value;

/** Endive's interpreter with its own memories and tables: the reference. */
final class InterpretedSpecRuntime implements SpecRuntime {
  private final Store store = new Store();

  InterpretedSpecRuntime() {
    for (var function :
        Map.of(
                "print", List.<ValType>of(),
                "print_i32", List.of(ValType.I32),
                "print_i64", List.of(ValType.I64),
                "print_f32", List.of(ValType.F32),
                "print_f64", List.of(ValType.F64),
                "print_i32_f32", List.of(ValType.I32, ValType.F32),
                "print_f64_f64", List.of(ValType.F64, ValType.F64))
            .entrySet()) {
      store.addFunction(
          new ImportFunction(
              "spectest",
              function.getKey(),
              run.endive.wasm.types.FunctionType.of(function.getValue(), List.of()),
              (instance, args) -> new long[0]));
    }
    global("global_i32", Value.i32(666));
    global("global_i64", Value.i64(666));
    global("global_f32", Value.fromFloat(666.6f));
    global("global_f64", Value.fromDouble(666.6));
    store.addMemory(
        new ImportMemory("spectest", "memory", new ByteArrayMemory(new MemoryLimits(1, 2))));
    store.addTable(
        new ImportTable(
            "spectest",
            "table",
            new TableInstance(
                new Table(ValType.FuncRef, new TableLimits(10, 20)), Value.REF_NULL_VALUE)));
  }

  private void global(String name, Value value) {
    store.addGlobal(
        new ImportGlobal("spectest", name, GlobalInstance.builder().value(value).build()));
  }

  private record Interpreted(Instance instance) implements Guest {
    @Override
    public long[] call(String function, long[] args) {
      long[] results = instance.exports().function(function).apply(args);
      return results == null ? new long[0] : results;
    }

    @Override
    public long global(String name) {
      return instance.exports().global(name).getValue();
    }
  }

  @Override
  public Guest instantiate(byte[] wasm) {
    try {
      return new Interpreted(
          Instance.builder(Parser.parse(wasm))
              .withImportValues(store.toImportValues())
              .withStart(false)
              .build());
    } catch (UnlinkableException e) {
      throw new Unlinkable("", String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void register(String name, Guest guest) {
    store.register(name, ((Interpreted) guest).instance());
  }

  /** Endive's traps differ only in their messages, which come from the specification. */
  @Override
  public String trapCode(Throwable thrown) {
    if (thrown instanceof WasmException) {
      return "UNCAUGHT_EXCEPTION";
    }
    String text = String.valueOf(thrown.getMessage());
    if (text.contains("unreachable")) {
      return "UNREACHABLE";
    }
    if (text.contains("call stack exhausted")) {
      return "STACK_EXHAUSTED";
    }
    if (text.contains("out of bounds")) {
      return "OUT_OF_BOUNDS";
    }
    return text.contains("integer") || text.contains("divide") ? "DIVISION" : "INDIRECT_CALL";
  }
}
