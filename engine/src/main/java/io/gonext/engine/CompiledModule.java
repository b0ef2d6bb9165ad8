package io.gonext.engine;

import io.gonext.engine.GuestCode.ImportedFunction;
import io.gonext.engine.LinearMemory.RoomyWhen;
import io.gonext.engine.ModuleDefinition.MemoryType;
import io.gonext.engine.dwarf.SourceLines;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An admitted and compiled module. Immutable; any number of threads may create instances of it at
 * once. Its classes unload once nothing refers to it or to its instances.
 */
public final class CompiledModule {
  private static final FunctionType START_TYPE = FunctionType.of();

  private final String sha256;
  private final int sizeBytes;
  private final ModuleDefinition definition;
  private final ModuleClasses classes;
  private final Duration compileTime;
  private final Watchdog watchdog;
  private final WasiSources wasiSources;
  private final ModuleInterface surface;
  private final Map<String, GuestFunction> functions;
  private final @Nullable GuestFunction startFunction;
  private final FunctionNames names;
  private final Backtraces backtraces;
  private final GlobalNames globalNames;
  private final Producers producers;
  private final TrapTranslator traps;
  private final CoveredPlaces places;

  /** How often each counter's block ran. Shared by the instances. */
  private final long[] counts;

  /** When the memories of new instances become roomy. Only tests change it. */
  private volatile RoomyWhen roomyWhen = RoomyWhen.MUCH_COPIED;

  /**
   * The memory image that most instances have after start-up. A data race on it is harmless: the
   * images are equal.
   */
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
    this.definition = classes.module();
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
    this.globalNames = GlobalNames.of(outline);
    this.producers = outline.producers();
    // Indexed here, on the compiling thread, because the first trap is inside a caller's deadline.
    var lines = SourceLines.of(outline.debug().lines(), outline.debug().strings());
    this.counts = new long[classes.counters().size()];
    this.places =
        new CoveredPlaces(classes.counters(), callable, names, lines, outline.debug().codeStart());
    this.backtraces = new Backtraces(outline, names, lines);
    this.traps = new TrapTranslator(backtraces::of);
  }

  /** As WASI specifies: a reactor exports {@code _initialize}, a command {@code _start}. */
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

  /** Whether its instances count the fuel that they use. */
  public boolean isMetered() {
    return classes.metering().countsFuel();
  }

  /** What its instances count. */
  public Metering metering() {
    return classes.metering();
  }

  /**
   * How often the basic blocks of the module ran, in all its instances until now, starts included.
   * Exact if one thread at a time ran them, and handed over to the next and to the caller; what
   * several threads run at once may be counted too low.
   *
   * @throws IllegalStateException unless the module was compiled with {@link Metering#BLOCKS}
   */
  public Coverage coverage() {
    if (classes.metering() != Metering.BLOCKS) {
      throw new IllegalStateException("the module was compiled without counting its blocks");
    }
    return new Coverage(places, counts.clone());
  }

  /** The size of the module's bytes. */
  public int sizeBytes() {
    return sizeBytes;
  }

  /**
   * The processor time that compiling took, which {@link EngineLimits#compileTimeout()} limits. For
   * a cached module, the time that it took in an earlier process.
   */
  public Duration compileTime() {
    return compileTime;
  }

  /** The tools that made the module, as it says itself. */
  public Producers producers() {
    return producers;
  }

  GlobalNames globalNames() {
    return globalNames;
  }

  /** The module's imports and exports. */
  public ModuleInterface surface() {
    return surface;
  }

  /** How its compiler divided its memory. */
  public MemoryLayout memoryLayout() {
    return MemoryLayout.of(definition, globalNames);
  }

  /** The functions that the module imports, including WASI's, in the module's order. */
  public List<FunctionImport> imports() {
    return surface.imports();
  }

  /** The functions that the module exports, by name, in the module's order. */
  public Map<String, FunctionExport> exports() {
    return surface.exports();
  }

  /** Whether the module exports its linear memory under this name. */
  public boolean exportsMemory(String name) {
    return surface.exportsMemory(name);
  }

  /**
   * Creates an instance. Runs the start section, then {@code _initialize} or else {@code _start}
   * (for which WASI's exit code 0 is success). Then takes the snapshot that {@link
   * GuestInstance#reset} restores. Runs guest code on the calling thread, for at most {@link
   * InstanceConfig#startTimeout()}.
   *
   * @throws GuestTrap when the guest traps while it starts
   * @throws ModuleRejectedException when the module imports something that the configuration does
   *     not offer, or when its initial memory or a table is larger than the configuration allows
   * @throws IllegalStateException when the engine is closed
   */
  public GuestInstance instantiate(InstanceConfig config) {
    if (surface.memoryPages() > config.maxMemoryPages()) {
      throw new ModuleRejectedException(
          ModuleRejectedException.Reason.TOO_LARGE,
          0,
          "the module's initial memory has "
              + surface.memoryPages()
              + " pages of 64 KiB, the limit is "
              + config.maxMemoryPages());
    }
    return GuestInstance.start(this, watchdog, config);
  }

  /** As {@link #instantiate(InstanceConfig)}, with {@link InstanceConfig#defaults()}. */
  public GuestInstance instantiate() {
    return instantiate(InstanceConfig.defaults());
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

  /** Its classes, to be kept. */
  CompileCache.Entry entry() {
    return classes.toEntry(compileTime);
  }

  /** The name of the class loader of its code. */
  String loader() {
    return classes.loader();
  }

  /** The functions in a stack trace of this module's code, innermost first. */
  List<GuestFrame> frames(StackTraceElement[] trace) {
    return backtraces.of(trace, trace.length, places::line);
  }

  TrapTranslator traps() {
    return traps;
  }

  WasiSources wasiSources() {
    return wasiSources;
  }

  @Nullable MemoryImage sharedImage() {
    return sharedImage;
  }

  /** Shares this image if none is shared yet. Returns the shared image. */
  MemoryImage shareImage(MemoryImage image) {
    MemoryImage shared = sharedImage;
    if (shared == null) {
      shared = image;
      sharedImage = image;
    }
    return shared;
  }

  /** For tests: when the memories of instances made from now on become roomy. */
  void setRoomyWhen(RoomyWhen when) {
    roomyWhen = when;
  }

  /** An instance with its parts, but without its first contents. */
  GuestCode newInstance(ImportedFunction[] functions, InstanceConfig config) {
    GuestCode code = classes.newInstance();
    var tables = new GuestTable[definition.tables().size()];
    for (int i = 0; i < tables.length; i++) {
      tables[i] = new GuestTable(definition.tables().get(i), config.maxTableElements());
    }
    code.counts = counts;
    code.bind(
        definition,
        newMemory(config.maxMemoryPages()),
        tables,
        new GuestGlobal[definition.globals().size()],
        functions);
    return code;
  }

  private LinearMemory newMemory(int maxPages) {
    MemoryType declared = definition.memory();
    return declared == null ? LinearMemory.none() : new LinearMemory(declared, maxPages, roomyWhen);
  }
}
