package io.gonext.cli.kit;

import io.gonext.cli.output.JsonLines;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code gonext plugin diff}: how two versions of a plugin differ. */
@Command(
    name = "diff",
    description =
        "Compare two versions of a plugin: capabilities and what they reach, hooks, routes,"
            + " imports, size.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin diff hello-0.1.0.gnplugin hello-0.2.0.gnplugin",
      "  gonext plugin diff hello-0.1.0.gnplugin .   a release and the project",
      "  gonext plugin diff --json A B               for scripts",
      "",
      KitCommand.EXIT_CODES
    })
final class DiffCommand extends KitCommand {
  @Parameters(index = "0", paramLabel = "OLD", description = "A project or a .gnplugin file.")
  private Path before;

  @Parameters(index = "1", paramLabel = "NEW", description = "A project or a .gnplugin file.")
  private Path after;

  @Mixin private SourceOptions options;

  @Mixin private TrialOptions trial;

  private VersionComparison.Side side(Path plugin) throws IOException, InterruptedException {
    return VersionComparison.Side.of(
        PluginSource.read(plugin, options).asPacked(), trial.capabilities(trial.functions(plugin)));
  }

  @Override
  Answer answer() throws IOException, InterruptedException {
    VersionComparison difference = VersionComparison.between(side(before), side(after));
    String old = difference.before().manifest().id();
    String now = difference.after().manifest().id();
    List<String> text = new ArrayList<>();
    text.add(old + " -> " + now);
    Map<String, Object> fields = JsonLines.fields("old", old, "new", now);
    for (VersionComparison.Section section : difference.sections()) {
      fields.put(
          section.name(), JsonLines.fields("added", section.added(), "removed", section.removed()));
      if (section.isEmpty()) {
        text.add(section.name() + ": no difference");
      } else {
        text.add(section.name() + ":");
        section.added().forEach(entry -> text.add("  + " + entry));
        section.removed().forEach(entry -> text.add("  - " + entry));
      }
    }
    long oldModule = difference.before().module().length;
    long newModule = difference.after().module().length;
    long oldBundle = difference.before().bundleBytes();
    long newBundle = difference.after().bundleBytes();
    fields.put("module_bytes", JsonLines.fields("old", oldModule, "new", newModule));
    fields.put("bundle_bytes", JsonLines.fields("old", oldBundle, "new", newBundle));
    text.add(size("module", oldModule, newModule));
    text.add(size("bundle", oldBundle, newBundle));
    return new Answer(ExitCode.OK, text, fields);
  }

  private static String size(String what, long before, long after) {
    return String.format(
        Locale.ROOT, "%s: %,d -> %,d bytes (%+,d)", what, before, after, after - before);
  }
}
