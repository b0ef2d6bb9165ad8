package io.gonext.cli.kit;

import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.Sizes;
import io.gonext.host.Host;
import io.gonext.host.manifest.Manifest;
import io.gonext.pool.PoolStats;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin call}: calls one hook, route or job in a temporary host of this process. */
@Command(
    name = "call",
    description = "Call one hook, route or job of a plugin, in a temporary host.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin call . filter the_content --value '\"*hi*\"'",
      "  gonext plugin call hello-0.1.0.gnplugin action save_post --arg 42",
      "  gonext plugin call --json . filter the_content --value null --arg '{\"id\":7}'",
      "  gonext plugin call . GET '/hello/Ada?loud=1'",
      "  gonext plugin call . GET /hello/Ada --config '{\"greeting\":\"Ahoi\"}'",
      "  gonext plugin call . POST /posts --body '{\"title\":\"T\"}' \\",
      "      --header 'Content-Type: application/json'",
      "  gonext plugin call . job tidy --value '{\"days\":7}'",
      "",
      "Values are JSON: put a text in double quotes. The result goes to stdout; the",
      "plugin's log lines and the time go to stderr. The plugin gets all capabilities",
      "that it requests. A job has one attempt.",
      KitCommand.EXIT_CODES
    })
final class CallCommand extends KitCommand {
  @Parameters(index = "0", paramLabel = "PLUGIN", description = "A project or a .gnplugin file.")
  private Path plugin;

  @Parameters(
      index = "1",
      paramLabel = "KIND",
      description = "filter, action, job or an HTTP method.")
  private GivenCall.Kind kind;

  @Parameters(
      index = "2",
      paramLabel = "HOOK",
      description = "The name of the hook or job, or the path of the route.")
  private String hook;

  @Mixin private GivenCall given;

  @Override
  Answer answer() throws IOException, InterruptedException {
    given.of(plugin, kind, hook);
    PluginSource source = given.source();
    List<Map<String, Object>> logs = Collections.synchronizedList(new ArrayList<>());
    try (GivenCall.Ready ready =
        given.start(
            source,
            this::note,
            (level, line) -> {
              logs.add(JsonLines.fields("level", level.toString(), "message", line));
              note("[" + level.toString().toLowerCase(Locale.ROOT) + "] " + line);
            })) {
      Host host = ready.host();
      Manifest manifest = ready.manifest();
      AtomicLong touched = new AtomicLong();
      host.health().watchMemory(manifest.name(), touched::set);
      AtomicLong fuel = new AtomicLong();
      host.health().watchFuel(manifest.name(), fuel::addAndGet);
      long begin = System.nanoTime();
      GivenCall.Outcome outcome = ready.call();
      double millis = Math.round((System.nanoTime() - begin) / 1e3) / 1e3;
      PoolStats pool = host.health().pool(manifest.name()).orElseThrow();
      long memory = pool.live() == 0 ? 0 : pool.bytes() / pool.live();
      note(
          String.format(
              Locale.ROOT,
              "%s %s of %s: %s%.3f ms for the first call of a new instance, %,d units of fuel%s",
              kind.isRoute() ? kind.name() : kind.name().toLowerCase(Locale.ROOT),
              hook,
              manifest.id(),
              outcome.note(),
              millis,
              fuel.get(),
              // The instances of jobs are not watched.
              kind == GivenCall.Kind.JOB
                  ? ""
                  : "; it wrote to %s of its %s memory"
                      .formatted(Sizes.text(touched.get()), Sizes.text(memory))));
      Map<String, Object> fields = JsonLines.fields("plugin", manifest.id(), "hook", hook);
      fields.putAll(outcome.fields());
      fields.put("ms", millis);
      fields.put("fuel", fuel.get());
      if (kind != GivenCall.Kind.JOB) {
        fields.put("touched_bytes", touched.get());
        fields.put("instance_bytes", memory);
      }
      fields.put("logs", List.copyOf(logs));
      return new Answer(ExitCode.OK, outcome.text(), fields);
    }
  }
}
