package io.gonext.dashboard;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Signs visitors in by a token, and out. */
final class SignInPage implements Page {
  static final String PATH = "/sign-in";

  private static final int UNAUTHORIZED = 401;

  /** A path below the dashboard with its query, as the dashboard itself writes it. */
  private static final Pattern TARGET = Pattern.compile("/[A-Za-z0-9/_.~%?&=:@+-]{0,500}");

  private final Function<String, Optional<Visitor>> tokens;
  private final Function<HttpServletRequest, String> clients;
  private final SignInLimit limit;
  private final Sessions sessions;
  private final Keys keys;

  SignInPage(
      Function<String, Optional<Visitor>> tokens,
      Function<HttpServletRequest, String> clients,
      SignInLimit limit,
      Sessions sessions,
      Keys keys) {
    this.tokens = tokens;
    this.clients = clients;
    this.limit = limit;
    this.sessions = sessions;
    this.keys = keys;
  }

  /**
   * The form.
   *
   * @param target where the visitor wanted to go
   * @param problem why the last attempt failed; null before the first one
   */
  record Model(String target, @Nullable String problem) {}

  @Override
  public void addTo(Routes routes) {
    routes.open(Route.Kind.PAGE, PATH, (Route.Work.Handler) this::show);
    routes.open(Route.Kind.FORM, PATH, (Route.Work.Handler) this::signIn);
    routes.ownForm("/sign-out", this::signOut);
  }

  private Answer show(Visit visit) {
    return page(Answer.OK, target(visit.query("to")), null);
  }

  private Answer signIn(Visit visit) throws IOException {
    String target = target(visit.form("to"));
    String client = clients.apply(visit.request());
    if (!limit.take(client)) {
      return page(
          Refusal.TOO_MANY,
          target,
          "Too many attempts: wait " + SignInLimit.PAUSE.toSeconds() + " seconds.");
    }
    Optional<Visitor> visitor = tokens.apply(visit.form("token").orElse("").strip());
    if (visitor.isEmpty()) {
      return page(UNAUTHORIZED, target, "This is not a token of this host.");
    }
    limit.giveBack(client);
    // A new identifier: somebody else may know the one of before.
    String id = keys.identifier();
    sessions.end(visit.browser());
    sessions.begin(id, visitor.get());
    visit.setBrowser(id);
    return new Answer.Redirect(target);
  }

  private Answer signOut(Visit visit) {
    sessions.end(visit.browser());
    visit.setBrowser("");
    return new Answer.Redirect(PATH);
  }

  private static Answer page(int status, String target, @Nullable String problem) {
    return new Answer.Page(status, "Sign in", "signin", new Model(target, problem));
  }

  private static String target(Optional<String> wanted) {
    return wanted.filter(path -> TARGET.matcher(path).matches()).orElse("/");
  }
}
