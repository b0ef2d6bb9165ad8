package io.gonext.engine;

import io.gonext.engine.bytecode.AccessInliner;
import io.gonext.engine.bytecode.CompiledFunctions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import java.time.Duration;
import java.util.HashMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.jar.JarInputStream;
import run.endive.wasm.WasmModule;

/**
 * One or two copies of a module's classes, one for each kind of {@link LinearMemory}.
 *
 * <p>Each copy has its own class loader, so that the JIT sees only one kind of memory in it, and
 * its own code for {@linkplain AccessInliner loads and stores}.
 *
 * <p>Safe for any number of threads.
 */
final class ModuleClasses {
  private static final String CLASS_SUFFIX = ".class";

  private final WasmModule module;
  private final byte[] jar;
  private final Set<Integer> interpreted;
  private final Supplier<GuestCode> exact;

  /** Created on first use, under this object's lock. */
  private volatile @org.jspecify.annotations.Nullable Supplier<GuestCode> roomy;

  /**
   * A module's classes.
   *
   * @param module the parsed module; the machines work only for instances of this object
   * @param jar the classes, in the form in which Endive's compiler caches them
   * @param interpreted the indices of the functions that do not fit in a JVM method
   * @param isAbandoned whether no caller waits for the result any more; checked between classes
   * @throws CancellationException when the compile was abandoned
   */
  ModuleClasses(
      WasmModule module, byte[] jar, Set<Integer> interpreted, BooleanSupplier isAbandoned) {
    this.module = module;
    this.jar = jar;
    this.interpreted = Set.copyOf(interpreted);
    this.exact = load(true, isAbandoned);
  }

  WasmModule module() {
    return module;
  }

  CompileCache.Entry toEntry(Duration compileTime) {
    return new CompileCache.Entry(jar, interpreted, compileTime);
  }

  /** The classes for instances with an {@link ExactMemory}. */
  Supplier<GuestCode> exact() {
    return exact;
  }

  /** The classes for instances with a {@link RoomyMemory}. */
  Supplier<GuestCode> roomy() {
    Supplier<GuestCode> loaded = roomy;
    if (loaded == null) {
      synchronized (this) {
        loaded = roomy;
        if (loaded == null) {
          loaded = load(false, () -> false);
          roomy = loaded;
        }
      }
    }
    return loaded;
  }

  private Supplier<GuestCode> load(boolean exactMemory, BooleanSupplier isAbandoned) {
    var inliner = new AccessInliner(GuestAccess.class, LinearMemory.BLOCK_SHIFT, exactMemory);
    var classes = new HashMap<String, byte[]>();
    eachClass((entry, bytes) -> {
      if (isAbandoned.getAsBoolean()) {
        throw new CancellationException("no caller waits for the module any more");
      }
      classes.put(
          entry.substring(0, entry.length() - CLASS_SUFFIX.length()).replace('/', '.'),
          CompiledFunctions.isIn(entry) ? inliner.inline(bytes) : bytes);
    });
    return new GuestClassLoader(classes).instances(ModuleCompiler.CLASS_NAME);
  }

  private void eachClass(BiConsumer<String, byte[]> task) {
    try (var entries = new JarInputStream(new ByteArrayInputStream(jar))) {
      for (var entry = entries.getNextJarEntry();
          entry != null;
          entry = entries.getNextJarEntry()) {
        if (entry.getName().endsWith(CLASS_SUFFIX)) {
          task.accept(entry.getName(), entries.readAllBytes());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("reading an array", e);
    }
  }

  /**
   * The indices of the functions that are interpreted, or that the JIT does not compile without a
   * flag.
   */
  Set<Integer> oversized() {
    var indices = new TreeSet<>(interpreted);
    eachClass((entry, bytes) -> {
      if (CompiledFunctions.isIn(entry)) {
        addHuge(bytes, indices);
      }
    });
    return indices;
  }

  private static void addHuge(byte[] classBytes, Set<Integer> indices) {
    for (var method : ClassFile.of().parse(classBytes).methods()) {
      int function = CompiledFunctions.indexOf(method.methodName().stringValue());
      if (function >= 0
          && method.code().orElse(null) instanceof CodeAttribute code
          && code.codeLength() > CompiledFunctions.HUGE_METHOD_BYTES) {
        indices.add(function);
      }
    }
  }
}
