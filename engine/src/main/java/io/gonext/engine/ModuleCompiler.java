package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.Export;
import io.gonext.engine.ModuleDefinition.Kind;
import io.gonext.engine.ModuleDefinition.Range;
import io.gonext.engine.bytecode.CountedBlocks;
import io.gonext.engine.bytecode.EmittedClasses;
import io.gonext.engine.bytecode.ModuleEmitter;
import io.gonext.engine.bytecode.ModuleShape;
import io.gonext.engine.bytecode.PartSizes;
import io.gonext.engine.bytecode.Signature;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Compiles an admitted module to JVM classes. */
final class ModuleCompiler {
  /** The prefix of the names of all compiled classes. Backtraces recognize them by it. */
  static final String CLASS_NAME = "io.gonext.engine.guest.Code";

  private ModuleCompiler() {}

  /**
   * Compiles, and loads the classes.
   *
   * @param metering what the module counts
   * @param beforeLoading given the signatures of the compiled methods before a class is loaded
   * @param isAbandoned whether no caller waits for the result any more; checked between functions
   * @throws CancellationException when the compile was abandoned
   */
  static ModuleClasses compile(
      ModuleOutline outline,
      Metering metering,
      Consumer<Set<String>> beforeLoading,
      BooleanSupplier isAbandoned) {
    var counted = metering == Metering.BLOCKS ? new CountedBlocks() : null;
    EmittedClasses classes =
        emit(outline.definition(), PartSizes.DEFAULTS, metering.countsFuel(), counted, isAbandoned);
    beforeLoading.accept(classes.signatures());
    return new ModuleClasses(
        outline.definition().compacted(),
        classes,
        metering,
        counted == null ? List.of() : counted.counters());
  }

  /** The classes, with functions divided by these sizes. */
  static EmittedClasses emit(
      ModuleDefinition module, PartSizes sizes, boolean isMetered, BooleanSupplier isAbandoned) {
    return emit(module, sizes, isMetered, null, isAbandoned);
  }

  /**
   * The same.
   *
   * @param counted gets the counters of blocks, if these are counted
   */
  static EmittedClasses emit(
      ModuleDefinition module,
      PartSizes sizes,
      boolean isMetered,
      @Nullable CountedBlocks counted,
      BooleanSupplier isAbandoned) {
    ModuleShape shape = shape(module, module.declaresDataCount() ? module.data().size() : -1);
    int imported = module.importedFunctions();
    int[] bytes = module.bodies().stream().mapToInt(Range::length).toArray();
    return ModuleEmitter.emit(
        CLASS_NAME,
        shape,
        bytes,
        function -> {
          if (isAbandoned.getAsBoolean()) {
            throw new CancellationException("no caller waits for the module any more");
          }
          Range body = module.bodies().get(function - imported);
          return FunctionReader.read(
              new BinaryReader(module.bytes(), body.from(), body.to()), function, shape);
        },
        sizes,
        isMetered,
        counted);
  }

  /**
   * What functions may refer to.
   *
   * @param dataSegments how many data segments the module declares to have, or -1
   */
  static ModuleShape shape(ModuleDefinition module, int dataSegments) {
    List<Signature> types = new ArrayList<>();
    for (FunctionType type : module.types()) {
      types.add(new Signature(codes(type.parameters()), codes(type.results())));
    }
    Map<Signature, Integer> first = new HashMap<>();
    var firstEqual = new int[types.size()];
    for (int i = 0; i < firstEqual.length; i++) {
      firstEqual[i] = first.merge(types.get(i), i, Math::min);
    }
    var functionTypes = new int[module.functionTypes().length];
    for (int i = 0; i < functionTypes.length; i++) {
      functionTypes[i] = firstEqual[module.functionTypes()[i]];
    }
    var mutable = new BitSet();
    var shared = new BitSet();
    var globalTypes = new byte[module.globals().size()];
    for (int i = 0; i < globalTypes.length; i++) {
      ModuleDefinition.Global global = module.globals().get(i);
      globalTypes[i] = FunctionReader.code(global.type());
      mutable.set(i, global.isMutable());
      shared.set(i, global.isShared());
    }
    var entries = new BitSet();
    for (Export export : module.exports().values()) {
      if (export.kind() == Kind.FUNCTION) {
        entries.set(export.index());
      }
    }
    if (module.start() >= 0) {
      entries.set(module.start());
    }
    if (module.links()) {
      entries.or(module.declared());
    }
    return new ModuleShape(
        types,
        firstEqual,
        functionTypes,
        module.importedFunctions(),
        globalTypes,
        mutable,
        shared,
        codes(module.tables().stream().map(ModuleDefinition.TableType::elementType).toList()),
        module.tagTypes(),
        module.memory() != null,
        codes(module.elements().stream().map(ModuleDefinition.ElementSegment::type).toList()),
        dataSegments,
        module.declared(),
        module.tailCallers(),
        module.legacyTries(),
        module.returning(),
        entries);
  }

  private static byte[] codes(List<ValueType> types) {
    var codes = new byte[types.size()];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = FunctionReader.code(types.get(i));
    }
    return codes;
  }
}
