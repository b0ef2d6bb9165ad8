package io.gonext.engine.bytecode;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Divides a function into parts. HotSpot compiles small methods well and large ones badly, and none
 * of more than {@link CompiledFunctions#HUGE_METHOD_BYTES}.
 *
 * <p>A loop becomes a part if there is much else in its function. What is too large is cut into
 * stretches.
 */
final class Partition {
  /** A method has at most 65,535 bytes, and the estimate of a call may be too low by half. */
  private static final int LARGEST_BYTES = 26_000;

  /** After so many parts, loops stay where they are: each part takes entries of the class. */
  private static final int MOST_LOOPS = 2_000;

  /** The estimated bytes of an exit in the method that calls the part. */
  private static final int EXIT_BYTES = 6;

  /** Taking a local from a field when an exception leaves the part. */
  private static final int THROWN_BYTES = 9;

  /** A part's exits to blocks around its caller cost the caller nothing. */
  private static final int MOST_EXITS = 20;

  private final FunctionCode code;
  private final ModuleShape module;
  private final PartSizes sizes;
  private final FuelCharges charges;

  /** The estimated bytes of all instructions before each one. */
  private final int[] bytesBefore;

  private final boolean hasTries;

  private final List<Mentions> ranges = new ArrayList<>();

  /** The largest range yet that begins at an instruction. */
  private final Map<Integer, Mentions> largest = new HashMap<>();

  /**
   * What the instructions of a range name.
   *
   * @param exits the numbers of the labels around the range that it branches to
   */
  record Mentions(int from, int to, BitSet used, BitSet written, BitSet exits) {
    /** The estimated bytes of a call of the range as a part. */
    int callBytes(PartSizes sizes, boolean hasTries) {
      return Partition.callBytes(sizes, used.cardinality(), written.cardinality(), exits)
          + (hasTries ? THROWN_BYTES * written.cardinality() : 0);
    }
  }

  private static int callBytes(PartSizes sizes, int taken, int left, BitSet exits) {
    return sizes.call()
        + 2 * taken
        + 6 * left
        + EXIT_BYTES * Math.min(exits.cardinality(), MOST_EXITS);
  }

  /** An instruction, a block or a part on one level of nesting. */
  private record Item(int from, int to, int bytes, boolean isPart) {}

  private Partition(FunctionCode code, ModuleShape module, PartSizes sizes, FuelCharges charges) {
    this.code = code;
    this.module = module;
    this.sizes = sizes;
    this.charges = charges;
    this.bytesBefore = new int[code.size + 1];
    this.hasTries = IntStream.range(0, code.size).anyMatch(i -> code.op[i] == Op.TRY_TABLE);
    for (int i = 0; i < code.size; i++) {
      bytesBefore[i + 1] = bytesBefore[i] + bytes(i);
    }
  }

  /** The loop that another code resumes as a part, with those in it. */
  static Part ofLoop(FunctionCode code, ModuleShape module, PartSizes sizes, FuelCharges charges) {
    var partition = new Partition(code, module, sizes, charges);
    int loop = code.resumedLoop;
    partition.level(0, code.size - 1, true);
    return find(partition.parts(), loop, code.partner[loop] + 1);
  }

  /** The part of exactly this range in another one. */
  private static Part find(Part around, int from, int to) {
    Part part = around;
    while (part.from != from || part.to != to) {
      part =
          part.children.values().stream()
              .filter(child -> child.from <= from && to <= child.to)
              .findFirst()
              .orElseThrow();
    }
    return part;
  }

  /** The whole function as a part, which has all others. */
  static Part of(FunctionCode code, ModuleShape module, PartSizes sizes, FuelCharges charges) {
    var partition = new Partition(code, module, sizes, charges);
    int end = code.size - 1;
    if (partition.bytes(0, end) > sizes.small()) {
      partition.level(0, end, true);
    }
    return partition.parts();
  }

  private int bytes(int from, int to) {
    return bytesBefore[to] - bytesBefore[from];
  }

  /** Estimates the bytes of bytecode of an instruction, without the block that it may begin. */
  private int bytes(int index) {
    int op = code.op[index];
    if (Op.isLoad(op) || Op.isStore(op)) {
      return 11;
    }
    return switch (op) {
      case Op.LOCAL_GET, Op.LOCAL_SET, Op.LOCAL_TEE -> 2;
      case Op.BLOCK, Op.ELSE, Op.END, Op.NOP -> 1;
      case Op.LOOP -> 14;
      case Op.BR_TABLE -> 12 + 4 * code.labelsOf(index).length;
      case Op.CALL, Op.CALL_INDIRECT -> 20;
      case Op.RESUME -> resumeBytes();
      case Op.THROW -> 40 + Tries.VALUE_BYTES * (code.height[index] - code.low[index]);
      case Op.THROW_REF -> 12;
      case Op.TRY_TABLE -> Tries.bytes(code, index);
      case Op.RETURN_CALL, Op.RETURN_CALL_INDIRECT ->
          20 + TailCalls.ARGUMENT_BYTES * (code.height[index] - code.low[index]);
      case Op.GLOBAL_GET, Op.GLOBAL_SET -> 5;
      case Op.SELECT -> 12;
      default -> Op.isCompare(op) ? 8 : 4;
    };
  }

  private int resumeBytes() {
    Part loop = code.resumption().loop();
    return callBytes(sizes, loop.inputs.length, loop.outputs.length, loop.exits);
  }

  /**
   * Plans the parts on a level of nesting.
   *
   * @param cutsLoops whether loops become parts
   * @return the estimated bytes of what stays
   */
  private int level(int from, int to, boolean cutsLoops) {
    List<Item> items = new ArrayList<>();
    for (int i = from; i < to; i = code.next(i)) {
      items.add(
          Op.isOpener(code.op[i])
              ? construct(i, cutsLoops)
              : new Item(i, i + 1, bytes(i) + charges.bytes(i), false));
    }
    if (sum(items) > sizes.most()) {
      cutLargest(items);
    }
    int stretch = sizes.stretch();
    while (sum(items) > sizes.most()) {
      int before = items.size();
      items = stretches(items, stretch);
      if (items.size() == before) {
        // Calls with very many locals. A method that is too large to be compiled is better than one
        // that is too large to exist.
        if (stretch == LARGEST_BYTES) {
          break;
        }
        stretch = LARGEST_BYTES;
      }
    }
    return sum(items);
  }

  private static int sum(List<Item> items) {
    int sum = 0;
    for (Item item : items) {
      sum += item.bytes;
    }
    return sum;
  }

  private Item construct(int opener, boolean cutsLoops) {
    int end = code.partner[opener];
    int raw = bytes(opener, end);
    boolean isPart =
        opener == code.resumedLoop
            || (cutsLoops
                && code.op[opener] == Op.LOOP
                && raw >= sizes.smallLoop()
                && !isMostOf(opener, end)
                && ranges.size() < MOST_LOOPS);
    boolean cutsWithin = cutsLoops && !(isPart && raw <= sizes.small());
    int otherwise = code.elseOf(opener);
    int bytes = bytes(opener) + charges.bytes(opener);
    if (otherwise < 0) {
      bytes += level(opener + 1, end, cutsWithin);
    } else {
      bytes += level(opener + 1, otherwise, cutsWithin) + level(otherwise + 1, end, cutsWithin);
    }
    return isPart ? part(opener, end + 1) : new Item(opener, end + 1, bytes, false);
  }

  /**
   * Whether there is little else in the function. Go's compiler emits each function as one loop,
   * which a part would only make slower to call.
   */
  private boolean isMostOf(int opener, int end) {
    return bytes(0, code.size - 1) - bytes(opener, end) < sizes.small() / 8;
  }

  private Item part(int from, int to) {
    Mentions mentions = mentions(from, to);
    ranges.add(mentions);
    largest.put(from, mentions);
    return new Item(from, to, mentions.callBytes(sizes, hasTries), true);
  }

  private Mentions mentions(int from, int to) {
    var used = new BitSet();
    var written = new BitSet();
    var exits = new BitSet();
    int own = code.number(code.outer(from));
    for (int i = from; i < to; ) {
      Mentions within = largest.get(i);
      if (within != null && within.to <= to) {
        used.or(within.used);
        written.or(within.written);
        exits.or(within.exits);
        i = within.to;
        continue;
      }
      switch (code.op[i]) {
        case Op.LOCAL_GET -> used.set((int) code.immediate[i]);
        case Op.LOCAL_SET, Op.LOCAL_TEE -> {
          used.set((int) code.immediate[i]);
          written.set((int) code.immediate[i]);
        }
        case Op.RESUME -> {
          Part loop = code.resumption().loop();
          for (int local : loop.inputs) {
            used.set(local);
          }
          for (int local : loop.outputs) {
            used.set(local);
            written.set(local);
          }
          for (int target : code.targets(i)) {
            exits.set(code.number(target));
          }
        }
        default -> {
          for (int target : code.targets(i)) {
            exits.set(code.number(target));
          }
        }
      }
      i++;
    }
    if (exits.length() > own + 1) {
      exits.clear(own + 1, exits.length());
    }
    return new Mentions(from, to, used, written, exits);
  }

  /** Makes parts of the largest blocks until the rest is small enough. */
  private void cutLargest(List<Item> items) {
    int bytes = sum(items);
    List<Integer> order =
        IntStream.range(0, items.size())
            .filter(i -> items.get(i).bytes >= sizes.stretch() / 2)
            .boxed()
            .sorted(Comparator.comparingInt((Integer i) -> items.get(i).bytes).reversed())
            .toList();
    for (int i : order) {
      if (bytes <= sizes.most()) {
        return;
      }
      Item item = items.get(i);
      items.set(i, part(item.from, item.to));
      bytes -= item.bytes - items.get(i).bytes;
    }
  }

  /** Makes parts of neighbors, of up to so many estimated bytes each. */
  private List<Item> stretches(List<Item> items, int most) {
    List<Item> cut = new ArrayList<>();
    int first = 0;
    int bytes = 0;
    int i = 0;
    while (i < items.size()) {
      if (i > first && bytes + items.get(i).bytes > most) {
        int end = lowestBoundary(items, first, i, bytes);
        cut.add(stretch(items, first, end));
        first = end;
        i = end;
        bytes = 0;
      }
      bytes += items.get(i).bytes;
      i++;
    }
    if (first < items.size()) {
      cut.add(stretch(items, first, items.size()));
    }
    return cut;
  }

  /** Where the fewest operands are on the stack, in the second half of a stretch. */
  private int lowestBoundary(List<Item> items, int first, int end, int bytes) {
    int lowest = end;
    int rest = bytes;
    for (int i = end - 1; i > first && rest - items.get(i).bytes > bytes / 2; i--) {
      rest -= items.get(i).bytes;
      if (code.height[items.get(i).from] < code.height[items.get(lowest).from]) {
        lowest = i;
      }
    }
    return lowest;
  }

  private Item stretch(List<Item> items, int first, int end) {
    Item only = items.get(first);
    return end == first + 1 && (only.isPart || only.bytes <= sizes.call())
        ? only
        : part(only.from, items.get(end - 1).to);
  }

  // The parts -------------------------------------------------------------------------------------

  private Part parts() {
    ranges.sort(
        Comparator.comparingInt(Mentions::from)
            .thenComparing(Mentions::to, Comparator.reverseOrder()));
    var function = new Part(0, code.size, code.start, null, 0);
    Map<Part, Mentions> all = new LinkedHashMap<>();
    Part current = function;
    for (Mentions range : ranges) {
      while (range.from >= current.to || range.to > current.to) {
        current = Objects.requireNonNull(current.parent);
      }
      var part = new Part(range.from, range.to, position(range), current, all.size() + 1);
      part.exits = range.exits;
      current.children.put(range.from, part);
      all.put(part, range);
      current = part;
    }
    operands(all.keySet());
    BitSet zero = Liveness.apply(code, all);
    zero.clear(0, code.signature.parameters().length);
    function.inputs = zero.stream().toArray();
    replacesMemory(function);
    return function;
  }

  private int position(Mentions range) {
    int lowest = code.position[range.from];
    for (int i = range.from + 1; i < range.to; i++) {
      lowest = Math.min(lowest, code.position[i]);
    }
    return lowest;
  }

  /** Finds what each part takes from the stack, and what it leaves if control falls out. */
  private void operands(Collection<Part> parts) {
    var starting = new HashMap<Integer, List<Part>>();
    var ending = new HashMap<Integer, List<Part>>();
    for (Part part : parts) {
      starting.computeIfAbsent(part.from, _ -> new ArrayList<>()).add(part);
      ending.computeIfAbsent(part.to, _ -> new ArrayList<>()).add(part);
    }
    if (parts.isEmpty()) {
      return;
    }
    var types = new OperandTypes();
    for (int i = 0; i < code.size; i++) {
      for (Part part : ending.getOrDefault(i, List.of())) {
        if (fallsTo(i)) {
          int base = code.height[part.from] - part.operands.length;
          part.fall = types.top(types.height() - base);
          part.exits.set(Part.FALL);
        }
      }
      for (Part part : starting.getOrDefault(i, List.of())) {
        part.operands = types.top(code.height[i] - lowest(part));
      }
      apply(types, i);
    }
  }

  private int lowest(Part part) {
    int lowest = code.height[part.from];
    for (int i = part.from; i < part.to; i = code.next(i)) {
      lowest = Math.min(lowest, code.low[i]);
    }
    return lowest;
  }

  private boolean fallsTo(int index) {
    int op = code.op[index];
    return (op != Op.END && op != Op.ELSE) || code.falls[index];
  }

  private void apply(OperandTypes types, int i) {
    switch (code.op[i]) {
      case Op.BLOCK, Op.LOOP, Op.TRY_TABLE, Op.RESUME -> {
        // The operands stay.
      }
      case Op.IF, Op.BR_IF -> types.pop(1);
      case Op.ELSE -> {
        types.cut(code.height[i]);
        types.push(code.blockType(code.partner[i]).parameters());
      }
      case Op.END -> {
        types.cut(code.height[i]);
        int opener = code.extra[i];
        if (opener != FunctionCode.FUNCTION) {
          types.push(code.blockType(opener).results());
        }
      }
      default -> {
        // After what is terminal, an ELSE or END follows.
        if (!Op.isTerminal(code.op[i])) {
          types.apply(code, i, module);
        }
      }
    }
  }

  /** Sets {@link Part#replacesMemory} of a part and of all within it. */
  private boolean replacesMemory(Part part) {
    for (int i = part.from; i < part.to; ) {
      Part child = part.children.get(i);
      if (child != null) {
        part.replacesMemory |= replacesMemory(child);
        i = child.to;
      } else {
        int op = code.op[i];
        part.replacesMemory |=
            op == Op.CALL
                || op == Op.CALL_INDIRECT
                || op == Op.MEMORY_GROW
                || (op == Op.RESUME && code.resumption().loop().replacesMemory);
        i++;
      }
    }
    return part.replacesMemory;
  }
}
