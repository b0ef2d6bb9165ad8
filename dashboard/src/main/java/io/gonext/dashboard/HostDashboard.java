package io.gonext.dashboard;

import io.gonext.host.Host;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * The dashboard of a host: pages that show an operator what runs and whether it is well, and let
 * the operator change it. An application mounts {@link #servlet} in its own Jetty or another
 * servlet container, under a path that ends with {@code /*}, such as {@code /admin/plugins/*}:
 *
 * <pre>{@code
 * HostDashboard dashboard = HostDashboard.forVisitors(
 *     host, request -> request.isUserInRole("ops")
 *         ? Optional.of(Visitor.operator(request.getRemoteUser()))
 *         : Optional.empty()).build();
 * context.addServlet(new ServletHolder(dashboard.servlet()), "/admin/plugins/*");
 * }</pre>
 *
 * <p>Thread-safe. A page that is open in a browser holds one thread of the container for its live
 * updates, at most 32 threads in all. Close the dashboard before the container stops, and before
 * the host.
 */
public final class HostDashboard implements AutoCloseable {
  private static final Duration STOP = Duration.ofSeconds(5);

  private final Routes routes;
  private final Live live;
  private final DashboardServlet servlet;
  private final Sessions sessions;
  private final Thread warming;

  private HostDashboard(Routes routes, Live live, DashboardServlet servlet, Sessions sessions) {
    this.sessions = sessions;
    this.routes = routes;
    this.live = live;
    this.servlet = servlet;
    this.warming =
        Thread.ofPlatform().daemon().name("gonext-dashboard-warm").unstarted(servlet::warmUp);
  }

  /**
   * A dashboard behind the authentication of an application.
   *
   * @param visitors who sends a request; empty for someone who may not see the dashboard
   */
  public static Builder forVisitors(
      Host host, Function<HttpServletRequest, Optional<Visitor>> visitors) {
    return new Builder(host, Optional.of(visitors), token -> Optional.empty());
  }

  /**
   * A dashboard with its own page to sign in, and sessions of 12 hours.
   *
   * @param tokens who holds a token; empty for a text that is not a token. It should compare in
   *     constant time
   */
  public static Builder withSignIn(Host host, Function<String, Optional<Visitor>> tokens) {
    return new Builder(host, Optional.empty(), tokens);
  }

  /** The pages. The same servlet each time. */
  public HttpServlet servlet() {
    return servlet;
  }

  /**
   * Renders the pages once, in the background, so that the first visitor after a start does not
   * wait until classes are loaded. {@link #close} ends that.
   */
  public void warmUp() {
    warming.start();
  }

  Routes routes() {
    return routes;
  }

  /**
   * Ends the sessions of these visitors, and their live updates within seconds: their tokens are no
   * longer good. Does nothing to a dashboard whose visitors the application knows.
   */
  public void signOut(Predicate<Visitor> visitors) {
    sessions.endOf(visitors);
  }

  /** Ends the live updates, at once. */
  @Override
  public void close() {
    live.close();
    warming.interrupt();
    try {
      // One that was never started cannot be joined.
      var _ = !warming.isAlive() || warming.join(STOP);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** How a dashboard reads requests. Not thread-safe. */
  public static final class Builder {
    private final Host host;
    private final Optional<Function<HttpServletRequest, Optional<Visitor>>> visitors;
    private final Function<String, Optional<Visitor>> tokens;
    private Function<HttpServletRequest, String> clients = HttpServletRequest::getRemoteAddr;
    private Predicate<HttpServletRequest> secure = HttpServletRequest::isSecure;
    private Predicate<String> ownHosts = name -> true;
    private Consumer<Throwable> failures = failure -> {};
    private Duration livePeriod = Live.PERIOD;
    private InstantSource clock = InstantSource.system();
    private LongSupplier nanoTime = System::nanoTime;

    private Builder(
        Host host,
        Optional<Function<HttpServletRequest, Optional<Visitor>>> visitors,
        Function<String, Optional<Visitor>> tokens) {
      this.host = host;
      this.visitors = visitors;
      this.tokens = tokens;
    }

    /** Whose attempts to sign in are counted together; by default, those of one address. */
    public Builder clients(Function<HttpServletRequest, String> value) {
      clients = value;
      return this;
    }

    /**
     * Whether a request came by HTTPS, so that the cookie is {@code Secure}. By default what the
     * container says.
     */
    public Builder secure(Predicate<HttpServletRequest> value) {
      secure = value;
      return this;
    }

    /**
     * Which values of the header {@code Host} name this server; an empty text stands for a missing
     * header. By default all. Where only this machine can reach the server, its own names only:
     * otherwise someone may make another name point here (DNS rebinding).
     */
    public Builder ownHosts(Predicate<String> value) {
      ownHosts = value;
      return this;
    }

    /** Gets each failure of the dashboard itself, which is in the log, too. */
    public Builder failures(Consumer<Throwable> value) {
      failures = value;
      return this;
    }

    Builder livePeriod(Duration value) {
      livePeriod = value;
      return this;
    }

    Builder clock(InstantSource value) {
      clock = value;
      return this;
    }

    Builder nanoTime(LongSupplier value) {
      nanoTime = value;
      return this;
    }

    public HostDashboard build() {
      Keys keys = new Keys(new SecureRandom());
      Sessions sessions = new Sessions(clock);
      Assets assets = new Assets();
      Routes routes = new Routes();
      for (Assets.Asset asset : assets.all()) {
        routes.open(Route.Kind.ASSET, asset.path(), new Route.Work.File(asset));
      }
      pages(keys, sessions).forEach(page -> page.addTo(routes));
      Live live = new Live(livePeriod);
      DashboardServlet servlet =
          new DashboardServlet(
              host,
              routes,
              assets,
              new Templates(),
              keys,
              new Notices(keys),
              new Cookies(secure),
              visitors.orElse(request -> sessions.find(Cookies.read(request))),
              visitors.isEmpty(),
              ownHosts,
              failures,
              live);
      return new HostDashboard(routes, live, servlet, sessions);
    }

    /** All pages, in the order of the main menu. */
    private List<Page> pages(Keys keys, Sessions sessions) {
      List<Page> pages = new ArrayList<>();
      if (visitors.isEmpty()) {
        SignInLimit limit = new SignInLimit(nanoTime);
        pages.add(new SignInPage(tokens, clients, limit, sessions, keys));
      }
      pages.add(new OverviewPage(host, clock));
      pages.add(new PluginPage(host, clock));
      pages.add(new PluginActions(host));
      pages.add(new VersionsPage(host, clock));
      pages.add(new ConfigPage(host));
      pages.add(new AccessPage(host, clock));
      pages.add(new DataPage(host));
      pages.add(new JobsPage(host, clock));
      pages.add(new CallsPage(host));
      pages.add(new LogsPage(host));
      pages.add(new AuditPage(host));
      pages.add(new TryPage(host));
      pages.add(new InstallPage(host, new Uploads(keys, clock)));
      return pages;
    }
  }
}
