package io.gonext.dashboard;

import io.gonext.host.Host;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.UpdateResult;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** What an operator does to a plugin as a whole, and the pages that ask before it is done. */
final class PluginActions implements Page {
  private static final String PATH = "/plugins/{name}";

  private final Host host;

  PluginActions(Host host) {
    this.host = host;
  }

  /** A page that asks before something is done. */
  record Confirmation(
      PluginHead head, Question question, Optional<Choice> choice, Optional<Field> field) {}

  /**
   * What is asked.
   *
   * @param action path of the form below the plugin's
   */
  record Question(String text, List<String> effects, String action, String button) {}

  /** A box to tick. */
  record Choice(String text, String name) {}

  /** What the form says again. */
  record Field(String name, String value) {}

  @Override
  public void addTo(Routes routes) {
    routes.form(PATH + "/activate", visit -> change(visit, this::activate));
    routes.form(PATH + "/reset", visit -> change(visit, this::reset));
    routes.form(PATH + "/recover", visit -> change(visit, this::recover));
    routes.form(PATH + "/rollback", visit -> change(visit, this::rollback));
    routes.form(PATH + "/go-back", visit -> change(visit, this::rollbackAndRecover));
    routes.form(PATH + "/approve", this::approve);
    routes.form(PATH + "/reject", this::reject);
    routes.changePage(PATH + "/deactivate", this::askDeactivate);
    routes.form(PATH + "/deactivate", this::deactivate);
    routes.changePage(PATH + "/uninstall", this::askUninstall);
    routes.form(PATH + "/uninstall", this::uninstall);
  }

  /** A change of the plugin of that name. */
  @FunctionalInterface
  private interface Action {
    String make(String plugin) throws InterruptedException;
  }

  /** Makes a change, and leads to the plugin's page or back to the overview. */
  private static Answer change(Visit visit, Action action)
      throws InterruptedException, IOException {
    String plugin = visit.path("name");
    boolean overview = visit.form("to").filter("/"::equals).isPresent();
    return visit.change(overview ? "/" : PluginHead.path(plugin, ""), () -> action.make(plugin));
  }

  private String activate(String plugin) throws InterruptedException {
    List<String> warnings = host.plugins().activate(plugin);
    return sentences(plugin + " is in service.", warnings);
  }

  private static String sentences(String first, List<String> warnings) {
    return warnings.isEmpty() ? first : first + "\n" + String.join("\n", warnings);
  }

  private String reset(String plugin) {
    host.plugins().reset(plugin);
    return plugin + " is reset. It may be activated again.";
  }

  /** Also when somebody else has done the first half meanwhile. */
  private String recover(String plugin) throws InterruptedException {
    if (host.plugins()
        .find(plugin)
        .filter(known -> known.state() == PluginState.ERRORED)
        .isPresent()) {
      host.plugins().reset(plugin);
    }
    return activate(plugin);
  }

  private String rollback(String plugin) throws InterruptedException {
    return said(plugin, host.plugins().rollback(plugin));
  }

  /** First the version, so that a plugin that cannot go back stays as it is. */
  private String rollbackAndRecover(String plugin) throws InterruptedException {
    return rollback(plugin) + "\n" + recover(plugin);
  }

  private static String said(String plugin, UpdateResult result) {
    return switch (result) {
      case UpdateResult.Unchanged same -> plugin + " has version " + same.version() + " already.";
      case UpdateResult.Replaced replaced ->
          sentences(
              plugin
                  + " has version "
                  + replaced.to()
                  + " now, in place of "
                  + replaced.from()
                  + ".",
              replaced.warnings());
      case UpdateResult.AwaitingApproval waiting ->
          sentences(
              plugin + "'s version " + waiting.to() + " waits for approval.", waiting.obstacles());
    };
  }

  /** Approves what the page showed: another version may wait by now. */
  private Answer approve(Visit visit) throws InterruptedException, IOException {
    String plugin = visit.path("name");
    String meant = visit.required("sha256");
    return visit.change(
        PluginHead.path(plugin, "versions"),
        () -> said(plugin, host.plugins().approve(plugin, meant)));
  }

  private Answer reject(Visit visit) throws InterruptedException, IOException {
    String plugin = visit.path("name");
    String meant = visit.required("sha256");
    return visit.change(
        PluginHead.path(plugin, "versions"),
        () -> {
          host.plugins().reject(plugin, meant);
          return "The waiting version of " + plugin + " is deleted.";
        });
  }

  private Answer askDeactivate(Visit visit) {
    StoredPlugin plugin = PluginHead.stored(host, visit);
    return confirm(
        plugin,
        new Question(
            "Take " + plugin.name() + " out of service?",
            List.of(
                "Its hooks are skipped, and its routes answer 404.",
                "Running calls may finish, for at most 30 seconds.",
                "Its data, configuration and capabilities stay. You can activate it again."),
            "deactivate",
            "Take out of service"),
        new Choice("Also take out the plugins that need it", "cascade"));
  }

  private Answer deactivate(Visit visit) throws InterruptedException, IOException {
    String plugin = visit.path("name");
    boolean cascade = visit.form("cascade").isPresent();
    return visit.change(
        PluginHead.path(plugin, ""),
        () -> {
          if (cascade) {
            return String.join(", ", host.plugins().deactivateWithDependents(plugin))
                + " out of service.";
          }
          host.plugins().deactivate(plugin);
          return plugin + " is out of service.";
        });
  }

  private Answer askUninstall(Visit visit) {
    StoredPlugin plugin = PluginHead.stored(host, visit);
    return confirm(
        plugin,
        new Question(
            "Uninstall " + plugin.name() + "?",
            List.of(
                "It is taken out of service, and all its versions are deleted.",
                "Its key-value entries and tables are deleted, unless you keep them.",
                "Its configuration, secrets, jobs and capabilities are deleted. The audit log"
                    + " stays."),
            "uninstall",
            "Uninstall"),
        new Choice(
            "Keep its key-value entries and tables for the next plugin of this name", "keep_data"));
  }

  private Answer uninstall(Visit visit) throws InterruptedException, IOException {
    String plugin = visit.path("name");
    StoredPlugin stored = PluginHead.stored(host, visit);
    boolean keep = visit.form("keep_data").isPresent();
    Answer answer =
        visit.change(
            "/",
            () -> {
              if (stored.state() == PluginState.ACTIVE) {
                host.plugins().deactivate(plugin);
              }
              if (keep) {
                host.plugins().uninstallKeepingData(plugin);
              } else {
                host.plugins().uninstall(plugin);
              }
              return plugin + " is uninstalled.";
            });
    return answer;
  }

  private Answer confirm(StoredPlugin plugin, Question question, Choice choice) {
    return confirm(host, plugin, question, Optional.of(choice), Optional.empty());
  }

  /** The page that asks about a part of a plugin, which the form names. */
  static Answer confirm(Host host, StoredPlugin plugin, Question question, Field field) {
    return confirm(host, plugin, question, Optional.empty(), Optional.of(field));
  }

  private static Answer confirm(
      Host host,
      StoredPlugin plugin,
      Question question,
      Optional<Choice> choice,
      Optional<Field> field) {
    return Answer.page(
        question.text(),
        "confirm",
        new Confirmation(PluginHead.of(host, plugin, "none"), question, choice, field));
  }
}
