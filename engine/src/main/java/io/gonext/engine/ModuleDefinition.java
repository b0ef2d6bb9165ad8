package io.gonext.engine;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A module as its binary defines it: everything but the instructions of its functions.
 *
 * <p>Imported functions, tables and globals come first in the index spaces. The lists are
 * immutable, the arrays are never changed.
 *
 * @param bytes the module's bytes; positions refer to them
 * @param types the types in order
 * @param imports everything that is imported, in order
 * @param functionTypes the index of each function's type
 * @param bodies the function bodies of the functions that are not imported: locals and instructions
 * @param tables the tables
 * @param memory the memory, or null
 * @param tagTypes the index of each tag's type, imported ones first
 * @param globals the globals
 * @param exports the exports by name, in order
 * @param start the index of the start function, or -1
 * @param elements the element segments
 * @param data the data segments
 * @param declaresDataCount whether there is a data count section
 * @param declared the functions that a body may refer to with {@code ref.func}: those that an
 *     export, an element segment or a global names; never changed
 * @param tailCallers the functions with tail calls; never changed
 * @param legacyTries the functions with exception handling in its legacy encoding; never changed
 * @param returning the functions with a {@code return}; never changed
 * @param links whether the module was admitted for linking: other instances may then hold its
 *     tables, and call what is in them
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and private to the package
record ModuleDefinition(
    byte[] bytes,
    List<FunctionType> types,
    List<Import> imports,
    int[] functionTypes,
    List<Range> bodies,
    List<TableType> tables,
    @Nullable MemoryType memory,
    int[] tagTypes,
    List<Global> globals,
    Map<String, Export> exports,
    int start,
    List<ElementSegment> elements,
    List<DataSegment> data,
    boolean declaresDataCount,
    BitSet declared,
    BitSet tailCallers,
    BitSet legacyTries,
    BitSet returning,
    boolean links) {

  /** The kinds of what a module imports and exports, in the order of their numbers. */
  enum Kind {
    FUNCTION,
    TABLE,
    MEMORY,
    GLOBAL,
    TAG
  }

  /** An import. Its type is in the list of its kind. */
  record Import(String module, String name, Kind kind) {}

  /** An export of the thing of that kind with this index. */
  record Export(Kind kind, int index) {}

  /** The bytes {@code [from, to)} of the module. */
  record Range(int from, int to) {
    int length() {
      return to - from;
    }
  }

  /** A table's type. The maximum is 2^32 - 1 if none is declared. */
  record TableType(ValueType elementType, long minimum, long maximum) {}

  /** A memory's type, in pages of 64 KiB. The maximum is 65,536 if none is declared. */
  record MemoryType(int minimumPages, int maximumPages) {}

  /**
   * A global.
   *
   * @param value its first value; null if it is imported
   * @param isShared whether it is a {@link GuestGlobal}, not a field of the compiled class: if it
   *     is imported, or exported and mutable in a module that was admitted for linking
   */
  record Global(
      ValueType type, boolean isMutable, @Nullable ConstantExpression value, boolean isShared) {}

  /** What a segment is for. */
  enum Mode {
    /** Copied when the instance starts, then dropped. */
    ACTIVE,
    /** Copied by instructions. */
    PASSIVE,
    /** Only declares references to functions. */
    DECLARATIVE
  }

  /** An element segment. {@code table} and {@code offset} are only for active ones. */
  record ElementSegment(
      ValueType type,
      Mode mode,
      int table,
      @Nullable ConstantExpression offset,
      List<ConstantExpression> elements) {}

  /** A data segment. {@code offset} is only for an active one. */
  record DataSegment(Mode mode, @Nullable ConstantExpression offset, Range content) {}

  /** What an instance has before it gets its parts. */
  static ModuleDefinition empty() {
    return new ModuleDefinition(
        new byte[0],
        List.of(),
        List.of(),
        new int[0],
        List.of(),
        List.of(),
        null,
        new int[0],
        List.of(),
        Map.of(),
        -1,
        List.of(),
        List.of(),
        false,
        new BitSet(),
        new BitSet(),
        new BitSet(),
        new BitSet(),
        false);
  }

  /** A copy with bytes of its own: only those of bodies and data segments. */
  ModuleDefinition compacted() {
    var kept = new ByteArrayOutputStream();
    var keptBodies = new ArrayList<Range>(bodies.size());
    for (Range body : bodies) {
      keptBodies.add(keep(body, kept));
    }
    var keptData = new ArrayList<DataSegment>(data.size());
    for (DataSegment segment : data) {
      keptData.add(new DataSegment(segment.mode, segment.offset, keep(segment.content, kept)));
    }
    return new ModuleDefinition(
        kept.toByteArray(),
        types,
        imports,
        functionTypes,
        List.copyOf(keptBodies),
        tables,
        memory,
        tagTypes,
        globals,
        exports,
        start,
        elements,
        List.copyOf(keptData),
        declaresDataCount,
        declared,
        tailCallers,
        legacyTries,
        returning,
        links);
  }

  private Range keep(Range range, ByteArrayOutputStream kept) {
    int from = kept.size();
    kept.write(bytes, range.from, range.length());
    return new Range(from, kept.size());
  }

  int importedFunctions() {
    return functionTypes.length - bodies.size();
  }

  /** The position of the first instruction of each function that is not imported. */
  int[] firstInstructions() {
    var positions = new int[bodies.size()];
    for (int i = 0; i < positions.length; i++) {
      var in = new BinaryReader(bytes, bodies.get(i).from, bodies.get(i).to);
      for (long groups = in.u32(); groups > 0; groups--) {
        in.u32();
        in.u8();
      }
      positions[i] = in.position();
    }
    return positions;
  }

  FunctionType typeOf(int function) {
    return types.get(functionTypes[function]);
  }
}
