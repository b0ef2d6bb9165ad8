package io.gonext.benchmarks;

import java.util.function.Function;
import run.endive.compiler.MachineFactoryCompiler;
import run.endive.runtime.ByteArrayMemory;
import run.endive.runtime.ExportFunction;
import run.endive.runtime.ImportValues;
import run.endive.runtime.Instance;
import run.endive.runtime.Machine;
import run.endive.runtime.Memory;
import run.endive.wasi.WasiPreview1;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmModule;

/**
 * The engine that ours is built on, used as its documentation shows: compiled to bytecode, with its
 * own memory, without deadlines and resets.
 */
final class StockRuntime implements GuestRuntime {
  @Override
  public Program compile(byte[] wasm) {
    WasmModule module = Parser.parse(wasm);
    Function<Instance, Machine> machines = MachineFactoryCompiler.compile(module);
    return () ->
        new StockGuest(
            Instance.builder(module)
                .withMachineFactory(machines)
                .withMemoryFactory(ByteArrayMemory::new)
                .withImportValues(imports())
                .withStart(false)
                .build());
  }

  private static ImportValues imports() {
    WasiPreview1 wasi = WasiPreview1.builder().build();
    return ImportValues.builder().addFunction(wasi.toHostFunctions()).build();
  }

  @Override
  public void close() {
    // It holds nothing.
  }

  private static final class StockGuest implements Guest {
    private static final byte[] NO_BODY = {};

    private final Instance instance;
    private final Memory memory;

    StockGuest(Instance instance) {
      this.instance = instance;
      this.memory = instance.memory();
      if (exports("_initialize")) {
        instance.export("_initialize").apply();
      }
    }

    private boolean exports(String name) {
      var section = instance.module().exportSection();
      for (int i = 0; i < section.exportCount(); i++) {
        if (section.getExport(i).name().equals(name)) {
          return true;
        }
      }
      return false;
    }

    @Override
    public long call(String export, long... args) {
      long[] results = instance.export(export).apply(args);
      return results == null || results.length == 0 ? 0 : results[0] & 0xffff_ffffL;
    }

    @Override
    public byte[] hook(byte[] name, byte[] payload) {
      ExportFunction free = instance.export("gn_free");
      int nameAt = write(name);
      int payloadAt = write(payload);
      long packed =
          instance.export("gn_handle_hook")
              .apply(nameAt, name.length, payloadAt, payload.length)[0];
      byte[] body = body(free, (int) (packed >>> 32), (int) packed);
      free.apply(payloadAt, payload.length);
      free.apply(nameAt, name.length);
      return body;
    }

    private int write(byte[] bytes) {
      int at = (int) instance.export("gn_alloc").apply(bytes.length)[0];
      memory.write(at, bytes);
      return at;
    }

    private byte[] body(ExportFunction free, int at, int length) {
      if (at == 0) {
        if (length != 0) {
          throw new IllegalStateException("the hook answered " + length);
        }
        return NO_BODY;
      }
      byte[] body = memory.readBytes(at, length);
      free.apply(at, length);
      return body;
    }

    @Override
    public void close() {
      // The collector takes it.
    }
  }
}
