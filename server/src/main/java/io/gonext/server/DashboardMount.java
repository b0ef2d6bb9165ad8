package io.gonext.server;

import io.gonext.dashboard.HostDashboard;
import io.gonext.dashboard.Visitor;
import io.gonext.host.Host;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.EnumSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;

/** Mounts the dashboard of the host, with the tokens and the rules of this server. */
final class DashboardMount implements AutoCloseable {
  static final String PATH = "/dashboard";

  private static final String BELOW = PATH + "/*";

  private final HostDashboard dashboard;

  DashboardMount(Host host, Access access, Clients clients, Consumer<Throwable> failures) {
    this.dashboard =
        HostDashboard.withSignIn(host, access::holder)
            .clients(clients::of)
            .secure(clients::isHttps)
            .ownHosts(access::isOwnHost)
            .failures(failures)
            .build();
  }

  void addTo(ServletContextHandler context) {
    context.addFilter(
        new FilterHolder(new TimedBodies()), BELOW, EnumSet.of(DispatcherType.REQUEST));
    context.addServlet(new ServletHolder(dashboard.servlet()), BELOW);
    dashboard.warmUp();
  }

  /** Ends the sessions of these visitors. */
  void signOut(Predicate<Visitor> visitors) {
    dashboard.signOut(visitors);
  }

  @Override
  public void close() {
    dashboard.close();
  }

  /** Gives bodies the time limit of {@link Connections}. */
  private static final class TimedBodies extends HttpFilter {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doFilter(
        HttpServletRequest request, HttpServletResponse response, FilterChain chain)
        throws IOException, ServletException {
      try {
        chain.doFilter(new TimedRequest(request), response);
      } finally {
        Connections.bodyEnds(request);
      }
    }
  }

  private static final class TimedRequest extends HttpServletRequestWrapper {
    TimedRequest(HttpServletRequest request) {
      super(request);
    }

    @Override
    public ServletInputStream getInputStream() throws IOException {
      HttpServletRequest request = (HttpServletRequest) getRequest();
      Connections.bodyBegins(request);
      return new TimedStream(super.getInputStream(), request);
    }
  }

  /** A body whose time begins when it is asked for, and ends with it. */
  private static final class TimedStream extends ServletInputStream {
    private final ServletInputStream body;
    private final HttpServletRequest request;

    TimedStream(ServletInputStream body, HttpServletRequest request) {
      this.body = body;
      this.request = request;
    }

    @Override
    public int read() throws IOException {
      return counted(body.read());
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      return counted(body.read(bytes, offset, length));
    }

    private int counted(int read) {
      if (read < 0) {
        Connections.bodyEnds(request);
      }
      return read;
    }

    @Override
    public boolean isFinished() {
      return body.isFinished();
    }

    @Override
    public boolean isReady() {
      return body.isReady();
    }

    @Override
    public void setReadListener(ReadListener listener) {
      body.setReadListener(listener);
    }

    @Override
    public void close() throws IOException {
      Connections.bodyEnds(request);
      body.close();
    }
  }
}
