package io.gonext.cli.admin;

import io.gonext.cli.fetch.Digest;
import io.gonext.cli.index.IndexOptions;
import io.gonext.cli.index.PluginIndex;
import io.gonext.cli.index.PluginIndex.Release;
import io.gonext.cli.output.Table;
import io.gonext.host.manifest.Version;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code gonext outdated}. */
@Command(
    name = "outdated",
    description = "Compare the plugins of a running host with an index.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext outdated --index https://plugins.example.com/index.json",
      "  gonext outdated --index dist/index.json --json"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:each plugin of the index has its newest version",
      "1:failed, or refused by the host",
      "2:wrong command line",
      "3:there is a newer version, or another bundle of the same version",
      "4:no host answers"
    })
public final class OutdatedCommand extends AdminCommand {
  private static final int OUTDATED = 3;

  @Mixin private IndexOptions options;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    PluginIndex index = options.read();
    Version version = version(host.host().path("version"), "the host");
    ObjectNode answer = JsonNodeFactory.instance.objectNode().put("host", version.toString());
    ArrayNode plugins = answer.putArray("plugins");
    for (JsonNode plugin : host.send("GET", "", new byte[0]).path("plugins")) {
      plugins.add(compared(plugin, index, version));
    }
    return answer;
  }

  private static Version version(JsonNode text, String whose) {
    try {
      return Version.parse(text.asString(""));
    } catch (IllegalArgumentException e) {
      throw new AdminException("the version of " + whose + " cannot be read: " + e.getMessage());
    }
  }

  private static ObjectNode compared(JsonNode plugin, PluginIndex index, Version host) {
    String name = plugin.path("name").asString("");
    Version current = version(plugin.path("version"), name);
    ObjectNode row =
        JsonNodeFactory.instance
            .objectNode()
            .put("name", name)
            .put("current", current.toString())
            .put("outdated", false);
    List<Release> releases = index.releases(name);
    if (releases.isEmpty()) {
      return row.put("note", "not in the index");
    }
    // Who has a prerelease gets prereleases.
    List<Release> offered =
        current.prerelease().isEmpty() && releases.stream().anyMatch(Release::isRelease)
            ? releases.stream().filter(Release::isRelease).toList()
            : releases;
    Release newest = offered.getFirst();
    Optional<Release> compatible = offered.stream().filter(each -> each.runsOn(host)).findFirst();
    row.put("newest", newest.version().toString());
    compatible.ifPresent(release -> row.put("compatible", release.version().toString()));
    boolean outdated =
        compatible.filter(release -> release.version().precedence(current) > 0).isPresent();
    row.put("outdated", outdated);
    if (isOther(plugin, current, releases)) {
      row.put("note", "the index has another bundle of this version").put("differs", true);
    } else if (newest.version().precedence(current) > 0 && !newest.runsOn(host)) {
      row.put("note", newest.version() + " needs host " + newest.text("host"));
    }
    return row;
  }

  private static boolean isOther(JsonNode plugin, Version current, List<Release> releases) {
    return releases.stream()
        .anyMatch(release ->
            release.version().equals(current)
                && !release
                    .text("digest")
                    .equals(Digest.ofHex(plugin.path("sha256").asString(""))));
  }

  @Override
  int exitCode(JsonNode answer) {
    return answer
            .path("plugins")
            .valueStream()
            .anyMatch(row -> row.path("outdated").booleanValue() || row.has("differs"))
        ? OUTDATED
        : ExitCode.OK;
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    Table table = new Table("NAME", "CURRENT", "COMPATIBLE", "NEWEST", "NOTE");
    for (JsonNode row : answer.path("plugins")) {
      if (row.path("outdated").booleanValue() || row.has("note")) {
        table.row(
            Stream.of("name", "current", "compatible", "newest", "note")
                .map(field -> row.path(field).asString(""))
                .toList());
      }
    }
    table.print(out, "each plugin has the newest version of the index");
  }
}
