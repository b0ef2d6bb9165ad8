package io.gonext.engine;

import static io.gonext.engine.ModuleRejectedException.Reason.BAD_EXPORT;
import static io.gonext.engine.ModuleRejectedException.Reason.FORBIDDEN_IMPORT;
import static io.gonext.engine.ModuleRejectedException.Reason.TOO_LARGE;

import io.gonext.engine.ModuleDefinition.DataSegment;
import io.gonext.engine.ModuleDefinition.ElementSegment;
import io.gonext.engine.ModuleDefinition.Export;
import io.gonext.engine.ModuleDefinition.Global;
import io.gonext.engine.ModuleDefinition.Import;
import io.gonext.engine.ModuleDefinition.Kind;
import io.gonext.engine.ModuleDefinition.MemoryType;
import io.gonext.engine.ModuleDefinition.Mode;
import io.gonext.engine.ModuleDefinition.Range;
import io.gonext.engine.ModuleDefinition.TableType;
import io.gonext.engine.bytecode.ModuleShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a module, and refuses lengths larger than the bytes that follow, features that the engine
 * does not support, and sizes that make compiling slow. Validates everything but the bodies of
 * functions.
 *
 * <p>One pass, in time linear in the module's size. It allocates only for entries that it has read.
 * An object reads one module, on one thread.
 */
final class Admission {
  private static final int HEADER_BYTES = 8;

  private static final int CUSTOM = 0;
  private static final int CODE = 10;
  private static final int TAG = 13;

  /** Toolchains use one. An instance can keep many exceptions alive. */
  private static final int MOST_TAG_PARAMETERS = 16;

  /** Each section's place in the order that the specification demands, by its number. */
  private static final int[] ORDER = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6};

  private static final int FUNCTION = 0;
  private static final int TABLE = 1;
  private static final int MEMORY = 2;
  private static final int GLOBAL = 3;
  private static final int TAG_KIND = 4;

  /** The kinds of imports and exports by number. */
  private static final Kind[] KINDS = Kind.values();

  /** The compact import section proposal writes these bytes in place of an import's kind. */
  private static final int COMPACT_ONE_TYPE = 0x7E;

  private static final int COMPACT_TYPES = 0x7F;

  private static final int MOST_MEMORY_PAGES = 1 << 16;

  private static final int FUNCTION_NAMES = 1;
  private static final int GLOBAL_NAMES = 7;

  private final byte[] bytes;
  private final EngineLimits limits;

  private final List<FunctionType> types = new ArrayList<>();
  private final List<FunctionImport> imports = new ArrayList<>();
  private final Map<String, ModuleOutline.Export> exports = new LinkedHashMap<>();
  private final List<String> memoryExports = new ArrayList<>();
  private final Set<String> exportNames = new HashSet<>();
  private final CompileCost cost;

  /** Everything that is imported. */
  private final List<Import> allImports = new ArrayList<>();

  /** Whether the module may import tables, memories and globals. */
  private final boolean links;

  /** The index of each function's type; until the function section, those of imports. */
  private int[] functionTypes = {};

  private final List<TableType> tables = new ArrayList<>();
  private final List<MemoryType> memories = new ArrayList<>();
  private final List<Integer> tagTypes = new ArrayList<>();
  private final List<Global> globals = new ArrayList<>();
  private final Map<String, Export> allExports = new LinkedHashMap<>();
  private final List<ElementSegment> elements = new ArrayList<>();
  private final List<DataSegment> data = new ArrayList<>();
  private final List<Range> bodies = new ArrayList<>();
  private int start = -1;

  /** See {@link ModuleDefinition#declared}. */
  private final BitSet declared = new BitSet();

  private final BitSet tailCallers = new BitSet();
  private final BitSet returning = new BitSet();
  private final BitSet legacyTries = new BitSet();

  private @Nullable ConstantReader constants;
  private boolean hasCode;
  private int segmentsAnnounced = -1;
  private long segmentElements;
  private byte @Nullable [] functionNames;
  private byte[] globalNames = {};
  private Producers producers = Producers.NONE;
  private DebugSections debug = DebugSections.NONE;

  private Admission(byte[] bytes, EngineLimits limits, boolean links) {
    this.bytes = bytes;
    this.limits = limits;
    this.links = links;
    this.cost = new CompileCost(limits, this::label);
  }

  /**
   * Reads a module.
   *
   * @throws ModuleRejectedException when the engine refuses the module
   */
  static ModuleOutline admit(byte[] bytes, EngineLimits limits) {
    if (bytes.length > limits.moduleBytes()) {
      throw new ModuleRejectedException(
          TOO_LARGE,
          0,
          "a module of "
              + bytes.length
              + " bytes, the limit is "
              + limits.moduleBytes()
              + EngineLimits.raise("moduleBytes"));
    }
    return new Admission(bytes, limits, false).admit();
  }

  /**
   * Reads a module that may also import tables, memories and globals, as the core test suite's do.
   * No host offers these.
   */
  static ModuleOutline admitForLinking(byte[] bytes, EngineLimits limits) {
    return new Admission(bytes, limits, true).admit();
  }

  private ModuleOutline admit() {
    var reader = new BinaryReader(bytes, 0, bytes.length);
    ModuleHeader.problem(bytes)
        .ifPresent(problem -> {
          throw reader.malformed(problem);
        });
    reader.skip(HEADER_BYTES);
    int previous = 0;
    while (!reader.isAtEnd()) {
      int id = reader.u8();
      if (id >= ORDER.length) {
        throw reader.malformed("section " + id + " does not exist");
      }
      BinaryReader section = reader.slice(reader.u32());
      if (id == CUSTOM) {
        custom(section);
        continue;
      }
      if (ORDER[id] <= previous) {
        throw section.malformed("section " + id + " is out of order or repeated");
      }
      previous = ORDER[id];
      if (id == CODE) {
        debug = debug.withCode(section.position());
      }
      section(id, section);
      if (!section.isAtEnd()) {
        throw section.malformed("section " + id + " is longer than its contents");
      }
    }
    if (functionTypes.length > imports.size() && !hasCode) {
      throw reader.malformed("functions without a code section");
    }
    if (!hasCode) {
      countTypes();
    }
    if (segmentsAnnounced > 0 && data.size() != segmentsAnnounced) {
      throw reader.malformed(
          "the data count section declares data segments, but there is no data section");
    }
    return new ModuleOutline(
        List.copyOf(imports),
        exports,
        List.copyOf(memoryExports),
        memories.isEmpty() ? 0 : memories.getFirst().minimumPages(),
        functionNames,
        globalNames,
        producers,
        debug,
        cost,
        definition());
  }

  private ModuleDefinition definition() {
    return new ModuleDefinition(
        bytes,
        List.copyOf(types),
        List.copyOf(allImports),
        functionTypes,
        List.copyOf(bodies),
        List.copyOf(tables),
        memories.isEmpty() ? null : memories.getFirst(),
        tagTypes.stream().mapToInt(Integer::intValue).toArray(),
        sharedOrNot(),
        Collections.unmodifiableMap(allExports),
        start,
        List.copyOf(elements),
        List.copyOf(data),
        segmentsAnnounced >= 0,
        declared,
        tailCallers,
        legacyTries,
        returning,
        links);
  }

  /** The globals, with those that other instances may change marked as shared. */
  private List<Global> sharedOrNot() {
    var exported = new BitSet();
    for (Export export : allExports.values()) {
      if (export.kind() == Kind.GLOBAL) {
        exported.set(export.index());
      }
    }
    var marked = new ArrayList<Global>(globals.size());
    for (int i = 0; i < globals.size(); i++) {
      Global global = globals.get(i);
      boolean isShared = global.value() == null || (links && global.isMutable() && exported.get(i));
      marked.add(new Global(global.type(), global.isMutable(), global.value(), isShared));
    }
    return List.copyOf(marked);
  }

  private void section(int id, BinaryReader in) {
    switch (id) {
      case 1 -> types(in);
      case 2 -> imports(in);
      case 3 -> functions(in);
      case 4 -> tables(in);
      case 5 -> memories(in);
      case 6 -> globals(in);
      case 7 -> exports(in);
      case 8 -> start(in);
      case 9 -> elements(in);
      case 10 -> code(in);
      case 11 -> data(in);
      case 12 -> segmentsAnnounced = in.count("data segments", "segments", limits.segments(), 0);
      case TAG -> tags(in);
      default -> throw in.malformed("section " + id + " does not exist");
    }
  }

  // Custom sections: backtraces use the functions' names and the source lines. A custom section
  // does not change what a module does, so a malformed one is ignored.

  private void custom(BinaryReader in) {
    String name = in.name(limits.moduleBytes());
    debug = debug.with(name, bytes, in.position(), in.position() + in.remaining());
    if (name.equals(Producers.SECTION)) {
      producers =
          Producers.ofSection(
              Arrays.copyOfRange(bytes, in.position(), in.position() + in.remaining()));
    }
    if (!name.equals("name")) {
      return;
    }
    try {
      while (!in.isAtEnd()) {
        int id = in.u8();
        long size = in.u32();
        int from = in.position();
        in.slice(size);
        if (id == FUNCTION_NAMES) {
          int kept = Math.min(in.position() - from, FunctionNames.MOST_BYTES);
          functionNames = Arrays.copyOfRange(bytes, from, from + kept);
        } else if (id == GLOBAL_NAMES) {
          int kept = Math.min(in.position() - from, GlobalNames.MOST_BYTES);
          globalNames = Arrays.copyOfRange(bytes, from, from + kept);
        }
      }
    } catch (ModuleRejectedException unreadable) {
      functionNames = null;
    }
  }

  // Types and imports ---------------------------------------------------------------------------

  private void types(BinaryReader in) {
    int count = in.count("types", "types", limits.types(), 3);
    for (int i = 0; i < count; i++) {
      int form = in.peek();
      if (form != 0x60) {
        throw form >= 0x4E && form <= 0x5F
            ? in.unsupported("type " + i + " belongs to the garbage collection proposal")
            : in.malformed("type " + i + " is not a function type");
      }
      in.u8();
      var type = new FunctionType(valueTypes(in, "parameters"), valueTypes(in, "results"));
      types.add(type);
    }
  }

  private List<ValueType> valueTypes(BinaryReader in, String what) {
    int count = in.count(what, "parameters", limits.parameters(), 1);
    var list = new ValueType[count];
    for (int i = 0; i < count; i++) {
      list[i] = valueType(in);
    }
    return List.of(list);
  }

  static ValueType valueType(BinaryReader in) {
    int code = in.peek();
    ValueType type =
        switch (code) {
          case 0x7F -> ValueType.I32;
          case 0x7E -> ValueType.I64;
          case 0x7D -> ValueType.F32;
          case 0x7C -> ValueType.F64;
          case 0x70 -> ValueType.FUNCREF;
          case 0x6F -> ValueType.EXTERNREF;
          case 0x7B -> throw in.unsupported("the module uses SIMD (type v128)");
          case 0x69 -> ValueType.EXNREF;
          case 0x74 -> throw in.unsupported("the module uses garbage collection (type noexn)");
          case 0x63, 0x64 -> throw in.unsupported("the module uses typed function references");
          default -> {
            if (code >= 0x6A && code <= 0x73) {
              throw in.unsupported("the module uses garbage collection");
            }
            throw in.malformed("there is no type 0x" + Integer.toHexString(code));
          }
        };
    in.u8();
    return type;
  }

  private static ValueType referenceType(BinaryReader in) {
    ValueType type = valueType(in);
    if (!type.isReference()) {
      throw in.malformed(type + " is not a reference type");
    }
    if (type == ValueType.EXNREF) {
      throw in.unsupported("the module has a table of exceptions (exnref)");
    }
    return type;
  }

  private void imports(BinaryReader in) {
    int count = in.count("imports", "imports", limits.imports(), 4);
    functionTypes = new int[count];
    for (int i = 0; i < count; i++) {
      int at = in.position();
      String module = in.name(limits.nameBytes());
      String name = in.name(limits.nameBytes());
      int kind = in.u8();
      switch (kind) {
        case FUNCTION -> functionImport(in, at, module, name);
        case TABLE -> {
          requireLinking(at, module, name, "a table");
          tables.add(tableType(in));
        }
        case MEMORY -> {
          requireLinking(at, module, name, "a memory");
          memories.add(memoryType(in));
        }
        case GLOBAL -> {
          requireLinking(at, module, name, "a global");
          ValueType type = valueType(in);
          globals.add(new Global(type, isMutable(in), null, true));
        }
        case TAG_KIND -> {
          requireLinking(at, module, name, "a tag");
          tag(in);
        }
        case COMPACT_ONE_TYPE, COMPACT_TYPES ->
            throw in.unsupported(
                "the module uses the compact import section; build it without (wasm-opt:"
                    + " --disable-compact-imports)");
        default -> throw in.malformed("an import of kind " + kind);
      }
      allImports.add(new Import(module, name, KINDS[kind]));
    }
    functionTypes = Arrays.copyOf(functionTypes, imports.size());
    checkMemories(in, memories.size());
  }

  private void functionImport(BinaryReader in, int at, String module, String name) {
    long index = in.u32();
    var wanted = new FunctionImport(module, name, type(in, index));
    if (wanted.isWasi() && !wanted.type().equals(Wasi.typeOf(name))) {
      throw new ModuleRejectedException(
          FORBIDDEN_IMPORT, at, "WASI preview 1 has no function " + wanted);
    }
    functionTypes[imports.size()] = (int) index;
    imports.add(wanted);
  }

  private void requireLinking(int at, String module, String name, String what) {
    if (!links) {
      throw new ModuleRejectedException(
          FORBIDDEN_IMPORT,
          at,
          "the module imports "
              + what
              + ", "
              + module
              + "."
              + name
              + "; the host offers only functions");
    }
  }

  private FunctionType type(BinaryReader in, long index) {
    if (index >= types.size()) {
      throw in.malformed("there is no type " + index);
    }
    return types.get((int) index);
  }

  // Functions, tables, memories, globals --------------------------------------------------------

  private void functions(BinaryReader in) {
    int count = in.count("functions", "functions", limits.functions() - imports.size(), 1);
    functionTypes = Arrays.copyOf(functionTypes, imports.size() + count);
    for (int i = imports.size(); i < functionTypes.length; i++) {
      long index = in.u32();
      type(in, index);
      functionTypes[i] = (int) index;
    }
  }

  private void countTypes() {
    cost.declared(types.size(), functionCount());
  }

  private FunctionType typeOf(int function) {
    return types.get(functionTypes[function]);
  }

  private FunctionLabel label(int function) {
    return new FunctionLabel(function, this::nameOf);
  }

  /**
   * When admission refuses a function's code, it has not read the name section yet, so this looks
   * ahead.
   */
  private String nameOf(int function) {
    var in = new BinaryReader(bytes, HEADER_BYTES, bytes.length);
    try {
      while (!in.isAtEnd()) {
        int id = in.u8();
        BinaryReader section = in.slice(in.u32());
        if (id == CUSTOM) {
          custom(section);
        }
      }
    } catch (ModuleRejectedException unreadable) {
      return "";
    }
    FunctionNames names = FunctionNames.of(imports, exports, functionNames, functionCount());
    return names.raw(function).isEmpty() ? "" : names.of(function);
  }

  private int functionCount() {
    return functionTypes.length;
  }

  private void start(BinaryReader in) {
    long index = in.u32();
    if (index >= functionCount()) {
      throw in.malformed("start names function " + index + " of " + functionCount());
    }
    FunctionType type = typeOf((int) index);
    if (!type.equals(FunctionType.of())) {
      throw in.malformed("the start function is " + type + ", but it must be " + FunctionType.of());
    }
    start = (int) index;
  }

  private void tables(BinaryReader in) {
    int count = in.count("tables", "tables", limits.tables(), 3);
    for (int i = 0; i < count; i++) {
      if (in.peek() == 0x40) {
        throw in.unsupported("table " + i + " has an initializer (typed function references)");
      }
      TableType table = tableType(in);
      if (table.minimum() > limits.tableElements()) {
        throw in.tooLarge(
            "a table of "
                + table.minimum()
                + " elements, the limit is "
                + limits.tableElements()
                + EngineLimits.raise("tableElements"));
      }
      tables.add(table);
    }
  }

  private static TableType tableType(BinaryReader in) {
    ValueType type = referenceType(in);
    long[] size = limits(in, "table", 0xFFFF_FFFFL);
    return new TableType(type, size[0], size[1]);
  }

  private void memories(BinaryReader in) {
    int count = in.count("memories", 2);
    checkMemories(in, memories.size() + count);
    for (int i = 0; i < count; i++) {
      MemoryType memory = memoryType(in);
      if (memory.minimumPages() > limits.memoryPages()) {
        throw in.tooLarge(
            "a memory of "
                + memory.minimumPages()
                + " pages of 64 KiB, the limit is "
                + limits.memoryPages()
                + EngineLimits.raise("memoryPages"));
      }
      memories.add(memory);
    }
  }

  private static void checkMemories(BinaryReader in, int count) {
    if (count > 1) {
      throw in.unsupported("the module has " + count + " memories (multi-memory)");
    }
  }

  private void tags(BinaryReader in) {
    int count = in.count("tags", "types", limits.types(), 2);
    for (int i = 0; i < count; i++) {
      tag(in);
    }
  }

  private void tag(BinaryReader in) {
    int attribute = in.u8();
    if (attribute != 0) {
      throw in.malformed("a tag of kind " + attribute);
    }
    long index = in.u32();
    FunctionType type = type(in, index);
    if (!type.results().isEmpty()) {
      throw in.malformed("tag " + tagTypes.size() + " has a non-empty tag result type: " + type);
    }
    if (type.parameters().size() > MOST_TAG_PARAMETERS) {
      throw in.tooLarge(
          "tag "
              + tagTypes.size()
              + " has "
              + type.parameters().size()
              + " parameters, the limit is "
              + MOST_TAG_PARAMETERS);
    }
    if (type.parameters().contains(ValueType.EXNREF)) {
      throw in.unsupported("tag " + tagTypes.size() + " has an exception as a parameter (exnref)");
    }
    tagTypes.add((int) index);
  }

  private static MemoryType memoryType(BinaryReader in) {
    long[] size = limits(in, "memory", MOST_MEMORY_PAGES);
    return new MemoryType((int) size[0], (int) size[1]);
  }

  /** The initial and the largest size. */
  private static long[] limits(BinaryReader in, String what, long most) {
    int flags = in.u8();
    if ((flags & 0x02) != 0 && flags < 0x08) {
      throw in.unsupported("the " + what + " is shared (threads)");
    }
    if ((flags & 0x04) != 0 && flags < 0x08) {
      throw in.unsupported("the " + what + " has 64-bit addresses (memory64)");
    }
    if (flags == 0x08 || flags == 0x09) {
      throw in.unsupported("the " + what + " has its own page size (custom page sizes)");
    }
    if (flags > 0x01) {
      throw in.malformed("the " + what + " has limits of kind " + flags);
    }
    long least = in.u32();
    long largest = flags == 1 ? in.u32() : most;
    if (least > most || largest > most) {
      throw in.malformed("the size of the " + what + " must be at most " + most);
    }
    if (least > largest) {
      throw in.malformed("the " + what + "'s minimum is larger than its maximum");
    }
    return new long[] {least, largest};
  }

  private void globals(BinaryReader in) {
    int count = in.count("globals", "globals", limits.globals(), 4);
    for (int i = 0; i < count; i++) {
      ValueType type = valueType(in);
      boolean isMutable = isMutable(in);
      globals.add(new Global(type, isMutable, constants().read(in, type), false));
    }
    cost.globals(globals.size());
  }

  private boolean isMutable(BinaryReader in) {
    int mutability = in.u8();
    if (mutability > 1) {
      throw in.malformed("global " + globals.size() + " is neither constant nor variable");
    }
    return mutability == 1;
  }

  /** Reads expressions that may use the globals read so far. Called after the function section. */
  private ConstantReader constants() {
    ConstantReader known = constants;
    if (known == null) {
      known = new ConstantReader(globals, functionCount(), declared);
      constants = known;
    }
    return known;
  }

  // Exports -------------------------------------------------------------------------------------

  private void exports(BinaryReader in) {
    int count = in.count("exports", "exports", limits.exports(), 3);
    cost.exports(count);
    for (int i = 0; i < count; i++) {
      int at = in.position();
      String name = in.name(limits.nameBytes());
      if (!exportNames.add(name)) {
        throw new ModuleRejectedException(
            BAD_EXPORT, at, "two exports are called \"" + name + "\"");
      }
      int kind = in.u8();
      long index = in.u32();
      int there =
          switch (kind) {
            case FUNCTION -> functionCount();
            case TABLE -> tables.size();
            case MEMORY -> memories.size();
            case GLOBAL -> globals.size();
            case TAG_KIND -> tagTypes.size();
            default -> throw in.malformed("an export of kind " + kind);
          };
      if (index >= there) {
        throw new ModuleRejectedException(
            BAD_EXPORT, at, "export \"" + name + "\" refers to something that does not exist");
      }
      allExports.put(name, new Export(KINDS[kind], (int) index));
      if (kind == FUNCTION) {
        declared.set((int) index);
        exports.put(name, functionExport(name, (int) index));
      } else if (kind == MEMORY) {
        memoryExports.add(name);
      }
    }
  }

  private ModuleOutline.Export functionExport(String name, int index) {
    boolean imported = index < imports.size();
    return new ModuleOutline.Export(new FunctionExport(name, typeOf(index), imported), index);
  }

  // Segments ------------------------------------------------------------------------------------

  private void elements(BinaryReader in) {
    int count = in.count("element segments", "segments", limits.segments(), 2);
    for (int i = 0; i < count; i++) {
      elements.add(elementSegment(in));
    }
  }

  private ElementSegment elementSegment(BinaryReader in) {
    long flags = in.u32();
    if (flags > 7) {
      throw in.malformed("an element segment of kind " + flags);
    }
    boolean explicit = (flags & 2) != 0;
    boolean expressions = (flags & 4) != 0;
    int table = 0;
    ConstantExpression offset = null;
    Mode mode = explicit ? Mode.DECLARATIVE : Mode.PASSIVE;
    if ((flags & 1) == 0) {
      mode = Mode.ACTIVE;
      table = explicit ? table(in, in.u32()) : table(in, 0);
      offset = constants().read(in, ValueType.I32);
    }
    ValueType type = ValueType.FUNCREF;
    if (flags != 0 && flags != 4) {
      if (expressions) {
        type = referenceType(in);
      } else if (in.u8() != 0) {
        throw in.malformed("an element segment of something that is not a function");
      }
    }
    if (mode == Mode.ACTIVE && tables.get(table).elementType() != type) {
      throw in.malformed(
          "an element segment of "
              + type
              + " for table "
              + table
              + " of "
              + tables.get(table).elementType());
    }
    return new ElementSegment(type, mode, table, offset, segmentElements(in, type, expressions));
  }

  private int table(BinaryReader in, long index) {
    if (index >= tables.size()) {
      throw in.malformed("an element segment names table " + index + " of " + tables.size());
    }
    return (int) index;
  }

  /** The elements: expressions or the indices of functions. */
  private List<ConstantExpression> segmentElements(
      BinaryReader in, ValueType type, boolean expressions) {
    int count = in.count("elements", "segmentElements", limits.segmentElements(), 1);
    cost.elements(count);
    segmentElements += count;
    if (segmentElements > limits.segmentElements()) {
      throw in.tooLarge(
          segmentElements
              + " segment elements, the limit is "
              + limits.segmentElements()
              + EngineLimits.raise("segmentElements"));
    }
    var list = new ConstantExpression[count];
    for (int i = 0; i < count; i++) {
      list[i] = expressions ? constants().read(in, type) : constants().function(in);
    }
    return List.of(list);
  }

  private void data(BinaryReader in) {
    int count = in.count("data segments", "segments", limits.segments(), 1);
    if (segmentsAnnounced >= 0 && count != segmentsAnnounced) {
      throw in.malformed(
          count + " data segments, but the data count section declares " + segmentsAnnounced);
    }
    cost.segments(count);
    for (int i = 0; i < count; i++) {
      data.add(dataSegment(in));
    }
  }

  private DataSegment dataSegment(BinaryReader in) {
    long flags = in.u32();
    if (flags > 2) {
      throw in.malformed("a data segment of kind " + flags);
    }
    ConstantExpression offset = null;
    if (flags != 1) {
      long memory = flags == 2 ? in.u32() : 0;
      if (memory >= memories.size()) {
        throw in.malformed("a data segment names memory " + memory + " of " + memories.size());
      }
      offset = constants().read(in, ValueType.I32);
    }
    long size = in.u32();
    int from = in.position();
    in.slice(size);
    return new DataSegment(
        offset == null ? Mode.PASSIVE : Mode.ACTIVE, offset, new Range(from, in.position()));
  }

  // Code ----------------------------------------------------------------------------------------

  private void code(BinaryReader in) {
    hasCode = true;
    countTypes();
    int count = in.count("function bodies", "functions", limits.functions(), 3);
    int wanted = functionTypes.length - imports.size();
    if (count != wanted) {
      throw in.malformed(count + " function bodies for " + wanted + " functions");
    }
    ModuleShape shape = ModuleCompiler.shape(definition(), segmentsAnnounced);
    for (int i = 0; i < count; i++) {
      long size = in.u32();
      int index = imports.size() + i;
      if (size > limits.functionBytes()) {
        throw in.tooLarge(
            "function "
                + label(index)
                + " has "
                + size
                + " bytes, the limit is "
                + limits.functionBytes()
                + EngineLimits.raise("functionBytes"));
      }
      bodies.add(new Range(in.position(), in.position() + (int) size));
      FunctionCost functionCost =
          FunctionReader.validate(in.slice(size), index, shape, label(index), limits);
      cost.function(index, functionCost);
      tailCallers.set(index, functionCost.hasTailCalls());
      legacyTries.set(index, functionCost.hasLegacyTries);
      returning.set(index, functionCost.hasReturn);
    }
    if (!tailCallers.isEmpty()) {
      cost.tailCalls(types, functionTypes);
    }
  }
}
