package io.gonext.cli.index;

import io.gonext.cli.index.PluginIndex.Release;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.PlainWriter;
import io.gonext.cli.output.Table;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gonext search}. */
@Command(
    name = "search",
    description = "Search an index for plugins.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext search --index https://plugins.example.com/index.json markdown",
      "  gonext search --index dist/index.json        all of its plugins"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed", "2:wrong command line"})
public final class SearchCommand implements Callable<Integer> {
  private static final int SHOWN_CHARACTERS = 80;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "TERM",
      arity = "0..*",
      description = {
        "Words or parts of words. Each must occur in the name,",
        "the description, a capability or the licence."
      })
  private List<String> terms = List.of();

  @Mixin private IndexOptions options;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    PluginIndex index = options.read();
    List<Release> hits = new ArrayList<>();
    for (List<Release> releases : index.plugins().values()) {
      PluginIndex.newest(releases).filter(this::matches).ifPresent(hits::add);
    }
    // The map has them by name; those whose name matches come first.
    hits.sort(Comparator.comparing(hit -> !contains(hit.plugin())));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      new JsonLines(out)
          .print(JsonLines.fields("plugins", hits.stream().map(InfoCommand::json).toList()));
    } else {
      print(hits, new PlainWriter(out));
    }
    return ExitCode.OK;
  }

  private boolean contains(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return terms.stream().allMatch(term -> lower.contains(term.toLowerCase(Locale.ROOT)));
  }

  private boolean matches(Release release) {
    return contains(
        String.join(
            "\n",
            release.plugin(),
            release.text("description"),
            release.text("license"),
            String.join("\n", release.texts("capabilities"))));
  }

  private static void print(List<Release> hits, PrintWriter out) {
    Table table = new Table("NAME", "VERSION", "LICENCE", "DESCRIPTION");
    for (Release hit : hits) {
      String description = hit.text("description");
      table.row(
          List.of(
              hit.plugin(),
              hit.version().toString(),
              hit.text("license"),
              description.length() > SHOWN_CHARACTERS
                  ? description.substring(0, SHOWN_CHARACTERS) + "..."
                  : description));
    }
    table.print(out, "no plugin of the index matches");
  }
}
