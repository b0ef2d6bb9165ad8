package io.gonext.cli.admin;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.BundleFiles;
import io.gonext.host.registry.OciReference;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext update}. */
@Command(
    name = "update",
    description = "Replace a plugin with another version, without losing a call.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext update hello-rust-0.2.0.gnplugin",
      "  gonext update --approve hello-rust-0.2.0.gnplugin",
      "  gonext update --wait hello-rust-0.2.0.gnplugin   for scripts",
      "  gonext update oci://ghcr.io/acme/hello:0.2.0     the host fetches it"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed, or refused by the host",
      "2:wrong command line",
      "3:with --wait: the version waits for approval",
      "4:no host answers"
    })
public final class UpdateCommand extends AdminCommand {
  /** The exit code when the version waits for approval. */
  private static final int WAITING = 3;

  @Parameters(
      paramLabel = "FILE|REFERENCE",
      description = {
        "The .gnplugin file of the new version, or",
        "oci://HOST/REPOSITORY:TAG, which the host fetches."
      })
  private String bundle;

  @Option(
      names = "--approve",
      description =
          "Grant the capabilities that the old version did not request, and approve what the new"
              + " version reaches by them.")
  private boolean approve;

  @Option(
      names = "--wait",
      description = "Exit with 3 instead of 0 when the version has to wait for approval.")
  private boolean wait;

  @Mixin private SignatureOptions trust;

  @Override
  int exitCode(JsonNode answer) {
    return wait && answer.path("action").asString("").equals("awaiting_approval")
        ? WAITING
        : ExitCode.OK;
  }

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    String query = "?approve=" + approve + "&" + trust.query();
    if (OciReference.isReference(bundle)) {
      return host.sendReference("PUT", query, OciReference.parse(bundle), "", trust.given());
    }
    Path file = Path.of(bundle);
    byte[] bytes = read(file);
    return host.send("PUT", of(name(bytes)) + "/bundle" + query, bytes, trust.of(file));
  }

  /**
   * The name of the plugin in a bundle. The host checks the rest of the bundle, since it knows more
   * names than this command. A bundle without a name is refused here: there is no URL for it.
   */
  private static String name(byte[] bundle) {
    byte[] manifest = BundleFiles.read(bundle).files().getOrDefault(Bundle.MANIFEST, new byte[0]);
    try {
      String name = StrictJson.parse(manifest).path("name").asString("");
      if (isName(name)) {
        return name;
      }
    } catch (InvalidJsonException e) {
      // Bundle.read says so below, as a host would.
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
      case "unchanged" -> out.println("unchanged: " + version + " is already the current version");
      case "awaiting_approval" -> {
        out.println(
            version
                + " waits for approval, and "
                + answer.path("from").asString("")
                + " stays in service; use gonext approve to activate it, or gonext reject to"
                + " delete it");
        printChanges(answer, out);
        answer
            .path("obstacles")
            .forEach(obstacle -> out.println("  cannot serve yet: " + obstacle.asString("")));
      }
      default -> {
        out.println(
            String.format(
                Locale.ROOT,
                "%s replaced %s; the switch took %.2f ms, after %d warm-up calls",
                version,
                answer.path("from").asString(""),
                answer.path("swap_ms").doubleValue(),
                answer.path("warm_up_calls").longValue()));
        warnings(answer, out);
      }
    }
  }

  static void printChanges(JsonNode version, PrintWriter out) {
    version
        .path("capabilities")
        .forEach(change ->
            out.println(
                "  "
                    + change.path("change").asString("")
                    + " "
                    + change.path("id").asString("")
                    + (change.path("sensitive").booleanValue() ? " (sensitive)" : "")));
    version.path("wider").forEach(way -> out.println("  + " + way.asString("")));
  }
}
