package io.gonext.host.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.gonext.guests.DockerRegistry;
import io.gonext.guests.GuestBundle;
import io.gonext.host.RegistryException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logins at Debian's registry: with a password, and with the tokens of a token server. */
@Tag("slow")
class RegistryLoginTest {
  /** {@code jane:geheim}, bcrypt of cost 4. */
  private static final String HTPASSWD =
      "jane:$2a$04$qEfBvLJMK/XA/du9E8MJQuuC0nH.DzdJv5QNvbHNZ/GrpvOVqryUW";

  private static final String LOGIN = "jane:geheim";

  @TempDir private static Path shared;
  private static DockerRegistry basic;

  @TempDir private Path directory;
  private final byte[] bundle = GuestBundle.of("echo").filter("h").bytes();

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    TestClients.requireRegistry();
    Path place = Files.createDirectory(shared.resolve("basic"));
    Path passwords = Files.writeString(shared.resolve("htpasswd"), HTPASSWD + "\n");
    basic =
        DockerRegistry.start(
            place, "auth: {htpasswd: {realm: test, path: \"" + passwords + "\"}}\n");
  }

  @AfterAll
  static void stop() {
    if (basic != null) {
      basic.close();
    }
  }

  @Test
  void the_login_in_dockers_file_is_used() throws IOException, InterruptedException {
    for (String entry :
        List.of(
            "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}",
            "{\"auths\":{\"http://%s/v1/\":{\"auth\":\"%s\"}}}")) {
      write(entry.formatted(basic.registry(), base64(LOGIN)));
      try (OciClient client = TestClients.client(directory)) {
        client.push(at(basic), PluginArtifact.of(bundle), TransferListener.NONE);
        assertThat(client.pull(at(basic).withTag("1.0.0"), TransferListener.NONE).bundle())
            .isEqualTo(bundle);
      }
    }
  }

  @Test
  void without_a_login_the_message_says_how_to_log_in() throws IOException {
    try (OciClient client = TestClients.client(directory)) {
      assertUnauthorized(client, "asks for a login: log in with docker login");
      write("{\"auths\":{\"%s\":{}},\"credsStore\":\"\"}".formatted(basic.registry()));
      assertUnauthorized(client, "asks for a login");
      write(
          "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}"
              .formatted(basic.registry(), base64("jane:wrong")));
      assertUnauthorized(client, "does not accept the credentials");
    }
  }

  @Test
  void a_file_of_credentials_that_cannot_be_read_is_named() throws IOException {
    try (OciClient client = TestClients.client(directory)) {
      write("{");
      assertUnauthorized(client, "config.json is not JSON");
      write("{\"auths\":{\"%s\":{\"auth\":\"?\"}}}".formatted(basic.registry()));
      assertUnauthorized(client, "has no base64 in \"auth\" of " + basic.registry());
      write("{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(basic.registry(), base64("geheim")));
      assertUnauthorized(client, "has no user and password");
    }
  }

  @Test
  void a_credential_helper_is_asked() throws IOException, InterruptedException {
    helper(
        "test",
        "read -r server; [ \"$server\" = %s ] && echo '{\"ServerURL\":\"x\",\"Username\":\"jane\",\"Secret\":\"geheim\"}'"
            .formatted(basic.registry()));
    for (String config :
        List.of(
            "{\"credHelpers\":{\"%s\":\"test\"},\"credsStore\":\"none\"}",
            "{\"credsStore\":\"test\"}")) {
      write(config.formatted(basic.registry()));
      try (OciClient client = TestClients.client(directory)) {
        client.push(at(basic), PluginArtifact.of(bundle), TransferListener.NONE);
      }
    }
  }

  @Test
  void a_credential_helper_that_fails_is_named() throws IOException {
    helper("empty", "cat >/dev/null; echo 'credentials not found in native keychain'; exit 1");
    helper("broken", "cat >/dev/null; echo 'the keychain is locked'; exit 1");
    helper("text", "echo hello");
    helper("large", "head -c 100000 /dev/zero");
    for (Map.Entry<String, String> expected :
        Map.of(
                "empty", "asks for a login",
                "broken", "docker-credential-broken failed: the keychain is locked",
                "text", "docker-credential-text did not answer with JSON",
                "large", "docker-credential-large answered with more than 64 KiB",
                "missing", "docker-credential-missing is not on PATH",
                "../evil", "docker-credential-../evil is not the name of a program")
            .entrySet()) {
      write("{\"credsStore\":\"%s\"}".formatted(expected.getKey()));
      try (OciClient client = TestClients.client(directory)) {
        assertUnauthorized(client, expected.getValue());
      }
    }
  }

  @Test
  void a_credential_helper_that_hangs_is_ended() throws Exception {
    helper("hangs", "sleep 600 & sleep 600");
    CredentialProgram impatient =
        new CredentialProgram(List.of(directory), java.time.Duration.ofMillis(300));
    assertThatThrownBy(() -> impatient.ask("hangs", "registry.example"))
        .hasMessageContaining("docker-credential-hangs did not answer within 0 s");
  }

  @Test
  void tokens_of_a_token_server_are_asked_for_the_repository_alone() throws Exception {
    try (TokenServer tokens = new TokenServer();
        DockerRegistry registry =
            DockerRegistry.start(
                Files.createDirectory(directory.resolve("token")),
                tokens.configuration(directory));
        OciClient client = TestClients.client(directory)) {
      write("{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(registry.registry(), base64(LOGIN)));
      OciReference reference = at(registry);
      client.push(reference, PluginArtifact.of(bundle), TransferListener.NONE);
      assertThat(tokens.asked).containsExactly("GET repository:acme/echo:pull,push of " + LOGIN);
      assertThat(client.pull(reference.withTag("1.0.0"), TransferListener.NONE).bundle())
          .isEqualTo(bundle);
      assertThat(tokens.asked).hasSize(2).endsWith("GET repository:acme/echo:pull of " + LOGIN);

      // What was accepted once and is no longer, is renewed.
      tokens.validSeconds = -3600;
      try (OciClient other = TestClients.client(directory)) {
        assertThatThrownBy(() -> other.tags(reference))
            .hasMessageContaining("does not accept the credentials");
      }
      tokens.validSeconds = 3600;
      tokens.asked.clear();

      // An identity token is changed for others.
      write(
          "{\"auths\":{\"%s\":{\"identitytoken\":\"refresh-me\"}}}".formatted(registry.registry()));
      try (OciClient other = TestClients.client(directory)) {
        assertThat(other.tags(reference)).containsExactly("1.0.0");
      }
      assertThat(tokens.asked).containsExactly("POST repository:acme/echo:pull of refresh-me");

      // Nobody pushes anonymously here.
      write("{}");
      tokens.status = 401;
      try (OciClient other = TestClients.client(directory)) {
        assertThatThrownBy(() -> other.tags(reference)).hasMessageContaining("asks for a login");
      }
    }
  }

  private void assertUnauthorized(OciClient client, String message) {
    assertThatThrownBy(() -> client.tags(at(basic)))
        .isInstanceOfSatisfying(
            RegistryException.class,
            e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.UNAUTHORIZED))
        .hasMessageContaining(message)
        .hasMessageNotContaining("geheim");
  }

  private static OciReference at(DockerRegistry registry) {
    return OciReference.parse("oci://" + registry.registry() + "/acme/echo");
  }

  private void write(String config) throws IOException {
    Files.writeString(directory.resolve("config.json"), config);
  }

  private void helper(String name, String script) throws IOException {
    Path file = directory.resolve("docker-credential-" + name);
    Files.writeString(file, "#!/bin/sh\n[ \"$1\" = get ] || exit 9\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A token server that signs what it is asked for, as the registry wants it. */
  private static final class TokenServer implements AutoCloseable {
    private final HttpServer server;
    private final KeyPair keys;
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile long validSeconds = 3600;
    private volatile int status = 200;

    TokenServer() throws Exception {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      keys = generator.generateKeyPair();
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext("/token", this::answer);
      server.start();
    }

    /** With a certificate of the key in a file, which is where the registry takes keys from. */
    String configuration(Path directory) throws Exception {
      Path file = directory.resolve("token.pem");
      Files.writeString(
          file,
          "-----BEGIN CERTIFICATE-----\n"
              + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate())
              + "\n-----END CERTIFICATE-----\n");
      return """
      auth:
        token:
          realm: http://localhost:%d/token
          service: test
          issuer: tests
          rootcertbundle: %s
      """
          .formatted(server.getAddress().getPort(), file);
    }

    private void answer(HttpExchange exchange) throws IOException {
      boolean posts = exchange.getRequestMethod().equals("POST");
      Map<String, String> parameters =
          parameters(
              posts
                  ? new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.US_ASCII)
                  : exchange.getRequestURI().getRawQuery());
      String login = exchange.getRequestHeaders().getFirst("Authorization");
      asked.add(
          exchange.getRequestMethod()
              + " "
              + parameters.get("scope")
              + " of "
              + (posts
                  ? parameters.get("refresh_token")
                  : login == null
                      ? "nobody"
                      : new String(
                          Base64.getDecoder().decode(login.substring("Basic ".length())),
                          StandardCharsets.UTF_8)));
      byte[] body =
          "{\"%s\":\"%s\"}"
              .formatted(
                  posts ? "access_token" : "token",
                  token(Objects.requireNonNull(parameters.get("scope"))))
              .getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      try (exchange) {
        exchange.getResponseBody().write(body);
      }
    }

    private static Map<String, String> parameters(String query) {
      return Stream.of(query.split("&", -1))
          .map(one -> one.split("=", 2))
          .collect(
              Collectors.toMap(
                  one -> one[0],
                  one -> URLDecoder.decode(one[1], StandardCharsets.UTF_8),
                  (one, other) -> other,
                  TreeMap::new));
    }

    private String token(String scope) {
      String[] parts = scope.split(":", -1);
      long now = Instant.now().getEpochSecond();
      String actions =
          Arrays.stream(parts[2].split(",", -1))
              .map(action -> "\"" + action + "\"")
              .collect(Collectors.joining(","));
      String claims =
          ("{\"iss\":\"tests\",\"sub\":\"jane\",\"aud\":\"test\",\"exp\":%d,\"nbf\":%d,\"iat\":%d,"
               + "\"jti\":\"1\",\"access\":[{\"type\":\"repository\",\"name\":\"%s\",\"actions\":[%s]}]}")
              .formatted(now + validSeconds, now - 7200, now - 7200, parts[1], actions);
      try {
        String signed =
            url(
                    ("{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5c\":[\""
                            + Base64.getEncoder().encodeToString(certificate())
                            + "\"]}")
                        .getBytes(StandardCharsets.UTF_8))
                + "."
                + url(claims.getBytes(StandardCharsets.UTF_8));
        Signature signer = Signature.getInstance("SHA256withRSA");
        signer.initSign(keys.getPrivate());
        signer.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + url(signer.sign());
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    private static String url(byte[] bytes) {
      return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** A self-signed X.509 certificate, since the JDK has no public API that makes one. */
    private byte[] certificate() throws Exception {
      byte[] algorithm = hex("300d06092a864886f70d01010b0500");
      byte[] name =
          der(
              0x30,
              der(
                  0x31,
                  der(0x30, hex("0603550403"), der(0x0c, "t".getBytes(StandardCharsets.UTF_8)))));
      byte[] content =
          der(
              0x30,
              der(0xa0, der(0x02, BigInteger.TWO.toByteArray())),
              der(0x02, BigInteger.ONE.toByteArray()),
              algorithm,
              name,
              der(
                  0x30,
                  der(0x17, "200101000000Z".getBytes(StandardCharsets.UTF_8)),
                  der(0x17, "491231235959Z".getBytes(StandardCharsets.UTF_8))),
              name,
              keys.getPublic().getEncoded());
      Signature signer = Signature.getInstance("SHA256withRSA");
      signer.initSign(keys.getPrivate());
      signer.update(content);
      byte[] signature = signer.sign();
      byte[] certificate = der(0x30, content, algorithm, der(0x03, new byte[] {0}, signature));
      CertificateFactory.getInstance("X.509")
          .generateCertificate(new java.io.ByteArrayInputStream(certificate));
      return certificate;
    }

    private static byte[] hex(String text) {
      return HexFormat.of().parseHex(text);
    }

    private static byte[] der(int tag, byte[]... parts) throws IOException {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      for (byte[] part : parts) {
        content.write(part);
      }
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.write(tag);
      int length = content.size();
      if (length < 128) {
        all.write(length);
      } else {
        byte[] size = BigInteger.valueOf(length).toByteArray();
        List<Byte> digits = new ArrayList<>();
        for (byte digit : size) {
          if (!digits.isEmpty() || digit != 0) {
            digits.add(digit);
          }
        }
        all.write(0x80 | digits.size());
        digits.forEach(all::write);
      }
      content.writeTo(all);
      return all.toByteArray();
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }
}
