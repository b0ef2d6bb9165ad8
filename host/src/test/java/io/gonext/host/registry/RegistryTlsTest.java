package io.gonext.host.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.gonext.guests.DockerRegistry;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.RegistryException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Registries with TLS, whose certificate no authority of the JDK has signed. */
class RegistryTlsTest {
  private static final char[] PASSWORD = "changeit".toCharArray();
  private static final String NAME = "registry.test";

  @TempDir private static Path shared;
  private static Path certificate;
  private static Path key;
  private static SSLContext tls;

  @TempDir private Path directory;

  @BeforeAll
  static void makeCertificate() throws Exception {
    Path store = shared.resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "own",
                "-dname",
                "CN=" + NAME,
                "-ext",
                "san=dns:" + NAME,
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                new String(PASSWORD))
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(keytool.waitFor()).as(said).isZero();
    KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD);
    certificate = pem("CERTIFICATE", keys.getCertificate("own").getEncoded());
    key = pem("PRIVATE KEY", keys.getKey("own", PASSWORD).getEncoded());
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD);
    tls = SSLContext.getInstance("TLS");
    tls.init(managers.getKeyManagers(), null, null);
  }

  private static Path pem(String label, byte[] encoded) throws IOException {
    return Files.writeString(
        shared.resolve(label.replace(' ', '-') + ".pem"),
        "-----BEGIN %s-----\n%s\n-----END %s-----\n"
            .formatted(label, Base64.getMimeEncoder().encodeToString(encoded), label));
  }

  private OciClient client(UnaryOperator<RegistrySettings.Builder> settings) {
    return TestClients.client(
        directory,
        new CopyOnWriteArrayList<>(),
        settings,
        name ->
            name.equals(NAME)
                ? new InetAddress[] {InetAddress.getLoopbackAddress()}
                : InetAddress.getAllByName(name));
  }

  @Test
  void a_registry_with_a_certificate_of_a_given_authority_is_trusted() throws Exception {
    TestClients.requireRegistry();
    byte[] bundle = GuestBundle.of("echo", Guests.wasm("echo")).bytes();
    Path data = Files.createDirectory(directory.resolve("registry"));
    try (DockerRegistry registry = DockerRegistry.startWithTls(data, certificate, key);
        OciClient client = client(settings -> settings.authorities(certificate));
        OciClient strange = client(settings -> settings)) {
      OciReference reference =
          OciReference.parse("oci://" + NAME + ":" + registry.port() + "/acme/echo:1");
      client.push(reference, PluginArtifact.of(bundle), TransferListener.NONE);
      assertThat(client.pull(reference, TransferListener.NONE).bundle()).isEqualTo(bundle);
      assertThatThrownBy(() -> strange.pull(reference, TransferListener.NONE))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("no TLS connection to https://" + NAME)
          .hasMessageContaining("--ca names a certificate authority of your own");
      try (TunnelProxy proxy = new TunnelProxy("200 OK");
          OciClient proxied =
              client(settings ->
                  settings
                      .authorities(certificate)
                      .proxies(
                          RegistryProxies.of(
                              Map.of("HTTPS_PROXY", "http://me:pass@" + proxy.address()))))) {
        assertThat(proxied.pull(reference, TransferListener.NONE).bundle()).isEqualTo(bundle);
        assertThat(proxy.heads)
            .isNotEmpty()
            .allMatch(head ->
                head.startsWith("CONNECT " + NAME + ":" + registry.port() + " ")
                    && head.contains("Proxy-Authorization: Basic bWU6cGFzcw=="));
      }
    }
  }

  @Test
  void a_proxy_that_refuses_a_tunnel_is_named_with_its_status() throws Exception {
    try (TunnelProxy proxy = new TunnelProxy("407 Proxy Authentication Required");
        OciClient client =
            client(settings ->
                settings.proxies(
                    RegistryProxies.of(Map.of("HTTPS_PROXY", "http://" + proxy.address()))))) {
      OciReference reference = OciReference.parse("oci://" + NAME + "/acme/echo:1");
      assertThatThrownBy(() -> client.pull(reference, TransferListener.NONE))
          .isInstanceOf(RegistryException.class)
          .hasMessage("the proxy does not connect to https://" + NAME + ": it answered 407");
    }
  }

  @Test
  void a_redirect_from_https_to_http_is_refused() throws Exception {
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    try (ScriptedRegistry plain = new ScriptedRegistry();
        OciClient client = client(settings -> settings.authorities(certificate))) {
      server.createContext(
          "/",
          exchange -> {
            try (exchange) {
              ScriptedRegistry.send(
                  exchange, 307, "", "Location", plain.url() + exchange.getRequestURI());
            }
          });
      server.start();
      assertThatThrownBy(() ->
              client.pull(
                  OciReference.parse(
                      "oci://" + NAME + ":" + server.getAddress().getPort() + "/acme/echo:1"),
                  TransferListener.NONE))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining(
              "sends this client from https to " + plain.url() + ", which is refused");
      assertThat(plain.requests).isEmpty();
    } finally {
      server.stop(0);
    }
  }

  @Test
  void a_file_without_certificates_is_named() throws Exception {
    Path empty = Files.writeString(directory.resolve("empty.pem"), "");
    try (OciClient client = client(settings -> settings.authorities(empty))) {
      assertThatThrownBy(() ->
              client.pull(
                  OciReference.parse("oci://" + NAME + ":1/acme/echo:1"), TransferListener.NONE))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("empty.pem cannot be read as certificates");
    }
  }

  /** Connects each client to this machine, whatever name it asks for. */
  private static final class TunnelProxy implements AutoCloseable {
    final List<String> heads = new CopyOnWriteArrayList<>();
    private final ServerSocket server;
    private final String status;

    /**
     * @param status of its answers
     */
    TunnelProxy(String status) throws IOException {
      this.status = status;
      server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      Thread.ofVirtual().start(this::accept);
    }

    String address() {
      return "localhost:" + server.getLocalPort();
    }

    private void accept() {
      try {
        while (true) {
          Socket client = server.accept();
          Thread.ofVirtual().start(() -> tunnel(client));
        }
      } catch (IOException e) {
        // It was closed.
      }
    }

    private void tunnel(Socket client) {
      try (client) {
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1), 1);
        StringBuilder head = new StringBuilder();
        for (String line = lines.readLine();
            line != null && !line.isEmpty();
            line = lines.readLine()) {
          head.append(line).append('\n');
        }
        heads.add(head.toString());
        byte[] answer =
            String.join("\r\n", "HTTP/1.1 " + status, "Content-Length: 0", "", "")
                .getBytes(StandardCharsets.ISO_8859_1);
        if (!status.startsWith("200")) {
          client.getOutputStream().write(answer);
          client.getInputStream().transferTo(OutputStream.nullOutputStream());
          return;
        }
        int port = Integer.parseInt(head.substring(head.indexOf(":") + 1).split(" ", 2)[0]);
        try (Socket target = new Socket(InetAddress.getLoopbackAddress(), port)) {
          client.getOutputStream().write(answer);
          Thread back = Thread.ofVirtual().start(() -> copy(target, client));
          copy(client, target);
          back.join();
        }
      } catch (IOException e) {
        // One of the two hung up.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private static void copy(Socket from, Socket to) {
      try {
        from.getInputStream().transferTo(to.getOutputStream());
        to.shutdownOutput();
      } catch (IOException e) {
        // One of the two hung up.
      }
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }
}
