package io.gonext.cli.dev;

import io.gonext.cli.output.CommandFailure;
import io.gonext.host.Host;
import io.gonext.host.HostFunctionSpec;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The host for uploads: the host that the user gave, the host that answers at the default URL, or a
 * host that this class starts there.
 */
final class HostSession implements AutoCloseable {
  private static final Duration PROBE = Duration.ofSeconds(2);

  private final HttpClient client;
  private final HostUrl url;
  private final boolean explicit;
  private final HostStarter starter;
  private final List<HostFunctionSpec> functions;

  /** Owned by the thread that closes. */
  private boolean closed;

  /** Written once, by the thread that opens. */
  private volatile HostStarter.@Nullable Started started;

  /**
   * @param explicit whether the user gave the host; then no host is started
   * @param functions of a host that is started
   */
  HostSession(
      HttpClient client,
      HostUrl url,
      boolean explicit,
      HostStarter starter,
      List<HostFunctionSpec> functions) {
    this.client = client;
    this.url = url;
    this.explicit = explicit;
    this.starter = starter;
    this.functions = functions;
  }

  /**
   * Finds or starts the host.
   *
   * @return where the host is, for people
   * @throws CommandFailure when something else listens at the address
   */
  String open() throws InterruptedException {
    if (explicit) {
      return url.toString();
    }
    switch (probe()) {
      case HOST -> {
        return "running at " + url;
      }
      case SOMETHING_ELSE ->
          throw new CommandFailure(
              CommandFailure.Kind.UNREACHABLE,
              "the server at " + url + " is not a GoNext host",
              elsewhere());
      case NOTHING -> {
        try {
          started = starter.start(url.port(), functions);
          return "started in this process on " + url;
        } catch (IOException e) {
          throw new CommandFailure(
              CommandFailure.Kind.UNREACHABLE,
              "no host answers at "
                  + url
                  + ", and this command cannot start one: "
                  + CommandFailure.reason(e),
              elsewhere());
        }
      }
    }
    throw new IllegalStateException("not reached");
  }

  /** What to do when the address is in use. */
  private List<String> elsewhere() {
    return List.of(
        "free the port " + url.port() + ", or choose another: --port PORT",
        "or give the URL of a host that was started with serve --dev: --host URL");
  }

  /** Whether this process runs the host. */
  boolean isOwn() {
    return started != null;
  }

  /** The host, if this process runs it. */
  Optional<Host> own() {
    HostStarter.Started mine = started;
    return mine == null ? Optional.empty() : mine.host();
  }

  private enum Found {
    HOST,
    SOMETHING_ELSE,
    NOTHING
  }

  private Found probe() throws InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(url.health()).timeout(PROBE).build();
    try {
      HttpResponse<String> response =
          client.send(
              request,
              HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofString(), 4096));
      return response.statusCode() == 200 && response.body().contains("\"up\"")
          ? Found.HOST
          : Found.SOMETHING_ELSE;
    } catch (java.net.ConnectException e) {
      return Found.NOTHING;
    } catch (IOException e) {
      return Found.SOMETHING_ELSE;
    }
  }

  /** Stops the host if this process runs it. Further calls do nothing. */
  @Override
  public void close() {
    HostStarter.Started mine = started;
    if (mine != null && !closed) {
      closed = true;
      mine.close();
    }
  }
}
