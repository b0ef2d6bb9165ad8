package io.gonext.dashboard;

import io.gonext.host.CronInfo;
import io.gonext.host.Host;
import io.gonext.host.JobInfo;
import io.gonext.host.JobState;
import io.gonext.host.StoredPlugin;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The background jobs of a plugin: those that are dead first, then the newest, and schedules. */
final class JobsPage implements Page {
  private static final String TAB = "jobs";
  private static final String PATH = "/plugins/{name}/" + TAB;
  private static final int MAX_DEAD = 50;
  private static final int MAX_JOBS = 50;
  private static final int MAX_ARGS_CHARS = 300;

  private final Host host;
  private final InstantSource clock;

  JobsPage(Host host, InstantSource clock) {
    this.host = host;
    this.clock = clock;
  }

  /**
   * The page.
   *
   * @param allPaused whether all jobs of the plugin are paused
   */
  record Model(
      PluginHead head,
      boolean allPaused,
      Set<String> paused,
      List<Job> dead,
      List<Job> jobs,
      List<Cron> schedules) {}

  /** A job. */
  record Job(
      String id,
      String name,
      String state,
      String kind,
      int attempts,
      String when,
      String reason,
      String args,
      boolean mayRetry,
      boolean mayCancel,
      boolean mayDelete) {}

  /** A schedule. */
  record Cron(String job, String schedule, String zone, String next, String at) {}

  @Override
  public void addTo(Routes routes) {
    routes.page(
        PATH,
        visit -> {
          Model model = model(PluginHead.stored(host, visit));
          return Answer.page(model.head().name() + ": jobs", "jobs", model);
        });
    routes.live(
        "/live" + PATH,
        visit -> new Route.Fragment("jobslive", model(PluginHead.stored(host, visit))));
    routes.form(PATH + "/retry", visit -> act(visit, id -> host.jobs().retry(id), "runs again"));
    routes.form(
        PATH + "/cancel", visit -> act(visit, id -> host.jobs().cancel(id), "is cancelled"));
    routes.changePage(PATH + "/delete", this::askDelete);
    routes.form(PATH + "/delete", this::delete);
    routes.form(PATH + "/pause", visit -> pause(visit, true));
    routes.form(PATH + "/resume", visit -> pause(visit, false));
  }

  private Model model(StoredPlugin plugin) {
    Instant now = clock.instant();
    Set<String> paused = host.jobs().paused(plugin.name());
    return new Model(
        PluginHead.of(host, plugin, TAB),
        paused.contains(""),
        paused,
        host.jobs().list(plugin.name(), Optional.of(JobState.DEAD), MAX_DEAD).stream()
            .map(job -> job(job, now))
            .toList(),
        host.jobs().list(plugin.name(), Optional.empty(), MAX_JOBS).stream()
            .filter(job -> job.state() != JobState.DEAD)
            .map(job -> job(job, now))
            .toList(),
        host.jobs().schedules(plugin.name()).stream().map(cron -> cron(cron, now)).toList());
  }

  private static Job job(JobInfo job, Instant now) {
    String when =
        switch (job.state()) {
          case WAITING, FAILED -> "due " + Shown.relative(job.dueAt(), now);
          case RUNNING -> "since " + Shown.relative(job.dueAt(), now);
          case SUCCEEDED, DEAD, CANCELLED ->
              Shown.relative(job.endedAt().orElse(job.enqueuedAt()), now);
        };
    String args = job.args().toString();
    return new Job(
        job.id(),
        job.job(),
        job.state().name().toLowerCase(Locale.ROOT),
        switch (job.state()) {
          case DEAD -> "bad";
          case FAILED -> "warn";
          case SUCCEEDED -> "good";
          default -> "";
        },
        job.attemptsMade(),
        when,
        job.reason(),
        args.length() > MAX_ARGS_CHARS ? args.substring(0, MAX_ARGS_CHARS) + "..." : args,
        job.state() == JobState.DEAD
            || job.state() == JobState.CANCELLED
            || job.state() == JobState.FAILED,
        job.state() == JobState.WAITING || job.state() == JobState.FAILED,
        mayDelete(job));
  }

  private static boolean mayDelete(JobInfo job) {
    return job.state() == JobState.DEAD || job.state() == JobState.CANCELLED;
  }

  private static Cron cron(CronInfo cron, Instant now) {
    return new Cron(
        cron.job(),
        cron.schedule(),
        cron.zone(),
        cron.nextAt().map(at -> Shown.relative(at, now)).orElse("not in service"),
        cron.nextAt().map(Shown::time).orElse(""));
  }

  /** Something that is done to one job. */
  @FunctionalInterface
  private interface Act {
    JobInfo make(String id);
  }

  private Answer act(Visit visit, Act act, String done) throws InterruptedException, IOException {
    String plugin = visit.path("name");
    String id = visit.required("id");
    return visit.change(
        PluginHead.path(plugin, TAB),
        () -> {
          var _ = own(plugin, id);
          return "The job " + act.make(id).job() + " " + done + ".";
        });
  }

  /** A job of this plugin. */
  private JobInfo own(String plugin, String id) {
    JobInfo job = host.jobs().get(id);
    if (!job.plugin().equals(plugin)) {
      throw new IllegalArgumentException("job " + id + " is not of " + plugin);
    }
    return job;
  }

  private Answer askDelete(Visit visit) {
    StoredPlugin plugin = PluginHead.stored(host, visit);
    String id = visit.query("id").orElse("");
    JobInfo job = own(plugin.name(), id);
    List<String> effects = new ArrayList<>();
    effects.add("It cannot be run again, and what its attempts said is gone.");
    if (!job.reason().isEmpty()) {
      effects.add("It is dead because of this, which the audit log keeps: " + job.reason());
    }
    return PluginActions.confirm(
        host,
        plugin,
        new PluginActions.Question(
            "Delete the job " + job.job() + "?", effects, TAB + "/delete", "Delete"),
        new PluginActions.Field("id", id));
  }

  private Answer delete(Visit visit) throws InterruptedException, IOException {
    String plugin = visit.path("name");
    String id = visit.required("id");
    return visit.change(
        PluginHead.path(plugin, TAB),
        () -> {
          JobInfo job = own(plugin, id);
          host.jobs().delete(id);
          return "The job " + job.job() + " is deleted.";
        });
  }

  private Answer pause(Visit visit, boolean pause) throws InterruptedException, IOException {
    String plugin = visit.path("name");
    return visit.change(
        PluginHead.path(plugin, TAB),
        () -> {
          if (pause) {
            host.jobs().pause(plugin);
            return "The jobs of " + plugin + " are paused.";
          }
          host.jobs().resume(plugin);
          return "The jobs of " + plugin + " run again.";
        });
  }
}
