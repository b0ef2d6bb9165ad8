package io.gonext.cli.admin;

import io.gonext.cli.admin.FleetRun.Outcome;
import io.gonext.cli.admin.FleetRun.Status;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What {@code gonext apply} says of a plan and of what became of it. For one thread. */
final class FleetReport {
  private final FleetPlan plan;
  private final List<Outcome> outcomes = new ArrayList<>();
  private String problem = "";
  private boolean applied;

  FleetReport(FleetPlan plan) {
    this.plan = plan;
  }

  /** All steps have their outcome, if there were any. */
  void applied() {
    applied = true;
  }

  void add(Outcome outcome) {
    outcomes.add(outcome);
  }

  /** The run ended before all steps had an outcome. */
  void broke(String why) {
    problem = why;
  }

  boolean isComplete() {
    return problem.isEmpty() && count(Status.DONE) == outcomes.size();
  }

  private long count(Status status) {
    return outcomes.stream().filter(outcome -> outcome.status() == status).count();
  }

  /**
   * {@code {"plan": [...], "changed", "missing_secrets": [...], "not_in_file": [...], "notes":
   * [...]}}, where each step has a {@code status} once the plan is applied, and {@code restored}
   * has the plugins that went back into service.
   */
  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode steps = json.putArray("plan");
    Map<FleetStep, Outcome> byStep =
        outcomes.stream()
            .collect(Collectors.toMap(Outcome::step, Function.identity(), (first, _) -> first));
    for (FleetStep step : plan.steps()) {
      ObjectNode shown = json(step);
      steps.add(shown);
      Outcome outcome = byStep.get(step);
      if (outcome != null) {
        put(outcome, shown);
      } else if (applied) {
        shown.put("status", Status.NOT_DONE.toString());
      }
    }
    if (applied) {
      json.put("changed", count(Status.DONE) > 0);
    }
    ArrayNode restored = json.putArray("restored");
    outcomes.stream()
        .filter(outcome -> !plan.steps().contains(outcome.step()))
        .forEach(outcome -> {
          ObjectNode shown = json(outcome.step());
          put(outcome, shown);
          restored.add(shown);
        });
    plan.missing().forEach(json.putArray("missing_secrets")::add);
    plan.unlisted().forEach(json.putArray("not_in_file")::add);
    plan.notes().forEach(json.putArray("notes")::add);
    if (!problem.isEmpty()) {
      json.put("error", problem);
    }
    return json;
  }

  private static ObjectNode json(FleetStep step) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("action", step.action().toString())
        .put("plugin", step.plugin())
        .put("detail", step.detail());
  }

  private static void put(Outcome outcome, ObjectNode shown) {
    shown.put("status", outcome.status().toString());
    outcome.problems().forEach(shown.putArray("problems")::add);
  }

  void printPlan(PrintWriter out) {
    printPlan(json(), out);
  }

  static void printPlan(JsonNode json, PrintWriter out) {
    JsonNode steps = json.path("plan");
    if (steps.isEmpty()) {
      out.println("nothing to do: the host is as the file says");
    } else {
      out.println("plan: " + steps.size() + (steps.size() == 1 ? " step" : " steps"));
      for (JsonNode step : steps) {
        String detail = step.path("detail").asString("");
        out.println(
            "  %-10s %s%s"
                .formatted(
                    step.path("action").asString(""),
                    step.path("plugin").asString(""),
                    detail.isEmpty() ? "" : "  " + detail));
      }
    }
    json.path("notes").forEach(note -> out.println("  note: " + note.asString("")));
    json.path("missing_secrets").forEach(missing -> out.println("  " + missing.asString("")));
    JsonNode unlisted = json.path("not_in_file");
    if (!unlisted.isEmpty()) {
      out.println(
          "not in the file: "
              + unlisted.valueStream().map(JsonNode::asString).collect(Collectors.joining(", "))
              + "; --prune removes what the file does not list");
    }
  }

  static void print(Outcome outcome, PrintWriter out) {
    String status =
        switch (outcome.status()) {
          case DONE -> "done";
          case FAILED -> "FAILED";
          case NOT_DONE -> "not done";
        };
    List<String> problems = outcome.problems();
    boolean warns = outcome.status() == Status.DONE;
    out.println(
        "%-8s %s%s"
            .formatted(
                status,
                outcome.step(),
                warns || problems.isEmpty() ? "" : ": " + problems.getFirst()));
    problems.stream()
        .skip(warns ? 0 : 1)
        .forEach(more -> out.println((warns ? "  warning: " : "  - ") + more));
  }

  void printSum(PrintWriter out) {
    if (plan.steps().isEmpty()) {
      return;
    }
    long done = plan.steps().stream().filter(this::isDone).count();
    if (!problem.isEmpty()) {
      out.println(problem);
    }
    out.println(
        done == plan.steps().size() && isComplete()
            ? "done: the host is as the file says"
            : done
                + " of "
                + plan.steps().size()
                + " steps done; mend what failed and run the command again for the others");
  }

  private boolean isDone(FleetStep step) {
    return outcomes.stream()
        .anyMatch(outcome -> outcome.step().equals(step) && outcome.status() == Status.DONE);
  }
}
