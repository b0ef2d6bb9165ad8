package io.gonext.cli.admin;

import io.gonext.cli.output.Table;
import io.gonext.host.JobState;
import io.gonext.host.Jobs;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code gonext jobs}: its subcommands. */
@Command(
    name = "jobs",
    description = "List, run, retry, cancel, delete or pause the jobs of plugins.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext jobs list",
      "  gonext jobs list relay --state dead",
      "  gonext jobs run relay deliver '{\"to\":\"a\"}'",
      "  gonext jobs retry 1b4e28ba-2fa1-4d3b-a1c4-8f7e3c0a5d21",
      "  gonext jobs pause relay deliver"
    },
    subcommands = {
      JobsCommand.ListJobs.class,
      JobsCommand.ShowJob.class,
      JobsCommand.RunJob.class,
      JobsCommand.RetryJob.class,
      JobsCommand.CancelJob.class,
      JobsCommand.DeleteJobs.class,
      JobsCommand.PauseJobs.class,
      JobsCommand.ResumeJobs.class,
      JobsCommand.ListSchedules.class
    })
public final class JobsCommand extends OperatorExitCodes implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "give a command: list, show, run, retry, cancel, delete, pause, resume or schedules");
  }

  private static String escaped(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** One of the subcommands. */
  abstract static class JobCommand extends AdminCommand {
    @Spec private CommandSpec spec;

    /** A wrong command line. */
    final ParameterException wrong(String message) {
      return new ParameterException(spec.commandLine(), message);
    }

    /** The path of a job, below the path of all jobs. */
    final String path(String id) {
      if (!id.matches("[0-9a-f-]{36}")) {
        throw wrong(id + " is not the id of a job, such as 1b4e28ba-2fa1-4d3b-a1c4-8f7e3c0a5d21");
      }
      return "/" + id;
    }
  }

  /** {@code gonext jobs list}. */
  @Command(
      name = "list",
      description = "List the newest jobs, of all plugins or of one.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = {"  gonext jobs list", "  gonext jobs list relay --state dead"})
  static final class ListJobs extends JobCommand {
    private static final List<String> STATES =
        Arrays.stream(JobState.values())
            .map(state -> state.name().toLowerCase(Locale.ROOT))
            .toList();

    @Parameters(
        arity = "0..1",
        paramLabel = "NAME",
        defaultValue = "",
        description = "The name of a plugin.")
    private String name;

    @Option(
        names = "--state",
        paramLabel = "STATE",
        defaultValue = "",
        description = {
          "Only jobs in this state: waiting, running, succeeded,",
          "failed (waits for the next attempt), dead, cancelled."
        })
    private String state;

    @Option(
        names = "--limit",
        paramLabel = "N",
        defaultValue = "100",
        description = "At most so many jobs, up to 1000 (default: ${DEFAULT-VALUE}).")
    private int limit;

    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      if (limit < 1 || limit > Jobs.MAX_LISTED) {
        throw wrong("--limit " + limit + ": give a number from 1 to " + Jobs.MAX_LISTED);
      }
      if (!state.isEmpty() && !STATES.contains(state.toLowerCase(Locale.ROOT))) {
        throw wrong("--state " + state + ": give one of " + String.join(", ", STATES));
      }
      String query = "?limit=" + limit + (state.isEmpty() ? "" : "&state=" + escaped(state));
      return name.isEmpty()
          ? host.jobs("GET", query)
          : host.send("GET", of(name) + "/jobs" + query, new byte[0]);
    }

    @Override
    void print(JsonNode answer, PrintWriter out) {
      Table table = new Table("ID", "PLUGIN", "JOB", "STATE", "ATTEMPTS", "DUE", "REASON");
      for (JsonNode job : answer.path("jobs")) {
        table.row(
            List.of(
                job.path("id").asString(""),
                job.path("plugin").asString(""),
                job.path("job").asString(""),
                job.path("state").asString(""),
                job.path("attempts_made").asString(""),
                job.path("due_at").asString(""),
                job.path("reason").asString("")));
      }
      table.print(out, "there are no such jobs");
      answer
          .path("paused")
          .forEach(job ->
              out.println(
                  "  paused: " + (job.asString("").isEmpty() ? "all jobs" : job.asString(""))));
    }
  }

  /** A command that answers with one job. */
  abstract static class OneJobCommand extends JobCommand {
    @Override
    final void print(JsonNode job, PrintWriter out) {
      out.println(
          "%s %s of %s: %s"
              .formatted(
                  job.path("id").asString(""),
                  job.path("job").asString(""),
                  job.path("plugin").asString(""),
                  job.path("state").asString("").toUpperCase(Locale.ROOT)));
      line(out, "reason", job.path("reason").asString(""));
      line(out, "enqueued", job.path("enqueued_at").asString(""));
      line(out, "due", job.path("due_at").asString(""));
      line(out, "ended", job.path("ended_at").asString(""));
      line(out, "key", job.path("idempotency_key").asString(""));
      line(out, "arguments", job.path("args").toString());
      for (JsonNode attempt : job.path("attempts")) {
        String reason = attempt.path("reason").asString("");
        out.println(
            "  attempt %s: %s at %s%s"
                .formatted(
                    attempt.path("number").asString(""),
                    attempt.path("outcome").asString(""),
                    attempt.path("ended_at").asString(""),
                    reason.isEmpty() ? "" : ", " + reason));
        attempt.path("backtrace").forEach(frame -> out.println("    at " + frame.asString("")));
      }
    }

    private static void line(PrintWriter out, String name, String value) {
      if (!value.isEmpty()) {
        out.println("  " + name + ": " + value);
      }
    }
  }

  /** A command for a job that exists. */
  abstract static class KnownJobCommand extends OneJobCommand {
    @Parameters(paramLabel = "ID", description = "The id of the job; see gonext jobs list.")
    private String id;

    /** The path of the job, below the path of all jobs. */
    final String path() {
      return path(id);
    }
  }

  /** {@code gonext jobs show}. */
  @Command(
      name = "show",
      description = "Show a job with all its attempts.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = "  gonext jobs show 1b4e28ba-2fa1-4d3b-a1c4-8f7e3c0a5d21")
  static final class ShowJob extends KnownJobCommand {
    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      return host.jobs("GET", path());
    }
  }

  /** {@code gonext jobs retry}. */
  @Command(
      name = "retry",
      description =
          "Let a job run now: one that is dead or cancelled, with all its attempts anew, or one"
              + " that waits.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = "  gonext jobs retry 1b4e28ba-2fa1-4d3b-a1c4-8f7e3c0a5d21")
  static final class RetryJob extends KnownJobCommand {
    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      return host.jobs("POST", path() + "/retry");
    }
  }

  /** {@code gonext jobs cancel}. */
  @Command(
      name = "cancel",
      description = "Cancel a job that waits.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = "  gonext jobs cancel 1b4e28ba-2fa1-4d3b-a1c4-8f7e3c0a5d21")
  static final class CancelJob extends KnownJobCommand {
    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      return host.jobs("POST", path() + "/cancel");
    }
  }

  /** {@code gonext jobs delete}. */
  @Command(
      name = "delete",
      description = {
        "Delete jobs that are dead or were cancelled, with their attempts.",
        "The audit log keeps who did it and why each was dead."
      },
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = "  gonext jobs delete 1b4e28ba-2fa1-4d3b-a1c4-8f7e3c0a5d21")
  static final class DeleteJobs extends JobCommand {
    @Parameters(
        arity = "1..*",
        paramLabel = "ID",
        description = "The ids of jobs; see gonext jobs list --state dead.")
    private List<String> ids;

    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      List<String> paths = ids.stream().distinct().map(this::path).toList();
      ObjectNode answer = JsonNodeFactory.instance.objectNode();
      ArrayNode deleted = answer.putArray("deleted");
      for (String path : paths) {
        var _ = host.jobs("DELETE", path);
        deleted.add(path.substring(1));
      }
      return answer;
    }

    @Override
    void print(JsonNode answer, PrintWriter out) {
      answer.path("deleted").forEach(id -> out.println("deleted " + id.asString("")));
    }
  }

  /** {@code gonext jobs run}. */
  @Command(
      name = "run",
      description = "Enqueue a job of a plugin.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = {
        "  gonext jobs run relay tidy",
        "  gonext jobs run relay deliver '{\"to\":\"a\"}' --delay-ms 60000"
      })
  static final class RunJob extends OneJobCommand {
    @Parameters(index = "0", paramLabel = "NAME", description = "The name of the plugin.")
    private String name;

    @Parameters(index = "1", paramLabel = "JOB", description = "The job, as in the manifest.")
    private String job;

    @Parameters(
        index = "2",
        arity = "0..1",
        paramLabel = "ARGS",
        defaultValue = "{}",
        description = "The arguments, a JSON object (default: ${DEFAULT-VALUE}).")
    private String args;

    @Option(
        names = "--delay-ms",
        paramLabel = "MS",
        defaultValue = "0",
        description = "Run it after so many milliseconds.")
    private long delayMs;

    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      ObjectNode request = JsonNodeFactory.instance.objectNode();
      if (delayMs < 0) {
        throw wrong("--delay-ms " + delayMs + ": give 0 or more milliseconds");
      }
      request.put("job", job).put("delay_ms", delayMs);
      try {
        JsonNode given = StrictJson.parse(args.getBytes(StandardCharsets.UTF_8));
        if (!given.isObject()) {
          throw wrong(args + " is not a JSON object: give the arguments as '{\"name\":\"value\"}'");
        }
        request.set("args", given);
      } catch (InvalidJsonException e) {
        throw wrong(args + " is not valid JSON: " + e.getMessage());
      }
      return host.send("POST", of(name) + "/jobs", StrictJson.write(request));
    }
  }

  /** A command for the jobs of a plugin. */
  abstract static class PluginJobsCommand extends AdminCommand {
    @Parameters(index = "0", paramLabel = "NAME", description = "The name of the plugin.")
    private String name;

    @Parameters(
        index = "1",
        arity = "0..1",
        paramLabel = "JOB",
        defaultValue = "",
        description = "One job, as in the manifest (default: all jobs).")
    private String job;

    final JsonNode send(AdminClient host, String act) throws InterruptedException {
      String path = of(name) + "/jobs" + (job.isEmpty() ? "" : "/" + escaped(job)) + "/" + act;
      return host.send("POST", path, new byte[0]);
    }

    @Override
    final void print(JsonNode answer, PrintWriter out) {
      JsonNode paused = answer.path("paused");
      if (paused.isEmpty()) {
        out.println("no job of " + name + " is paused");
      }
      for (JsonNode one : paused) {
        out.println(
            one.asString("").isEmpty()
                ? "all jobs of " + name + " are paused"
                : one.asString("") + " of " + name + " is paused");
      }
    }
  }

  /** {@code gonext jobs pause}. */
  @Command(
      name = "pause",
      description = {
        "Pause the jobs of a plugin, or one of them, on all hosts.",
        "Jobs that run go on; others wait."
      },
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = {"  gonext jobs pause relay", "  gonext jobs pause relay deliver"})
  static final class PauseJobs extends PluginJobsCommand {
    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      return send(host, "pause");
    }
  }

  /** {@code gonext jobs resume}. */
  @Command(
      name = "resume",
      description = "End a pause.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = {"  gonext jobs resume relay", "  gonext jobs resume relay deliver"})
  static final class ResumeJobs extends PluginJobsCommand {
    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      return send(host, "resume");
    }
  }

  /** {@code gonext jobs schedules}. */
  @Command(
      name = "schedules",
      description = "List the schedules of a plugin, and when each runs next.",
      mixinStandardHelpOptions = true,
      footerHeading = "%nExamples:%n",
      footer = "  gonext jobs schedules relay")
  static final class ListSchedules extends AdminCommand {
    @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
    private String name;

    @Override
    JsonNode ask(AdminClient host) throws InterruptedException {
      return host.send("GET", of(name) + "/schedules", new byte[0]);
    }

    @Override
    void print(JsonNode answer, PrintWriter out) {
      Table table = new Table("JOB", "SCHEDULE", "ZONE", "NEXT", "FROM");
      for (JsonNode schedule : answer.path("schedules")) {
        table.row(
            List.of(
                schedule.path("job").asString(""),
                schedule.path("schedule").asString(""),
                schedule.path("zone").asString(""),
                schedule.path("next_at").asString(""),
                schedule.path("registered").booleanValue() ? "plugin" : "manifest"));
      }
      table.print(out, name + " has no schedules");
    }
  }
}
