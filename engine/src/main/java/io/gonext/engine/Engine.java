package io.gonext.engine;

import java.lang.ref.WeakReference;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Compiles modules, and ends calls into their instances at their deadlines.
 *
 * <p>Safe for any number of threads. One engine is enough for a process. It owns one daemon thread
 * that ends calls, and one more for each running compile.
 */
public final class Engine implements AutoCloseable {
  /** The most wall-clock time of a compile, as a multiple of its processor time limit. */
  static final int MOST_WAITING = 20;

  private static final Duration LOOK_EVERY = Duration.ofMillis(50);

  private final EngineLimits limits;
  private final @Nullable CompileCache cache;
  private final @Nullable Precompiled precompiled;
  private final Watchdog watchdog = new Watchdog();
  private final WasiSources wasiSources;
  private final Signatures signatures;

  /** A permit for each MiB of the heap that compiling may take. */
  private final Semaphore compileHeap;

  /** Running compiles by {@link Key}, so that equal requests share one. */
  private final ConcurrentHashMap<Key, Compile> compiling = new ConcurrentHashMap<>();

  /** Modules. Held weakly, so that an unused module unloads. */
  private final ConcurrentHashMap<Key, WeakReference<CompiledModule>> compiled =
      new ConcurrentHashMap<>();

  private volatile boolean closed;

  /** What decides a compiled module. */
  private record Key(String sha256, Metering metering) {
    /** Its name in the cache. */
    String entry() {
      return Precompiled.name(sha256, metering);
    }

    /** The cache has no places for the counters of blocks. */
    boolean isCached() {
      return metering != Metering.BLOCKS;
    }
  }

  /** One compile and the number of waiting callers. It is abandoned when none waits any more. */
  private static final class Compile {
    final CompletableFuture<CompiledModule> result = new CompletableFuture<>();

    /** Changed only inside atomic operations on {@link #compiling}. */
    int waiting;

    /** Set once the compile has its permits for heap. */
    volatile @Nullable ProcessorTime time;
  }

  /** As {@link #Engine(EngineLimits)}, with {@link EngineLimits#defaults()}. */
  public Engine() {
    this(EngineLimits.defaults());
  }

  /** An engine without a cache: it compiles each module again in each process. */
  public Engine(EngineLimits limits) {
    this(limits, null, null, InstantSource.system(), new SecureRandom());
  }

  /**
   * An engine that compiles nothing which was compiled into the application; see {@link
   * Precompiled}. It compiles any other module, and logs that in one line.
   *
   * @param application finds the compiled classes among its resources, which the engine runs as the
   *     application's own code
   */
  public static Engine withPrecompiled(EngineLimits limits, ClassLoader application) {
    return new Engine(
        limits, null, new Precompiled(application), InstantSource.system(), new SecureRandom());
  }

  private Engine(
      EngineLimits limits,
      @Nullable CompileCache cache,
      @Nullable Precompiled precompiled,
      InstantSource wallClock,
      SecureRandom random) {
    this.limits = limits;
    this.cache = cache;
    this.precompiled = precompiled;
    this.signatures = new Signatures(limits.signatures());
    this.compileHeap = new Semaphore(limits.compileMb(), true);
    long origin = System.nanoTime();
    this.wasiSources =
        new WasiSources(
            random, wallClock, () -> System.nanoTime() - origin, TimeUnit.NANOSECONDS::sleep);
  }

  /** An engine that keeps compiled modules in {@code cache} for the next process. */
  public static Engine withCache(EngineLimits limits, CompileCache cache) {
    return withCache(limits, cache, InstantSource.system(), new SecureRandom());
  }

  /**
   * As {@link #withCache(EngineLimits, CompileCache)}, where guests see another wall clock and
   * other random numbers: for tests of guests. Their monotonic clock stays the machine's.
   *
   * @param random safe for many threads
   */
  public static Engine withCache(
      EngineLimits limits, CompileCache cache, InstantSource wallClock, SecureRandom random) {
    return new Engine(limits, cache, null, wallClock, random);
  }

  /** Admits and compiles a module that counts nothing; see {@link #compile(byte[], Metering)}. */
  public CompiledModule compile(byte[] wasm) {
    return compile(wasm, Metering.NONE);
  }

  /**
   * Admits and compiles a module. Requests for the same bytes share one compile, and share the
   * result while it is in use.
   *
   * @param wasm the module in the binary format; the caller must not change it meanwhile
   * @param metering what its instances count
   * @throws ModuleRejectedException when this engine refuses the module
   * @throws CompileTimeoutException when the compile takes more processor time than {@link
   *     EngineLimits#compileTimeout()}, or {@value #MOST_WAITING} times as much wall-clock time
   * @throws IllegalStateException when the engine is closed, or the calling thread is interrupted
   *     (its flag stays set)
   */
  public CompiledModule compile(byte[] wasm, Metering metering) {
    return compile(wasm, metering, limits.compileTimeout(), () -> {});
  }

  /**
   * As {@link #compile(byte[], Metering)}.
   *
   * @param begins called by the calling thread when the compile no longer waits for others to need
   *     less memory; not where it is over within some milliseconds
   */
  public CompiledModule compile(byte[] wasm, Metering metering, Runnable begins) {
    return compile(wasm, metering, limits.compileTimeout(), begins);
  }

  /** Like {@link #compile(byte[])}, but the caller waits for at most this processor time. */
  CompiledModule compile(byte[] wasm, Duration patience) {
    return compile(wasm, Metering.NONE, patience, () -> {});
  }

  private CompiledModule compile(
      byte[] wasm, Metering metering, Duration patience, Runnable begins) {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    ModuleOutline outline = admitted(wasm);
    var key = new Key(sha256(wasm), metering);
    CompiledModule known = recall(key);
    if (known != null) {
      return known;
    }
    var mine = new Compile();
    Compile shared =
        compiling.compute(
            key,
            (_, running) -> {
              Compile joined = running == null ? mine : running;
              joined.waiting++;
              return joined;
            });
    if (shared == mine) {
      // A compile may have ended since the first lookup.
      known = recall(key);
      if (known == null) {
        start(key, wasm.length, outline, mine);
      } else {
        mine.result.complete(known);
        compiling.remove(key, mine);
      }
    }
    return await(key, shared, patience, begins);
  }

  /**
   * Admits a module without compiling it, in time linear in its size. These are the checks that
   * {@link #compile} begins with.
   *
   * @throws ModuleRejectedException when an engine with these limits refuses the module
   */
  public static ModuleInterface admit(byte[] wasm, EngineLimits limits) {
    return ModuleInterface.of(Admission.admit(wasm, limits));
  }

  private ModuleOutline admitted(byte[] wasm) {
    try {
      return Admission.admit(wasm, limits);
    } catch (OutOfMemoryError full) {
      throw new ModuleRejectedException(
          ModuleRejectedException.Reason.TOO_LARGE,
          0,
          "reading the module took more memory than this process has left");
    }
  }

  private void start(Key key, int size, ModuleOutline outline, Compile compile) {
    Runnable task =
        () -> {
          try {
            compileIn(key, size, outline, compile);
          } catch (Throwable failure) {
            fail(compile, failure, outline);
          } finally {
            compiling.remove(key, compile);
          }
        };
    try {
      Thread.ofPlatform()
          .daemon()
          .name("gonext-compile-" + key.sha256.substring(0, 8))
          .stackSize(LargeStack.BYTES)
          .start(task);
    } catch (OutOfMemoryError noThread) {
      compiling.remove(key, compile);
      fail(compile, noThread, outline);
    }
  }

  private static void fail(Compile compile, Throwable failure, ModuleOutline outline) {
    try {
      compile.result.completeExceptionally(CompileFailure.of(failure, outline));
    } finally {
      // Even the refusal did not fit the heap. Complete the future, or its callers would wait
      // forever.
      compile.result.completeExceptionally(failure);
    }
  }

  private void compileIn(Key key, int size, ModuleOutline outline, Compile compile)
      throws InterruptedException {
    CompletableFuture<CompiledModule> result = compile.result;
    int heapMb = Math.min(outline.cost().heapMb(), limits.compileMb());
    while (!compileHeap.tryAcquire(heapMb, LOOK_EVERY.toNanos(), TimeUnit.NANOSECONDS)) {
      if (result.isDone()) {
        return;
      }
    }
    try {
      var time = ProcessorTime.ofThisThread();
      compile.time = time;
      CompileCache.Entry entry = kept(key);
      ModuleClasses classes;
      Duration compileTime;
      if (entry == null) {
        classes = ModuleCompiler.compile(outline, key.metering, signatures::add, result::isDone);
        compileTime = time.taken();
        if (cache != null && key.isCached()) {
          cache.put(key.entry(), classes.toEntry(compileTime));
        }
      } else {
        signatures.add(entry.classes().signatures());
        classes =
            new ModuleClasses(
                outline.definition().compacted(), entry.classes(), key.metering, List.of());
        compileTime = entry.compileTime();
      }
      var module =
          new CompiledModule(
              key.sha256, size, outline, classes, compileTime, watchdog, wasiSources);
      compiled.values().removeIf(reference -> reference.get() == null);
      compiled.put(key, new WeakReference<>(module));
      result.complete(module);
    } finally {
      compileHeap.release(heapMb);
    }
  }

  /** Its classes as an earlier process compiled them. */
  private CompileCache.@Nullable Entry kept(Key key) {
    if (!key.isCached()) {
      return null;
    }
    CompileCache.Entry entry = precompiled == null ? null : precompiled.get(key.entry());
    return entry == null && cache != null ? cache.get(key.entry()) : entry;
  }

  /** The module, if it is still in use. */
  private @Nullable CompiledModule recall(Key key) {
    WeakReference<CompiledModule> reference = compiled.get(key);
    CompiledModule module = reference == null ? null : reference.get();
    if (reference != null && module == null) {
      compiled.remove(key, reference);
    }
    return module;
  }

  /** Waits for a compile that this or another caller began. */
  private CompiledModule await(Key key, Compile compile, Duration patience, Runnable begins) {
    boolean hasBegun = false;
    try {
      while (true) {
        try {
          long look = Math.min(patience.toNanos(), LOOK_EVERY.toNanos());
          return compile.result.get(look, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          ProcessorTime time = compile.time;
          if (time != null && !hasBegun) {
            hasBegun = true;
            begins.run();
          }
          if (time != null && time.isOver(patience) && !compile.result.isDone()) {
            leave(key, compile);
            throw new CompileTimeoutException(patience);
          }
        }
      }
    } catch (InterruptedException e) {
      leave(key, compile);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a module was compiled", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof EngineException known) {
        throw known;
      }
      throw CompileFailure.of(Objects.requireNonNullElse(e.getCause(), e));
    }
  }

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    return closed;
  }

  /** How many modules are compiled now, each by a thread of its own. */
  public int compilesRunning() {
    return (int) compiling.values().stream().filter(compile -> compile.time != null).count();
  }

  /** How many modules wait, because those that are compiled need the memory for that. */
  public int compilesWaiting() {
    return (int) compiling.values().stream().filter(compile -> compile.time == null).count();
  }

  boolean isCompiling() {
    return !compiling.isEmpty();
  }

  private void leave(Key key, Compile compile) {
    compiling.computeIfPresent(
        key,
        (_, running) -> {
          if (running != compile || --compile.waiting > 0) {
            return running;
          }
          // The compiling thread checks this between its attempts.
          compile.result.cancel(false);
          return null;
        });
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * How many scans for expired deadlines failed, for example because the heap was full. The
   * watchdog continues after each.
   */
  public long watchdogFailures() {
    return watchdog.failures();
  }

  /** Refuses further compiles and runs. Current runs end by themselves or at their deadlines. */
  @Override
  public void close() {
    closed = true;
    watchdog.close();
  }
}
