package io.gonext.cli.dev;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The host that plugins go to: the one that was named, the one that answers at the default URL, or
 * one that this starts there.
 */
final class HostSession implements AutoCloseable {
  private static final Duration PROBE = Duration.ofSeconds(2);

  private final HttpClient client;
  private final HostUrl url;
  private final boolean explicit;
  private final HostStarter starter;

  /** Owned by the thread that closes. */
  private boolean closed;

  /** Written once, by the thread that opens. */
  private volatile HostStarter.@Nullable Started started;

  /**
   * @param explicit whether the user has named the host; then none is ever started
   */
  HostSession(HttpClient client, HostUrl url, boolean explicit, HostStarter starter) {
    this.client = client;
    this.url = url;
    this.explicit = explicit;
    this.starter = starter;
  }

  /**
   * Sees to it that there is a host.
   *
   * @return what to tell about it
   * @throws DevFailure when something else listens there
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
          throw new DevFailure(
              DevFailure.Kind.UNREACHABLE,
              "what answers at " + url + " is not a gonext host",
              elsewhere());
      case NOTHING -> {
        try {
          started = starter.start(url.port());
          return "started in this process on " + url;
        } catch (IOException e) {
          throw new DevFailure(
              DevFailure.Kind.UNREACHABLE,
              "no host answers at " + url + ", and none can be started: " + Toolchains.reason(e),
              elsewhere());
        }
      }
    }
    throw new IllegalStateException("not reached");
  }

  /** What to do where the address is taken. */
  private List<String> elsewhere() {
    return List.of(
        "free the port " + url.port() + ", or choose another: --port PORT",
        "or name a host that takes plugins in development: --host URL");
  }

  /** Whether the host is one of this process. */
  boolean isOwn() {
    return started != null;
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

  /** Stops the host where it is one of this process; twice does nothing. */
  @Override
  public void close() {
    HostStarter.Started mine = started;
    if (mine != null && !closed) {
      closed = true;
      mine.close();
    }
  }
}
