package io.gonext.cli.index;

import io.gonext.cli.fetch.Location;
import io.gonext.cli.fetch.RegistryOptions;
import io.gonext.cli.fetch.TransferNotes;
import io.gonext.cli.index.PluginIndex.Release;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.PlainWriter;
import io.gonext.cli.output.Sizes;
import io.gonext.host.Delivery;
import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.PushedArtifact;
import io.gonext.host.registry.TransferListener;
import io.gonext.host.trust.BundleSignature;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gonext index push}. */
@Command(
    name = "push",
    description = "Store an index in an OCI registry, with the signatures beside it.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext index push dist/index.json oci://ghcr.io/acme/index:latest",
      "  gonext search --index oci://ghcr.io/acme/index:latest markdown",
      "",
      RegistryOptions.LOGIN
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed", "2:wrong command line"})
final class IndexPushCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "FILE", description = "The file of the index.")
  private Path file;

  @Parameters(index = "1", paramLabel = "REFERENCE", description = "oci://HOST/REPOSITORY:TAG")
  private String to;

  @Mixin private RegistryOptions registry;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    OciReference reference = OciReference.parse(to);
    byte[] bytes = bytes();
    requireWholeReferences(PluginIndex.read(bytes, file.toString()));
    List<byte[]> signatures =
        Delivery.signaturesBeside(file).stream().map(BundleSignature::file).toList();
    PrintWriter err = new PlainWriter(spec.commandLine().getErr());
    PushedArtifact pushed;
    try (OciClient client = registry.client(reference)) {
      pushed =
          client.pushIndex(
              reference,
              bytes,
              signatures,
              json ? TransferListener.NONE : new TransferNotes(err::println));
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      new JsonLines(out)
          .print(
              JsonLines.fields(
                  "reference",
                  pushed.reference().toString(),
                  "digest",
                  pushed.reference().digest().orElse(""),
                  "bytes_sent",
                  pushed.bytesSent(),
                  "signatures",
                  pushed.referrers()));
    } else {
      new PlainWriter(out)
          .println(
              "ok  %s, %s sent, %d signatures"
                  .formatted(
                      pushed.reference(), Sizes.text(pushed.bytesSent()), pushed.referrers()));
    }
    return ExitCode.OK;
  }

  private byte[] bytes() {
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(PluginIndex.MAX_BYTES + 1);
      if (bytes.length > PluginIndex.MAX_BYTES) {
        throw failed("it has more than " + PluginIndex.MAX_BYTES + " bytes");
      }
      return bytes;
    } catch (IOException e) {
      throw failed(
          Files.isDirectory(file)
              ? "this is a directory: give the index.json in it"
              : CommandFailure.reason(e));
    }
  }

  /** In a registry there is nothing beside the index. */
  private void requireWholeReferences(PluginIndex index) {
    for (List<Release> releases : index.plugins().values()) {
      for (Release release : releases) {
        if (!Location.SCHEME.matcher(release.text("reference")).matches()) {
          throw failed(
              "the reference "
                  + release.text("reference")
                  + " is relative, and in a registry there is nothing beside the index: build it"
                  + " with --base oci://HOST/PATH, or with an https URL");
        }
      }
    }
  }

  private CommandFailure failed(String reason) {
    return new CommandFailure(CommandFailure.Kind.FAILED, file + ": " + reason);
  }
}
