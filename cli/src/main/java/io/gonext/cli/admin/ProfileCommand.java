package io.gonext.cli.admin;

import io.gonext.cli.profile.ProfileOutput;
import io.gonext.cli.profile.TimeConverter;
import io.gonext.host.PluginProfile;
import io.gonext.host.json.StrictJson;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

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
  private static final Duration MOST = Duration.ofSeconds(60);

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = TimeConverter.class,
      description = "How long to look, from 1s to 60s (default: ${DEFAULT-VALUE}).")
  private Duration duration;

  @Mixin private ProfileOutput output;

  /** For people. */
  private List<String> text = List.of();

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    if (duration.toSeconds() < 1
        || duration.compareTo(MOST) > 0
        || !duration.equals(Duration.ofSeconds(duration.toSeconds()))) {
      throw new ParameterException(
          spec.commandLine(), "--duration: a host looks for whole seconds, from 1s to 60s");
    }
    byte[] request =
        StrictJson.write(
            JsonNodeFactory.instance.objectNode().put("seconds", duration.toSeconds()));
    JsonNode answer = host.send("POST", of(name) + "/profile", request, List.of());
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
