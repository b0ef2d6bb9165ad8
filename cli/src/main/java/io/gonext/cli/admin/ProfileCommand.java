package io.gonext.cli.admin;

import io.gonext.cli.profile.ProfileOutput;
import io.gonext.host.PluginProfile;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext profile}. */
@Command(
    name = "profile",
    description = {
      "Show what a plugin that serves spends its time with.",
      "The host looks at its threads for some seconds. That costs it little, and",
      "restarts nothing. gonext plugin profile does it without a host."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext profile hello-rust",
      "  gonext profile hello-rust --duration 30s --html flame.html",
      "  gonext profile hello-rust --pprof cpu.pb.gz && go tool pprof -top cpu.pb.gz"
    })
public final class ProfileCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Mixin private LookOptions look;

  @Mixin private ProfileOutput output;

  /** For people. */
  private List<String> text = List.of();

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    JsonNode answer = host.send("POST", of(name) + "/profile", look.request(), List.of());
    try {
      text = output.write(PluginProfile.parse(answer));
    } catch (IllegalArgumentException e) {
      throw new AdminException("the host's answer cannot be read: " + e.getMessage());
    }
    return answer;
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    text.forEach(out::println);
    if (answer.path("total").asLong(0) == 0) {
      out.println("the plugin was not seen computing: call it meanwhile, or look longer");
    }
  }
}
