package io.gonext.host.internal.service.http;

import io.gonext.host.Host;
import io.gonext.host.manifest.FetchUrl;
import java.util.concurrent.CompletionException;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.ProtocolHandlers;
import org.eclipse.jetty.client.ProxyAuthenticationProtocolHandler;
import org.eclipse.jetty.client.RedirectProtocolHandler;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.client.WWWAuthenticationProtocolHandler;
import org.eclipse.jetty.client.transport.HttpClientConnectionFactory;
import org.eclipse.jetty.client.transport.HttpClientTransportDynamic;
import org.eclipse.jetty.http.HttpCookieStore;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.client.transport.ClientConnectionFactoryOverHTTP2;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.util.SocketAddressResolver;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Makes HTTP clients that send requests, and nothing that nobody asked for: no redirects, retries,
 * cookies, proxies or answers to authentication, and no decoding of bodies.
 */
public final class BareClient {
  private static final int MAX_THREADS = 16;
  private static final int MAX_CONNECTIONS = 6;
  private static final int CONNECT_MILLIS = 5_000;
  private static final int IDLE_MILLIS = 30_000;
  private static final int MAX_HEADER_BYTES = 32 * 1024;

  private BareClient() {}

  /**
   * Makes a client and starts it.
   *
   * @param name of its threads
   * @param resolver decides which addresses it may connect to
   * @throws CompletionException with the cause if it does not start
   */
  public static HttpClient start(
      String name, SslContextFactory.Client tls, SocketAddressResolver resolver) {
    HttpClient made = make(name, tls, resolver);
    try {
      made.start();
    } catch (Exception e) {
      throw new CompletionException(e);
    }
    // Jetty adds these when it starts. The others deal with answers that come before the final
    // one, such as 103.
    ProtocolHandlers handlers = made.getProtocolHandlers();
    handlers.remove(RedirectProtocolHandler.NAME);
    handlers.remove(WWWAuthenticationProtocolHandler.NAME);
    handlers.remove(ProxyAuthenticationProtocolHandler.NAME);
    made.getContentDecoderFactories().clear();
    return made;
  }

  /** A request with nothing but a method and a URL. */
  public static Request request(HttpClient client, String method, FetchUrl url) {
    String path = url.uri().getRawPath();
    String query = url.uri().getRawQuery();
    return client
        .newRequest(url.host(), url.port())
        .scheme(url.scheme())
        .path((path == null || path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query))
        .method(method);
  }

  private static HttpClient make(
      String name, SslContextFactory.Client tls, SocketAddressResolver resolver) {
    ClientConnector connector = new ClientConnector();
    connector.setSelectors(1);
    connector.setSslContextFactory(tls);
    HTTP2Client http2 = new HTTP2Client(connector);
    // No table of sent headers: it would keep secrets as long as a connection lives.
    http2.setMaxEncoderTableCapacity(0);
    HttpClient client =
        new HttpClient(
            new HttpClientTransportDynamic(
                connector,
                HttpClientConnectionFactory.HTTP11,
                new ClientConnectionFactoryOverHTTP2.HTTP2(http2)));
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, 1);
    threads.setName(name);
    threads.setDaemon(true);
    client.setExecutor(threads);
    client.setName(name);
    client.setSocketAddressResolver(resolver);
    client.setHttpCookieStore(new HttpCookieStore.Empty());
    client.setFollowRedirects(false);
    client.setUserAgentField(new HttpField(HttpHeader.USER_AGENT, "gonext/" + Host.version()));
    client.setConnectTimeout(CONNECT_MILLIS);
    client.setIdleTimeout(IDLE_MILLIS);
    client.setDestinationIdleTimeout(2L * IDLE_MILLIS);
    client.setMaxConnectionsPerDestination(MAX_CONNECTIONS);
    client.setRequestBufferSize(MAX_HEADER_BYTES);
    client.setMaxRequestHeadersSize(MAX_HEADER_BYTES);
    client.setMaxResponseHeadersSize(MAX_HEADER_BYTES);
    return client;
  }
}
