package io.gonext.cli.kit;

import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.Sizes;
import io.gonext.engine.CompiledModule;
import io.gonext.engine.Coverage;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.InstanceState;
import io.gonext.engine.MemoryLayout;
import io.gonext.engine.MemoryLayout.Area;
import io.gonext.engine.Metering;
import io.gonext.host.ReplayLoop;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code gonext plugin mem}: who uses a plugin's memory, and whether it grows. */
@Command(
    name = "mem",
    description = {
      "Show who uses a plugin's memory, and whether it grows with calls.",
      "Makes a call once and shows what it writes. Then makes it many times on one",
      "instance that is never reset: memory that grows on is a leak."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin mem . filter the_content --value '\"*hi*\"'",
      "  gonext plugin mem . GET /hello/Ada --calls 10000",
      "  gonext plugin mem hello-0.1.0.gnplugin --replay calls",
      "",
      "Recorded calls are made once: without a reset in between they would differ.",
      "A leak matters with \"isolation\": \"reused\"; other instances are reset.",
      KitCommand.EXIT_CODES
    })
final class MemCommand extends KitCommand {
  /** How often the memory is looked at. */
  private static final int STEPS = 20;

  private static final int MOST_CALLS = 10_000_000;

  @Mixin private RepeatedCall call;

  @Option(
      names = "--calls",
      paramLabel = "N",
      defaultValue = "1000",
      description = "How many calls to make (default: ${DEFAULT-VALUE}).")
  private int calls;

  /**
   * What one call does.
   *
   * @param written the bytes of 4 KiB blocks that it writes, by area
   */
  private record Once(
      MemoryLayout layout, Map<Area, Long> written, long allocs, long frees, boolean isKnown) {}

  @Override
  Answer answer() throws IOException, InterruptedException {
    if (calls < STEPS || calls > MOST_CALLS) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          "--calls " + calls + ": give a number from " + STEPS + " to " + MOST_CALLS);
    }
    call.check();
    PluginSource source = call.source();
    Rehearsed rehearsed = call.rehearsed(source, this::note);
    // The instances of jobs are not watched, and a recording is of one moment.
    return answer(
        rehearsed,
        once(rehearsed),
        call.isRecorded() || call.isJob() ? Optional.empty() : Optional.of(growth(source)));
  }

  private static Once once(Rehearsed rehearsed) {
    try (var engine = new Engine(EngineLimits.defaults())) {
      List<ReplayLoop> loops = rehearsed.loops(engine, Metering.BLOCKS);
      try {
        CompiledModule module = loops.getFirst().module();
        MemoryLayout layout = module.memoryLayout();
        Map<Area, Long> written = new EnumMap<>(Area.class);
        boolean isKnown = true;
        for (int i = 0; i < loops.size(); i++) {
          var _ = rehearsed.once(loops.get(i), i);
        }
        Coverage before = module.coverage();
        for (int i = 0; i < loops.size(); i++) {
          var _ = rehearsed.once(loops.get(i), i);
          Optional<InstanceState> state = loops.get(i).state();
          isKnown &= state.isPresent();
          state.ifPresent(changed -> {
            for (InstanceState.Block block : changed.blocks()) {
              add(block, layout, written);
            }
          });
        }
        Coverage made = module.coverage().since(before);
        return new Once(
            layout, written, made.callsOf("gn_alloc"), made.callsOf("gn_free"), isKnown);
      } finally {
        loops.forEach(ReplayLoop::close);
      }
    }
  }

  /** A block at the border of two areas counts for both, as far as it is in them. */
  private static void add(InstanceState.Block block, MemoryLayout layout, Map<Area, Long> written) {
    long from = Integer.toUnsignedLong(block.pointer());
    long end = from + block.bytes().length;
    while (from < end) {
      Area area = layout.areaOf(from);
      long next = end;
      for (long border : new long[] {layout.stackFrom(), layout.stackTo(), layout.heapFrom()}) {
        if (border > from) {
          next = Math.min(next, border);
        }
      }
      written.merge(area, next - from, Long::sum);
      from = next;
    }
  }

  private Growth growth(PluginSource source) throws IOException, InterruptedException {
    PluginSource reused =
        source.withManifest(reused(source.files().getOrDefault(Bundle.MANIFEST, new byte[0])));
    try (GivenCall.Ready ready = call.start(reused, this::note)) {
      AtomicLong touched = new AtomicLong();
      ready.host().health().watchMemory(ready.manifest().name(), touched::set);
      int aStep = calls / STEPS;
      List<Long> used = new ArrayList<>();
      for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < aStep; i++) {
          var _ = ready.call();
        }
        used.add(touched.get());
      }
      return Growth.of(used, aStep);
    }
  }

  /** The manifest with one instance that keeps its memory. */
  private static byte[] reused(byte[] manifestJson) {
    try {
      ObjectNode manifest = (ObjectNode) StrictJson.parse(manifestJson);
      ObjectNode limits =
          manifest.path("limits") instanceof ObjectNode declared
              ? declared
              : JsonNodeFactory.instance.objectNode();
      limits.put("isolation", "reused").put("instances_min", 1).put("instances_max", 1);
      limits.remove("max_uses");
      manifest.set("limits", limits);
      return StrictJson.write(manifest);
    } catch (InvalidJsonException e) {
      throw new IllegalStateException("a manifest that was accepted is JSON", e);
    }
  }

  private static Answer answer(Rehearsed rehearsed, Once once, Optional<Growth> growth) {
    MemoryLayout layout = once.layout;
    long stack = layout.stackTo() - layout.stackFrom();
    long heap = layout.size() - layout.heapFrom();
    List<String> text = new ArrayList<>();
    text.add(
        rehearsed.name()
            + "@"
            + rehearsed.version()
            + ": "
            + layout.size() / (1 << 16)
            + " pages of 64 KiB at its start");
    text.add(String.format("%-6s  %10s  %s", "AREA", "SIZE", "A CALL WRITES (blocks of 4 KB)"));
    row("data", layout.dataBytes(), once.written.getOrDefault(Area.DATA, 0L), text);
    row("stack", stack, once.written.getOrDefault(Area.STACK, 0L), text);
    row("heap", heap, once.written.getOrDefault(Area.HEAP, 0L), text);
    if (layout.stackTo() == 0) {
      text.add("no stack pointer was found: the stacks are in the heap, as Go has them");
    }
    if (!once.isKnown) {
      text.add("a call changes tables, so not all that it writes is known");
    }
    text.add(
        "gn_alloc runs "
            + once.allocs
            + " times in a call, gn_free "
            + once.frees
            + " times; a plugin's own code may free otherwise");
    growth.ifPresent(grown -> text.add(sentence(grown)));
    Map<String, Object> fields =
        JsonLines.fields(
            "plugin",
            rehearsed.name() + "@" + rehearsed.version(),
            "pages",
            layout.size() / (1 << 16),
            "data_bytes",
            layout.dataBytes(),
            "stack_bytes",
            stack,
            "heap_bytes",
            heap,
            "written_data_bytes",
            once.written.getOrDefault(Area.DATA, 0L),
            "written_stack_bytes",
            once.written.getOrDefault(Area.STACK, 0L),
            "written_heap_bytes",
            once.written.getOrDefault(Area.HEAP, 0L),
            "gn_alloc",
            once.allocs,
            "gn_free",
            once.frees);
    growth.ifPresent(grown -> {
      fields.put("calls", grown.calls());
      fields.put("grown_bytes", grown.bytes());
      fields.put("pages_per_1000_calls", grown.pagesPerThousand());
      fields.put("leaks", grown.isLeak());
    });
    return new Answer(ExitCode.OK, text, fields);
  }

  private static void row(String area, long size, long written, List<String> text) {
    text.add(String.format("%-6s  %10s  %s", area, Sizes.text(size), Sizes.text(written)));
  }

  private static String sentence(Growth grown) {
    String calls = String.format(Locale.ROOT, "%,d calls without a reset: ", grown.calls());
    if (grown.isLeak()) {
      return calls
          + String.format(
              Locale.ROOT,
              "the memory in use grows by %.3f pages for each 1,000 calls, so it leaks",
              grown.pagesPerThousand());
    }
    return calls
        + (grown.bytes() == 0
            ? "the memory in use stays the same after the first half"
            : Sizes.text(grown.bytes())
                + " more after the first half, but not steadily: try more --calls");
  }
}
