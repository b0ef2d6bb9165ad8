package io.gonext.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gonext.benchmarks.GuestRuntime.Guest;
import io.gonext.benchmarks.GuestRuntime.Program;
import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.InstanceConfig;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A program for a JVM of its own: what compiling costs at first and later, and what the calls right
 * after a compile cost. Prints a line {@code NAME NANOSECONDS} for each.
 *
 * <p>JMH measures what has settled; here nothing has, so that each call is timed once, in several
 * compiles of the same module, and the median of each over the compiles is the figure. The call
 * parses some 800 bytes of JSON.
 */
final class FirstCalls {
  static final String COLD = "compile-cold";
  static final String WARM = "compile-warm";

  /** Ours alone: the stock engine has an interface for a cache, but none that comes with it. */
  static final String CACHED = "compile-cached";

  /** How long after its deadline a guest that loops is ended; ours alone. */
  static final String LATE = "deadline-late";

  /** The calls that are measured, counted from 1. */
  static final int[] CALLS = {1, 10, 100, 1_000, 10_000};

  private static final int COMPILES = 7;
  private static final int DEADLINES = 25;
  private static final Duration LIMIT = Duration.ofMillis(20);
  private static final byte[] HOOK = "json".getBytes(UTF_8);
  private static final byte[] PAYLOAD = payload();

  private final byte[] wasm;
  private final Map<String, List<Double>> nanos = new LinkedHashMap<>();

  private FirstCalls(byte[] wasm) {
    this.wasm = wasm;
  }

  public static void main(String[] args) throws IOException {
    String runtime = args[0];
    var calls = new FirstCalls(ComputeGuest.wasmOfFork());
    calls.measure(() -> GuestRuntime.named(runtime));
    if (runtime.equals(GuestRuntime.OURS)) {
      calls.measureCached();
      calls.measureDeadlines();
    }
    calls.nanos.forEach((name, each) -> System.out.println(name + " " + Medians.median(each)));
  }

  /** The name of the line for a call. */
  static String name(int call) {
    return "call-" + call;
  }

  private static byte[] payload() {
    String line = "{\"sku\":\"A-000123\",\"count\":3,\"price\":12.95,\"gift\":false}";
    String lines = String.join(",", Collections.nCopies(12, line));
    return ("{\"kind\":\"filter\",\"value\":{\"lines\":[" + lines + "]},\"args\":[]}")
        .getBytes(UTF_8);
  }

  /** A runtime for each compile: one runtime may answer with what it compiled before. */
  private void measure(Supplier<GuestRuntime> runtimes) {
    for (int i = 0; i <= COMPILES; i++) {
      try (GuestRuntime runtime = runtimes.get()) {
        run(compile(i == 0 ? COLD : WARM, runtime), i > 0);
      }
    }
  }

  private void measureCached() throws IOException {
    Path directory = Files.createTempDirectory("gonext-bench");
    try (GuestRuntime runtime = GonextRuntime.withCache(directory)) {
      runtime.compile(wasm);
    }
    for (int i = 0; i < COMPILES; i++) {
      try (GuestRuntime runtime = GonextRuntime.withCache(directory)) {
        long began = System.nanoTime();
        try (Guest guest = runtime.compile(wasm).instantiate()) {
          guest.hook(HOOK, PAYLOAD);
          add(CACHED, System.nanoTime() - began);
        }
      }
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private void measureDeadlines() {
    try (var engine = new Engine(EngineLimits.defaults())) {
      CompiledModule loop = engine.compile(Guests.wasm("engine-start-loop"));
      InstanceConfig config = InstanceConfig.builder().startTimeout(LIMIT).build();
      for (int i = 0; i < DEADLINES; i++) {
        long began = System.nanoTime();
        try {
          loop.instantiate(config).close();
          throw new IllegalStateException("a loop without end ended");
        } catch (GuestTrap e) {
          add(LATE, System.nanoTime() - began - LIMIT.toNanos());
        }
      }
    }
  }

  private Program compile(String name, GuestRuntime runtime) {
    long began = System.nanoTime();
    Program program = runtime.compile(wasm);
    add(name, System.nanoTime() - began);
    return program;
  }

  private void run(Program program, boolean counts) {
    int last = CALLS[CALLS.length - 1];
    var times = new long[last];
    try (Guest guest = program.instantiate()) {
      for (int i = 0; i < last; i++) {
        long began = System.nanoTime();
        guest.hook(HOOK, PAYLOAD);
        times[i] = System.nanoTime() - began;
      }
    }
    if (counts) {
      for (int call : CALLS) {
        add(name(call), times[call - 1]);
      }
    }
  }

  private void add(String name, long value) {
    nanos.computeIfAbsent(name, _ -> new ArrayList<>()).add((double) value);
  }
}
