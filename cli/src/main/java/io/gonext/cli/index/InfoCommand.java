package io.gonext.cli.index;

import io.gonext.cli.index.PluginIndex.Release;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.PlainWriter;
import io.gonext.cli.output.Sizes;
import io.gonext.host.manifest.Version;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code gonext info}. */
@Command(
    name = "info",
    description = "Show what an index says of a plugin.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext info --index dist/index.json hello-rust",
      "  gonext info --index dist/index.json --json hello-rust@0.1.0"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed, or not in the index", "2:wrong command line"})
public final class InfoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "NAME[@VERSION]",
      description = "The plugin; its newest version if none is given.")
  private String plugin;

  @Mixin private IndexOptions options;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    IndexSource.Found found = options.found();
    int at = plugin.indexOf('@');
    String name = at < 0 ? plugin : plugin.substring(0, at);
    List<Release> releases = found.index().releases(name);
    if (releases.isEmpty()) {
      throw failed("the index has no plugin " + name + ": gonext search lists its plugins");
    }
    Release release =
        at < 0
            ? PluginIndex.newest(releases).orElseThrow()
            : version(releases, plugin.substring(at + 1));
    ObjectNode shown = json(release);
    shown.put("reference", found.location().resolve(release.text("reference")).toString());
    var versions = shown.putArray("versions");
    releases.forEach(each -> versions.add(each.version().toString()));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      new JsonLines(out).print(shown);
    } else {
      print(shown, releases, new PlainWriter(out));
    }
    return ExitCode.OK;
  }

  private static Release version(List<Release> releases, String text) {
    Version wanted;
    try {
      wanted = Version.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(CommandFailure.Kind.USAGE, String.valueOf(e.getMessage()));
    }
    return releases.stream()
        .filter(release -> release.version().equals(wanted))
        .findAny()
        .orElseThrow(
            () -> failed("the index has no version " + text + "; it has " + versions(releases)));
  }

  private static String versions(List<Release> releases) {
    return releases.stream()
        .map(release -> release.version().toString())
        .collect(Collectors.joining(", "));
  }

  private static CommandFailure failed(String message) {
    return new CommandFailure(CommandFailure.Kind.FAILED, message);
  }

  /** A version as the index has it, with the plugin's name. */
  static ObjectNode json(Release release) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("name", release.plugin());
    json.setAll(release.json());
    return json;
  }

  private static void print(ObjectNode shown, List<Release> releases, PrintWriter out) {
    out.println(shown.path("name").asString("") + "@" + shown.path("version").asString(""));
    line("about", shown.path("description").asString(""), out);
    line("licence", shown.path("license").asString(""), out);
    line("requests", joined(shown, "capabilities"), out);
    line("publisher", joined(shown, "publishers"), out);
    line("keys", joined(shown, "keys"), out);
    line("host", shown.path("host").asString(""), out);
    line("size", Sizes.text(shown.path("size").longValue()), out);
    line("digest", shown.path("digest").asString(""), out);
    line("reference", shown.path("reference").asString(""), out);
    line("versions", versions(releases), out);
  }

  private static String joined(ObjectNode shown, String field) {
    return shown
        .path(field)
        .valueStream()
        .map(text -> text.asString(""))
        .collect(Collectors.joining(", "));
  }

  private static void line(String head, String value, PrintWriter out) {
    if (!value.isEmpty()) {
      out.println("  %-10s %s".formatted(head, value));
    }
  }
}
