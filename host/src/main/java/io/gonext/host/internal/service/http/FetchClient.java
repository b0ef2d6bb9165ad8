package io.gonext.host.internal.service.http;

import io.gonext.engine.PlainText;
import io.gonext.host.PluginNetwork;
import io.gonext.host.manifest.FetchUrl;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.LinkedHashMap;
import java.util.List;
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
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipException;
import javax.net.ssl.SSLException;
import org.eclipse.jetty.client.BytesRequestContent;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends requests of plugins, and nothing that they did not ask for: no redirects, retries, cookies,
 * proxies or answers to authentication. It starts with the first request. Connections are kept
 * alive for one plugin each, and for one policy of addresses.
 *
 * <p>Thread-safe.
 */
final class FetchClient implements AutoCloseable {
  /** The largest body of an answer, after it was inflated. */
  static final int MAX_BODY_BYTES = 10 * 1024 * 1024;

  private static final Logger log = LoggerFactory.getLogger(FetchClient.class);

  private static final int MAX_LOOKUPS = 64;

  private volatile AddressPolicy policy;
  private final NameLookup lookup;

  /** Answers in place of the network; null for the network itself. */
  private final @Nullable PluginNetwork network;

  private final Supplier<SslContextFactory.Client> tls;
  private final ThreadPoolExecutor lookups;

  /** Null before the first request. Guarded by this, as is the next field. */
  private @Nullable HttpClient client;

  private boolean closed;

  FetchClient(AddressPolicy policy, Optional<PluginNetwork> network) {
    this(policy, network, InetAddress::getAllByName, SslContextFactory.Client::new);
  }

  FetchClient(AddressPolicy policy, NameLookup lookup, Supplier<SslContextFactory.Client> tls) {
    this(policy, Optional.empty(), lookup, tls);
  }

  private FetchClient(
      AddressPolicy policy,
      Optional<PluginNetwork> network,
      NameLookup lookup,
      Supplier<SslContextFactory.Client> tls) {
    this.network = network.orElse(null);
    // Not virtual threads: the system's resolver would block their carriers.
    this.lookups =
        new ThreadPoolExecutor(
            0,
            MAX_LOOKUPS,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Thread.ofPlatform().daemon().name("gonext-lookup-", 0).factory(),
            new ThreadPoolExecutor.AbortPolicy());
    this.policy = policy;
    this.lookup = lookup;
    this.tls = tls;
  }

  /** Sets which addresses requests may go to from now on; those under way are left alone. */
  void change(AddressPolicy next) {
    policy = next;
  }

  /**
   * Whose connection it is. Under another policy, a plugin gets new connections, whose addresses
   * are checked by it.
   */
  private record Owner(String plugin, AddressPolicy policy) {}

  /**
   * An answer whose body is complete.
   *
   * @param headers without those that no longer hold for the inflated body
   */
  record Answer(int status, HttpFields headers, byte[] body) {}

  /** Decides whether the body of an answer is wanted. */
  @FunctionalInterface
  interface Wanted {
    boolean isBodyOf(int status, HttpFields headers);
  }

  /**
   * Sends a request and waits for the answer. An interrupt ends the wait and stays set.
   *
   * @param plugin whose connections are used
   * @param deadlineNanos of {@link System#nanoTime}, for all of the answer
   * @param memory takes the bytes of the answer's body
   * @param wanted an answer's body is empty if it is not wanted
   */
  Answer send(
      String plugin, FetchRequest fetch, long deadlineNanos, BodyMemory.Share memory, Wanted wanted)
      throws FetchException {
    FetchUrl url = fetch.url();
    if (deadlineNanos - System.nanoTime() <= 0) {
      throw timedOut(url);
    }
    if (network != null) {
      return answered(network, plugin, fetch, memory, wanted);
    }
    AnswerListener listener = new AnswerListener(url, memory, wanted, fetch.body().length > 0);
    Request request = request(plugin, fetch);
    try {
      request.send(listener);
      return listener.await(deadlineNanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FetchException(
          FetchOutcome.TIMED_OUT, url.origin() + " had not answered when the call was ended");
    } catch (TimeoutException e) {
      throw timedOut(url);
    } catch (ExecutionException | IOException e) {
      throw failure(url, e);
    } finally {
      if (!listener.close()) {
        var _ = request.abort(new NotAwaitedException());
      }
    }
  }

  /** The answer of what stands in place of the network. */
  private Answer answered(
      PluginNetwork stand,
      String plugin,
      FetchRequest fetch,
      BodyMemory.Share memory,
      Wanted wanted)
      throws FetchException {
    FetchUrl url = fetch.url();
    PluginNetwork.Answer answer;
    try {
      requireAllowed(url);
      Map<String, String> sent = new LinkedHashMap<>();
      fetch.headers().forEach(header -> sent.put(header.name(), header.value()));
      answer =
          stand.send(
              new PluginNetwork.Request(plugin, fetch.method(), url.uri(), sent, fetch.body()));
    } catch (IOException | BlockedAddressException e) {
      throw failure(url, e);
    }
    HttpFields.Mutable headers = HttpFields.build();
    answer.headers().forEach(headers::add);
    if (!wanted.isBodyOf(answer.status(), headers)) {
      return new Answer(answer.status(), headers, new byte[0]);
    }
    if (answer.body().length > MAX_BODY_BYTES) {
      throw new FetchException(
          FetchOutcome.FAILED,
          url.origin() + " answered with more than " + MAX_BODY_BYTES + " bytes");
    }
    memory.take(answer.body().length);
    return new Answer(answer.status(), headers, answer.body());
  }

  /** Refuses an address in the URL. A name is not looked up, since no connection is made to it. */
  private void requireAllowed(FetchUrl url) throws BlockedAddressException {
    if (url.isAddress()) {
      InetAddress address = FetchUrl.address(url.host());
      if (!policy.allows(address, url.port())) {
        throw new BlockedAddressException(url.host(), List.of(address.getHostAddress()));
      }
    }
  }

  /** Ends an exchange and its connection. */
  static final class NotAwaitedException extends Exception {
    private static final long serialVersionUID = 1L;

    NotAwaitedException() {
      super("the answer, or the rest of it, is no longer awaited", null, false, false);
    }
  }

  private Request request(String plugin, FetchRequest fetch) throws FetchException {
    Request request =
        BareClient.request(started(), fetch.method(), fetch.url())
            .tag(new Owner(plugin, policy))
            .headers(headers -> {
              headers.put(HttpHeader.ACCEPT_ENCODING, "gzip");
              fetch.headers().forEach(header -> headers.put(header.name(), header.value()));
            });
    if (fetch.body().length > 0) {
      request.body(new BytesRequestContent(contentType(fetch), fetch.body()));
    }
    return request;
  }

  private static String contentType(FetchRequest fetch) {
    return fetch.headers().stream()
        .filter(header -> header.name().equalsIgnoreCase("content-type"))
        .map(FetchRequest.Header::value)
        .findFirst()
        .orElse("application/octet-stream");
  }

  private synchronized HttpClient started() throws FetchException {
    if (closed) {
      throw new FetchException(FetchOutcome.FAILED, "the host is closing");
    }
    if (client == null) {
      try {
        // On a thread that nobody interrupts, unlike the guest's.
        client = CompletableFuture.supplyAsync(this::start, lookups).join();
      } catch (CompletionException e) {
        log.error("the client for HTTP requests of plugins does not start", e.getCause());
        throw new FetchException(FetchOutcome.FAILED, "the host cannot send HTTP requests");
      }
    }
    return client;
  }

  private HttpClient start() {
    return BareClient.start(
        "gonext-fetch",
        tls.get(),
        new CheckedResolver(lookup, tag -> ((Owner) tag).policy(), lookups));
  }

  private static String types(Exception failure) {
    return Stream.iterate((Throwable) failure, Objects::nonNull, Throwable::getCause)
        .map(cause -> cause.getClass().getName())
        .collect(Collectors.joining(" < "));
  }

  private static FetchException timedOut(FetchUrl url) {
    return new FetchException(
        FetchOutcome.TIMED_OUT, url.origin() + " did not answer completely in time");
  }

  private static FetchException failure(FetchUrl url, Exception failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case BlockedAddressException blocked -> {
          log.debug("{}", blocked.getMessage());
          return new FetchException(
              FetchOutcome.BLOCKED_ADDRESS,
              url.host()
                  + " has no address that plugins may reach: it is this machine's, private or"
                  + " reserved; an operator can allow it with --egress-allow RANGE:"
                  + url.port());
        }
        case TimeoutException _, SocketTimeoutException _ -> {
          return timedOut(url);
        }
        case CheckedResolver.TooManyLookupsException _ -> {
          return new FetchException(
              FetchOutcome.LIMITED,
              "too many names are being looked up: try " + url.host() + " again later");
        }
        case UnknownHostException _ -> {
          return new FetchException(FetchOutcome.FAILED, url.host() + " has no known address");
        }
        case ConnectException _ -> {
          return new FetchException(FetchOutcome.FAILED, url.origin() + " accepts no connection");
        }
        case SSLException tls -> {
          return new FetchException(
              FetchOutcome.FAILED,
              "no TLS connection to "
                  + url.origin()
                  + ": "
                  + PlainText.of(String.valueOf(tls.getMessage()), 200));
        }
        case ZipException _ -> {
          return new FetchException(
              FetchOutcome.FAILED, "the answer of " + url.origin() + " is not valid gzip");
        }
        case EOFException _ -> {
          return new FetchException(
              FetchOutcome.FAILED, url.origin() + " hung up before its answer was complete");
        }
        default -> {
          // The reason may lie deeper.
        }
      }
    }
    // Only the types: a message may show the URL or a header, and with them a secret.
    log.debug("{}: {}", url.origin(), types(failure));
    return new FetchException(FetchOutcome.FAILED, url.origin() + " gave no valid HTTP answer");
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
      log.warn("the client for HTTP requests of plugins does not stop", e);
    }
  }
}
