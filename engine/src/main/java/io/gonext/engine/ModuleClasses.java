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
import java.util.function.Function;
import java.util.jar.JarInputStream;
import run.endive.runtime.Instance;
import run.endive.runtime.Machine;
import run.endive.wasm.WasmModule;

/**
 * A module's classes, in one or two copies of their own.
 *
 * <p>Each copy has a class loader of its own, so that the JIT sees one kind of {@link LinearMemory}
 * in it, and each copy has its own way of {@linkplain AccessInliner loading and storing}.
 *
 * <p>Safe for any number of threads.
 */
final class ModuleClasses {
  private static final String CLASS_SUFFIX = ".class";

  private final WasmModule module;
  private final byte[] jar;
  private final Set<Integer> interpreted;
  private final Function<Instance, Machine> exact;

  /** Made on first use, under this object's lock. */
  private volatile @org.jspecify.annotations.Nullable Function<Instance, Machine> roomy;

  /**
   * A module's classes.
   *
   * @param module parsed; the machines are good for instances of this very object only
   * @param jar the classes in the form the engine's compiler caches them
   * @param interpreted the indices of the functions that fit no JVM method
   * @param isAbandoned whether nobody waits for the result any more; asked between classes
   * @throws CancellationException when it was abandoned
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
  Function<Instance, Machine> exact() {
    return exact;
  }

  /** The classes for instances with a {@link RoomyMemory}. */
  Function<Instance, Machine> roomy() {
    Function<Instance, Machine> loaded = roomy;
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

  private Function<Instance, Machine> load(boolean exactMemory, BooleanSupplier isAbandoned) {
    var inliner = new AccessInliner(GuestAccess.class, LinearMemory.BLOCK_SHIFT, exactMemory);
    var classes = new HashMap<String, byte[]>();
    eachClass((entry, bytes) -> {
      if (isAbandoned.getAsBoolean()) {
        throw new CancellationException("nobody waits for the module any more");
      }
      classes.put(
          entry.substring(0, entry.length() - CLASS_SUFFIX.length()).replace('/', '.'),
          CompiledFunctions.isIn(entry) ? inliner.inline(bytes) : bytes);
    });
    return new GuestClassLoader(classes).machineFactory(ModuleCompiler.CLASS_NAME);
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

  /** The indices of the functions that are interpreted or, without a flag, never JIT-compiled. */
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
