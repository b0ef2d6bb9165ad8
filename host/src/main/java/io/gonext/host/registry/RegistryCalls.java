package io.gonext.host.registry;

import io.gonext.engine.PlainText;
import io.gonext.host.RegistryException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.FetchUrl;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Calls of one operation on one repository: each with the authorization that the registry asks for,
 * and with the redirects that it answers, but without retries. For one thread.
 */
final class RegistryCalls {
  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_ERROR_BYTES = 16 * 1024;
  private static final Duration MAX_RETRY_AFTER = Duration.ofSeconds(30);

  private final RegistryHttp http;
  private final Authorizer authorizer;
  private final Endpoint at;
  private final List<String> scopes;
  private final Deadline deadline;

  /**
   * @param scopes the rights that the operation needs: {@code repository:NAME:pull}
   */
  RegistryCalls(
      RegistryHttp http,
      Authorizer authorizer,
      Endpoint at,
      List<String> scopes,
      Deadline deadline) {
    this.http = http;
    this.authorizer = authorizer;
    this.at = at;
    this.scopes = List.copyOf(scopes);
    this.deadline = deadline;
  }

  Endpoint at() {
    return at;
  }

  Deadline deadline() {
    return deadline;
  }

  /**
   * Sends a request and returns the answer, whatever its status is, except 401.
   *
   * @throws Retries.PassingException also when the answer says that a later attempt may succeed
   */
  HttpAnswer send(RegistryHttp.Call call) throws Retries.PassingException, InterruptedException {
    return send(call, Reach.ALL);
  }

  /** As {@link #send(RegistryHttp.Call)}, to a URL that the registry has named. */
  HttpAnswer send(RegistryHttp.Call call, Reach reach)
      throws Retries.PassingException, InterruptedException {
    HttpAnswer first = followed(call, reach, authorizer.known(at, scopes));
    HttpAnswer answer = asksForLogin(first) ? again(call, reach, first) : first;
    if (isPassing(answer.status())) {
      try (answer) {
        throw new Retries.PassingException(said(answer), retryAfter(answer), false);
      }
    }
    return answer;
  }

  /** A storage server that refuses a redirect does not get a login. */
  private boolean asksForLogin(HttpAnswer answer) {
    return answer.status() == 401 && answer.url().hasOriginOf(at.base());
  }

  private HttpAnswer again(RegistryHttp.Call call, Reach reach, HttpAnswer refusal)
      throws Retries.PassingException, InterruptedException {
    String renewed;
    try (refusal) {
      renewed = authorizer.renewed(at, scopes, refusal, deadline);
    }
    HttpAnswer answer = followed(call, reach, renewed);
    if (asksForLogin(answer)) {
      answer.close();
      authorizer.forget(at, scopes);
      throw Authorizer.notAccepted(at);
    }
    return answer;
  }

  private static boolean isPassing(int status) {
    return status == 408 || status == 429 || (status >= 500 && status != 501);
  }

  private HttpAnswer followed(RegistryHttp.Call first, Reach firstReach, String authorization)
      throws Retries.PassingException, InterruptedException {
    RegistryHttp.Call call = first;
    Reach reach = firstReach;
    for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      // Another server must not see the token, and storage servers refuse requests that have one.
      String shown = call.url().hasOriginOf(at.base()) ? authorization : "";
      HttpAnswer answer = http.send(call, reach, shown, deadline);
      if (!isRedirect(answer.status()) || !call.isRead()) {
        return answer;
      }
      try (answer) {
        FetchUrl next = location(answer).orElseThrow(() -> broken("redirects to nowhere"));
        // What was refused once is not allowed again by a server further on.
        reach = reach == Reach.PUBLIC ? Reach.PUBLIC : answer.reachOf(next, at.base());
        call = call.at(next);
      }
    }
    throw broken("redirects more than " + MAX_REDIRECTS + " times");
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  /**
   * The URL that the header {@code Location} of an answer names.
   *
   * @throws RegistryException when it is not one, or leaves TLS
   */
  Optional<FetchUrl> location(HttpAnswer answer) {
    Optional<String> header = answer.header("Location");
    if (header.isEmpty()) {
      return Optional.empty();
    }
    FetchUrl next;
    try {
      next = answer.url().resolve(header.get());
    } catch (IllegalArgumentException e) {
      throw broken("names a URL that cannot be used: " + e.getMessage());
    }
    if (answer.url().scheme().equals("https") && !next.scheme().equals("https")) {
      throw broken("sends this client from https to " + next.origin() + ", which is refused");
    }
    return Optional.of(next);
  }

  /** Which addresses a URL may lead to that an answer names. */
  Reach reachOf(FetchUrl url, HttpAnswer answer) {
    return answer.reachOf(url, at.base());
  }

  private static Duration retryAfter(HttpAnswer answer) {
    try {
      // The other form is a date, of a clock that is not ours.
      long seconds = Long.parseLong(answer.header("Retry-After").orElse("0").strip());
      return Duration.ofSeconds(Math.clamp(seconds, 0, MAX_RETRY_AFTER.toSeconds()));
    } catch (NumberFormatException e) {
      return Duration.ZERO;
    }
  }

  /**
   * The body of an answer.
   *
   * @throws RegistryException when it has more than a number of bytes
   */
  byte[] body(HttpAnswer answer, int most, String what)
      throws Retries.PassingException, RegistryException {
    byte[] bytes;
    try {
      bytes = answer.bytes(most);
    } catch (IOException e) {
      throw RegistryHttp.failure(answer.url(), e);
    }
    if (bytes.length > most) {
      throw new RegistryException(
          RegistryException.Kind.UNACCEPTABLE,
          what + " of " + at + " has more than " + most + " bytes");
    }
    return bytes;
  }

  /** Why an answer is not what was hoped for. */
  RegistryException refusal(HttpAnswer answer, String what) {
    return switch (answer.status()) {
      case 404 ->
          new RegistryException(
              RegistryException.Kind.NOT_FOUND, at.registry() + " does not have " + what);
      case 403 ->
          new RegistryException(
              RegistryException.Kind.UNAUTHORIZED,
              said(answer) + ": you have no right to it, or are not logged in");
      default -> new RegistryException(RegistryException.Kind.UNAVAILABLE, said(answer));
    };
  }

  RegistryException broken(String how) {
    return new RegistryException(RegistryException.Kind.UNAVAILABLE, at.registry() + " " + how);
  }

  /** The status, and the first message of the registry's own error where there is one. */
  private String said(HttpAnswer answer) {
    String status = answer.url().origin() + " answered " + answer.status();
    try {
      JsonNode error = StrictJson.parse(answer.bytes(MAX_ERROR_BYTES)).path("errors").path(0);
      String message = error.path("message").asString(error.path("code").asString(""));
      return message.isEmpty() ? status : status + ": " + PlainText.of(message, 200);
    } catch (IOException | InvalidJsonException e) {
      return status;
    }
  }
}
