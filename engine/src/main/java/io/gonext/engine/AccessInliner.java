package io.gonext.engine;

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
 * Puts each load and store of a module's compiled functions in place of the call of {@link
 * run.endive.runtime.Memory} that the engine's compiler emits for it.
 *
 * <p>A function keeps the memory's array and marks in Java locals, which it reads anew after
 * whatever may have made the memory grow: a call, and {@code memory.grow} itself. The JIT knows
 * then that they stay the same in a loop, which it cannot know of a field, since each poll for
 * interruption reads a volatile one. All that is left to inline is forced to be inlined, so that it
 * does not count against the JIT's limit of inlined code.
 *
 * <p>Comparisons go into the jumps that they decide: see {@link FusedCompares}.
 *
 * <p>The code becomes up to twice as large. A function that would become too large for a method of
 * the JVM, or larger than what the JIT compiles, is left as it is: both ways of access can be
 * mixed.
 */
final class AccessInliner {
  private static final String MEMORY = "Lrun/endive/runtime/Memory;";
  private static final String ACCESS = Type.getInternalName(GuestAccess.class);
  private static final String OBJECTS = "java/util/Objects";
  private static final String VAR_HANDLE = "java/lang/invoke/VarHandle";
  private static final String BYTES = "[B";

  private static final String READ = "memoryRead";
  private static final String WRITE = "memoryWrite";
  private static final String GROW = "memoryGrow";

  /** More than the operands of one access in place of its call. */
  private static final int MORE_STACK = 4;

  /** The array, the marks, the limit, an address, and a value of up to two slots. */
  private static final int MORE_LOCALS = 6;

  /** Whether the memory's size is its array's length. */
  private final boolean exact;

  AccessInliner(boolean exact) {
    this.exact = exact;
  }

  /** Whether a function that was in this method was at an access in it, or may have been. */
  static boolean isAccess(@Nullable StackTraceElement called) {
    return called == null
        || called.getClassName().startsWith("java.lang.invoke.VarHandle")
        || (called.getClassName().equals("java.util.Objects")
            && called.getMethodName().equals("checkIndex"));
  }

  /** The class with its accesses in place. Takes time linear in its size. */
  byte[] inline(byte[] classBytes) {
    var reader = new ClassReader(classBytes);
    Map<String, Use> uses = new HashMap<>();
    reader.accept(uses(uses), ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
    Map<String, Integer> lengths = codeLengths(classBytes);
    uses.values().removeIf(use -> !use.accesses);
    // No frames, which the measure has no need of; but lines, which take part in what is held back.
    reader.accept(fitting(uses, lengths), ClassReader.SKIP_FRAMES);
    var writer = new ClassWriter(reader, 0);
    reader.accept(writing(writer, uses), ClassReader.EXPAND_FRAMES);
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
   * What a function does with the memory.
   *
   * @param locals how many slots of locals it has already
   */
  private record Use(int locals, boolean accesses, boolean writes) {}

  /** Copies a class, with the accesses of these functions in place, and the compares of all. */
  private ClassVisitor writing(ClassVisitor copy, Map<String, Use> uses) {
    return new ClassVisitor(Opcodes.ASM9, copy) {
      @Override
      public MethodVisitor visitMethod(
          int access,
          String name,
          String descriptor,
          @Nullable String signature,
          String @Nullable [] exceptions) {
        MethodVisitor method = super.visitMethod(access, name, descriptor, signature, exceptions);
        if (!name.startsWith(ModuleCompiler.METHOD_PREFIX)) {
          return method;
        }
        Use use = uses.get(name);
        return new FusedCompares(use == null ? method : new Body(method, descriptor, use));
      }
    };
  }

  /** Drops the functions that would become too large, all in one reading. */
  private ClassVisitor fitting(Map<String, Use> uses, Map<String, Integer> lengths) {
    return new ClassVisitor(Opcodes.ASM9) {
      @Override
      public @Nullable MethodVisitor visitMethod(
          int access,
          String name,
          String descriptor,
          @Nullable String signature,
          String @Nullable [] exceptions) {
        Use use = uses.get(name);
        if (use == null) {
          return null;
        }
        int most =
            lengths.getOrDefault(name, 0) > ModuleClasses.HUGE_METHOD_BYTES
                ? CodeSize.MOST_BYTES
                : ModuleClasses.HUGE_METHOD_BYTES;
        var size = new CodeSize();
        return new MethodVisitor(Opcodes.ASM9, new FusedCompares(new Body(size, descriptor, use))) {
          @Override
          public void visitEnd() {
            super.visitEnd();
            if (size.atMost() > most) {
              uses.remove(name);
            }
          }
        };
      }
    };
  }

  private static ClassVisitor uses(Map<String, Use> uses) {
    return new ClassVisitor(Opcodes.ASM9) {
      @Override
      public @Nullable MethodVisitor visitMethod(
          int access,
          String name,
          String descriptor,
          @Nullable String signature,
          String @Nullable [] exceptions) {
        if (!name.startsWith(ModuleCompiler.METHOD_PREFIX)) {
          return null;
        }
        return new MethodVisitor(Opcodes.ASM9) {
          private boolean reads;
          private boolean writes;

          @Override
          public void visitMethodInsn(
              int opcode, String owner, String method, String type, boolean isInterface) {
            reads |= method.startsWith(READ);
            writes |= method.startsWith(WRITE);
          }

          @Override
          public void visitMaxs(int stack, int locals) {
            uses.put(name, new Use(locals, reads || writes, writes));
          }
        };
      }
    };
  }

  /**
   * One function. An access is a constant offset, a load of the memory and a call; the first two
   * are held back until it is known what follows.
   */
  private final class Body extends HeldAccesses {
    private final Use use;
    private final int memory;
    private final int array;
    private final int marks;
    private final int limit;
    private final int address;
    private final int value;

    Body(MethodVisitor copy, String descriptor, Use use) {
      super(copy, memorySlot(descriptor));
      this.use = use;
      this.memory = memorySlot(descriptor);
      this.array = use.locals;
      this.marks = array + 1;
      this.limit = array + 2;
      this.address = array + 3;
      this.value = array + 4;
    }

    @Override
    public void visitCode() {
      super.visitCode();
      readMemory();
    }

    private void readMemory() {
      readMemory("bytes", BYTES, Opcodes.ASTORE, array);
      if (use.writes) {
        readMemory("marks", BYTES, Opcodes.ASTORE, marks);
      }
      if (!exact) {
        readMemory("limit", "I", Opcodes.ISTORE, limit);
      }
    }

    private void readMemory(String what, String type, int store, int local) {
      mv.visitVarInsn(Opcodes.ALOAD, memory);
      mv.visitMethodInsn(Opcodes.INVOKESTATIC, ACCESS, what, "(" + MEMORY + ")" + type, false);
      mv.visitVarInsn(store, local);
    }

    @Override
    void call(int opcode, String owner, String name, String type, boolean isInterface) {
      super.call(opcode, owner, name, type, isInterface);
      if (name.startsWith(ModuleCompiler.METHOD_PREFIX)
          || name.startsWith(CallSites.CALL_INDIRECT_PREFIX)
          || name.equals(GROW)) {
        readMemory();
      }
    }

    @Override
    boolean isAccess(String name) {
      return name.startsWith(READ) || name.startsWith(WRITE);
    }

    @Override
    void access(String name, String type, int offset) {
      if (name.startsWith(READ)) {
        read(name.substring(READ.length()), Type.getReturnType(type), offset);
      } else {
        write(name.substring(WRITE.length()), Type.getArgumentTypes(type)[1], offset);
      }
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
      mv.visitIntInsn(Opcodes.BIPUSH, LinearMemory.BLOCK_SHIFT);
      mv.visitInsn(Opcodes.IUSHR);
      mv.visitInsn(Opcodes.ICONST_1);
      mv.visitInsn(Opcodes.BASTORE);
    }

    /**
     * From the base on the stack to the address. The base is unsigned, and so out of bounds where
     * it is negative; adding the offset to one that is not either stays below 2^31 or becomes
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
          Opcodes.GETSTATIC, ACCESS, kind.toUpperCase(Locale.ROOT), "L" + VAR_HANDLE + ";");
    }

    private void loadArray() {
      mv.visitVarInsn(Opcodes.ALOAD, array);
      mv.visitVarInsn(Opcodes.ILOAD, address);
    }

    @Override
    public void visitFrame(
        int type, int localCount, Object[] locals, int stackCount, Object[] stack) {
      flush();
      List<Object> more = new ArrayList<>(Arrays.asList(locals).subList(0, localCount));
      int slots = 0;
      for (Object local : more) {
        slots += Opcodes.LONG.equals(local) || Opcodes.DOUBLE.equals(local) ? 2 : 1;
      }
      for (; slots < use.locals; slots++) {
        more.add(Opcodes.TOP);
      }
      more.add(BYTES);
      more.add(use.writes ? BYTES : Opcodes.TOP);
      more.add(exact ? Opcodes.TOP : Opcodes.INTEGER);
      mv.visitFrame(type, more.size(), more.toArray(), stackCount, stack);
    }

    @Override
    public void visitMaxs(int stack, int locals) {
      mv.visitMaxs(stack + MORE_STACK, locals + MORE_LOCALS);
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

  /** The local of the parameter that holds the memory. */
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
