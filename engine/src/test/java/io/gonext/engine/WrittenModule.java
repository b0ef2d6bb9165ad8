package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A module that a test writes function by function. Imports come first, then tags, then functions;
 * all functions are in table 0, those that are imported too.
 */
final class WrittenModule {
  static final int I32 = 0x7F;
  static final int I64 = 0x7E;
  static final int F32 = 0x7D;
  static final int F64 = 0x7C;
  static final int EXTERNREF = 0x6F;
  static final int EXNREF = 0x69;

  private final List<byte[]> types = new ArrayList<>();
  private final List<byte[]> imports = new ArrayList<>();
  private final List<Integer> tags = new ArrayList<>();
  private final List<byte[]> globals = new ArrayList<>();
  private final List<Integer> functions = new ArrayList<>();
  private final List<byte[]> exports = new ArrayList<>();
  private final List<byte[]> bodies = new ArrayList<>();

  /** Types of parameters or results. */
  static int[] types(int... types) {
    return types;
  }

  int type(int[] parameters, int[] results) {
    types.add(
        part()
            .bytes(0x60)
            .u32(parameters.length)
            .bytes(parameters)
            .u32(results.length)
            .bytes(results)
            .toBytes());
    return types.size() - 1;
  }

  /** Imports {@code env.host}. */
  int importHost(int type) {
    imports.add(part().name("env").name("host").bytes(0).u32(type).toBytes());
    return imports.size() - 1;
  }

  int tag(int type) {
    tags.add(type);
    return tags.size() - 1;
  }

  /** A mutable global that is a null reference or zero. */
  int global(int type) {
    WasmBytes global = part().bytes(type, 1);
    if (type == EXTERNREF || type == EXNREF) {
      global.bytes(0xD0, type);
    } else {
      global.bytes(type == I64 ? 0x42 : 0x41, 0);
    }
    globals.add(global.bytes(0x0B).toBytes());
    return globals.size() - 1;
  }

  /** A function without further locals. */
  int function(int type, @Nullable String export, WasmBytes code) {
    return function(type, export, part().u32(0), code);
  }

  /**
   * A function.
   *
   * @param locals the groups of locals with their number
   * @param code without the last end
   */
  int function(int type, @Nullable String export, WasmBytes locals, WasmBytes code) {
    int index = imports.size() + functions.size();
    functions.add(type);
    if (export != null) {
      exports.add(part().name(export).bytes(0).u32(index).toBytes());
    }
    byte[] body = part().append(locals).append(code).bytes(0x0B).toBytes();
    bodies.add(part().u32(body.length).raw(body).toBytes());
    return index;
  }

  byte[] toBytes() {
    int count = imports.size() + functions.size();
    var declared = part().u32(functions.size());
    functions.forEach(declared::u32);
    var tagged = part().u32(tags.size());
    tags.forEach(type -> tagged.bytes(0).u32(type));
    var elements = part().u32(1).bytes(0, 0x41, 0, 0x0B).u32(count);
    for (int i = 0; i < count; i++) {
      elements.u32(i);
    }
    WasmBytes module =
        WasmBytes.module()
            .section(1, list(types))
            .section(2, list(imports))
            .section(3, declared)
            .section(4, part().u32(1).bytes(0x70, 0).u32(count))
            .section(5, part().u32(1).bytes(0, 1));
    if (!tags.isEmpty()) {
      module.section(13, tagged);
    }
    return module
        .section(6, list(globals))
        .section(7, list(exports))
        .section(9, elements)
        .section(10, list(bodies))
        .toBytes();
  }

  private static WasmBytes list(List<byte[]> entries) {
    var list = part().u32(entries.size());
    entries.forEach(list::raw);
    return list;
  }
}
