package io.gonext.benchmarks;

import static io.gonext.benchmarks.GuestRuntime.OURS;
import static io.gonext.benchmarks.GuestRuntime.STOCK;
import static io.gonext.benchmarks.KernelFigures.NATIVE;
import static io.gonext.benchmarks.KernelFigures.UNLIMITED;
import static io.gonext.benchmarks.KernelFigures.WASMTIME;
import static io.gonext.benchmarks.KernelFigures.WAZERO;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Runs every kernel on every runtime. Each run has a process of its own, the same warm-up and the
 * same batches, and runs of ours alternate with those of others.
 */
final class KernelComparison {
  private static final List<String> OTHERS = List.of(NATIVE, WASMTIME, WAZERO, UNLIMITED, STOCK);

  /** HotSpot compiles no large method without it, and the stock engine makes some. */
  private static final String LARGE_METHODS = "-XX:-DontCompileHugeMethods";

  private final Map<KernelSource, KernelSource.Built> guests;
  private final ForeignRuntime wasmtime;
  private final ForeignRuntime wazero;
  private final boolean quick;
  private final int jvms;
  private final PrintWriter out;

  /** Why a column lacks a figure, by the column and the guest or kernel. */
  private final Map<String, String> problems = new TreeMap<>();

  /**
   * A comparison.
   *
   * @param quick to check that it works, not to measure
   * @param jvms how many JVMs run each kernel on our engine, whose JIT does not decide the same in
   *     each of them
   */
  KernelComparison(
      Map<KernelSource, KernelSource.Built> guests,
      ForeignRuntime wasmtime,
      ForeignRuntime wazero,
      boolean quick,
      int jvms,
      PrintWriter out) {
    this.guests = guests;
    this.wasmtime = wasmtime;
    this.wazero = wazero;
    this.quick = quick;
    this.jvms = jvms;
    this.out = out;
  }

  /** Measures, prints a table, and returns the figures. */
  SequencedMap<String, String> measure() throws IOException, InterruptedException {
    List<KernelRow> rows = new ArrayList<>();
    for (Kernel kernel : Kernel.values()) {
      out.println("running: " + kernel.title());
      KernelRow row = measure(kernel);
      if (row != null) {
        rows.add(row);
      }
    }
    print(rows);
    return KernelFigures.of(rows);
  }

  private @Nullable KernelRow measure(Kernel kernel) throws IOException, InterruptedException {
    KernelSource.Built guest = guests.get(kernel.source());
    if (guest == null) {
      throw new IllegalStateException("nobody built " + kernel.source());
    }
    Path wasm = guest.wasm();
    if (wasm == null) {
      problems.put(kernel.title(), guest.origin());
      return null;
    }
    Pace pace = kernel.source().pace(quick);
    List<KernelTimes> ours = new ArrayList<>();
    Map<String, KernelTimes> others = new LinkedHashMap<>();
    for (int turn = 0; turn < Math.max(jvms, OTHERS.size()); turn++) {
      if (turn < OTHERS.size()) {
        String other = OTHERS.get(turn);
        KernelTimes times = run(other, kernel, command(other, kernel, pace, wasm, guest.program()));
        if (times != null) {
          others.put(other, times);
        }
      }
      if (turn < jvms) {
        ours.add(
            checked(
                kernel,
                ProgramResult.run(
                        Checkout.root(), KernelRun.command(List.of(), OURS, wasm, kernel, pace))
                    .requireOutput()));
      }
    }
    return new KernelRow(kernel, ours, others);
  }

  private @Nullable List<String> command(
      String other, Kernel kernel, Pace pace, Path wasm, @Nullable Path program) {
    String module = wasm.toString();
    String index = Integer.toString(kernel.index());
    return switch (other) {
      case NATIVE -> {
        if (program == null) {
          yield null;
        }
        List<String> words = new ArrayList<>();
        words.add(program.toString());
        words.add(kernel.guestName());
        words.addAll(pace.arguments());
        yield words;
      }
      case WASMTIME -> wasmtime.command(pace, "compute", module, index);
      case WAZERO -> wazero.command(pace, "compute", module, index);
      case UNLIMITED -> wazero.command(pace, "--no-deadline", "compute", module, index);
      default -> KernelRun.command(List.of(LARGE_METHODS), STOCK, wasm, kernel, pace);
    };
  }

  private @Nullable KernelTimes run(String other, Kernel kernel, @Nullable List<String> command)
      throws IOException, InterruptedException {
    if (command == null) {
      String problem =
          switch (other) {
            case WASMTIME -> wasmtime.problem();
            case WAZERO, UNLIMITED -> wazero.problem();
            default -> "there is no program for this machine";
          };
      problems.put(other, problem);
      return null;
    }
    ProgramResult result = ProgramResult.run(Checkout.root(), command);
    if (!result.succeeded()) {
      problems.put(other + ", " + kernel.title(), result.shortError());
      return null;
    }
    return checked(kernel, result.output());
  }

  private static KernelTimes checked(Kernel kernel, String output) {
    KernelTimes times = KernelTimes.of(output);
    kernel.requireChecksum(times.checksum());
    return times;
  }

  private void print(List<KernelRow> rows) {
    out.println();
    out.println("native     the same source, built for this machine");
    out.printf(Locale.ROOT, "gonext     every call with a deadline; %s%n", jvms);
    out.println(
        "wasmtime   " + wasmtime.title() + ": Cranelift, pooling allocator, epoch deadline");
    out.println("wazero     " + wazero.title() + ": every call with a deadline");
    out.println("wazero-    the same without deadlines, which a host of foreign code needs");
    out.println("stock      Endive's compiler and its own memory, without deadlines");
    out.println("1st s      our mean call in the first second of a JVM, divided by the steady one");
    out.printf(Locale.ROOT, "%n%-24s %9s %-15s", "compute, us", OURS, "  range");
    OTHERS.forEach(other -> out.printf(Locale.ROOT, " %9s", other));
    OTHERS.forEach(other -> out.printf(Locale.ROOT, " %9s", "/" + other));
    out.printf(Locale.ROOT, " %6s%n", "1st s");
    for (KernelRow row : rows) {
      out.printf(
          Locale.ROOT,
          "%-24s %9s %-15s",
          row.kernel().title(),
          RatioTable.micros(row.steady(), ""),
          range(row.ours()));
      for (String other : OTHERS) {
        out.printf(Locale.ROOT, " %9s", RatioTable.micros(row.steady(other), "-"));
      }
      for (String other : OTHERS) {
        double ratio = row.ratio(other);
        out.printf(Locale.ROOT, " %9s", Double.isNaN(ratio) ? "-" : RatioTable.ratio(ratio));
      }
      out.printf(Locale.ROOT, " %6s%n", RatioTable.ratio(row.firstSecond()));
    }
    problems.forEach((what, problem) -> out.println("missing: " + what + ": " + problem));
    out.flush();
  }

  private static String range(List<KernelTimes> ours) {
    var summary = ours.stream().mapToDouble(KernelTimes::steady).summaryStatistics();
    return ours.size() == 1
        ? ""
        : "  "
            + RatioTable.micros(summary.getMin(), "")
            + ".."
            + RatioTable.micros(summary.getMax(), "");
  }
}
