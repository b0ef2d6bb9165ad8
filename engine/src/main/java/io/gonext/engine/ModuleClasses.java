package io.gonext.engine;

import io.gonext.engine.bytecode.EmittedClasses;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One or two copies of a module's classes, one for each kind of {@link LinearMemory}.
 *
 * <p>Each copy has its own class loader and its own code for loads and stores, so that the JIT sees
 * only one kind of memory in it.
 *
 * <p>Safe for any number of threads.
 */
final class ModuleClasses {
  private final ModuleDefinition module;
  private final EmittedClasses classes;
  private final boolean isMetered;
  private final Supplier<GuestCode> exact;

  /** Created on first use, under this object's lock. */
  private volatile @Nullable Supplier<GuestCode> roomy;

  /**
   * A module's classes.
   *
   * @param module {@linkplain ModuleDefinition#compacted compacted}, because it is kept
   * @param classes the classes for an {@link ExactMemory}
   * @param isMetered whether they count the fuel that they use
   * @throws LinkageError when the JVM refuses one
   */
  ModuleClasses(ModuleDefinition module, EmittedClasses classes, boolean isMetered) {
    this.module = module;
    this.isMetered = isMetered;
    this.classes = classes;
    this.exact = load(classes);
  }

  ModuleDefinition module() {
    return module;
  }

  boolean isMetered() {
    return isMetered;
  }

  CompileCache.Entry toEntry(Duration compileTime) {
    return new CompileCache.Entry(classes, compileTime);
  }

  /** Makes the code of an instance with an {@link ExactMemory}. */
  Supplier<GuestCode> exact() {
    return exact;
  }

  /** Makes the code of an instance with a {@link RoomyMemory}. */
  Supplier<GuestCode> roomy() {
    Supplier<GuestCode> loaded = roomy;
    if (loaded == null) {
      synchronized (this) {
        loaded = roomy;
        if (loaded == null) {
          loaded =
              load(
                  LargeStack.call(
                      () -> ModuleCompiler.emit(module, false, isMetered, () -> false)));
          roomy = loaded;
        }
      }
    }
    return loaded;
  }

  private static Supplier<GuestCode> load(EmittedClasses classes) {
    return new GuestClassLoader(classes.classes()).instances(ModuleCompiler.CLASS_NAME);
  }
}
