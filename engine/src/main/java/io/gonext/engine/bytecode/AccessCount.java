package io.gonext.engine.bytecode;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Counts a function's accesses to the memory and to globals, and plans how to rewrite them. */
class AccessCount extends HeldAccesses {
  /** The most globals that a function keeps in locals. */
  private static final int MOST_GLOBALS = 4;

  /** The most bytes of code in a method of the JVM. */
  private static final int MOST_CODE_BYTES = 65_535;

  /** The additional bytes of a jump in its long form. */
  private static final int FAR_JUMP_BYTES = 5;

  /** A switch is aligned to 4 bytes. */
  private static final int SWITCH_PADDING_BYTES = 3;

  /**
   * How to rewrite a function.
   *
   * @param locals how many slots of locals it already has
   * @param writes whether it stores
   * @param inPlace whether accesses are inlined; otherwise they call methods
   * @param globals the indices of the globals to keep in locals
   */
  record Plan(int locals, boolean writes, boolean inPlace, List<Integer> globals) {}

  /** How often each global is used, by index. */
  private final Map<Integer, Integer> globals = new TreeMap<>();

  private int accesses;
  private int writes;

  /** Accesses of more than a byte, which use a {@link java.lang.invoke.VarHandle}. */
  private int wide;

  private int rereads = 1;
  private int jumps;
  private int switches;

  AccessCount(int memory) {
    super(new MethodVisitor(Opcodes.ASM9) {}, memory);
  }

  @Override
  void access(String name, String type, int offset) {
    accesses++;
    writes += name.startsWith(WRITE) ? 1 : 0;
    wide += name.endsWith("Byte") ? 0 : 1;
  }

  @Override
  boolean takesGlobal(int index) {
    return true;
  }

  @Override
  void globalAccess(String name, int index) {
    globals.merge(index, 1, Integer::sum);
  }

  @Override
  void call(int opcode, String owner, String name, String type, boolean isInterface) {
    rereads += mayGrow(name) ? 1 : 0;
  }

  @Override
  public void visitJumpInsn(int opcode, Label target) {
    super.visitJumpInsn(opcode, target);
    jumps++;
  }

  @Override
  public void visitTableSwitchInsn(int min, int max, Label otherwise, Label... targets) {
    super.visitTableSwitchInsn(min, max, otherwise, targets);
    switches++;
  }

  @Override
  public void visitLookupSwitchInsn(Label otherwise, int[] keys, Label[] targets) {
    super.visitLookupSwitchInsn(otherwise, keys, targets);
    switches++;
  }

  /**
   * How to rewrite the function, or null to leave it as it is.
   *
   * @param length the length of its code in bytes
   * @param locals how many slots of locals it has
   * @param exact whether the array has the memory's size
   */
  final @Nullable Plan plan(int length, int locals, boolean exact) {
    if (accesses == 0) {
      return null;
    }
    List<Integer> kept =
        globals.entrySet().stream()
            .filter(global -> global.getValue() > 1)
            .map(Map.Entry::getKey)
            .limit(MOST_GLOBALS)
            .toList();
    int room =
        length > CompiledFunctions.HUGE_METHOD_BYTES
            ? MOST_CODE_BYTES - jumps * FAR_JUMP_BYTES - length
            : CompiledFunctions.HUGE_METHOD_BYTES - length;
    // The most bytes that the code grows. A local beyond 255 needs a longer form.
    int local = locals + AccessInliner.MORE_LOCALS + MOST_GLOBALS > 255 ? 4 : 2;
    int reread = (exact ? 2 : 3) * (2 * local + 3);
    int rest = rereads * reread + kept.size() * (2 * local + 6) + 2 * local + 3;
    rest += switches * SWITCH_PADDING_BYTES;
    for (int index : kept) {
      rest += globals.getOrDefault(index, 0) * local;
    }
    int limitCheck = exact ? 0 : local + 6;
    int inPlace = accesses * (3 * local + 11 + limitCheck) + writes * (4 * local + 5);
    int called = (accesses + writes) * local;
    if (wide <= AccessInliner.MOST_IN_PLACE && inPlace + rest <= room) {
      return new Plan(locals, writes > 0, true, kept);
    }
    return exact && called + rest <= room ? new Plan(locals, writes > 0, false, kept) : null;
  }
}
