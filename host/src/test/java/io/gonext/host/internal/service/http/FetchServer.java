package io.gonext.host.internal.service.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPOutputStream;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/**
 * A server whose paths do what tests need, and that keeps what it was asked. Its certificate is for
 * {@code api.example.test} and 127.0.0.1.
 */
public final class FetchServer implements AutoCloseable {
  private static final String PASSWORD = "changeit";

  private final Server server = new Server();
  private final ServerConnector connector;
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<String> keys = new CopyOnWriteArrayList<>();

  /** A server without TLS, on a port of an address. */
  public static FetchServer plain(String address) throws Exception {
    FetchServer made = new FetchServer(null, new HttpConnectionFactory());
    made.connector.setHost(address);
    made.start();
    return made;
  }

  private FetchServer(SslContextFactory.@Nullable Server tls, HttpConnectionFactory http) {
    HttpConfiguration configuration = http.getHttpConfiguration();
    configuration.setSendServerVersion(false);
    if (tls == null) {
      this.connector = new ServerConnector(server, http);
    } else {
      // The certificate is for one name; clients that ask for another are to find out themselves.
      configuration.addCustomizer(new SecureRequestCustomizer(false));
      ALPNServerConnectionFactory alpn = new ALPNServerConnectionFactory("h2", "http/1.1");
      alpn.setDefaultProtocol("http/1.1");
      this.connector =
          new ServerConnector(
              server,
              new SslConnectionFactory(tls, "alpn"),
              alpn,
              new HTTP2ServerConnectionFactory(configuration),
              http);
    }
  }

  /** A server with TLS and HTTP/2, with a key made in a directory. */
  static FetchServer secure(Path directory) throws Exception {
    Path keys = directory.resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                keys.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keyalg",
                "EC",
                "-alias",
                "key",
                "-dname",
                "CN=test",
                "-ext",
                "san=dns:api.example.test,ip:127.0.0.1")
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (keytool.waitFor() != 0) {
      throw new IOException(said);
    }
    SslContextFactory.Server tls = new SslContextFactory.Server();
    tls.setKeyStorePath(keys.toString());
    tls.setKeyStorePassword(PASSWORD);
    tls.setSniRequired(false);
    FetchServer made = new FetchServer(tls, new HttpConnectionFactory());
    made.connector.setHost("127.0.0.1");
    made.start();
    return made;
  }

  /** What a client needs to trust {@link #secure}. */
  static SslContextFactory.Client trusting(Path directory) {
    SslContextFactory.Client tls = new SslContextFactory.Client();
    tls.setTrustStorePath(directory.resolve("keys.p12").toString());
    tls.setTrustStorePassword(PASSWORD);
    return tls;
  }

  private void start() throws Exception {
    server.addConnector(connector);
    server.setHandler(
        new Handler.Abstract() {
          @Override
          public boolean handle(Request request, Response response, Callback callback)
              throws Exception {
            answer(request, response);
            callback.succeeded();
            return true;
          }
        });
    server.start();
  }

  public int port() {
    return connector.getLocalPort();
  }

  /** {@code METHOD /path?query} of each request, in the order of their arrival. */
  public List<String> requests() {
    return requests;
  }

  /** The header {@code X-Key} of each request; {@code null} for a request without it. */
  public List<String> keys() {
    return keys;
  }

  /** Forgets the requests so far. */
  public void forget() {
    requests.clear();
    keys.clear();
  }

  private void answer(Request request, Response response) throws IOException {
    keys.add(String.valueOf(request.getHeaders().get("X-Key")));
    requests.add(request.getMethod() + " " + request.getHttpURI().getPathQuery());
    Fields query = Request.extractQueryParameters(request);
    byte[] sent = Content.Source.asInputStream(request).readAllBytes();
    byte[] body =
        switch (request.getHttpURI().getPath()) {
          case "/echo" -> echo(request, sent);
          case "/mirror" -> {
            response.getHeaders().put("X-Seen", String.valueOf(request.getHeaders().get("X-Key")));
            yield text(
                request.getHttpURI().getPathQuery() + " " + request.getHeaders().get("X-Key"));
          }
          case "/gzip" -> {
            response.getHeaders().put("Content-Encoding", "gzip");
            yield gzip("inflated".getBytes(StandardCharsets.UTF_8));
          }
          case "/cut-gzip" -> {
            response.getHeaders().put("Content-Encoding", "gzip");
            byte[] whole = gzip("inflated".getBytes(StandardCharsets.UTF_8));
            yield Arrays.copyOf(whole, whole.length - 4);
          }
          case "/inflates-to" -> {
            response.getHeaders().put("Content-Encoding", "gzip");
            yield gzip(new byte[Integer.parseInt(query.getValue("bytes"))]);
          }
          case "/bytes" -> new byte[Integer.parseInt(query.getValue("bytes"))];
          case "/redirect" -> {
            response.setStatus(Integer.parseInt(query.getValue("status")));
            response.getHeaders().put("Location", query.getValue("to"));
            yield new byte[0];
          }
          case "/loop" -> {
            response.setStatus(302);
            response.getHeaders().put("Location", "/loop");
            yield new byte[0];
          }
          case "/cookie" -> {
            response.getHeaders().add("Set-Cookie", "a=1");
            response.getHeaders().add("Set-Cookie", "b=2");
            yield new byte[0];
          }
          case "/unauthorized" -> {
            response.setStatus(401);
            response.getHeaders().put("WWW-Authenticate", "Basic realm=\"x\"");
            yield new byte[0];
          }
          case "/connection" -> text(Request.getRemotePort(request));
          case "/protocol" -> text(request.getConnectionMetaData().getProtocol());
          default -> {
            response.setStatus(404);
            yield text("nothing here");
          }
        };
    response.getHeaders().put("Content-Length", body.length);
    try (OutputStream out = Content.Sink.asOutputStream(response)) {
      out.write(body);
    }
  }

  private static byte[] text(Object value) {
    return value.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** The method, each header in lower case, an empty line and the body. */
  private static byte[] echo(Request request, byte[] sent) {
    StringBuilder lines = new StringBuilder(request.getMethod()).append('\n');
    for (HttpField field : request.getHeaders()) {
      lines.append(field.getLowerCaseName()).append(": ").append(field.getValue()).append('\n');
    }
    return text(lines.append('\n').append(new String(sent, StandardCharsets.UTF_8)));
  }

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
      out.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return compressed.toByteArray();
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the server does not stop", e);
    }
  }
}
