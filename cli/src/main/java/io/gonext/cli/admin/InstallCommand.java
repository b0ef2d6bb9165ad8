package io.gonext.cli.admin;

import io.gonext.host.registry.OciReference;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext install}. */
@Command(
    name = "install",
    description = "Install a bundle on a running host, without serving it.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext install hello-rust-0.1.0.gnplugin",
      "  gonext install --grant --activate hello-rust-0.1.0.gnplugin",
      "  gonext install oci://ghcr.io/acme/hello:0.1.0   the host fetches it"
    })
public final class InstallCommand extends AdminCommand {
  @Parameters(
      paramLabel = "FILE|REFERENCE",
      description = {
        "The .gnplugin file, or",
        "oci://HOST/REPOSITORY:TAG, which the host fetches."
      })
  private String bundle;

  @Option(
      names = "--grant",
      description =
          "Grant the capabilities it requests; a capability that was revoked stays revoked.")
  private boolean grant;

  @Option(names = "--activate", description = "Activate it too.")
  private boolean activate;

  @Mixin private SignatureOptions trust;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    String query = "?grant=" + grant + "&activate=" + activate + "&" + trust.query();
    if (OciReference.isReference(bundle)) {
      return host.sendReference("POST", query, OciReference.parse(bundle), "", trust.given());
    }
    Path file = Path.of(bundle);
    return host.send("POST", query, read(file), trust.of(file));
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    boolean unchanged = answer.path("unchanged").booleanValue();
    out.println(line(answer) + (unchanged ? ", was already installed" : ""));
    warnings(answer, out);
  }
}
