package io.gonext.engine;

import io.gonext.engine.bytecode.EmittedClasses;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * A module's classes, loaded.
 *
 * <p>Safe for any number of threads.
 */
final class ModuleClasses {
  private final ModuleDefinition module;
  private final EmittedClasses classes;
  private final boolean isMetered;
  private final Supplier<GuestCode> instances;

  /**
   * A module's classes.
   *
   * @param module {@linkplain ModuleDefinition#compacted compacted}, because it is kept
   * @param isMetered whether the classes count the fuel that they use
   * @throws LinkageError when the JVM refuses a class
   */
  ModuleClasses(ModuleDefinition module, EmittedClasses classes, boolean isMetered) {
    this.module = module;
    this.isMetered = isMetered;
    this.classes = classes;
    this.instances = new GuestClassLoader(classes.classes()).instances(ModuleCompiler.CLASS_NAME);
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

  /** The code of a new instance, without its parts. */
  GuestCode newInstance() {
    return instances.get();
  }
}
