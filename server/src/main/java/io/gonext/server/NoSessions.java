package io.gonext.server;

import java.util.function.Consumer;
import org.eclipse.jetty.ee10.servlet.SessionHandler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.session.ManagedSession;

/**
 * Takes the place of the session handler that Javalin installs: a session outlives its request, and
 * whoever can send requests could fill the heap with them.
 */
final class NoSessions extends SessionHandler {
  NoSessions() {
    setUsingCookies(false);
  }

  @Override
  public void newSession(Request request, String requestedId, Consumer<ManagedSession> consumer) {
    throw new IllegalStateException("this server keeps no sessions");
  }
}
