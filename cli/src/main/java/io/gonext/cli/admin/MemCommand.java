package io.gonext.cli.admin;

import io.gonext.cli.output.Sizes;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext mem}. */
@Command(
    name = "mem",
    description = {
      "Show how a plugin that serves uses the memory of its instances.",
      "The host looks at each call for some seconds, when the call has ended. gonext",
      "plugin mem makes the calls itself, without a host, and finds leaks."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext mem hello-rust", "  gonext mem hello-rust --duration 30s --json"})
public final class MemCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Mixin private LookOptions look;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.send("POST", of(name) + "/memory", look.request(), List.of());
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    boolean keepsState = answer.path("isolation").asString("").equals("reused");
    out.println(
        answer.path("name").asString("")
            + "@"
            + answer.path("version").asString("")
            + ": "
            + instances(answer.path("live").asInt(0))
            + ", "
            + size(answer, "heap_bytes")
            + " of the host's heap");
    if (answer.path("calls").asLong(0) == 0) {
      out.println("no call ended meanwhile: call the plugin, or look longer");
      return;
    }
    out.println(
        "calls seen: "
            + answer.path("calls").asLong(0)
            + " in "
            + instances(answer.path("instances").asInt(0))
            + ", at most "
            + answer.path("pages").asInt(0)
            + " pages of 64 KiB; the limit is "
            + answer.path("maximum_pages").asInt(0));
    out.println(
        row(
            "PART",
            "SIZE",
            keepsState ? "WRITTEN SINCE THE START, MOST" : "A CALL WRITES, MOST (blocks of 4 KB)"));
    for (JsonNode part : answer.path("parts")) {
      out.println(
          row(
              part.path("part").asString(""),
              size(part, "bytes"),
              size(part, "written_bytes") + ", " + size(part, "most_written_bytes")));
    }
    out.println(
        keepsState
            ? "\"isolation\": \"reused\": what a call leaves behind stays in its instance"
            : "instances are reset after each call, so nothing of this stays");
  }

  private static String row(String part, String size, String written) {
    return String.format("%-6s  %10s  %s", part, size, written);
  }

  private static String instances(int count) {
    return count == 1 ? "1 instance" : count + " instances";
  }

  private static String size(JsonNode of, String field) {
    return Sizes.text(of.path(field).asLong(0));
  }
}
