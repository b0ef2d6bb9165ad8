package io.gonext.engine;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the functions of a module are called: by its name section, else by the name under which they
 * are imported or exported.
 */
record FunctionNames(Map<Integer, String> byIndex) {
  FunctionNames {
    byIndex = Map.copyOf(byIndex);
  }

  /** Decodes a module's names. */
  static FunctionNames of(ModuleOutline outline) {
    return of(outline.imports(), outline.exports(), outline.functionNames());
  }

  static FunctionNames of(
      List<FunctionImport> imports,
      Map<String, ModuleOutline.Export> exports,
      byte @Nullable [] section) {
    Map<Integer, String> names = new HashMap<>();
    for (int i = 0; i < imports.size(); i++) {
      FunctionImport imported = imports.get(i);
      names.put(i, imported.module() + "." + imported.name());
    }
    exports.forEach((name, export) -> names.putIfAbsent(export.index(), name));
    if (section != null) {
      readInto(names, section);
    }
    return new FunctionNames(names);
  }

  /** Up to the first entry that is broken: names are no part of a module's meaning. */
  private static void readInto(Map<Integer, String> names, byte[] section) {
    var in = new BinaryReader(section, 0, section.length);
    try {
      int count = in.count("names", 2);
      for (int i = 0; i < count; i++) {
        int index = (int) in.u32();
        names.put(index, in.name(Integer.MAX_VALUE));
      }
    } catch (ModuleRejectedException unreadable) {
      // The names before it are good.
      return;
    }
  }

  /** The function's name as in its source, or {@code func[12]} where the module does not say. */
  String of(int index) {
    String name = byIndex.get(index);
    return name == null ? "func[" + index + "]" : PlainText.of(Demangler.demangle(name));
  }
}
