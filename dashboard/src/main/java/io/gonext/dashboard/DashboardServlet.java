package io.gonext.dashboard;

import io.gonext.host.ActivationException;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.ChainFailedException;
import io.gonext.host.ConflictException;
import io.gonext.host.Host;
import io.gonext.host.HostException;
import io.gonext.host.InvalidConfigException;
import io.gonext.host.RecordingException;
import io.gonext.host.RegistryException;
import io.gonext.host.StoreException;
import io.gonext.host.StoredPlugin;
import io.gonext.host.UnknownJobException;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.UntrustedException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the pages: finds the route of a request, checks who may use it, and sends what it answers.
 * Every change of the host is recorded in the visitor's name.
 */
final class DashboardServlet extends HttpServlet {
  private static final long serialVersionUID = 1L;
  private static final Logger log = LoggerFactory.getLogger(DashboardServlet.class);

  private static final int SEE_OTHER = 303;
  private static final String HTML = "text/html; charset=utf-8";

  /** A request without anything: a page looks at nothing but its query. */
  private static final HttpServletRequest EMPTY = without(HttpServletRequest.class);

  private static final HttpServletResponse NO_RESPONSE = without(HttpServletResponse.class);

  private static <T> T without(Class<T> type) {
    return type.cast(
        Proxy.newProxyInstance(
            DashboardServlet.class.getClassLoader(), new Class<?>[] {type}, (_, _, _) -> null));
  }

  // A servlet is serializable by its type only.
  private final transient Host host;
  private final transient Routes routes;
  private final transient Assets assets;
  private final transient Templates templates;
  private final transient Keys keys;
  private final transient Notices notices;
  private final transient Cookies cookies;
  private final transient Function<HttpServletRequest, Optional<Visitor>> visitors;
  private final boolean signsIn;
  private final transient Predicate<String> ownHosts;
  private final transient Consumer<Throwable> failures;
  private final transient Live live;

  /**
   * @param visitors who sends a request
   * @param signsIn whether the dashboard has its own page to sign in
   */
  DashboardServlet(
      Host host,
      Routes routes,
      Assets assets,
      Templates templates,
      Keys keys,
      Notices notices,
      Cookies cookies,
      Function<HttpServletRequest, Optional<Visitor>> visitors,
      boolean signsIn,
      Predicate<String> ownHosts,
      Consumer<Throwable> failures,
      Live live) {
    this.host = host;
    this.routes = routes;
    this.assets = assets;
    this.templates = templates;
    this.keys = keys;
    this.notices = notices;
    this.cookies = cookies;
    this.visitors = visitors;
    this.signsIn = signsIn;
    this.ownHosts = ownHosts;
    this.failures = failures;
    this.live = live;
  }

  /**
   * A request on its way through the dashboard.
   *
   * @param path below the dashboard, as the client encoded it
   */
  private record Exchange(
      HttpServletRequest request, HttpServletResponse response, String base, String path) {}

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String nonce = keys.identifier();
    SecurityHeaders.addTo(response, nonce);
    Exchange exchange = null;
    @Nullable Visitor visitor = null;
    try {
      exchange = exchange(request, response);
      visitor = visitors.apply(request).orElse(null);
      serve(exchange, visitor, nonce);
    } catch (Refusal e) {
      problem(request, response, exchange, visitor, nonce, e.status(), e.sentence());
    } catch (HostException e) {
      problem(request, response, exchange, visitor, nonce, status(e), e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      problem(
          request,
          response,
          exchange,
          visitor,
          nonce,
          Refusal.UNAVAILABLE,
          "The server is stopping.");
    } catch (IOException e) {
      // The client has gone, or sent a body that breaks the rules of HTTP.
      log.debug("a request of the dashboard broke off", e);
      throw e;
    } catch (Exception e) {
      failures.accept(e);
      log.error("{} {} failed", request.getMethod(), request.getRequestURI(), e);
      problem(
          request,
          response,
          exchange,
          visitor,
          nonce,
          Refusal.INTERNAL_ERROR,
          "The dashboard failed. The log of the host has the reason.");
    }
  }

  private Exchange exchange(HttpServletRequest request, HttpServletResponse response) {
    String base;
    try {
      base = request.getContextPath() + request.getServletPath();
    } catch (IllegalArgumentException e) {
      throw Refusal.notFound();
    }
    String uri = request.getRequestURI();
    if (!uri.startsWith(base)) {
      throw Refusal.notFound();
    }
    String path = uri.substring(base.length());
    return new Exchange(request, response, base, path.isEmpty() ? "/" : path);
  }

  private void serve(Exchange exchange, @Nullable Visitor visitor, String nonce) throws Exception {
    HttpServletRequest request = exchange.request();
    String named = request.getHeader("Host");
    if (!ownHosts.test(named == null ? "" : named)) {
      throw new Refusal(Refusal.FORBIDDEN, "The header Host does not name this host.");
    }
    Routes.Match match = match(request.getMethod(), exchange.path());
    Route route = match.route();
    if (route.work() instanceof Route.Work.File(Assets.Asset asset)) {
      send(exchange.response(), asset);
      return;
    }
    switch (route.kind()) {
      case PAGE -> RequestOrigin.requireTab(request);
      case FORM, UPLOAD -> RequestOrigin.requireOwnForm(request);
      case STREAM, ASSET -> RequestOrigin.requireSameSite(request);
    }
    if (visitor == null && route.permission() != Permission.OPEN) {
      refuseStranger(exchange, route, nonce);
      return;
    }
    if (route.permission() == Permission.CHANGE && visitor != null && !visitor.mayChange()) {
      throw new Refusal(
          Refusal.FORBIDDEN,
          visitor.name() + " may look, and may not change anything: sign in with an admin token.");
    }
    String known = Cookies.read(request);
    // Behind the application's own authentication, the first page gives the browser its identifier.
    String browser = known.isEmpty() && !signsIn ? keys.identifier() : known;
    Visit visit =
        new Visit(
            request,
            match.parameters(),
            visitor,
            browser,
            visitor == null ? "" : keys.forForms(browser, visitor),
            notices);
    if (route.kind() == Route.Kind.FORM && route.permission() != Permission.OPEN) {
      visit.requireCsrf(visit.form(Visit.CSRF).orElse(""));
    }
    Frame frame = frame(exchange, visit, visitor, nonce);
    switch (route.work()) {
      case Route.Work.Handler handler ->
          send(exchange, frame, visit, known, answer(handler, visit));
      case Route.Work.Region region -> {
        if (visitor == null
            || !Keys.isSame(keys.forLive(browser, visitor), visit.query("key").orElse(""))) {
          throw new Refusal(Refusal.FORBIDDEN, "These live updates are not of an open page.");
        }
        live.send(exchange.response(), () -> rendered(frame, region, visit));
      }
      case Route.Work.File file -> throw new IllegalStateException("sent already");
    }
  }

  /**
   * Renders each page once that a reader may open, for nobody: a JVM that has just started takes
   * most of the time of a first page for loading classes and linking code.
   *
   * @return how many pages were rendered
   */
  int warmUp() {
    Visitor nobody = Visitor.operator("warm-up");
    List<StoredPlugin> plugins;
    try {
      plugins = host.plugins().list();
    } catch (StoreException e) {
      plugins = List.of();
    }
    int rendered = 0;
    for (Route route : routes.all()) {
      boolean named = route.parameters() > 0;
      if (Thread.currentThread().isInterrupted()) {
        return rendered;
      }
      if (route.kind() == Route.Kind.PAGE
          && route.permission() == Permission.READ
          && route.parameters() <= 1
          && (!named || !plugins.isEmpty())
          && route.work() instanceof Route.Work.Handler handler) {
        Map<String, String> parameters =
            named ? Map.of("name", plugins.getFirst().name()) : Map.of();
        try {
          Visit visit =
              new Visit(EMPTY, parameters, nobody, "", keys.forForms("", nobody), notices);
          Exchange exchange = new Exchange(EMPTY, NO_RESPONSE, "", "/");
          Frame frame = frame(exchange, visit, nobody, keys.identifier());
          if (handler.answer(visit) instanceof Answer.Page page) {
            var _ = templates.render(frame, page.template(), page.model());
            rendered++;
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        } catch (Exception e) {
          // The page of a visitor tells what is wrong.
          log.debug("{} was not rendered beforehand", route.pattern(), e);
        }
      }
    }
    return rendered;
  }

  private String rendered(Frame frame, Route.Work.Region region, Visit visit) throws Exception {
    // A session that has ended, or a token that was taken away, ends the updates.
    if (visitors.apply(visit.request()).isEmpty()) {
      throw new IOException("the session has ended");
    }
    Route.Fragment fragment = region.render(visit);
    return templates.render(frame, fragment.template(), fragment.model());
  }

  private Answer answer(Route.Work.Handler handler, Visit visit) throws Exception {
    if (visit.isOpen()) {
      return handler.answer(visit);
    }
    Answer[] answer = new Answer[1];
    host.audit()
        .<Exception>recordedAs(visit.visitor().name(), () -> answer[0] = handler.answer(visit));
    return answer[0];
  }

  private Routes.Match match(String method, String path) {
    List<String> segments = Route.segments(path);
    String wanted = method.equals("HEAD") ? "GET" : method;
    Optional<Routes.Match> match = routes.find(wanted, segments);
    if (match.isPresent()) {
      return match.get();
    }
    for (String other : List.of("GET", "POST")) {
      if (routes.find(other, segments).isPresent()) {
        throw new Refusal(Refusal.WRONG_METHOD, "This address takes " + other + ".");
      }
    }
    throw Refusal.notFound();
  }

  private void refuseStranger(Exchange exchange, Route route, String nonce) throws IOException {
    if (!signsIn || route.kind() != Route.Kind.PAGE) {
      throw new Refusal(Refusal.FORBIDDEN, "Your session has ended, or you may not see this.");
    }
    HttpServletRequest request = exchange.request();
    String query = request.getQueryString();
    String here = exchange.path() + (query == null ? "" : "?" + query);
    if (RequestOrigin.isLinkFromElsewhere(request)) {
      // The same address once more, now asked for by a page of this origin: with the cookie.
      exchange.response().setHeader("Refresh", "0");
      Frame frame = strange(exchange, nonce, "Opening");
      html(exchange.response(), Answer.OK, templates.render(frame, "opening", here));
      return;
    }
    redirect(
        exchange,
        SignInPage.PATH
            + (here.equals("/") ? "" : "?to=" + URLEncoder.encode(here, StandardCharsets.UTF_8)));
  }

  private Frame frame(Exchange exchange, Visit visit, @Nullable Visitor visitor, String nonce) {
    if (visitor == null) {
      return strange(exchange, nonce, "");
    }
    return new Frame(
        exchange.base(),
        exchange.path(),
        "",
        visitor,
        signsIn,
        keys.forForms(visit.browser(), visitor),
        keys.forLive(visit.browser(), visitor),
        nonce,
        visit.query(Visit.NOTICE).flatMap(id -> notices.take(visit.browser(), id)).orElse(null),
        routes.nav(visitor),
        assets,
        Host.version());
  }

  /** A page without a visitor has neither menu nor keys. */
  private Frame strange(Exchange exchange, String nonce, String title) {
    return new Frame(
        exchange.base(),
        exchange.path(),
        title,
        null,
        false,
        "",
        "",
        nonce,
        null,
        List.of(),
        assets,
        Host.version());
  }

  private void send(Exchange exchange, Frame frame, Visit visit, String known, Answer answer)
      throws IOException {
    HttpServletResponse response = exchange.response();
    if (!visit.browser().equals(known)) {
      if (visit.browser().isEmpty()) {
        cookies.clear(exchange.request(), response, exchange.base());
      } else {
        cookies.set(exchange.request(), response, exchange.base(), visit.browser());
      }
    }
    switch (answer) {
      case Answer.Page page ->
          html(
              response,
              page.status(),
              templates.render(frame.titled(page.title()), page.template(), page.model()));
      case Answer.Redirect redirect -> redirect(exchange, redirect.path());
      case Answer.Download download -> {
        response.setContentType(download.contentType());
        response.setHeader(
            "Content-Disposition", "attachment; filename=\"" + download.name() + "\"");
        download.body().writeTo(response.getOutputStream());
      }
    }
  }

  private static void redirect(Exchange exchange, String path) {
    exchange.response().setStatus(SEE_OTHER);
    exchange.response().setHeader("Location", exchange.base() + path);
  }

  private static void send(HttpServletResponse response, Assets.Asset asset) throws IOException {
    response.setContentType(asset.contentType());
    response.setHeader("Cache-Control", "public, max-age=31536000, immutable");
    response.setContentLength(asset.bytes().length);
    response.getOutputStream().write(asset.bytes());
  }

  private static void html(HttpServletResponse response, int status, String page)
      throws IOException {
    byte[] bytes = page.getBytes(StandardCharsets.UTF_8);
    response.setStatus(status);
    response.setContentType(HTML);
    response.setContentLength(bytes.length);
    response.getOutputStream().write(bytes);
  }

  private void problem(
      HttpServletRequest request,
      HttpServletResponse response,
      @Nullable Exchange exchange,
      @Nullable Visitor visitor,
      String nonce,
      int status,
      String sentence)
      throws IOException {
    if (response.isCommitted()) {
      return;
    }
    response.resetBuffer();
    if (request.getMethod().equals("POST")) {
      // The body may be unread. A client that sends its next request after it would get no answer.
      response.setHeader("Connection", "close");
    }
    if (status == Refusal.WRONG_METHOD) {
      response.setHeader("Allow", sentence.contains("POST") ? "POST" : "GET, HEAD");
    }
    Exchange known = exchange == null ? new Exchange(request, response, "", "") : exchange;
    // Without keys: the page that asked may be one that must not know them.
    Frame frame =
        new Frame(
            known.base(),
            known.path(),
            title(status),
            visitor,
            false,
            "",
            "",
            nonce,
            null,
            visitor == null ? List.of() : routes.nav(visitor),
            assets,
            Host.version());
    html(response, status, templates.render(frame, "problem", sentence));
  }

  private static String title(int status) {
    return switch (status) {
      case Refusal.NOT_FOUND -> "Not found";
      case Refusal.FORBIDDEN -> "Not allowed";
      case Refusal.CONFLICT, Refusal.UNPROCESSABLE -> "The host refused this";
      case Refusal.INTERNAL_ERROR -> "Something failed";
      case Refusal.UNAVAILABLE -> "Not available now";
      default -> "This did not work";
    };
  }

  private static int status(HostException e) {
    return switch (e) {
      case UnknownPluginException unknown -> Refusal.NOT_FOUND;
      case UnknownJobException unknown -> Refusal.NOT_FOUND;
      case ConflictException conflict -> Refusal.CONFLICT;
      case BundleRejectedException rejected -> Refusal.UNPROCESSABLE;
      case InvalidConfigException invalid -> Refusal.UNPROCESSABLE;
      case ActivationException failed -> Refusal.UNPROCESSABLE;
      case UntrustedException refused -> Refusal.FORBIDDEN;
      case RecordingException refused -> Refusal.UNPROCESSABLE;
      case RegistryException failed -> Refusal.BAD_GATEWAY;
      case StoreException failed -> Refusal.UNAVAILABLE;
      case ChainFailedException failed -> Refusal.BAD_GATEWAY;
    };
  }
}
