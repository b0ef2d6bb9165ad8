package io.gonext.engine.bytecode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Divides a function into parts. HotSpot compiles small methods well and large ones badly, and none
 * of more than {@link CompiledFunctions#HUGE_METHOD_BYTES}.
 *
 * <p>A loop becomes a part if there is much else in its function. What is too large is cut into
 * stretches.
 */
final class Partition {
  private final FunctionCode code;
  private final ModuleShape module;
  private final PartSizes sizes;

  /** The estimated bytes of all instructions before each one. */
  private final int[] bytesBefore;

  private final List<int[]> ranges = new ArrayList<>();

  /** An instruction, a block or a part on one level of nesting. */
  private record Item(int from, int to, int bytes, boolean isPart) {}

  private Partition(FunctionCode code, ModuleShape module, PartSizes sizes) {
    this.code = code;
    this.module = module;
    this.sizes = sizes;
    this.bytesBefore = new int[code.size + 1];
    for (int i = 0; i < code.size; i++) {
      bytesBefore[i + 1] = bytesBefore[i] + bytes(i);
    }
  }

  /** The whole function as a part, which has all others. */
  static Part of(FunctionCode code, ModuleShape module, PartSizes sizes) {
    var partition = new Partition(code, module, sizes);
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
      case Op.GLOBAL_GET, Op.GLOBAL_SET -> 5;
      case Op.SELECT -> 12;
      default -> Op.isCompare(op) ? 8 : 4;
    };
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
          Op.isOpener(code.op[i]) ? construct(i, cutsLoops) : new Item(i, i + 1, bytes(i), false));
    }
    if (sum(items) > sizes.most()) {
      cutLargest(items);
    }
    while (sum(items) > sizes.most()) {
      int before = items.size();
      items = stretches(items);
      if (items.size() == before) {
        break;
      }
    }
    return sum(items);
  }

  private static int sum(List<Item> items) {
    return items.stream().mapToInt(Item::bytes).sum();
  }

  private Item construct(int opener, boolean cutsLoops) {
    int end = code.partner[opener];
    int raw = bytes(opener, end);
    boolean isPart = cutsLoops && code.op[opener] == Op.LOOP && raw >= sizes.smallLoop();
    boolean cutsWithin = cutsLoops && !(isPart && raw <= sizes.small());
    int otherwise = code.elseOf(opener);
    int bytes = bytes(opener);
    if (otherwise < 0) {
      bytes += level(opener + 1, end, cutsWithin);
    } else {
      bytes += level(opener + 1, otherwise, cutsWithin) + level(otherwise + 1, end, cutsWithin);
    }
    return isPart ? part(opener, end + 1) : new Item(opener, end + 1, bytes, false);
  }

  private Item part(int from, int to) {
    ranges.add(new int[] {from, to});
    return new Item(from, to, sizes.call(), true);
  }

  /** Makes parts of the largest blocks until the rest is small enough. */
  private void cutLargest(List<Item> items) {
    int bytes = sum(items);
    List<Integer> largest =
        IntStream.range(0, items.size())
            .filter(i -> items.get(i).bytes >= sizes.stretch() / 2)
            .boxed()
            .sorted(Comparator.comparingInt((Integer i) -> items.get(i).bytes).reversed())
            .toList();
    for (int i : largest) {
      if (bytes <= sizes.most()) {
        return;
      }
      Item item = items.get(i);
      items.set(i, part(item.from, item.to));
      bytes -= item.bytes - sizes.call();
    }
  }

  /** Makes parts of neighbors. */
  private List<Item> stretches(List<Item> items) {
    List<Item> cut = new ArrayList<>();
    int first = 0;
    int bytes = 0;
    for (int i = 0; i <= items.size(); i++) {
      boolean isFull = i == items.size() || bytes + items.get(i).bytes > sizes.stretch();
      if (isFull && i > first && (i == items.size() || bytes > 0)) {
        boolean isOne = i == first + 1;
        cut.add(
            isOne && (items.get(first).isPart || bytes <= sizes.call())
                ? items.get(first)
                : part(items.get(first).from, items.get(i - 1).to));
        first = i;
        bytes = 0;
      }
      if (i < items.size()) {
        bytes += items.get(i).bytes;
      }
    }
    return cut;
  }

  // The parts -------------------------------------------------------------------------------------

  private Part parts() {
    ranges.sort((one, other) ->
        one[0] != other[0] ? Integer.compare(one[0], other[0]) : Integer.compare(other[1], one[1]));
    var function = new Part(0, code.size, null, 0);
    List<Part> all = new ArrayList<>();
    Part current = function;
    for (int[] range : ranges) {
      while (range[0] >= current.to || range[1] > current.to) {
        current = java.util.Objects.requireNonNull(current.parent);
      }
      var part = new Part(range[0], range[1], current, all.size() + 1);
      current.children.put(range[0], part);
      all.add(part);
      current = part;
    }
    Map<Part, byte[]> falls = operands(all);
    var wanted = new BitSet();
    wanted.set(0);
    for (Part part : all) {
      wanted.set(part.from);
      wanted.set(part.to);
    }
    var liveness = new Liveness(code, wanted);
    function.inputs = initialized(liveness);
    function.replacesMemory = replacesMemory(function);
    for (Part part : all) {
      describe(part, falls, liveness);
    }
    return function;
  }

  private int[] initialized(Liveness liveness) {
    var live = (BitSet) liveness.before(0).clone();
    live.clear(0, code.signature.parameters().length);
    return live.stream().toArray();
  }

  /** Finds what each part takes from the stack, and returns what it leaves if control falls out. */
  private Map<Part, byte[]> operands(List<Part> parts) {
    var starting = new LinkedHashMap<Integer, List<Part>>();
    var ending = new LinkedHashMap<Integer, List<Part>>();
    for (Part part : parts) {
      starting.computeIfAbsent(part.from, _ -> new ArrayList<>()).add(part);
      ending.computeIfAbsent(part.to, _ -> new ArrayList<>()).add(part);
    }
    var results = new LinkedHashMap<Part, byte[]>();
    if (parts.isEmpty()) {
      return results;
    }
    var types = new OperandTypes();
    for (int i = 0; i < code.size; i++) {
      for (Part part : ending.getOrDefault(i, List.of())) {
        if (fallsTo(i)) {
          int base = code.height[part.from] - part.operands.length;
          results.put(part, types.top(types.height() - base));
        }
      }
      for (Part part : starting.getOrDefault(i, List.of())) {
        part.operands = types.top(code.height[i] - lowest(part));
      }
      apply(types, i);
    }
    return results;
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
      case Op.BLOCK, Op.LOOP -> {
        // The parameters stay.
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
      case Op.BR, Op.BR_TABLE, Op.RETURN, Op.UNREACHABLE -> {
        // An ELSE or END follows.
      }
      default -> types.apply(code, i, module);
    }
  }

  private void describe(Part part, Map<Part, byte[]> falls, Liveness liveness) {
    var written = new BitSet();
    var used = new BitSet();
    var targets = new ArrayList<Integer>();
    for (int i = part.from; i < part.to; i++) {
      switch (code.op[i]) {
        case Op.LOCAL_GET -> used.set((int) code.immediate[i]);
        case Op.LOCAL_SET, Op.LOCAL_TEE -> {
          used.set((int) code.immediate[i]);
          written.set((int) code.immediate[i]);
        }
        default -> {
          for (int target : code.targets(i)) {
            if (target < part.from && !targets.contains(target)) {
              targets.add(target);
            }
          }
        }
      }
    }
    part.replacesMemory = replacesMemory(part);
    used.and(liveness.before(part.from));
    // In the order of their kinds, so that fewer combinations occur: see EmittedClasses.
    part.inputs =
        used.stream()
            .boxed()
            .sorted(Comparator.comparing(local -> Kind.of(code.locals[local])))
            .mapToInt(Integer::intValue)
            .toArray();
    byte[] left = falls.get(part);
    if (left != null) {
      part.exits.add(exit(Part.FALL, left, liveness.before(part.to), written));
    }
    for (int target : targets) {
      part.exits.add(exit(target, code.labelTypes(target), liveness.atLabel(target), written));
    }
  }

  private static Part.Exit exit(int target, byte[] values, BitSet live, BitSet written) {
    var locals = (BitSet) written.clone();
    locals.and(live);
    return new Part.Exit(target, values, locals.stream().toArray());
  }

  private boolean replacesMemory(Part part) {
    return Arrays.stream(code.op, part.from, part.to)
        .anyMatch(op -> op == Op.CALL || op == Op.CALL_INDIRECT || op == Op.MEMORY_GROW);
  }
}
