package io.gonext.cli.admin;

import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.Sizes;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** {@code gonext support-bundle}. */
@Command(
    name = "support-bundle",
    description = "Gather what helps to find a fault of a host in one ZIP file.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext support-bundle",
      "  gonext support-bundle --output /tmp/host.zip --no-plugin-logs",
      "",
      "The file has versions, settings, health, metrics, a thread dump, the last log",
      "lines, the audit log and the list of plugins. Secrets are left out, and what",
      "looks like one is hidden. Plugins write into the log what they want: read the",
      "file before you send it. Its README.txt says what is in it."
    })
public final class SupportBundleCommand extends AdminCommand {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

  @Spec private CommandSpec spec;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = {
        "The file, which must not exist yet (default:",
        "gonext-support-DATE-TIME.zip in this directory)."
      })
  private @Nullable Path output;

  @Option(names = "--no-plugin-logs", description = "Leave out the log lines of plugins.")
  private boolean noPluginLogs;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    Instant now = Instant.now();
    Path file = output == null ? Path.of("gonext-support-" + TIME.format(now) + ".zip") : output;
    // Before the host is asked for everything.
    if (Files.exists(file)) {
      throw exists(file);
    }
    SupportBundle bundle =
        SupportBundle.gather(host, Redaction.of(host.token(), System.getenv()), !noPluginLogs, now);
    byte[] zip = bundle.zip();
    write(file, zip);
    return JsonNodeFactory.instance
        .objectNode()
        .put("file", file.toString())
        .put("bytes", zip.length)
        .setAll(Map.of("files", bundle.files(), "missing", bundle.missing()));
  }

  private ParameterException exists(Path file) {
    return new ParameterException(
        spec.commandLine(), file + " exists already: give another file with --output");
  }

  private void write(Path file, byte[] zip) {
    try {
      NewFile.write(file, zip);
    } catch (FileAlreadyExistsException e) {
      throw exists(file);
    } catch (IOException e) {
      throw new AdminException(file + " cannot be written: " + CommandFailure.reason(e));
    }
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println(
        answer.path("file").asString("")
            + ", "
            + Sizes.text(answer.path("bytes").asLong(0))
            + ": read it before you send it");
    for (JsonNode missing : answer.path("missing")) {
      out.println(
          "  could not get "
              + missing.path("file").asString("")
              + ": "
              + missing.path("reason").asString(""));
    }
  }
}
