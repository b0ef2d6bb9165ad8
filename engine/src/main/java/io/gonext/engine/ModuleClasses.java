package io.gonext.engine;

import io.gonext.engine.bytecode.CountedBlocks;
import io.gonext.engine.bytecode.EmittedClasses;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * A module's classes, loaded.
 *
 * <p>Safe for any number of threads.
 */
final class ModuleClasses {
  private final ModuleDefinition module;
  private final EmittedClasses classes;
  private final Metering metering;
  private final List<CountedBlocks.Counter> counters;
  private final String loader = "gonext-guest-" + UUID.randomUUID();
  private final Supplier<GuestCode> instances;

  /**
   * A module's classes.
   *
   * @param module {@linkplain ModuleDefinition#compacted compacted}, because it is kept
   * @param metering what the classes count
   * @param counters of the blocks, if the classes count these, else empty
   * @throws LinkageError when the JVM refuses a class
   */
  ModuleClasses(
      ModuleDefinition module,
      EmittedClasses classes,
      Metering metering,
      List<CountedBlocks.Counter> counters) {
    this.module = module;
    this.metering = metering;
    this.counters = counters;
    this.classes = classes;
    this.instances =
        new GuestClassLoader(loader, classes.classes()).instances(ModuleCompiler.CLASS_NAME);
  }

  ModuleDefinition module() {
    return module;
  }

  Metering metering() {
    return metering;
  }

  List<CountedBlocks.Counter> counters() {
    return counters;
  }

  /** The name of the loader of the classes, which no other module has. */
  String loader() {
    return loader;
  }

  CompileCache.Entry toEntry(Duration compileTime) {
    return new CompileCache.Entry(classes, compileTime);
  }

  /** The code of a new instance, without its parts. */
  GuestCode newInstance() {
    return instances.get();
  }
}
