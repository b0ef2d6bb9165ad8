package io.gonext.host.registry;

import io.gonext.host.internal.service.http.AddressPolicy;
import io.gonext.host.manifest.FetchUrl;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.eclipse.jetty.client.Connection;
import org.eclipse.jetty.client.InputStreamResponseListener;
import org.eclipse.jetty.client.Response;
import org.eclipse.jetty.http.HttpFields;
import org.jspecify.annotations.Nullable;

/** The status and headers of an answer, whose body is still to be read. For one thread. */
final class HttpAnswer implements AutoCloseable {
  private final FetchUrl url;
  private final Response response;
  private final InputStreamResponseListener listener;
  private final boolean isProxied;
  private @Nullable InputStream body;

  /**
   * @param isProxied whether it came by a proxy, so that nobody knows the server's address
   */
  HttpAnswer(
      FetchUrl url, Response response, InputStreamResponseListener listener, boolean isProxied) {
    this.url = url;
    this.response = response;
    this.listener = listener;
    this.isProxied = isProxied;
  }

  /** What was asked. */
  FetchUrl url() {
    return url;
  }

  int status() {
    return response.getStatus();
  }

  HttpFields headers() {
    return response.getHeaders();
  }

  Optional<String> header(String name) {
    return Optional.ofNullable(response.getHeaders().get(name));
  }

  /** The body, which fails with an {@link IOException} where the connection is lost. */
  InputStream body() {
    if (body == null) {
      body = listener.getInputStream();
    }
    return body;
  }

  /**
   * The whole body where it has at most a number of bytes.
   *
   * @return one byte more than that where it has more
   */
  byte[] bytes(int most) throws IOException {
    return body().readNBytes(most + 1);
  }

  /**
   * Which addresses a URL may lead to that this answer names. The registry itself stays in reach;
   * another server is in reach only if it is public or if this one is not. A server behind a proxy
   * counts as public.
   */
  Reach reachOf(FetchUrl next, FetchUrl registry) {
    if (next.hasOriginOf(registry)) {
      return Reach.ALL;
    }
    Connection connection = response.getRequest().getConnection();
    return connection != null
            && !isProxied
            && connection.getRemoteSocketAddress() instanceof InetSocketAddress peer
            && peer.getAddress() != null
            && !AddressPolicy.publicOnly().allows(peer.getAddress(), peer.getPort())
        ? Reach.ALL
        : Reach.PUBLIC;
  }

  /** Gives up what was not read. */
  @Override
  public void close() {
    try {
      body().close();
      listener.close();
    } catch (IOException e) {
      // The connection is closed instead of being used again.
    }
  }
}
