package io.gonext.server;

import io.gonext.host.CronInfo;
import io.gonext.host.Host;
import io.gonext.host.JobAttempt;
import io.gonext.host.JobInfo;
import io.gonext.host.JobState;
import io.gonext.host.Jobs;
import io.gonext.host.json.StrictJson;
import io.gonext.server.AdminApi.Endpoint;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The part of the operator's API for jobs: all of them below {@code /api/v1/jobs}, and those of one
 * plugin below the plugin.
 */
final class JobApi {
  private static final String JOBS = "/api/v1/jobs";
  private static final String JOB = JOBS + "/{id}";
  private static final int LISTED = 100;

  private final Host host;

  JobApi(Host host) {
    this.host = host;
  }

  List<Endpoint> endpoints(String plugin) {
    String job = plugin + "/jobs/{job}";
    return List.of(
        new Endpoint(HandlerType.GET, JOBS, ctx -> list(ctx, "")),
        new Endpoint(HandlerType.GET, JOB, ctx -> answer(ctx, host.jobs().get(id(ctx)))),
        new Endpoint(
            HandlerType.POST, JOB + "/retry", ctx -> answer(ctx, host.jobs().retry(id(ctx)))),
        new Endpoint(
            HandlerType.POST, JOB + "/cancel", ctx -> answer(ctx, host.jobs().cancel(id(ctx)))),
        new Endpoint(HandlerType.DELETE, JOB, this::delete),
        new Endpoint(
            HandlerType.GET, plugin + "/jobs", ctx -> list(ctx, AdminApi.installed(host, ctx))),
        new Endpoint(HandlerType.POST, plugin + "/jobs", this::run),
        new Endpoint(HandlerType.GET, plugin + "/schedules", this::schedules),
        new Endpoint(HandlerType.POST, plugin + "/jobs/pause", ctx -> pause(ctx, "")),
        new Endpoint(HandlerType.POST, plugin + "/jobs/resume", ctx -> resume(ctx, "")),
        new Endpoint(HandlerType.POST, job + "/pause", ctx -> pause(ctx, ctx.pathParam("job"))),
        new Endpoint(HandlerType.POST, job + "/resume", ctx -> resume(ctx, ctx.pathParam("job"))));
  }

  private static String id(Context ctx) {
    return ctx.pathParam("id");
  }

  private void list(Context ctx, String plugin) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode jobs = body.putArray("jobs");
    host.jobs().list(plugin, state(ctx), limit(ctx)).forEach(job -> jobs.add(view(job)));
    if (!plugin.isEmpty()) {
      host.jobs().paused(plugin).forEach(body.putArray("paused")::add);
    }
    write(ctx, body);
  }

  private static Optional<JobState> state(Context ctx) {
    String text = ctx.queryParam("state");
    if (text == null) {
      return Optional.empty();
    }
    return Arrays.stream(JobState.values())
        .filter(state -> state.name().equalsIgnoreCase(text))
        .findAny()
        .or(() -> {
          throw new Problem(
              HttpStatus.BAD_REQUEST,
              "state must be one of "
                  + Arrays.stream(JobState.values())
                      .map(JobApi::name)
                      .collect(Collectors.joining(", ")));
        });
  }

  private static int limit(Context ctx) {
    String text = ctx.queryParam("limit");
    if (text == null) {
      return LISTED;
    }
    if (!text.matches("[0-9]{1,4}")
        || Integer.parseInt(text) < 1
        || Integer.parseInt(text) > Jobs.MAX_LISTED) {
      throw new Problem(
          HttpStatus.BAD_REQUEST, "limit must be an integer from 1 to " + Jobs.MAX_LISTED);
    }
    return Integer.parseInt(text);
  }

  private void run(Context ctx) throws IOException {
    ObjectNode request = RequestBody.object(ctx);
    try {
      JobInfo job = host.jobs().request(ctx.pathParam("name"), request);
      ctx.header("Location", JOBS + "/" + job.id());
      answer(ctx, job);
    } catch (IllegalArgumentException e) {
      throw new Problem(HttpStatus.BAD_REQUEST, String.valueOf(e.getMessage()));
    }
  }

  private void delete(Context ctx) {
    host.jobs().delete(id(ctx));
    ctx.status(HttpStatus.NO_CONTENT);
  }

  private void pause(Context ctx, String job) {
    host.jobs().pause(ctx.pathParam("name"), job);
    paused(ctx);
  }

  private void resume(Context ctx, String job) {
    host.jobs().resume(ctx.pathParam("name"), job);
    paused(ctx);
  }

  private void paused(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("name", ctx.pathParam("name"));
    host.jobs().paused(ctx.pathParam("name")).forEach(body.putArray("paused")::add);
    write(ctx, body);
  }

  private void schedules(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode schedules = body.putArray("schedules");
    for (CronInfo cron : host.jobs().schedules(AdminApi.installed(host, ctx))) {
      ObjectNode one =
          schedules
              .addObject()
              .put("id", cron.id())
              .put("job", cron.job())
              .put("schedule", cron.schedule())
              .put("zone", cron.zone())
              .put("registered", cron.registered());
      cron.nextAt().ifPresent(at -> one.put("next_at", at.toString()));
    }
    write(ctx, body);
  }

  private static void answer(Context ctx, JobInfo job) {
    ObjectNode body = view(job);
    ArrayNode attempts = body.putArray("attempts");
    for (JobAttempt attempt : job.attempts()) {
      ObjectNode one =
          attempts
              .addObject()
              .put("number", attempt.number())
              .put("outcome", attempt.outcome())
              .put("version", attempt.version())
              .put("node", attempt.node())
              .put("began_at", attempt.beganAt().toString())
              .put("ended_at", attempt.endedAt().toString())
              .put("reason", attempt.reason());
      attempt.backtrace().forEach(one.putArray("backtrace")::add);
    }
    write(ctx, body);
  }

  private static ObjectNode view(JobInfo job) {
    ObjectNode view =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", job.id())
            .put("plugin", job.plugin())
            .put("job", job.job())
            .put("state", name(job.state()))
            .put("priority", job.priority())
            .put("attempts_made", job.attemptsMade())
            .put("idempotency_key", job.idempotencyKey())
            .put("enqueued_at", job.enqueuedAt().toString())
            .put("due_at", job.dueAt().toString());
    job.endedAt().ifPresent(at -> view.put("ended_at", at.toString()));
    view.put("reason", job.reason());
    view.set("args", job.args());
    return view;
  }

  private static String name(JobState state) {
    return state.name().toLowerCase(Locale.ROOT);
  }

  private static void write(Context ctx, ObjectNode body) {
    ctx.contentType("application/json").result(StrictJson.write(body));
  }
}
