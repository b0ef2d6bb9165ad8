package io.gonext.server;

import java.util.function.Consumer;
import org.eclipse.jetty.ee10.servlet.SessionHandler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.session.ManagedSession;

/**
 * Replaces the session handler of Javalin. A session outlives its request, so anyone who can send
 * requests could fill the heap with sessions.
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
