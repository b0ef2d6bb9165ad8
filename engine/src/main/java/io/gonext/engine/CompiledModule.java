package io.gonext.engine;

import io.gonext.engine.dwarf.SourceLines;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.ImportValues;
import run.endive.runtime.Instance;

/**
 * A module that was admitted and compiled. Immutable; any number of threads may make instances of
 * it at once. Dropping the last reference to it and its instances unloads its classes.
 */
public final class CompiledModule {
  private static final FunctionType START_TYPE = FunctionType.of();

  private final String sha256;
  private final int sizeBytes;
  private final ModuleOutline outline;
  private final ModuleClasses classes;
  private final Duration compileTime;
  private final Watchdog watchdog;
  private final WasiSources wasiSources;
  private final ModuleInterface surface;
  private final Map<String, GuestFunction> functions;
  private final @Nullable GuestFunction startFunction;
  private final FunctionNames names;
  private final TrapTranslator traps;

  /** Whether an instance was seen to grow a lot; never goes back. */
  private volatile boolean growsALot;

  /** The image that most instances start up into; racy, since any of two equal ones will do. */
  private volatile @Nullable MemoryImage sharedImage;

  CompiledModule(
      String sha256,
      int sizeBytes,
      ModuleOutline outline,
      ModuleClasses classes,
      Duration compileTime,
      Watchdog watchdog,
      WasiSources wasiSources) {
    this.sha256 = sha256;
    this.sizeBytes = sizeBytes;
    this.outline = outline;
    this.classes = classes;
    this.compileTime = compileTime;
    this.watchdog = watchdog;
    this.wasiSources = wasiSources;
    var callable = new HashMap<String, GuestFunction>();
    outline
        .exports()
        .forEach((name, export) ->
            callable.put(name, new GuestFunction(this, export.function(), export.index())));
    this.surface = ModuleInterface.of(outline);
    this.functions = callable;
    this.startFunction = findStart(callable);
    this.names = FunctionNames.of(outline);
    // Here, on the compile's thread, and not at the first trap: that is inside of someone's call.
    var lines = SourceLines.of(outline.debug().lines(), outline.debug().strings());
    this.traps = new TrapTranslator(new Backtraces(outline, classes.module(), names, lines)::of);
  }

  /** WASI: a reactor exports {@code _initialize}, a command {@code _start}. */
  private static @Nullable GuestFunction findStart(Map<String, GuestFunction> callable) {
    for (String name : List.of("_initialize", "_start")) {
      GuestFunction function = callable.get(name);
      if (function != null) {
        if (!function.type().equals(START_TYPE)) {
          throw new ModuleRejectedException(
              ModuleRejectedException.Reason.BAD_EXPORT,
              0,
              "export \"" + name + "\" must be " + START_TYPE + ", not " + function.type());
        }
        return function;
      }
    }
    return null;
  }

  /** The SHA-256 of the module's bytes, 64 lower-case hexadecimal digits: its identity. */
  public String sha256() {
    return sha256;
  }

  /** The size of the module's bytes. */
  public int sizeBytes() {
    return sizeBytes;
  }

  /**
   * The processor time that compiling it took, of {@link EngineLimits#compileTimeout()}; also where
   * an earlier process did that.
   */
  public Duration compileTime() {
    return compileTime;
  }

  /** What it asks for and what it offers. */
  public ModuleInterface surface() {
    return surface;
  }

  /** The functions it imports, WASI's included, in the module's order. */
  public List<FunctionImport> imports() {
    return surface.imports();
  }

  /** The functions it exports by name, in the module's order. */
  public Map<String, FunctionExport> exports() {
    return surface.exports();
  }

  /** Whether it exports its linear memory under this name. */
  public boolean exportsMemory(String name) {
    return surface.exportsMemory(name);
  }

  /**
   * The names of functions that are too large to run at full speed. Methods of more than 8,000
   * bytes of bytecode are never compiled by the JIT unless the JVM runs with {@code
   * -XX:-DontCompileHugeMethods}; functions that do not fit a JVM method at all are interpreted.
   */
  public List<String> oversizedFunctions() {
    return classes.oversized().stream().map(names::of).toList();
  }

  /**
   * Makes an instance: the start section, then {@code _initialize} or else {@code _start} (where
   * WASI exit code 0 is success), then the snapshot that {@link GuestInstance#reset} goes back to.
   * Runs guest code on the calling thread, at most for {@link InstanceConfig#startTimeout()}.
   *
   * @throws GuestTrap when the guest traps while it starts
   * @throws ModuleRejectedException when it imports what the configuration does not offer, or its
   *     memory or a table is larger at the start than the configuration allows
   * @throws IllegalStateException when the engine is closed
   */
  public GuestInstance instantiate(InstanceConfig config) {
    if (outline.memoryPages() > config.maxMemoryPages()) {
      throw new ModuleRejectedException(
          ModuleRejectedException.Reason.TOO_LARGE,
          0,
          "the module begins with "
              + outline.memoryPages()
              + " pages of 64 KiB, the limit is "
              + config.maxMemoryPages());
    }
    return GuestInstance.start(this, watchdog, config);
  }

  /** The exported function of this name. */
  GuestFunction function(String name) {
    GuestFunction function = functions.get(name);
    if (function == null) {
      throw new IllegalArgumentException("the module exports no function " + name);
    }
    return function;
  }

  @Nullable GuestFunction startFunction() {
    return startFunction;
  }

  TrapTranslator traps() {
    return traps;
  }

  WasiSources wasiSources() {
    return wasiSources;
  }

  /** Each import once: a module may import the same function several times. */
  List<FunctionImport> distinctImports() {
    return outline.imports().stream().distinct().toList();
  }

  @Nullable MemoryImage sharedImage() {
    return sharedImage;
  }

  /** Shares an image, unless one is shared already; returns the one that is. */
  MemoryImage shareImage(MemoryImage image) {
    MemoryImage shared = sharedImage;
    if (shared == null) {
      shared = image;
      sharedImage = image;
    }
    return shared;
  }

  /** From now on instances get a memory that grows cheaply. */
  void growsALot() {
    growsALot = true;
  }

  boolean isGrowing() {
    return growsALot;
  }

  /** The engine's own instance, not started. */
  Instance newInstance(ImportValues imports, InstanceConfig config) {
    int maxPages = config.maxMemoryPages();
    boolean roomy = growsALot;
    return Instance.builder(classes.module())
        .withUnsafeExecutionListener(OperandLimit::check)
        .withMachineFactory(roomy ? classes.roomy() : classes.exact())
        .withMemoryFactory(
            limits -> roomy ? new RoomyMemory(limits, maxPages) : new ExactMemory(limits, maxPages))
        .withTableFactory(
            (table, initial) -> new GuestTable(table, initial, config.maxTableElements()))
        .withImportValues(imports)
        .withInitialize(false)
        .withStart(false)
        .build();
  }
}
