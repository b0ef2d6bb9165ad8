package io.gonext.cli.admin;

import io.gonext.cli.output.AtomicFile;
import io.gonext.cli.output.Table;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code gonext record}. */
@Command(
    name = "record",
    description = {
      "Record calls of a plugin; list and save the recordings.",
      "gonext replay makes the calls again. Without an option, all calls are recorded,",
      "and the newest are kept in memory. A recording holds what callers sent to the",
      "plugin. The secrets that the plugin read are marked out."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext record hello-rust --traps        calls that fail, from now on",
      "  gonext record hello-rust --slow 50      and those that take 50 ms",
      "  gonext record hello-rust --list",
      "  gonext record hello-rust --save calls   write the recordings into ./calls",
      "  gonext record hello-rust --stop"
    })
public final class RecordCommand extends AdminCommand {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Option(names = "--traps", description = "Keep only calls that fail.")
  private boolean traps;

  @Option(
      names = "--slow",
      paramLabel = "MS",
      description = "Keep calls that fail, or take at least so many milliseconds.")
  private @Nullable Integer slowMillis;

  @Option(
      names = "--sample",
      paramLabel = "P",
      description = "Keep calls that fail, and this part of the others: 0.01 is one in 100.")
  private @Nullable Double sample;

  @ArgGroup private @Nullable Instead instead;

  /** What the command does in place of starting. */
  static final class Instead {
    @Option(names = "--list", required = true, description = "List the recordings.")
    private boolean list;

    @Option(
        names = "--save",
        required = true,
        paramLabel = "DIR",
        description = "Save the recordings as files in a directory.")
    private @Nullable Path save;

    @Option(names = "--stop", required = true, description = "End the recording.")
    private boolean stop;
  }

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    String path = of(name) + "/recordings";
    if (instead == null) {
      return host.send("POST", path, StrictJson.write(request()), List.of());
    }
    if (traps || slowMillis != null || sample != null) {
      throw wrong(
          "--traps, --slow and --sample start a recording: give them without --list, --save"
              + " and --stop");
    }
    JsonNode answer = host.send(instead.stop ? "DELETE" : "GET", path, new byte[0]);
    if (instead.save != null) {
      save(host, path, instead.save, answer);
    }
    return answer;
  }

  private ObjectNode request() {
    ObjectNode request = JsonNodeFactory.instance.objectNode();
    boolean all = !traps && slowMillis == null && sample == null;
    if (slowMillis != null) {
      if (slowMillis < 1 || slowMillis > 3_600_000) {
        throw wrong("--slow " + slowMillis + ": give a number from 1 to 3600000");
      }
      request.put("slow_ms", slowMillis);
    }
    if (sample != null) {
      if (!(sample > 0 && sample <= 1)) {
        throw wrong("--sample " + sample + ": give a part of all calls, such as 0.01");
      }
      request.put("every", Math.round(1 / sample));
    }
    if (all) {
      request.put("every", 1);
    }
    return request;
  }

  private void save(AdminClient host, String path, Path directory, JsonNode answer)
      throws InterruptedException {
    try {
      Files.createDirectories(directory);
      for (JsonNode recording : answer.path("recordings")) {
        String id = recording.path("id").asString("");
        byte[] file = StrictJson.write(host.send("GET", path + "/" + id, new byte[0]));
        AtomicFile.replace(directory.resolve(file(recording)), file);
      }
    } catch (IOException e) {
      throw new AdminException(directory + " cannot be written: " + e.getMessage());
    }
  }

  /** The name of a recording's file. */
  private String file(JsonNode recording) {
    return name + "-" + recording.path("id").asString("") + ".recording.json";
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    if (instead != null && instead.save != null) {
      for (JsonNode recording : answer.path("recordings")) {
        out.println(instead.save.resolve(file(recording)));
      }
    } else if (instead == null || instead.stop) {
      out.println(
          name
              + (answer.path("records").asBoolean(false)
                  ? ": recording; see gonext record " + name + " --list"
                  : ": no longer recording; " + answer.path("recordings").size() + " are kept"));
      return;
    }
    if (instead != null && instead.list) {
      Table table = new Table("ID", "VERSION", "AT", "HOOK", "REASON", "BYTES", "");
      for (JsonNode recording : answer.path("recordings")) {
        table.row(
            List.of(
                recording.path("id").asString(""),
                recording.path("version").asString(""),
                recording.path("at").asString(""),
                recording.path("hook").asString(""),
                recording.path("reason").asString(""),
                recording.path("bytes").asString(""),
                recording.path("complete").asBoolean(true) ? "" : "not complete"));
      }
      table.print(out, nothing(answer));
    } else if (answer.path("recordings").isEmpty()) {
      out.println(nothing(answer));
    }
  }

  private String nothing(JsonNode answer) {
    return answer.path("records").asBoolean(false)
        ? "no call was kept yet"
        : "nothing is recorded: gonext record " + name;
  }
}
