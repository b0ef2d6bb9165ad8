package io.gonext.cli.admin;

import io.gonext.cli.fetch.Downloads;
import io.gonext.cli.fetch.PullOptions;
import io.gonext.cli.fetch.RegistryOptions;
import io.gonext.cli.fetch.TransferNotes;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.OptionPairs;
import io.gonext.cli.output.PlainWriter;
import io.gonext.host.registry.TransferListener;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code gonext apply}. */
@Command(
    name = "apply",
    description = "Bring a host to the plugins that a gonext.lock file lists.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext apply --plan            print the steps, and make none",
      "  gonext apply                   print the steps, and make them",
      "  gonext apply --prune fleet/gonext.lock",
      "",
      "docs/fleet.md describes the file. A second run makes only what is left.",
      RegistryOptions.LOGIN
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:the host is as the file says",
      "1:failed, or refused by the host",
      "2:wrong command line",
      "3:with --plan: there are steps to make",
      "4:no host answers"
    })
public final class ApplyCommand extends AdminCommand {
  /** The exit code when there are steps to make. */
  private static final int TO_DO = 3;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      defaultValue = "gonext.lock",
      description = "The file (default: ./${DEFAULT-VALUE}).")
  private Path file;

  @Option(names = "--plan", description = "Print the steps, and make none.")
  private boolean planOnly;

  @Option(
      names = "--prune",
      description = "Uninstall the plugins that the file does not list; their data is kept.")
  private boolean prune;

  @Option(names = "--delete-data", description = "With --prune: delete their data, too.")
  private boolean deleteData;

  @Option(
      names = "--allow-downgrade",
      description =
          "Take a bundle also when a higher version of the same publisher was in use before.")
  private boolean allowDowngrade;

  @Mixin private PullOptions registry;

  @Override
  int run(AdminClient host, PrintWriter people, @Nullable JsonLines lines)
      throws InterruptedException {
    OptionPairs.requireWith(spec, "--prune", "--delete-data");
    if (planOnly) {
      return super.run(host, people, lines);
    }
    try (Downloads downloads = new Downloads(registry, notes(lines == null));
        FleetBundles bundles = new FleetBundles(downloads, host, allowDowngrade)) {
      FleetPlan plan = plan(host, bundles);
      FleetReport report = new FleetReport(plan);
      if (lines == null) {
        report.printPlan(people);
      }
      int exitCode = ExitCode.OK;
      if (!plan.steps().isEmpty()) {
        exitCode = make(host, bundles, plan, report, lines == null ? people : null);
      }
      report.applied();
      if (lines == null) {
        report.printSum(people);
      } else {
        lines.print(report.json());
      }
      return exitCode;
    }
  }

  private int make(
      AdminClient host,
      FleetBundles bundles,
      FleetPlan plan,
      FleetReport report,
      @Nullable PrintWriter people)
      throws InterruptedException {
    try {
      new FleetRun(host, bundles, plan, deleteData)
          .make(outcome -> {
            report.add(outcome);
            if (people != null) {
              FleetReport.print(outcome, people);
            }
          });
    } catch (AdminException | CommandFailure e) {
      // What was done before is still reported.
      report.broke(String.valueOf(e.getMessage()));
      return e instanceof AdminException refused ? refused.exitCode() : ExitCode.SOFTWARE;
    }
    return report.isComplete() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  /** How far long transfers have come, on stderr, unless a program reads. */
  private TransferListener notes(boolean forPeople) {
    return forPeople
        ? new TransferNotes(new PlainWriter(spec.commandLine().getErr())::println)
        : TransferListener.NONE;
  }

  private FleetPlan plan(AdminClient host, FleetBundles bundles) throws InterruptedException {
    return new FleetPlanner(new FleetHost(host), bundles, prune).plan(FleetFile.read(file));
  }

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    try (Downloads downloads = new Downloads(registry, notes(!wantsJson()));
        FleetBundles bundles = new FleetBundles(downloads, host, allowDowngrade)) {
      return new FleetReport(plan(host, bundles)).json();
    }
  }

  @Override
  int exitCode(JsonNode answer) {
    return answer.path("plan").isEmpty() ? ExitCode.OK : TO_DO;
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    FleetReport.printPlan(answer, out);
  }
}
