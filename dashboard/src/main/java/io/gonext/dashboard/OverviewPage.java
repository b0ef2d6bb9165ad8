package io.gonext.dashboard;

import io.gonext.host.Host;

/** What runs, whether it is well, and what needs attention first. */
final class OverviewPage implements Page {
  private final Host host;

  OverviewPage(Host host) {
    this.host = host;
  }

  record Model(String headline) {}

  @Override
  public void addTo(Routes routes) {
    routes.nav("Overview", "/");
    routes.page("/", visit -> Answer.page("Overview", "overview", model()));
    routes.live("/live/overview", visit -> new Route.Fragment("overviewlive", model()));
  }

  private Model model() {
    return new Model(host.plugins().list().size() + " plugins");
  }
}
