package io.gonext.engine.bytecode;

import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * Inlines the loads and stores of a module's compiled functions. Endive's compiler emits a call of
 * {@link run.endive.runtime.Memory} for each.
 *
 * <p>A function keeps the memory's array and marks in Java locals. It reads them again after
 * anything that may grow the memory: a call, or {@code memory.grow}. So the JIT knows that they do
 * not change in a loop. For a field it would not know, because each poll for interrupts reads a
 * volatile field. The calls that remain are of methods that the JIT always inlines, so they do not
 * count against its inlining limits. A function also keeps globals that it uses more than once,
 * such as its stack pointer, in locals.
 *
 * <p>Forced inlining has a cost: from about 120 accesses in one method, C1 often fails to compile
 * the version with a profile. The function then stays in unprofiled C1 code, and C2 never compiles
 * it. So functions with many accesses call methods of the memory's class instead: see {@link
 * AccessCount}.
 *
 * <p>It also merges comparisons into the jumps that depend on them: see {@link FusedCompares}.
 *
 * <p>The code becomes larger. A function that could become too large for a JVM method, or for the
 * JIT, stays as it is. A module may mix both kinds of access.
 */
public final class AccessInliner {
  /** A function with more accesses, single bytes not counted, calls methods for them. */
  public static final int MOST_IN_PLACE = 80;

  private static final String MEMORY = "Lrun/endive/runtime/Memory;";
  private static final String INSTANCE = "run/endive/runtime/Instance";
  private static final String GLOBAL = "run/endive/runtime/GlobalInstance";
  private static final String OBJECTS = "java/util/Objects";
  private static final String VAR_HANDLE = "java/lang/invoke/VarHandle";
  private static final String BYTES = "[B";

  /** An upper bound of the additional operands of one inlined access. */
  private static final int MORE_STACK = 4;

  /** The array, the marks, the limit, an address, and a value of up to two slots. */
  static final int MORE_LOCALS = 6;

  /** The internal name of the class with the memory's fields and the methods for accesses. */
  private final String guestAccess;

  private final int blockShift;
  private final boolean exact;

  /**
   * An inliner for one kind of memory.
   *
   * @param access the superclass of all memories. It has the fields {@code data}, {@code dirty} and
   *     {@code limit}, and static methods and handles for accesses
   * @param blockShift an address shifted right by this many bits is the index of its mark
   * @param exact whether the memory's size is its array's length
   */
  public AccessInliner(Class<?> access, int blockShift, boolean exact) {
    this.guestAccess = Type.getInternalName(access);
    this.blockShift = blockShift;
    this.exact = exact;
  }

  /** The class with inlined accesses. Takes time linear in its size. */
  public byte[] inline(byte[] classBytes) {
    var reader = new ClassReader(classBytes);
    Map<String, AccessCount.Plan> plans = new HashMap<>();
    reader.accept(
        counting(codeLengths(classBytes), plans), ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
    var writer = new ClassWriter(reader, 0);
    reader.accept(writing(writer, plans), ClassReader.EXPAND_FRAMES);
    return writer.toByteArray();
  }

  private static Map<String, Integer> codeLengths(byte[] classBytes) {
    Map<String, Integer> lengths = new HashMap<>();
    for (var method : ClassFile.of().parse(classBytes).methods()) {
      if (method.code().orElse(null) instanceof CodeAttribute code) {
        lengths.put(method.methodName().stringValue(), code.codeLength());
      }
    }
    return lengths;
  }

  /**
   * Copies a class. Inlines the accesses of the planned functions, and merges the comparisons of
   * all functions.
   */
  private ClassVisitor writing(ClassVisitor copy, Map<String, AccessCount.Plan> plans) {
    return new ClassVisitor(Opcodes.ASM9, copy) {
      @Override
      public MethodVisitor visitMethod(
          int access,
          String name,
          String descriptor,
          @Nullable String signature,
          String @Nullable [] exceptions) {
        MethodVisitor method = super.visitMethod(access, name, descriptor, signature, exceptions);
        if (!name.startsWith(CompiledFunctions.METHOD_PREFIX)) {
          return method;
        }
        AccessCount.Plan plan = plans.get(name);
        return new FusedCompares(plan == null ? method : new Body(method, descriptor, plan));
      }
    };
  }

  private ClassVisitor counting(Map<String, Integer> lengths, Map<String, AccessCount.Plan> plans) {
    return new ClassVisitor(Opcodes.ASM9) {
      @Override
      public @Nullable MethodVisitor visitMethod(
          int access,
          String name,
          String descriptor,
          @Nullable String signature,
          String @Nullable [] exceptions) {
        if (!name.startsWith(CompiledFunctions.METHOD_PREFIX)) {
          return null;
        }
        return new AccessCount(memorySlot(descriptor)) {
          @Override
          public void visitMaxs(int stack, int locals) {
            AccessCount.Plan plan = plan(lengths.getOrDefault(name, 0), locals, exact);
            if (plan != null) {
              plans.put(name, plan);
            }
          }
        };
      }
    };
  }

  /** One function. */
  private final class Body extends HeldAccesses {
    private final AccessCount.Plan plan;
    private final int memory;
    private final int array;
    private final int marks;
    private final int limit;
    private final int globals;
    private final int address;
    private final int value;

    Body(MethodVisitor copy, String descriptor, AccessCount.Plan plan) {
      super(copy, memorySlot(descriptor));
      this.plan = plan;
      this.memory = memorySlot(descriptor);
      this.array = plan.locals();
      this.marks = array + 1;
      this.limit = array + 2;
      this.globals = array + 3;
      this.address = globals + plan.globals().size();
      this.value = address + 1;
    }

    @Override
    public void visitCode() {
      super.visitCode();
      mv.visitVarInsn(Opcodes.ALOAD, memory);
      mv.visitTypeInsn(Opcodes.CHECKCAST, guestAccess);
      mv.visitVarInsn(Opcodes.ASTORE, memory);
      readMemory();
      for (int i = 0; i < plan.globals().size(); i++) {
        mv.visitVarInsn(Opcodes.ALOAD, memory + 1);
        constant(plan.globals().get(i));
        mv.visitMethodInsn(Opcodes.INVOKEVIRTUAL, INSTANCE, "global", "(I)L" + GLOBAL + ";", false);
        mv.visitVarInsn(Opcodes.ASTORE, globals + i);
      }
    }

    private void readMemory() {
      readMemory("data", BYTES, Opcodes.ASTORE, array);
      if (plan.writes()) {
        readMemory("dirty", BYTES, Opcodes.ASTORE, marks);
      }
      if (!exact) {
        readMemory("limit", "I", Opcodes.ISTORE, limit);
      }
    }

    private void readMemory(String field, String type, int store, int local) {
      mv.visitVarInsn(Opcodes.ALOAD, memory);
      mv.visitFieldInsn(Opcodes.GETFIELD, guestAccess, field, type);
      mv.visitVarInsn(store, local);
    }

    @Override
    void call(int opcode, String owner, String name, String type, boolean isInterface) {
      super.call(opcode, owner, name, type, isInterface);
      if (mayGrow(name)) {
        readMemory();
      }
    }

    @Override
    boolean takesGlobal(int index) {
      return plan.globals().contains(index);
    }

    @Override
    void globalAccess(String name, int index) {
      mv.visitVarInsn(Opcodes.ALOAD, globals + plan.globals().indexOf(index));
      if (name.equals(READ_GLOBAL)) {
        mv.visitMethodInsn(Opcodes.INVOKEVIRTUAL, GLOBAL, "getValue", "()J", false);
      } else {
        mv.visitInsn(Opcodes.DUP_X2);
        mv.visitInsn(Opcodes.POP);
        mv.visitMethodInsn(Opcodes.INVOKEVIRTUAL, GLOBAL, "setValue", "(J)V", false);
      }
    }

    @Override
    void access(String name, String type, int offset) {
      boolean reads = name.startsWith(READ);
      String kind = name.substring((reads ? READ : WRITE).length());
      Type value = reads ? Type.getReturnType(type) : Type.getArgumentTypes(type)[1];
      if (!plan.inPlace()) {
        constant(offset);
        mv.visitVarInsn(Opcodes.ALOAD, array);
        if (reads) {
          access("read" + kind, "(II" + BYTES + ")" + value);
        } else {
          mv.visitVarInsn(Opcodes.ALOAD, marks);
          access("write" + kind, "(I" + value + "I" + BYTES + BYTES + ")V");
        }
      } else if (reads) {
        read(kind, value, offset);
      } else {
        write(kind, value, offset);
      }
    }

    private void access(String method, String type) {
      mv.visitMethodInsn(Opcodes.INVOKESTATIC, guestAccess, method, type, false);
    }

    private void read(String kind, Type type, int offset) {
      takeAddress(offset, bytesOf(type));
      if (type.getSort() == Type.BYTE) {
        loadArray();
        mv.visitInsn(Opcodes.BALOAD);
        return;
      }
      loadHandle(kind);
      loadArray();
      mv.visitMethodInsn(
          Opcodes.INVOKEVIRTUAL, VAR_HANDLE, "get", "([BI)" + type.getDescriptor(), false);
    }

    private void write(String kind, Type type, int offset) {
      mv.visitVarInsn(type.getOpcode(Opcodes.ISTORE), value);
      takeAddress(offset, bytesOf(type));
      if (type.getSort() == Type.BYTE) {
        loadArray();
        mv.visitVarInsn(Opcodes.ILOAD, value);
        mv.visitInsn(Opcodes.BASTORE);
      } else {
        loadHandle(kind);
        loadArray();
        mv.visitVarInsn(type.getOpcode(Opcodes.ILOAD), value);
        mv.visitMethodInsn(
            Opcodes.INVOKEVIRTUAL, VAR_HANDLE, "set", "([BI" + type.getDescriptor() + ")V", false);
      }
      mv.visitVarInsn(Opcodes.ALOAD, marks);
      mv.visitVarInsn(Opcodes.ILOAD, address);
      mv.visitIntInsn(Opcodes.BIPUSH, blockShift);
      mv.visitInsn(Opcodes.IUSHR);
      mv.visitInsn(Opcodes.ICONST_1);
      mv.visitInsn(Opcodes.BASTORE);
    }

    /**
     * Turns the base on the stack into the address. The base is unsigned, so a negative base is out
     * of bounds. The sum of another base and the offset either stays below 2^31 or becomes
     * negative.
     */
    private void takeAddress(int offset, int bytes) {
      if (offset != 0) {
        constant(Integer.MAX_VALUE);
        checkIndex();
        constant(offset);
        mv.visitInsn(Opcodes.IADD);
      }
      if (!exact) {
        mv.visitVarInsn(Opcodes.ILOAD, limit);
        if (bytes > 1) {
          constant(bytes - 1);
          mv.visitInsn(Opcodes.ISUB);
        }
        checkIndex();
      }
      mv.visitVarInsn(Opcodes.ISTORE, address);
    }

    private void checkIndex() {
      mv.visitMethodInsn(Opcodes.INVOKESTATIC, OBJECTS, "checkIndex", "(II)I", false);
    }

    private void loadHandle(String kind) {
      mv.visitFieldInsn(
          Opcodes.GETSTATIC, guestAccess, kind.toUpperCase(Locale.ROOT), "L" + VAR_HANDLE + ";");
    }

    private void loadArray() {
      mv.visitVarInsn(Opcodes.ALOAD, array);
      mv.visitVarInsn(Opcodes.ILOAD, address);
    }

    @Override
    public void visitFrame(
        int type, int localCount, Object[] locals, int stackCount, Object[] stack) {
      flush();
      List<Object> more = new ArrayList<>();
      int slots = 0;
      for (Object local : Arrays.asList(locals).subList(0, localCount)) {
        more.add(slots == memory ? guestAccess : local);
        slots += Opcodes.LONG.equals(local) || Opcodes.DOUBLE.equals(local) ? 2 : 1;
      }
      for (; slots < plan.locals(); slots++) {
        more.add(Opcodes.TOP);
      }
      more.add(BYTES);
      more.add(plan.writes() ? BYTES : Opcodes.TOP);
      more.add(exact ? Opcodes.TOP : Opcodes.INTEGER);
      plan.globals().forEach(_ -> more.add(GLOBAL));
      mv.visitFrame(type, more.size(), more.toArray(), stackCount, stack);
    }

    @Override
    public void visitMaxs(int stack, int locals) {
      mv.visitMaxs(stack + MORE_STACK, locals + MORE_LOCALS + plan.globals().size());
    }
  }

  private static int bytesOf(Type type) {
    return switch (type.getSort()) {
      case Type.BYTE -> 1;
      case Type.SHORT -> 2;
      case Type.INT, Type.FLOAT -> 4;
      default -> 8;
    };
  }

  /** The local of the memory parameter. */
  private static int memorySlot(String descriptor) {
    int slot = 0;
    for (Type type : Type.getArgumentTypes(descriptor)) {
      if (type.getDescriptor().equals(MEMORY)) {
        return slot;
      }
      slot += type.getSize();
    }
    throw new IllegalArgumentException("a function without a memory: " + descriptor);
  }
}
