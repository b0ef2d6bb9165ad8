package io.gonext.dashboard;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The paths of the dashboard, and its main menu. Changed only while the dashboard is built. */
final class Routes {
  /**
   * An entry of the main menu.
   *
   * @param path of the page, which with all pages below it marks the entry as the current one
   * @param change whether only those see it who may change the host
   */
  record NavEntry(String label, String path, boolean change) {}

  /** A route and the parameters of the path that it took. */
  record Match(Route route, Map<String, String> parameters) {}

  private final List<Route> routes = new ArrayList<>();
  private final List<NavEntry> nav = new ArrayList<>();

  /** Adds an entry to the main menu; entries stand in the order in which they were added. */
  void nav(String label, String path) {
    nav.add(new NavEntry(label, path, false));
  }

  /** As {@link #nav}, for those who may change the host. */
  void changeNav(String label, String path) {
    nav.add(new NavEntry(label, path, true));
  }

  /** A page or a download that every visitor may see. */
  void page(String path, Route.Work.Handler handler) {
    routes.add(Route.of(Route.Kind.PAGE, path, Permission.READ, handler));
  }

  /** A page for those who may change the host, such as one that asks for a confirmation. */
  void changePage(String path, Route.Work.Handler handler) {
    routes.add(Route.of(Route.Kind.PAGE, path, Permission.CHANGE, handler));
  }

  /**
   * A form that changes the host. Its page sends the field {@code csrf}, which the template {@code
   * csrf} writes; {@link Visit#form} has the others.
   */
  void form(String path, Route.Work.Handler handler) {
    routes.add(Route.of(Route.Kind.FORM, path, Permission.CHANGE, handler));
  }

  /** A form that changes nothing but the visitor's own session. */
  void ownForm(String path, Route.Work.Handler handler) {
    routes.add(Route.of(Route.Kind.FORM, path, Permission.READ, handler));
  }

  /**
   * A form with files: {@code enctype="multipart/form-data"}. The handler reads the body itself,
   * and calls {@link Visit#requireCsrf} before it changes anything.
   */
  void upload(String path, Route.Work.Handler handler) {
    routes.add(Route.of(Route.Kind.UPLOAD, path, Permission.CHANGE, handler));
  }

  /**
   * The live part of a page. The page has it in an element with the attribute {@code data-live},
   * whose value is {@link Frame#live} of this path; the browser replaces the content of the element
   * whenever the rendered text changes.
   */
  void live(String path, Route.Work.Region region) {
    routes.add(Route.of(Route.Kind.STREAM, path, Permission.READ, region));
  }

  /** A path that needs no session. */
  void open(Route.Kind kind, String path, Route.Work work) {
    routes.add(Route.of(kind, path, Permission.OPEN, work));
  }

  /** The entries of the pages that a visitor may open. */
  List<NavEntry> nav(Visitor visitor) {
    return nav.stream()
        .filter(entry ->
            visitor.mayChange()
                || find("GET", Route.segments(entry.path()))
                    .filter(match -> match.route().permission() != Permission.CHANGE)
                    .isPresent())
        .toList();
  }

  List<Route> all() {
    return List.copyOf(routes);
  }

  /** The route of a path for a method. */
  Optional<Match> find(String method, List<String> path) {
    return routes.stream()
        .filter(route -> route.method().equals(method))
        .flatMap(
            route -> Optional.ofNullable(route.match(path)).map(p -> new Match(route, p)).stream())
        .min(Comparator.comparingLong(match -> match.route().parameters()));
  }
}
