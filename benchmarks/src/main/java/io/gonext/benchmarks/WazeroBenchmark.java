package io.gonext.benchmarks;

import static io.gonext.benchmarks.GuestRuntime.OURS;

import io.gonext.guests.Guests;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * {@code ./bench wazero}: our host compared with a Go program around wazero, which compiles to
 * native code; see benchmarks/wazero.
 */
final class WazeroBenchmark implements Benchmark {
  @Override
  public String name() {
    return "wazero";
  }

  @Override
  public String description() {
    return "instantiate, dispatch, compute, 100 callers: against wazero; needs Go (about 2"
        + " minutes)";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    if (!args.isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    Path program = build();
    ComputeGuest guest = ComputeGuest.build();
    out.println(guest.origin());
    Map<String, Double> wazero = measure(program, guest);

    List<String> jvmArgs = new ArrayList<>(Jmh.JVM_ARGS);
    jvmArgs.addAll(guest.jvmArgs());
    Jmh jmh = Jmh.settled(jvmArgs);
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    var table =
        new RatioTable(out, "", "pool of 8; ours is pristine for each call", OURS, "wazero");

    double dispatch = jmh.median(Dispatch.class, "single");
    table.row("checkout, smallest hook, return", dispatch, figure(wazero, "dispatch"));
    figures.put("dispatch_ratio", RatioTable.ratio(dispatch / figure(wazero, "dispatch")));
    double deadline = figure(wazero, "deadline");
    table.row("the same, with a deadline there too", dispatch, deadline);
    figures.put("dispatch_with_deadline_ratio", RatioTable.ratio(dispatch / deadline));
    table.row(
        "the same, a call of 100 callers at once",
        jmh.median(Dispatch.class, "crowd"),
        figure(wazero, "crowd"));

    List<Double> compute = new ArrayList<>();
    for (Kernel kernel : Kernel.PLAIN) {
      double ours = jmh.median(GuestCompute.class, "run", "runtime", OURS, "name", kernel.name());
      double theirs = figure(wazero, kernel.guestName());
      table.row(kernel.title(), ours, theirs);
      compute.add(ours / theirs);
    }
    figures.put("compute_ratio", RatioTable.ratio(Medians.geometricMean(compute)));

    double instantiate =
        jmh.median(GuestStart.class, "instantiate", "runtime", OURS, "module", ComputeGuest.NAME);
    table.row("a new instance of the Rust guest", instantiate, figure(wazero, "instantiate"));
    figures.put("instantiate_ratio", RatioTable.ratio(instantiate / figure(wazero, "instantiate")));
    return figures;
  }

  private static Path build() throws InterruptedException, UnavailableException {
    Path source = Checkout.root().resolve("benchmarks/wazero");
    Path program = Checkout.root().resolve("benchmarks/target/wazero");
    try {
      ProgramResult build =
          ProgramResult.run(source, List.of("go", "build", "-o", program.toString(), "."));
      if (!build.succeeded()) {
        throw new UnavailableException(
            "Go could not build benchmarks/wazero: " + build.errors().replaceAll("\\s+", " "));
      }
    } catch (IOException e) {
      throw new UnavailableException("it needs Go, and there is no 'go' on PATH.");
    }
    return program;
  }

  private static Map<String, Double> measure(Path program, ComputeGuest guest)
      throws IOException, InterruptedException {
    Path done = Checkout.root().resolve("benchmarks/target/done.wasm");
    Files.write(done, Guests.wasm("done"));
    ProgramResult run =
        ProgramResult.run(
            Checkout.root(), List.of(program.toString(), done.toString(), guest.file().toString()));
    Map<String, Double> figures = new HashMap<>();
    for (String line : run.requireOutput().lines().toList()) {
      String[] words = line.split(" ", -1);
      figures.put(words[0], Double.valueOf(words[1]));
      if (words.length == 3) {
        Kernel.named(words[0]).requireChecksum(Long.parseLong(words[2]));
      }
    }
    return figures;
  }

  private static double figure(Map<String, Double> figures, String name) {
    return figures.getOrDefault(name, Double.NaN);
  }
}
