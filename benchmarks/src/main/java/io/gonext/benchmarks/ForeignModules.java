package io.gonext.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineException;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.FunctionExport;
import io.gonext.engine.FunctionImport;
import io.gonext.engine.GuestFunction;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.HostFunction;
import io.gonext.engine.InstanceConfig;
import io.gonext.engine.ModuleRejectedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ClassLoadingMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * The child of {@code ./campaign guests}: takes modules that others made through admission, the
 * compiler, a start and calls, one after another.
 *
 * <p>Reads a path from each line of standard input. Answers each with one line on standard output:
 * {@code refused REASON MESSAGE}, {@code trapped CAUSE}, {@code served CALLS TRAPS}, or {@code
 * fault EXCEPTION}, which is anything that the engine does not promise. At the end of its input it
 * closes the engine and says what is left: {@code left CLASSES THREADS}.
 */
final class ForeignModules {
  private static final Duration START = Duration.ofSeconds(5);
  private static final Duration CALL = Duration.ofMillis(200);
  private static final int MOST_CALLS = 20;
  private static final int MOST_MESSAGE = 160;
  private static final long LONGEST_CLEANING_NANOS = Duration.ofSeconds(20).toNanos();
  private static final long POLL_NANOS = Duration.ofMillis(100).toNanos();

  private final EngineLimits limits;
  private final Engine engine;

  private ForeignModules(EngineLimits limits) {
    this.limits = limits;
    this.engine = new Engine(limits);
  }

  public static void main(String[] args) throws IOException {
    PrintStream out = new PrintStream(System.out, true, UTF_8);
    // What the JVM and this class need once is not what a module leaves.
    Loaded before = null;
    BufferedReader paths = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    ForeignModules modules = new ForeignModules(EngineLimits.defaults());
    for (String path = paths.readLine(); path != null; path = paths.readLine()) {
      if (before == null) {
        // The first module also loads the classes of the engine.
        ForeignModules first = new ForeignModules(EngineLimits.defaults());
        first.take(Path.of(path));
        first.engine.close();
        before = Loaded.now();
      }
      out.println(modules.take(Path.of(path)));
    }
    modules.engine.close();
    Loaded left = Loaded.now();
    for (long end = System.nanoTime() + LONGEST_CLEANING_NANOS;
        before != null && left.isMoreThan(before) && System.nanoTime() - end < 0;
        left = Loaded.now()) {
      System.gc();
      LockSupport.parkNanos(POLL_NANOS);
    }
    Loaded start = before == null ? left : before;
    out.println(
        "left "
            + (left.classes - start.classes)
            + " "
            + (left.threads - start.threads)
            + " "
            + left);
  }

  private String take(Path path) throws IOException {
    byte[] wasm = Files.readAllBytes(path);
    try {
      Engine.admit(wasm, limits);
      CompiledModule module = engine.compile(wasm);
      return serve(module);
    } catch (ModuleRejectedException e) {
      return "refused " + e.reason() + " " + line(e);
    } catch (GuestTrap e) {
      return "trapped " + e.trapCause().getClass().getSimpleName();
    } catch (EngineException e) {
      return "refused " + e.getClass().getSimpleName() + " " + line(e);
    } catch (RuntimeException | Error e) {
      e.printStackTrace();
      return "fault " + line(e);
    }
  }

  /** Starts an instance, and calls its functions that take nothing. */
  private static String serve(CompiledModule module) {
    InstanceConfig.Builder config = InstanceConfig.builder().startTimeout(START);
    for (FunctionImport function : module.imports()) {
      if (!function.isWasi() && function.type().results().size() <= 1) {
        config.hostFunction(
            HostFunction.of(function.module(), function.name(), function.type(), (_, _) -> 0));
      }
    }
    int calls = 0;
    int traps = 0;
    try (GuestInstance instance = module.instantiate(config.build())) {
      for (FunctionExport export : module.exports().values()) {
        if (!export.type().parameters().isEmpty() || calls == MOST_CALLS) {
          continue;
        }
        if (!instance.isUsable()) {
          break;
        }
        calls++;
        try {
          GuestFunction function = instance.function(export.name());
          instance.run(CALL, call -> call.call(function));
        } catch (GuestTrap e) {
          traps++;
        }
        if (instance.isUsable()) {
          instance.reset();
        }
      }
    }
    return "served " + calls + " " + traps;
  }

  private static String line(Throwable e) {
    String text = String.valueOf(e).replaceAll("[\\p{Cntrl}]+", " ");
    return text.substring(0, Math.min(MOST_MESSAGE, text.length()));
  }

  /** Classes that are loaded, and threads that are alive. */
  private record Loaded(long classes, int threads) {
    /** A few classes of the JVM's own come and go. */
    private static final int SLACK = 100;

    static Loaded now() {
      System.gc();
      ClassLoadingMXBean bean = ManagementFactory.getClassLoadingMXBean();
      return new Loaded(
          bean.getLoadedClassCount(), ManagementFactory.getThreadMXBean().getThreadCount());
    }

    boolean isMoreThan(Loaded before) {
      return classes > before.classes + SLACK || threads > before.threads;
    }

    @Override
    public String toString() {
      return classes + " classes, " + threads + " threads";
    }
  }
}
