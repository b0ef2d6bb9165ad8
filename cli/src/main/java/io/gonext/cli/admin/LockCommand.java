package io.gonext.cli.admin;

import io.gonext.cli.fetch.Digest;
import io.gonext.cli.fetch.Downloads;
import io.gonext.cli.fetch.PullOptions;
import io.gonext.cli.fetch.RegistryOptions;
import io.gonext.cli.fetch.TransferNotes;
import io.gonext.cli.output.JsonFile;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.PlainWriter;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.registry.TransferListener;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code gonext lock}. */
@Command(
    name = "lock",
    description = "Add the digests that a gonext.lock file does not have yet.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext lock",
      "  gonext lock fleet/gonext.lock",
      "",
      "A digest that the file has stays. To pin another bundle, change the reference",
      "and remove its digest first.",
      RegistryOptions.LOGIN
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed", "2:wrong command line"})
public final class LockCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      defaultValue = "gonext.lock",
      description = "The file (default: ./${DEFAULT-VALUE}).")
  private Path file;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private PullOptions registry;

  @Override
  public Integer call() throws InterruptedException {
    FleetFile fleet = FleetFile.read(file);
    Map<String, String> added = new TreeMap<>();
    TransferListener notes =
        json
            ? TransferListener.NONE
            : new TransferNotes(new PlainWriter(spec.commandLine().getErr())::println);
    try (Downloads downloads = new Downloads(registry, notes)) {
      for (FleetFile.Entry plugin : fleet.plugins()) {
        if (plugin.digest().isEmpty()) {
          added.put(plugin.name(), digest(plugin, downloads));
        }
      }
    }
    if (!added.isEmpty()) {
      write(fleet, added);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      new JsonLines(out).print(JsonLines.fields("added", added));
    } else {
      PrintWriter people = new PlainWriter(out);
      added.forEach((name, digest) -> people.println(name + " " + digest));
      if (added.isEmpty()) {
        people.println("nothing to do: each plugin has a digest");
      }
    }
    return ExitCode.OK;
  }

  private static String digest(FleetFile.Entry plugin, Downloads downloads)
      throws InterruptedException {
    byte[] bytes = downloads.read(plugin.location(), Bundle.MAX_BYTES);
    try {
      FleetBundles.requireName(plugin, Bundle.read(bytes).manifest());
    } catch (BundleRejectedException e) {
      throw new AdminException(plugin.location() + ": " + e.summary(), e.problems());
    }
    return Digest.of(bytes);
  }

  private static void write(FleetFile fleet, Map<String, String> added) {
    ObjectNode json = fleet.json();
    for (JsonNode plugin : json.path("plugins")) {
      String digest = added.get(plugin.path("name").asString(""));
      if (digest != null && plugin instanceof ObjectNode entry) {
        entry.put("digest", digest);
      }
    }
    JsonFile.replace(fleet.path(), JsonFile.bytes(json));
  }
}
