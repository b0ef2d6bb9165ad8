package io.gonext.engine.bytecode;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import run.endive.wasm.types.AnnotatedInstruction;
import run.endive.wasm.types.OpCode;

/**
 * The instructions of a function for which Endive's compiler emits method calls, in the compiler's
 * order: everything that can trap, calls, and polls for interrupts.
 *
 * <p>Instructions that become bytecode (arithmetic, locals) cannot trap and are not included.
 *
 * <p>Source: {@code EmitterMap}, {@code Emitters} and {@code WasmAnalyzer} of Endive's compiler, in
 * the version of the root pom.
 */
final class CallSites {
  /** The poll for interrupts: before each call and at each backward branch. */
  static final String POLL = "checkInterruption";

  static final String CALL_INDIRECT_PREFIX = "call_indirect_";
  private static final String TABLE_PREFIX = "table";

  /** Operations on tables of external references have their own methods. */
  private static final String REFERENCE_SUFFIX = "Ref";

  private static final String BEYOND_ADDRESSES = "throwOutOfBoundsMemoryAccess";

  /** For Endive, a static offset from here on is always out of bounds. */
  private static final long LARGEST_OFFSET = Integer.MAX_VALUE;

  private static final Map<OpCode, String> METHODS = methods();
  private static final Set<String> NAMES = new HashSet<>(METHODS.values());

  static {
    NAMES.add(POLL);
    NAMES.add(BEYOND_ADDRESSES);
    for (String method : METHODS.values()) {
      if (method.startsWith(TABLE_PREFIX)) {
        NAMES.add(method + REFERENCE_SUFFIX);
      }
    }
  }

  /**
   * One such instruction.
   *
   * @param address its offset in the bytes that Endive parsed
   * @param method the method's name; {@link #POLL} for a backward branch
   */
  record Site(int address, String method) {
    boolean isPoll() {
      return method.equals(POLL);
    }

    /** Whether the compiler may emit a call of this method for the instruction. */
    boolean calls(String name) {
      return name.equals(method)
          || (method.startsWith(TABLE_PREFIX) && name.equals(method + REFERENCE_SUFFIX));
    }
  }

  private final List<AnnotatedInstruction> instructions;
  private final BitSet branchedTo = new BitSet();
  private final List<Site> sites = new ArrayList<>();
  private boolean reachable = true;

  private CallSites(List<AnnotatedInstruction> instructions) {
    this.instructions = instructions;
  }

  /** The sites of a function's body. */
  static List<Site> of(List<AnnotatedInstruction> instructions) {
    return new CallSites(instructions).read();
  }

  /** Whether compiled code calls a method of this name only at sites. */
  static boolean isSiteMethod(String name) {
    return NAMES.contains(name)
        || name.startsWith(CompiledFunctions.METHOD_PREFIX)
        || name.startsWith(CALL_INDIRECT_PREFIX);
  }

  private static Map<OpCode, String> methods() {
    Map<OpCode, String> names = new HashMap<>();
    names.put(OpCode.UNREACHABLE, "throwTrapException");
    put(names, "memoryReadByte", OpCode.I32_LOAD8_S, OpCode.I32_LOAD8_U);
    put(names, "memoryReadByte", OpCode.I64_LOAD8_S, OpCode.I64_LOAD8_U);
    put(names, "memoryReadShort", OpCode.I32_LOAD16_S, OpCode.I32_LOAD16_U);
    put(names, "memoryReadShort", OpCode.I64_LOAD16_S, OpCode.I64_LOAD16_U);
    put(names, "memoryReadInt", OpCode.I32_LOAD, OpCode.I64_LOAD32_S, OpCode.I64_LOAD32_U);
    put(names, "memoryReadLong", OpCode.I64_LOAD);
    put(names, "memoryReadFloat", OpCode.F32_LOAD);
    put(names, "memoryReadDouble", OpCode.F64_LOAD);
    put(names, "memoryWriteByte", OpCode.I32_STORE8, OpCode.I64_STORE8);
    put(names, "memoryWriteShort", OpCode.I32_STORE16, OpCode.I64_STORE16);
    put(names, "memoryWriteInt", OpCode.I32_STORE, OpCode.I64_STORE32);
    put(names, "memoryWriteLong", OpCode.I64_STORE);
    put(names, "memoryWriteFloat", OpCode.F32_STORE);
    put(names, "memoryWriteDouble", OpCode.F64_STORE);
    put(names, "memoryPages", OpCode.MEMORY_SIZE);
    put(names, "memoryGrow", OpCode.MEMORY_GROW);
    put(names, "memoryInit", OpCode.MEMORY_INIT);
    put(names, "memoryCopy", OpCode.MEMORY_COPY);
    put(names, "memoryFill", OpCode.MEMORY_FILL);
    put(names, "tableGet", OpCode.TABLE_GET);
    put(names, "tableSet", OpCode.TABLE_SET);
    put(names, "tableInit", OpCode.TABLE_INIT);
    put(names, "tableCopy", OpCode.TABLE_COPY);
    put(names, "tableGrow", OpCode.TABLE_GROW);
    put(names, "tableFill", OpCode.TABLE_FILL);
    for (OpCode opcode :
        List.of(
            OpCode.I32_DIV_S,
            OpCode.I32_DIV_U,
            OpCode.I32_REM_S,
            OpCode.I32_REM_U,
            OpCode.I64_DIV_S,
            OpCode.I64_DIV_U,
            OpCode.I64_REM_S,
            OpCode.I64_REM_U,
            OpCode.I32_TRUNC_F32_S,
            OpCode.I32_TRUNC_F32_U,
            OpCode.I32_TRUNC_F64_S,
            OpCode.I32_TRUNC_F64_U,
            OpCode.I64_TRUNC_F32_S,
            OpCode.I64_TRUNC_F32_U,
            OpCode.I64_TRUNC_F64_S,
            OpCode.I64_TRUNC_F64_U)) {
      names.put(opcode, opcode.name());
    }
    return Map.copyOf(names);
  }

  private static void put(Map<OpCode, String> names, String method, OpCode... opcodes) {
    for (OpCode opcode : opcodes) {
      names.put(opcode, method);
    }
  }

  /**
   * One pass suffices: only a forward branch or the previous instruction makes an instruction
   * reachable. The class writer overwrites the compiler's output for unreachable instructions.
   */
  private List<Site> read() {
    for (int i = 0; i < instructions.size(); i++) {
      if (branchedTo.get(i)) {
        reachable = true;
      }
      if (reachable) {
        instruction(i, instructions.get(i));
      }
    }
    return sites;
  }

  private void instruction(int at, AnnotatedInstruction instruction) {
    OpCode opcode = instruction.opcode();
    switch (opcode) {
      case UNREACHABLE -> {
        add(instruction, method(opcode));
        reachable = false;
      }
      case RETURN -> reachable = false;
      case IF -> branchedTo.set(instruction.labelFalse());
      case ELSE, BR -> {
        branch(at, instruction, List.of(instruction.labelTrue()));
        reachable = false;
      }
      case BR_IF -> branch(at, instruction, List.of(instruction.labelTrue()));
      case BR_TABLE -> {
        branch(at, instruction, instruction.labelTable());
        reachable = false;
      }
      case CALL -> add(instruction, CompiledFunctions.METHOD_PREFIX + instruction.operand(0));
      case CALL_INDIRECT -> add(instruction, CALL_INDIRECT_PREFIX + instruction.operand(0));
      default -> {
        if (METHODS.containsKey(opcode)) {
          trapping(instruction);
        }
      }
    }
  }

  private void branch(int at, AnnotatedInstruction instruction, List<Integer> targets) {
    boolean backwards = false;
    for (int target : targets) {
      if (target <= at) {
        backwards = true;
      } else {
        branchedTo.set(target);
      }
    }
    if (backwards) {
      add(instruction, POLL);
    }
  }

  private void trapping(AnnotatedInstruction instruction) {
    String method = method(instruction.opcode());
    if (method.startsWith("memoryRead") || method.startsWith("memoryWrite")) {
      long offset = instruction.operand(1);
      if (offset < 0 || offset >= LARGEST_OFFSET) {
        add(instruction, BEYOND_ADDRESSES);
        reachable = false;
        return;
      }
    }
    add(instruction, method);
  }

  private static String method(OpCode opcode) {
    String name = METHODS.get(opcode);
    if (name == null) {
      throw new IllegalArgumentException("no method for " + opcode);
    }
    return name;
  }

  private void add(AnnotatedInstruction instruction, String method) {
    sites.add(new Site(instruction.address(), method));
  }
}
