package io.gonext.cli.admin;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.BundleFiles;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext update}. */
@Command(
    name = "update",
    description =
        "Put another version in the place of an installed one, without a break when it is in"
            + " service.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext update hello-rust-0.2.0.gnplugin",
      "  gonext update --approve hello-rust-0.2.0.gnplugin",
      "  gonext update --wait hello-rust-0.2.0.gnplugin   for scripts"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:the host refused it, or it failed",
      "2:wrong command line",
      "3:with --wait: the version waits for approval",
      "4:no host answers"
    })
public final class UpdateCommand extends AdminCommand {
  /** The exit code for a version that waits. */
  private static final int WAITING = 3;

  @Parameters(paramLabel = "FILE", description = "The .gnplugin file of the new version.")
  private Path file;

  @Option(names = "--approve", description = "Grant what it asks for beyond the version before.")
  private boolean approve;

  @Option(
      names = "--wait",
      description = "Exit with 3, and not with 0, where the version has to wait for approval.")
  private boolean wait;

  @Override
  int exitCode(JsonNode answer) {
    return wait && answer.path("action").asString("").equals("awaiting_approval")
        ? WAITING
        : ExitCode.OK;
  }

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    byte[] bundle = read(file);
    return host.send("PUT", of(name(bundle)) + "/bundle?approve=" + approve, bundle);
  }

  /**
   * Whose bundle it is. All else that may be wrong with it is for the host to say, which knows more
   * names than this command; but of a bundle that has no name, no host can be asked.
   */
  private static String name(byte[] bundle) {
    byte[] manifest = BundleFiles.read(bundle).files().getOrDefault(Bundle.MANIFEST, new byte[0]);
    try {
      String name = StrictJson.parse(manifest).path("name").asString("");
      if (isName(name)) {
        return name;
      }
    } catch (InvalidJsonException e) {
      // Told below, as a host would.
    }
    return Bundle.read(bundle).manifest().name();
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    printUpdate(answer, out);
  }

  static void printUpdate(JsonNode answer, PrintWriter out) {
    String version = answer.path("version").asString("");
    switch (answer.path("action").asString("")) {
      case "unchanged" -> out.println("unchanged: " + version + " is the current version already");
      case "awaiting_approval" -> {
        out.println(
            version
                + " waits: it asks for more than "
                + answer.path("from").asString("")
                + ", which stays; put it in service with gonext approve, or delete it with gonext"
                + " reject");
        printChanges(answer.path("capabilities"), out);
      }
      default -> {
        out.println(
            String.format(
                Locale.ROOT,
                "%s replaced %s; the switch took %.2f ms, after %d calls of exercise",
                version,
                answer.path("from").asString(""),
                answer.path("swap_ms").doubleValue(),
                answer.path("warm_up_calls").longValue()));
        warnings(answer, out);
      }
    }
  }

  static void printChanges(JsonNode capabilities, PrintWriter out) {
    capabilities.forEach(change ->
        out.println(
            "  "
                + change.path("change").asString("")
                + " "
                + change.path("id").asString("")
                + (change.path("sensitive").booleanValue() ? " (sensitive)" : "")));
  }
}
