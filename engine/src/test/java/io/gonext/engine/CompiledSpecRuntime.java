package io.gonext.engine;

import io.gonext.engine.GuestCode.ImportedFunction;
import io.gonext.engine.LinearMemory.RoomyWhen;
import io.gonext.engine.ModuleDefinition.Export;
import io.gonext.engine.ModuleDefinition.Global;
import io.gonext.engine.ModuleDefinition.Import;
import io.gonext.engine.ModuleDefinition.Kind;
import io.gonext.engine.ModuleDefinition.MemoryType;
import io.gonext.engine.ModuleDefinition.TableType;
import io.gonext.engine.bytecode.PartSizes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Our compiled code and our runtime, and a linker for the tests: a product's modules import only
 * host functions. Instances share functions, tables, memories and globals.
 */
final class CompiledSpecRuntime implements SpecRuntime {
  private static final int CAP_PAGES = 1024;
  private static final int CAP_ELEMENTS = 100_000;
  private static final TrapTranslator TRAPS = new TrapTranslator(_ -> List.of());

  private final RoomyWhen roomyWhen;
  private final PartSizes sizes;
  private final boolean isMetered;
  private final Map<String, Map<String, Extern>> modules = new HashMap<>();

  /** What a module may import. */
  private sealed interface Extern {}

  private record Function(FunctionType type, FunctionReference reference) implements Extern {}

  private record SharedTable(TableType type, GuestTable table) implements Extern {}

  private record SharedMemory(MemoryType type, LinearMemory memory) implements Extern {}

  private record SharedGlobal(ValueType type, boolean isMutable, GuestGlobal global)
      implements Extern {}

  private record SharedTag(FunctionType type, GuestTag tag) implements Extern {}

  /**
   * A runtime.
   *
   * @param roomyWhen when memories become roomy
   * @param sizes how functions are divided
   * @param isMetered whether the functions count the fuel that they use
   */
  CompiledSpecRuntime(RoomyWhen roomyWhen, PartSizes sizes, boolean isMetered) {
    this.roomyWhen = roomyWhen;
    this.sizes = sizes;
    this.isMetered = isMetered;
    modules.put("spectest", spectest());
  }

  /** The module that every script may import. */
  private Map<String, Extern> spectest() {
    var exports = new HashMap<String, Extern>();
    var printing = new Printing();
    List<FunctionType> types = printing.definition().types();
    for (int i = 0; i < types.size(); i++) {
      exports.put(
          Printing.NAMES.get(i), new Function(types.get(i), new FunctionReference(printing, i)));
    }
    global(exports, "global_i32", ValueType.I32, 666);
    global(exports, "global_i64", ValueType.I64, 666);
    global(exports, "global_f32", ValueType.F32, Float.floatToRawIntBits(666.6f));
    global(exports, "global_f64", ValueType.F64, Double.doubleToRawLongBits(666.6));
    var memory = new MemoryType(1, 2);
    exports.put("memory", new SharedMemory(memory, newMemory(memory)));
    var table = new TableType(ValueType.FUNCREF, 10, 20);
    exports.put("table", new SharedTable(table, new GuestTable(table, CAP_ELEMENTS)));
    return exports;
  }

  private static void global(Map<String, Extern> exports, String name, ValueType type, long bits) {
    var global = new GuestGlobal();
    global.bits = bits;
    exports.put(name, new SharedGlobal(type, false, global));
  }

  private LinearMemory newMemory(MemoryType type) {
    return new LinearMemory(type, CAP_PAGES, roomyWhen);
  }

  private record Compiled(GuestCode code) implements Guest {
    @Override
    public long[] call(String function, long[] args) {
      return code.call(index(Kind.FUNCTION, function), args);
    }

    @Override
    public long global(String name) {
      return code.globalBits(index(Kind.GLOBAL, name));
    }

    private int index(Kind kind, String name) {
      Export export = Objects.requireNonNull(code.definition().exports().get(name), name);
      if (export.kind() != kind) {
        throw new IllegalArgumentException(name + " is a " + export.kind());
      }
      return export.index();
    }
  }

  @Override
  public Guest instantiate(byte[] wasm) {
    ModuleOutline outline = Admission.admitForLinking(wasm, EngineLimits.defaults());
    var classes =
        ModuleCompiler.emit(outline.definition(), sizes, isMetered, () -> false).classes();
    GuestCode code = new GuestClassLoader(classes).instances(ModuleCompiler.CLASS_NAME).get();
    link(outline.definition(), code);
    Instantiation.run(code);
    return new Compiled(code);
  }

  private void link(ModuleDefinition module, GuestCode code) {
    var functions = new ArrayList<FunctionReference>();
    var tables = new ArrayList<GuestTable>();
    var globals = new @Nullable GuestGlobal[module.globals().size()];
    var tags = new ArrayList<GuestTag>();
    LinearMemory memory = null;
    int importedGlobals = 0;
    for (Import wanted : module.imports()) {
      Extern found = modules.getOrDefault(wanted.module(), Map.of()).get(wanted.name());
      switch (wanted.kind()) {
        case FUNCTION -> {
          if (!(found instanceof Function(FunctionType type, FunctionReference reference))
              || !type.equals(module.typeOf(functions.size()))) {
            throw unlinkable(wanted, found);
          }
          functions.add(reference);
        }
        case TABLE -> {
          TableType type = module.tables().get(tables.size());
          if (!(found instanceof SharedTable(TableType actual, GuestTable table))
              || actual.elementType() != type.elementType()
              || table.size() < type.minimum()
              || actual.maximum() > type.maximum()) {
            throw unlinkable(wanted, found);
          }
          tables.add(table);
        }
        case MEMORY -> {
          MemoryType type = Objects.requireNonNull(module.memory());
          if (!(found instanceof SharedMemory(MemoryType actual, LinearMemory shared))
              || shared.pages() < type.minimumPages()
              || actual.maximumPages() > type.maximumPages()) {
            throw unlinkable(wanted, found);
          }
          memory = shared;
        }
        case GLOBAL -> {
          Global type = module.globals().get(importedGlobals);
          if (!(found instanceof SharedGlobal(ValueType actual, boolean isMutable, var global))
              || actual != type.type()
              || isMutable != type.isMutable()) {
            throw unlinkable(wanted, found);
          }
          globals[importedGlobals++] = global;
        }
        case TAG -> {
          FunctionType type = module.types().get(module.tagTypes()[tags.size()]);
          if (!(found instanceof SharedTag(FunctionType actual, GuestTag tag))
              || !actual.equals(type)) {
            throw unlinkable(wanted, found);
          }
          tags.add(tag);
        }
      }
    }
    for (TableType type : module.tables().subList(tables.size(), module.tables().size())) {
      tables.add(new GuestTable(type, CAP_ELEMENTS));
    }
    if (memory == null) {
      memory = module.memory() == null ? LinearMemory.none() : newMemory(module.memory());
    }
    for (int i = importedGlobals; i < globals.length; i++) {
      globals[i] = module.globals().get(i).isShared() ? new GuestGlobal() : null;
    }
    code.bind(
        module,
        memory,
        tables.toArray(GuestTable[]::new),
        globals,
        functions.stream().map(CompiledSpecRuntime::imported).toArray(ImportedFunction[]::new));
    for (int i = 0; i < functions.size(); i++) {
      code.setReference(i, functions.get(i));
    }
    for (int i = 0; i < tags.size(); i++) {
      code.setTag(i, tags.get(i));
    }
  }

  private static ImportedFunction imported(FunctionReference function) {
    return args -> function.code.call(function.function, args);
  }

  private static Unlinkable unlinkable(Import wanted, @Nullable Extern found) {
    return new Unlinkable(wanted.module(), wanted + " is " + found);
  }

  @Override
  public void register(String name, Guest guest) {
    GuestCode code = ((Compiled) guest).code();
    ModuleDefinition module = code.definition();
    var exports = new HashMap<String, Extern>();
    module.exports().forEach((export, what) -> exports.put(export, extern(code, module, what)));
    modules.put(name, exports);
  }

  private static Extern extern(GuestCode code, ModuleDefinition module, Export export) {
    int index = export.index();
    return switch (export.kind()) {
      case FUNCTION -> new Function(module.typeOf(index), code.reference(index));
      case TABLE -> new SharedTable(module.tables().get(index), code.table(index));
      case MEMORY -> new SharedMemory(Objects.requireNonNull(module.memory()), code.linear());
      case GLOBAL -> global(code, module.globals().get(index), index);
      case TAG -> new SharedTag(module.types().get(module.tagTypes()[index]), code.tags[index]);
    };
  }

  private static Extern global(GuestCode code, Global type, int index) {
    GuestGlobal global = code.sharedGlobals[index];
    if (global == null) {
      // It never changes.
      global = new GuestGlobal();
      if (type.type().isReference()) {
        global.reference = code.globalReference(index);
      } else {
        global.bits = code.global(index);
      }
    }
    return new SharedGlobal(type.type(), type.isMutable(), global);
  }

  @Override
  public String trapCode(Throwable thrown) {
    return TRAPS.translate(thrown, null, null).trapCause().code();
  }

  /** The functions of the module {@code spectest}. */
  private static final class Printing extends GuestCode {
    static final List<String> NAMES =
        List.of(
            "print",
            "print_i32",
            "print_i64",
            "print_f32",
            "print_f64",
            "print_i32_f32",
            "print_f64_f64");

    Printing() {
      var types = WasmBytes.part().u32(NAMES.size());
      types.bytes(0x60, 0, 0).bytes(0x60, 1, 0x7F, 0).bytes(0x60, 1, 0x7E, 0);
      types.bytes(0x60, 1, 0x7D, 0).bytes(0x60, 1, 0x7C, 0);
      types.bytes(0x60, 2, 0x7F, 0x7D, 0).bytes(0x60, 2, 0x7C, 0x7C, 0);
      var functions = WasmBytes.part().u32(NAMES.size());
      var bodies = WasmBytes.part().u32(NAMES.size());
      for (int i = 0; i < NAMES.size(); i++) {
        functions.u32(i);
        bodies.u32(2).bytes(0, 0x0B);
      }
      byte[] module =
          WasmBytes.module().section(1, types).section(3, functions).section(10, bodies).toBytes();
      bind(
          Admission.admit(module, EngineLimits.defaults()).definition(),
          LinearMemory.none(),
          new GuestTable[0],
          new GuestGlobal[0],
          new ImportedFunction[0]);
    }

    @Override
    public long[] call(int function, long[] args) {
      return new long[0];
    }

    @Override
    public long global(int index) {
      throw new IndexOutOfBoundsException(index);
    }

    @Override
    public void setGlobal(int index, long bits) {
      throw new IndexOutOfBoundsException(index);
    }

    @Override
    public @Nullable Object globalReference(int index) {
      throw new IndexOutOfBoundsException(index);
    }

    @Override
    public void setGlobalReference(int index, @Nullable Object reference) {
      throw new IndexOutOfBoundsException(index);
    }
  }
}
