package io.gonext.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import tools.jackson.databind.JsonNode;

/**
 * {@code ./bench reload}: saves an example's source repeatedly under {@code gonext plugin dev},
 * which uploads to a {@code gonext serve --dev}. Both are separate processes. It measures the time
 * from the save to the line that says that the plugin is live, split into the compiler's part and
 * the loop's part.
 */
final class ReloadBenchmark implements Benchmark {
  private static final int EDITS = 20;

  /** The duration fields of the event {@code live}, in chronological order. */
  private static final List<String> PHASES =
      List.of("debounce_ms", "build_ms", "check_ms", "upload_ms", "swap_ms");

  /**
   * A project to edit.
   *
   * @param sdk the SDK that its build file refers to
   * @param source the file that is saved
   * @param text the text in the file that each edit replaces
   */
  private record Example(String project, String sdk, String source, String text) {}

  /**
   * The benchmark uses the first one that this machine can build. The faster the compiler, the more
   * precise the measurement of the loop.
   */
  private static final List<Example> EXAMPLES =
      List.of(
          new Example("hello-c", "c", "plugin.c", "Hello, "),
          new Example("hello-rust", "rust", "src/lib.rs", "Hello, "));

  @Override
  public String name() {
    return "reload";
  }

  @Override
  public String description() {
    return "from a saved source to the running plugin, 20 times; needs C or Rust for WebAssembly"
        + " (about 20 s)";
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    if (!args.isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    Path directory = Files.createTempDirectory("gonext-bench-reload");
    // The host's log must not appear in the table.
    ProcessBuilder.Redirect log =
        ProcessBuilder.Redirect.to(directory.resolve("host.log").toFile());
    try (GonextProcess host =
        GonextProcess.start(log, "serve", "--dev", "--port", "0", "--data", directory + "/data")) {
      String url = host.awaitLine("listening on ");
      List<String> problems = new ArrayList<>();
      for (Example example : EXAMPLES) {
        Path project = ExampleProject.copy("examples/" + example.project, example.sdk, directory);
        try (GonextProcess dev =
            GonextProcess.start(
                ProcessBuilder.Redirect.INHERIT,
                "plugin",
                "dev",
                "--json",
                "--host",
                url,
                project.toString())) {
          JsonNode first = dev.awaitEvent("live", "failed");
          if (first.path("event").asString().equals("live")) {
            dev.awaitEvent("watching");
            return edit(example, project, dev, out);
          }
          problems.add(example.project + ": " + first.path("message").asString());
        }
      }
      throw new UnavailableException(String.join("; ", problems));
    } finally {
      SwapBenchmark.delete(directory);
    }
  }

  private static SequencedMap<String, String> edit(
      Example example, Path project, GonextProcess dev, PrintWriter out)
      throws IOException, UnavailableException {
    Path source = project.resolve(example.source);
    String before = Files.readString(source);
    Map<String, List<Double>> phases = new LinkedHashMap<>();
    PHASES.forEach(phase -> phases.put(phase, new ArrayList<>()));
    List<Double> totals = new ArrayList<>();
    List<Double> overheads = new ArrayList<>();
    long failed = 0;
    for (int i = 1; i <= EDITS; i++) {
      long begin = System.nanoTime();
      Files.writeString(source, before.replace(example.text, example.text + i + " "));
      JsonNode live = dev.awaitEvent("live", "failed");
      double total = (System.nanoTime() - begin) / 1e6;
      if (!live.path("action").asString("").equals("reloaded")) {
        throw new IllegalStateException("edit " + i + " was not reloaded: " + live);
      }
      phases.forEach((phase, values) -> values.add(live.path(phase).asDouble()));
      failed += live.path("requests_failed").asLong();
      totals.add(total);
      // Time that no field covers, such as the wait for the file system's event, belongs to the
      // loop.
      overheads.add(total - live.path("debounce_ms").asDouble() - live.path("build_ms").asDouble());
    }
    out.printf(
        Locale.ROOT, "%-34s %10s %10s %10s%n", example.project + ", ms", "median", "min", "max");
    phases.forEach((phase, values) -> row(out, phase.replace("_ms", ""), values));
    row(out, "all but debounce and build", overheads);
    row(out, "from the save to the line 'live'", totals);
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("edits", Integer.toString(EDITS));
    figures.put("failed", Long.toString(failed));
    figures.put("total_ms", figure(Medians.median(totals)));
    figures.put("overhead_ms", figure(Medians.median(overheads)));
    return figures;
  }

  private static void row(PrintWriter out, String label, List<Double> millis) {
    out.printf(
        Locale.ROOT,
        "%-34s %10.1f %10.1f %10.1f%n",
        label,
        Medians.median(millis),
        millis.stream().mapToDouble(Double::doubleValue).min().orElseThrow(),
        millis.stream().mapToDouble(Double::doubleValue).max().orElseThrow());
  }

  private static String figure(double millis) {
    return String.format(Locale.ROOT, "%.1f", millis);
  }
}
