package io.gonext.dashboard;

/**
 * One page with its forms and live updates: a class, a template and a test. {@link HostDashboard}
 * lists all pages.
 */
interface Page {
  /** Registers the paths of the page. */
  void addTo(Routes routes);
}
