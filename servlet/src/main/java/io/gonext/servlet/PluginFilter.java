package io.gonext.servlet;

import io.gonext.host.Host;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.function.Function;

/**
 * As {@link PluginServlet}, as a filter before an application's own servlets: a request that names
 * no active plugin goes on to them.
 *
 * <p>Thread-safe.
 */
public final class PluginFilter extends HttpFilter {
  private static final long serialVersionUID = 1L;

  private final transient Host host;
  private final transient RouteExchange routes;
  private final String prefix;

  /**
   * Serves what is below a path of the application.
   *
   * @param prefix such as {@code /api/plugins}, below the context path
   * @throws IllegalArgumentException when it does not begin with a slash, or ends with one
   */
  public PluginFilter(Host host, String prefix) {
    this(host, prefix, HttpServletRequest::getRemoteAddr);
  }

  /** As {@link #PluginFilter(Host, String)}; see {@link PluginServlet} for the clients. */
  public PluginFilter(Host host, String prefix, Function<HttpServletRequest, String> clients) {
    if (!prefix.startsWith("/") || prefix.endsWith("/")) {
      throw new IllegalArgumentException(
          "a prefix begins with a slash and does not end with one, as /api/plugins does: "
              + prefix);
    }
    this.host = host;
    this.routes = new RouteExchange(host, clients);
    this.prefix = prefix;
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    String base = request.getContextPath() + prefix;
    String uri = request.getRequestURI();
    String below = uri.startsWith(base + "/") ? uri.substring(base.length()) : "";
    if (host.plugins().limits(RouteExchange.plugin(below)).isEmpty()) {
      chain.doFilter(request, response);
    } else if (!routes.serve(request, response, below)) {
      RouteExchange.notFound(response);
    }
  }
}
