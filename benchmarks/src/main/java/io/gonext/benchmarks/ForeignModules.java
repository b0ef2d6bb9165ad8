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
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * The child of {@code ./campaign guests}: takes modules that others made through admission, the
 * compiler, a start and calls, one after another.
 *
 * <p>Reads a path from each line of standard input. Answers each with one line on standard output:
 * {@code refused REASON MESSAGE}, {@code trapped CAUSE}, {@code served CALLS TRAPS}, or {@code
 * fault EXCEPTION}, which is anything that the engine does not promise. At the end of its input it
 * closes the engine and says what is left: {@code left LOADERS THREADS HELD}, where HELD is the
 * number of modules' class loaders before that.
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
    BufferedReader paths = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    int threads = Left.now().threads();
    ForeignModules modules = new ForeignModules(EngineLimits.defaults());
    for (String path = paths.readLine(); path != null; path = paths.readLine()) {
      out.println(modules.take(Path.of(path)));
    }
    long held = Left.now().loaders();
    modules.engine.close();
    Left left = Left.now();
    long end = System.nanoTime() + LONGEST_CLEANING_NANOS;
    while ((left.loaders() > 0 || left.threads() > threads) && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(POLL_NANOS);
      left = Left.now();
    }
    out.println("left " + left.loaders() + " " + (left.threads() - threads) + " " + held);
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
    Set<String> names = new HashSet<>();
    for (FunctionImport function : module.imports()) {
      // A module may import one function several times.
      boolean offered = !names.add(function.module() + '\0' + function.name());
      if (!offered && !function.isWasi() && function.type().results().size() <= 1) {
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

  /** Class loaders of modules that the JVM holds, and threads that are alive. */
  private record Left(long loaders, int threads) {
    private static final Pattern LOADERS =
        Pattern.compile("(\\d+) +\\d+ +io\\.gonext\\.engine\\.GuestClassLoader\\b");

    /** Collects, and counts what is left then. */
    static Left now() {
      String histogram;
      try {
        histogram =
            (String)
                ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {new String[0]},
                        new String[] {String[].class.getName()});
      } catch (JMException e) {
        throw new IllegalStateException("this JVM has no histogram of classes", e);
      }
      Matcher loaders = LOADERS.matcher(histogram);
      return new Left(
          loaders.find() ? Long.parseLong(loaders.group(1)) : 0,
          ManagementFactory.getThreadMXBean().getThreadCount());
    }
  }
}
