package io.gonext.host.registry;

import io.gonext.engine.PlainText;
import io.gonext.host.RegistryException;
import io.gonext.host.internal.service.http.BareClient;
import io.gonext.host.internal.service.http.BlockedAddressException;
import io.gonext.host.internal.service.http.CheckedResolver;
import io.gonext.host.internal.service.http.NameLookup;
import io.gonext.host.manifest.FetchUrl;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.eclipse.jetty.client.BytesRequestContent;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.InputStreamResponseListener;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends single requests to registries. It starts with the first one.
 *
 * <p>Thread-safe.
 */
final class RegistryHttp implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RegistryHttp.class);

  private static final int MAX_LOOKUPS = 8;

  private final NameLookup lookup;
  private final Supplier<SslContextFactory.Client> tls;
  private final ThreadPoolExecutor lookups;

  /** Null before the first request. Guarded by this, as is the next field. */
  private @Nullable HttpClient client;

  private boolean closed;

  RegistryHttp(NameLookup lookup, Supplier<SslContextFactory.Client> tls) {
    this.lookup = lookup;
    this.tls = tls;
    // Not virtual threads: the system's resolver would block their carriers.
    this.lookups =
        new ThreadPoolExecutor(
            0,
            MAX_LOOKUPS,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Thread.ofPlatform().daemon().name("gonext-registry-lookup-", 0).factory(),
            new ThreadPoolExecutor.CallerRunsPolicy());
  }

  /**
   * A request.
   *
   * @param body null for none
   * @param sent is told how many bytes of the body are sent, each time
   */
  record Call(
      String method,
      FetchUrl url,
      Map<String, String> headers,
      byte @Nullable [] body,
      String contentType,
      LongConsumer sent) {
    static Call of(String method, FetchUrl url, Map<String, String> headers) {
      return new Call(method, url, headers, null, "", bytes -> {});
    }

    static Call of(
        String method, FetchUrl url, String contentType, byte[] body, LongConsumer sent) {
      return new Call(method, url, Map.of(), body, contentType, sent);
    }

    Call at(FetchUrl other) {
      return new Call(method, other, headers, body, contentType, sent);
    }

    boolean isRead() {
      return method.equals("GET") || method.equals("HEAD");
    }
  }

  /**
   * Sends a request and waits for the headers of the answer.
   *
   * @param authorization empty for none
   * @throws Retries.PassingException when the connection is lost
   * @throws RegistryException when no attempt can succeed
   */
  HttpAnswer send(Call call, Reach reach, String authorization, Deadline deadline)
      throws Retries.PassingException, InterruptedException {
    FetchUrl url = call.url();
    Duration left = deadline.left(url.origin());
    Request request = request(call, reach, authorization);
    InputStreamResponseListener listener = new InputStreamResponseListener();
    try {
      request.timeout(left.toMillis() + 1, TimeUnit.MILLISECONDS).send(listener);
      return new HttpAnswer(
          url, listener.get(left.toMillis() + 1, TimeUnit.MILLISECONDS), listener);
    } catch (InterruptedException e) {
      var _ = request.abort(e);
      throw e;
    } catch (TimeoutException e) {
      var _ = request.abort(e);
      throw deadline.passed(url.origin());
    } catch (ExecutionException e) {
      throw failure(url, Objects.requireNonNullElse(e.getCause(), e));
    }
  }

  private Request request(Call call, Reach reach, String authorization) {
    Request request =
        BareClient.request(started(), call.method(), call.url())
            .tag(reach)
            .headers(headers -> {
              headers.put(HttpHeader.ACCEPT_ENCODING, "identity");
              call.headers().forEach(headers::put);
              if (!authorization.isEmpty()) {
                headers.put(HttpHeader.AUTHORIZATION, authorization);
              }
            });
    byte[] body = call.body();
    if (body != null) {
      request.body(new BytesRequestContent(call.contentType(), body));
      request.onRequestContent((_, content) -> call.sent().accept(content.remaining()));
    }
    return request;
  }

  /** Why a request has no answer, or an answer no end. */
  static Retries.PassingException failure(FetchUrl url, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof BlockedAddressException) {
        throw new RegistryException(
            RegistryException.Kind.UNAVAILABLE,
            "the registry sends this host to "
                + url.host()
                + ", which is not a public address although the registry's is: this is refused");
      }
      if (cause instanceof UnknownHostException) {
        throw new RegistryException(
            RegistryException.Kind.UNAVAILABLE, url.host() + " has no known address");
      }
      if (cause instanceof SSLException) {
        throw new RegistryException(
            RegistryException.Kind.UNAVAILABLE,
            "no TLS connection to "
                + url.origin()
                + ": "
                + PlainText.of(String.valueOf(cause.getMessage()), 200)
                + "; a registry without TLS has to be named with --plain-http");
      }
      if (cause instanceof ConnectException) {
        return new Retries.PassingException(
            url.origin()
                + " accepts no connection: check the host and port, and that the registry runs");
      }
    }
    log.debug("{}: {}", url.origin(), failure.getClass().getName());
    return new Retries.PassingException(
        failure instanceof IOException || failure instanceof TimeoutException
            ? url.origin() + " hung up, or did not go on, before its answer was complete"
            : url.origin() + " gave no valid HTTP answer");
  }

  private synchronized HttpClient started() {
    if (closed) {
      throw new RegistryException(RegistryException.Kind.UNAVAILABLE, "the host is closing");
    }
    if (client == null) {
      try {
        // On a thread that nobody interrupts.
        client =
            CompletableFuture.supplyAsync(
                    () ->
                        BareClient.start(
                            "gonext-registry",
                            tls.get(),
                            new CheckedResolver(lookup, tag -> ((Reach) tag).policy(), lookups)),
                    lookups)
                .join();
      } catch (CompletionException e) {
        log.error("the client for registries does not start", e.getCause());
        throw new RegistryException(
            RegistryException.Kind.UNAVAILABLE, "the client for registries does not start");
      }
    }
    return client;
  }

  @Override
  public synchronized void close() {
    closed = true;
    lookups.shutdownNow();
    if (client == null) {
      return;
    }
    try {
      client.stop();
    } catch (Exception e) {
      log.warn("the client for registries does not stop", e);
    }
  }
}
