package io.gonext.engine.bytecode;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarInputStream;
import java.util.jar.JarOutputStream;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.AnnotatedInstruction;

/**
 * Adds line numbers to a module's classes, which say where in the module a call comes from. A line
 * number is the only information about a place that a Java stack trace has, and Endive's compiler
 * emits none. It costs nothing while the code runs.
 *
 * <p>The line of a call is the distance in bytes from the function's first instruction, plus 1. The
 * recorder matches a function's calls one by one with its {@link CallSites}. If they differ, as
 * with another version of the compiler, the function gets no lines instead of wrong ones.
 */
public final class OffsetRecorder {
  /** The line of a call with an unknown place. */
  public static final int UNKNOWN_LINE = 0xFFFF;

  private static final int NO_LINE = 0;

  private final WasmModule module;
  private final int imports;

  private int recorded;
  private int mismatched;

  /**
   * A recorder for one module.
   *
   * @param imports how many functions the module imports; their indices come first
   */
  public OffsetRecorder(WasmModule module, int imports) {
    this.module = module;
    this.imports = imports;
  }

  /** Whether each call of a method of this name has its own line. */
  public static boolean isRecorded(String method) {
    return CallSites.isSiteMethod(method);
  }

  /** The number of functions that got lines. */
  public int recorded() {
    return recorded;
  }

  /** The number of functions with unexpected calls. */
  public int mismatched() {
    return mismatched;
  }

  /**
   * The classes with lines. Input and output have the form in which Endive's compiler caches
   * classes.
   */
  public byte[] record(byte[] jar) {
    var copy = new ByteArrayOutputStream(jar.length + jar.length / 4);
    try (var in = new JarInputStream(new ByteArrayInputStream(jar));
        var out = new JarOutputStream(copy)) {
      out.setLevel(Deflater.BEST_SPEED);
      for (JarEntry entry = in.getNextJarEntry(); entry != null; entry = in.getNextJarEntry()) {
        byte[] content = in.readAllBytes();
        out.putNextEntry(new JarEntry(entry.getName()));
        out.write(CompiledFunctions.isIn(entry.getName()) ? withLines(content) : content);
        out.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("copying an array", e);
    }
    return copy.toByteArray();
  }

  private byte[] withLines(byte[] classBytes) {
    var reader = new ClassReader(classBytes);
    var lines = new HashMap<String, int[]>();
    reader.accept(reading(lines), ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
    // With the reader's constant pool, ASM copies unchanged methods as they are.
    var writer = new ClassWriter(reader, 0);
    reader.accept(writing(writer, lines), 0);
    return writer.toByteArray();
  }

  /** Finds the lines of all functions, by method name. */
  private ClassVisitor reading(Map<String, int[]> lines) {
    return new ClassVisitor(Opcodes.ASM9) {
      @Override
      public @Nullable MethodVisitor visitMethod(
          int access,
          String name,
          String descriptor,
          @Nullable String signature,
          String @Nullable [] exceptions) {
        int function = CompiledFunctions.indexOf(name) - imports;
        if (function < 0) {
          return null;
        }
        var calls = new ArrayList<String>();
        return new MethodVisitor(Opcodes.ASM9) {
          @Override
          public void visitMethodInsn(
              int opcode, String owner, String method, String type, boolean isInterface) {
            if (opcode == Opcodes.INVOKESTATIC) {
              calls.add(method);
            }
          }

          @Override
          public void visitEnd() {
            int[] found = lines(function, calls);
            if (found != null) {
              lines.put(name, found);
            }
          }
        };
      }
    };
  }

  /** Copies a class and adds each call's line before the call. */
  private static ClassVisitor writing(ClassVisitor copy, Map<String, int[]> lines) {
    return new ClassVisitor(Opcodes.ASM9, copy) {
      @Override
      public MethodVisitor visitMethod(
          int access,
          String name,
          String descriptor,
          @Nullable String signature,
          String @Nullable [] exceptions) {
        MethodVisitor method = super.visitMethod(access, name, descriptor, signature, exceptions);
        int[] known = lines.get(name);
        if (known == null) {
          return method;
        }
        return new MethodVisitor(Opcodes.ASM9, method) {
          private int call;

          @Override
          public void visitMethodInsn(
              int opcode, String owner, String called, String type, boolean isInterface) {
            if (opcode == Opcodes.INVOKESTATIC) {
              int line = known[call++];
              if (line != NO_LINE) {
                var here = new Label();
                visitLabel(here);
                visitLineNumber(line, here);
              }
            }
            super.visitMethodInsn(opcode, owner, called, type, isInterface);
          }
        };
      }
    };
  }

  /** The line of each static call of a function, or null if the function gets none. */
  private int @Nullable [] lines(int function, List<String> calls) {
    List<AnnotatedInstruction> body = module.codeSection().getFunctionBody(function).instructions();
    List<CallSites.Site> sites = CallSites.of(body);
    if (sites.isEmpty()) {
      return null;
    }
    int[] lines = new Matching(calls, sites, body.getFirst().address()).lines();
    if (lines == null) {
      mismatched++;
    } else {
      recorded++;
    }
    return lines;
  }

  /** Matches the calls of one function with its sites. */
  private static final class Matching {
    private final List<String> calls;
    private final List<CallSites.Site> sites;
    private final int base;
    private final int[] lines;

    /** Polls that do not belong to a call. */
    private final List<Integer> polls = new ArrayList<>();

    private int next;

    Matching(List<String> calls, List<CallSites.Site> sites, int base) {
      this.calls = calls;
      this.sites = sites;
      this.base = base;
      this.lines = new int[calls.size()];
    }

    /**
     * The line of each call, or null. {@link #NO_LINE} for a call that does not belong to a site.
     */
    int @Nullable [] lines() {
      for (int call = 0; call < calls.size(); call++) {
        String method = calls.get(call);
        if (method.equals(CallSites.POLL)) {
          polls.add(call);
        } else if (CallSites.isSiteMethod(method) && !site(call, method)) {
          return null;
        }
      }
      return branches() && next == sites.size() ? lines : null;
    }

    private boolean site(int call, String method) {
      int ownPoll = call;
      if (method.startsWith(CompiledFunctions.METHOD_PREFIX)) {
        if (polls.isEmpty()) {
          return false;
        }
        ownPoll = polls.removeLast();
      }
      if (!branches() || next == sites.size() || !sites.get(next).calls(method)) {
        return false;
      }
      int line = line(sites.get(next++));
      lines[call] = line;
      lines[ownPoll] = line;
      return true;
    }

    /**
     * Assigns the polls up to here to the backward branches up to here. A branch has one poll, but
     * a br_table may have one for each target.
     */
    private boolean branches() {
      int from = next;
      while (next < sites.size() && sites.get(next).isPoll()) {
        next++;
      }
      int count = next - from;
      if (polls.size() < count || (count == 0 && !polls.isEmpty())) {
        return false;
      }
      for (int i = 0; i < polls.size(); i++) {
        boolean known = count == 1 || count == polls.size();
        lines[polls.get(i)] = known ? line(sites.get(from + Math.min(i, count - 1))) : UNKNOWN_LINE;
      }
      polls.clear();
      return true;
    }

    private int line(CallSites.Site site) {
      return Math.min(site.address() - base + 1, UNKNOWN_LINE);
    }
  }
}
