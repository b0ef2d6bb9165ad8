package io.gonext.cli.admin;

import io.gonext.cli.output.HostRefusal;
import io.gonext.cli.output.ServerSentEvents;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.registry.OciReference;
import io.gonext.host.trust.BundleSignature;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/** Calls the admin API of one host. Thread-safe. */
final class AdminClient implements AutoCloseable {
  /** The path of the cache invalidations. */
  static final String INVALIDATIONS = "/api/v1/cache/invalidations";

  /** The path of the calls that were slow, late or failed. */
  static final String CALLS = "/api/v1/calls";

  private static final String BYTES = "application/octet-stream";
  private static final String JSON = "application/json";
  private static final String TRUST_CHECK = "/api/v1/trust/check?allow_downgrade=";
  private static final String PLUGINS = "/api/v1/plugins";
  private static final int MAX_ANSWER_BYTES = 32 * 1024 * 1024;

  /**
   * Before it answers, a host fetches a bundle for 2 min at most, compiles and warms it, and drains
   * the old version for 30 s.
   */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final HttpClient client;
  private final URI host;
  private final String token;

  AdminClient(URI host, String token) {
    this.client = client(host);
    this.host = host;
    this.token = token;
  }

  private static HttpClient client(URI host) {
    HttpClient.Builder client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10));
    if ("http".equalsIgnoreCase(host.getScheme())) {
      // Without these, a client reads all certificates that the JVM trusts, also where none is
      // needed: a fifth of the time of a short command.
      try {
        client.sslContext(SSLContext.getInstance("TLS")).sslParameters(new SSLParameters());
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JVM has TLS", e);
      }
    }
    return client.build();
  }

  /**
   * Sends a request and returns the answer; a missing node when the answer is empty.
   *
   * @param path below {@code /api/v1/plugins}, with its query
   * @throws AdminException when the host does not answer or refuses
   */
  JsonNode send(String method, String path, byte[] body) throws InterruptedException {
    return sendTo(method, PLUGINS + path, body);
  }

  /** As {@link #send(String, String, byte[])}, for a bundle with its signatures. */
  JsonNode send(String method, String path, byte[] bundle, List<BundleSignature> signatures)
      throws InterruptedException {
    return sendTo(method, PLUGINS + path, bundle, BYTES, signatures);
  }

  /**
   * As {@link #send(String, String, byte[])}, with the reference of a bundle that the host fetches
   * itself.
   *
   * @param digest that the bundle must have; empty for any
   * @param signatures in place of those in the registry; empty for those
   */
  JsonNode sendReference(
      String method,
      String path,
      OciReference reference,
      String digest,
      List<BundleSignature> signatures)
      throws InterruptedException {
    return sendTo(method, PLUGINS + path, reference(reference, digest), JSON, signatures);
  }

  private static byte[] reference(OciReference reference, String digest) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("reference", reference.toString());
    if (!digest.isEmpty()) {
      body.put("digest", digest);
    }
    return StrictJson.write(body);
  }

  /** What the host's trust policy says of a bundle with its signatures. */
  JsonNode checkTrust(byte[] bundle, List<BundleSignature> signatures, boolean allowDowngrade)
      throws InterruptedException {
    return sendTo("POST", TRUST_CHECK + allowDowngrade, bundle, BYTES, signatures);
  }

  /** What the host's trust policy says of a bundle that the host fetches itself. */
  JsonNode checkTrust(OciReference reference, String digest, boolean allowDowngrade)
      throws InterruptedException {
    return sendTo(
        "POST", TRUST_CHECK + allowDowngrade, reference(reference, digest), JSON, List.of());
  }

  /** The application's functions; see {@link #send}. */
  JsonNode functions() throws InterruptedException {
    return sendTo("GET", "/api/v1/functions", new byte[0]);
  }

  /** The newest cache invalidations; see {@link #send}. */
  JsonNode invalidations() throws InterruptedException {
    return sendTo("GET", INVALIDATIONS, new byte[0]);
  }

  /**
   * The last calls that were slow, late or failed; see {@link #send}.
   *
   * @param query empty, or from its question mark on
   */
  JsonNode calls(String query) throws InterruptedException {
    return sendTo("GET", CALLS + query, new byte[0]);
  }

  /** What all plugins in service do, and the host's memory; see {@link #send}. */
  JsonNode activity() throws InterruptedException {
    return sendTo("GET", "/api/v1/activity", new byte[0]);
  }

  /** What a plugin in service does, with its instances; see {@link #send}. */
  JsonNode activity(String plugin) throws InterruptedException {
    return send("GET", "/" + plugin + "/activity", new byte[0]);
  }

  /**
   * As {@link #send}, for jobs.
   *
   * @param path below {@code /api/v1/jobs}, with its query
   */
  JsonNode jobs(String method, String path) throws InterruptedException {
    return sendTo(method, "/api/v1/jobs" + path, new byte[0]);
  }

  /**
   * As {@link #send}, for the levels of the log.
   *
   * @param path below {@code /api/v1/log-levels}
   */
  JsonNode logLevels(String method, String path, byte[] body) throws InterruptedException {
    return sendTo(method, "/api/v1/log-levels" + path, body);
  }

  /** The newest rows of the audit log about all plugins and the host; see {@link #send}. */
  JsonNode audit(int limit) throws InterruptedException {
    return sendTo("GET", "/api/v1/audit?limit=" + limit, new byte[0]);
  }

  /** As {@link #send}, for any path of the host. */
  JsonNode get(String path) throws InterruptedException {
    return sendTo("GET", path, new byte[0]);
  }

  /**
   * An answer that is not JSON, or whose status does not matter: a status that is not 200 is the
   * first line.
   *
   * @throws AdminException when the host does not answer
   */
  String text(String path) throws InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(host + path)).timeout(PATIENCE).build();
    try {
      HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
      try (InputStream in = response.body()) {
        String body = new String(in.readNBytes(MAX_ANSWER_BYTES), StandardCharsets.UTF_8);
        return response.statusCode() == 200 ? body : response.statusCode() + "\n" + body;
      }
    } catch (ConnectException e) {
      throw unreachable();
    } catch (IOException e) {
      throw new AdminException("the connection to " + host + " failed: " + e.getMessage());
    }
  }

  /** The token that it sends. */
  String token() {
    return token;
  }

  /** The host itself; see {@link #send}. */
  JsonNode host() throws InterruptedException {
    return sendTo("GET", "/api/v1/host", new byte[0]);
  }

  /** Replaces the master key; see {@link #send}. */
  JsonNode rotateMaster() throws InterruptedException {
    return sendTo("POST", "/api/v1/master-key/rotate", new byte[0]);
  }

  private JsonNode sendTo(String method, String path, byte[] body) throws InterruptedException {
    return sendTo(method, path, body, BYTES, List.of());
  }

  private JsonNode sendTo(
      String method, String path, byte[] body, String contentType, List<BundleSignature> signatures)
      throws InterruptedException {
    URI uri = URI.create(host + path);
    HttpRequest.Builder building =
        HttpRequest.newBuilder(uri)
            .timeout(PATIENCE)
            .header("Authorization", "Bearer " + token)
            .header("Accept", "application/json")
            .header("Content-Type", contentType)
            .method(method, BodyPublishers.ofByteArray(body));
    for (BundleSignature signature : signatures) {
      building.header("Gonext-Signature", Base64.getEncoder().encodeToString(signature.file()));
    }
    HttpRequest request = building.build();
    try {
      HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
      try (InputStream in = response.body()) {
        byte[] answer = in.readNBytes(MAX_ANSWER_BYTES);
        if (response.statusCode() / 100 != 2) {
          throw refused(response.statusCode(), answer);
        }
        return answer.length == 0 ? MissingNode.getInstance() : StrictJson.parse(answer);
      }
    } catch (ConnectException e) {
      throw unreachable();
    } catch (IOException e) {
      throw new AdminException("the connection to " + host + " failed: " + e.getMessage());
    } catch (InvalidJsonException e) {
      throw new AdminException(
          host + " is not a GoNext host: its answer is not JSON: " + e.getMessage());
    }
  }

  /** The path of something that belongs to a plugin, for {@link #follow}. */
  static String ofPlugins(String path) {
    return PLUGINS + path;
  }

  /** The position in a stream; for one thread. */
  static final class Place {
    private String lastId = "";
  }

  /**
   * Reads a stream of server-sent events until it ends, beginning after the last one read.
   *
   * @param path with its query
   * @throws AdminException when the host does not answer or refuses
   */
  void follow(String path, Place place, Consumer<JsonNode> events) throws InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(host + path))
            .header("Authorization", "Bearer " + token)
            .header("Accept", "text/event-stream");
    if (!place.lastId.isEmpty()) {
      request.header("Last-Event-ID", place.lastId);
    }
    try {
      HttpResponse<InputStream> response =
          client.send(request.build(), BodyHandlers.ofInputStream());
      try (InputStream in = response.body()) {
        if (response.statusCode() != 200) {
          throw refused(response.statusCode(), in.readNBytes(MAX_ANSWER_BYTES));
        }
        ServerSentEvents.read(
            in,
            event -> {
              try {
                events.accept(StrictJson.parse(event.data().getBytes(StandardCharsets.UTF_8)));
              } catch (InvalidJsonException e) {
                throw new IOException("the host sent an event that is not JSON", e);
              }
              place.lastId = event.id();
            });
      }
    } catch (ConnectException e) {
      throw unreachable();
    } catch (IOException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      // The stream broke off; the caller connects again.
    }
  }

  private AdminException unreachable() {
    return AdminException.unreachable(
        "no host answers at " + host + ": start one with gonext serve, or give its URL with --url");
  }

  private AdminException refused(int status, byte[] answer) {
    if (status == 401) {
      return new AdminException(
          "the host does not accept this token: its token is in admin.token of its data directory;"
              + " give it with --token, GONEXT_TOKEN, or --data DIR");
    }
    HostRefusal refusal = HostRefusal.parse(answer);
    return AdminException.refused(
        status,
        refusal.detail().isEmpty() ? host + " answered " + status : refusal.summary(),
        refusal.problems());
  }

  @Override
  public void close() {
    client.close();
  }
}
