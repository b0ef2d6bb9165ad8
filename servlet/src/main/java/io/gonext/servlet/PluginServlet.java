package io.gonext.servlet;

import io.gonext.host.Host;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.function.Function;

/**
 * Serves the routes of plugins in any servlet container. It is mounted under a path that ends with
 * {@code /*}: behind {@code /api/plugins/*}, a request for {@code /api/plugins/NAME/PATH} goes to
 * the route {@code PATH} of the plugin {@code NAME}.
 *
 * <pre>{@code
 * context.addServlet(new ServletHolder(new PluginServlet(host)), "/api/plugins/*");
 * }</pre>
 *
 * <p>Errors are {@code application/problem+json}. A request blocks its thread, which may be
 * virtual, for at most the limits of the host. A body may have 1 MiB.
 *
 * <p>Thread-safe. The host stays the caller's; close it after the container has stopped.
 */
public final class PluginServlet extends HttpServlet {
  private static final long serialVersionUID = 1L;

  // A servlet is serializable by its type only.
  private final transient RouteExchange routes;

  /** Limits the requests of each address, where {@code HostConfig.clientRate} says so. */
  public PluginServlet(Host host) {
    this(host, HttpServletRequest::getRemoteAddr);
  }

  /**
   * As {@link #PluginServlet(Host)}, for instance behind a proxy.
   *
   * @param clients whose requests are limited together; empty for no limit
   */
  public PluginServlet(Host host, Function<HttpServletRequest, String> clients) {
    this.routes = new RouteExchange(host, clients);
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String base = request.getContextPath() + request.getServletPath();
    String uri = request.getRequestURI();
    if (!uri.startsWith(base) || !routes.serve(request, response, uri.substring(base.length()))) {
      RouteExchange.notFound(response);
    }
  }
}
