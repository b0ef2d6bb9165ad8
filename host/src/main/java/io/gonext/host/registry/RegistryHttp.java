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
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.eclipse.jetty.client.BasicAuthentication;
import org.eclipse.jetty.client.BytesRequestContent;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.HttpProxy;
import org.eclipse.jetty.client.HttpResponseException;
import org.eclipse.jetty.client.InputStreamResponseListener;
import org.eclipse.jetty.client.Origin;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends single requests to registries, by proxies where the settings name some. It starts with the
 * first one.
 *
 * <p>Thread-safe.
 */
final class RegistryHttp implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RegistryHttp.class);

  private static final int MAX_LOOKUPS = 8;

  private final NameLookup lookup;
  private final RegistryProxies proxies;
  private final Supplier<SslContextFactory.Client> tls;
  private final ThreadPoolExecutor lookups;

  /** Null before the first request. Guarded by this, as is the next field. */
  private @Nullable HttpClient client;

  private boolean closed;

  RegistryHttp(NameLookup lookup, Supplier<SslContextFactory.Client> tls, RegistryProxies proxies) {
    this.lookup = lookup;
    this.proxies = proxies;
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
    boolean isProxied = proxies.of(url).isPresent();
    Duration left = deadline.left(url.origin());
    if (isProxied) {
      requireReach(url, reach);
    }
    // The proxy itself may be anywhere, and it looks up the names.
    Request request = request(call, isProxied ? Reach.ALL : reach, authorization);
    InputStreamResponseListener listener = new InputStreamResponseListener();
    try {
      request.timeout(left.toMillis() + 1, TimeUnit.MILLISECONDS).send(listener);
      return new HttpAnswer(
          url, listener.get(left.toMillis() + 1, TimeUnit.MILLISECONDS), listener, isProxied);
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

  private static void requireReach(FetchUrl url, Reach reach) {
    if (FetchUrl.isAddress(url.host())
        && !reach.policy().allows(FetchUrl.address(url.host()), url.port())) {
      throw blocked(url);
    }
  }

  private static RegistryException blocked(FetchUrl url) {
    return new RegistryException(
        RegistryException.Kind.UNAVAILABLE,
        "the registry sends this host to "
            + url.host()
            + ", which is not a public address although the registry's is: this is refused");
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
        throw blocked(url);
      }
      if (cause instanceof HttpResponseException refusal) {
        throw new RegistryException(
            RegistryException.Kind.UNAVAILABLE,
            "the proxy does not connect to "
                + url.origin()
                + ": it answered "
                + refusal.getResponse().getStatus());
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
                + "; --ca names a certificate authority of your own, and --plain-http a registry"
                + " without TLS");
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
        HttpClient made =
            CompletableFuture.supplyAsync(
                    () ->
                        BareClient.start(
                            "gonext-registry",
                            tls.get(),
                            new CheckedResolver(lookup, tag -> ((Reach) tag).policy(), lookups)),
                    lookups)
                .join();
        Stream.of(proxies.https(), proxies.http())
            .flatMap(Optional::stream)
            .distinct()
            .forEach(proxy -> add(made, proxy));
        client = made;
      } catch (CompletionException e) {
        if (e.getCause() instanceof RegistryException known) {
          throw known;
        }
        log.error("the client for registries does not start", e.getCause());
        throw new RegistryException(
            RegistryException.Kind.UNAVAILABLE, "the client for registries does not start");
      }
    }
    return client;
  }

  private void add(HttpClient to, URI proxy) {
    HttpProxy added =
        new HttpProxy(new Origin.Address(proxy.getHost(), RegistryProxies.port(proxy)), false) {
          @Override
          public boolean matches(Origin origin) {
            Origin.Address address = origin.getAddress();
            return proxies
                .of(origin.getScheme(), address.getHost(), address.getPort())
                .filter(proxy::equals)
                .isPresent();
          }
        };
    to.getProxyConfiguration().addProxy(added);
    RegistryProxies.login(proxy)
        .ifPresent(login -> {
          int colon = login.indexOf(':');
          to.getAuthenticationStore()
              .addAuthenticationResult(
                  new BasicAuthentication.BasicResult(
                      added.getURI(),
                      HttpHeader.PROXY_AUTHORIZATION,
                      colon < 0 ? login : login.substring(0, colon),
                      colon < 0 ? "" : login.substring(colon + 1)));
        });
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
