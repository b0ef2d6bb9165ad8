package io.gonext.dist;

import com.google.cloud.tools.jib.api.Credential;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Attaches a list of parts to an image in a registry: Jib pushes images only. By the OCI
 * distribution specification 1.1: a manifest whose subject is the image, and in registries that do
 * not keep such lists themselves, an index under the tag that is the image's digest.
 */
final class Registry implements AutoCloseable {
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String INDEX = "application/vnd.oci.image.index.v1+json";
  private static final String PARTS = "application/vnd.cyclonedx+json";
  private static final String EMPTY = "application/vnd.oci.empty.v1+json";
  private static final Pattern CHALLENGE = Pattern.compile("(realm|service)=\"([^\"]*)\"");

  private final HttpClient http = HttpClient.newHttpClient();
  private final URI address;
  private final String repository;
  private final Optional<Credential> credential;
  private String authorization = "";

  Registry(URI address, String repository, Optional<Credential> credential) {
    this.address = address;
    this.repository = repository;
    this.credential = credential;
  }

  /**
   * Attaches a list of parts.
   *
   * @param image the digest of the image's manifest
   * @param parts CycloneDX as JSON
   * @return the digest of the manifest that refers to the image
   */
  String attach(String image, byte[] parts) throws IOException, InterruptedException {
    byte[] imageManifest =
        send("GET", "manifests/" + image, new byte[0], MANIFEST, MANIFEST).body();
    ObjectNode manifest = JsonMapper.shared().createObjectNode();
    manifest.put("schemaVersion", 2).put("mediaType", MANIFEST).put("artifactType", PARTS);
    manifest.set("config", blob(EMPTY, "{}".getBytes(StandardCharsets.UTF_8)));
    manifest.putArray("layers").add(blob(PARTS, parts));
    manifest.set("subject", descriptor(MANIFEST, image, imageManifest.length));
    byte[] bytes = bytes(manifest);
    String digest = digest(bytes);
    HttpResponse<byte[]> put = send("PUT", "manifests/" + digest, bytes, MANIFEST, MANIFEST);
    if (put.headers().firstValue("OCI-Subject").isEmpty()) {
      addToIndex(image.replace(':', '-'), descriptor(MANIFEST, digest, bytes.length));
    }
    return digest;
  }

  private void addToIndex(String tag, ObjectNode added) throws IOException, InterruptedException {
    HttpResponse<byte[]> now = exchange("GET", uri("manifests/" + tag), new byte[0], INDEX, INDEX);
    ObjectNode index = JsonMapper.shared().createObjectNode();
    index.put("schemaVersion", 2).put("mediaType", INDEX);
    ArrayNode all = index.putArray("manifests");
    if (now.statusCode() == 200) {
      for (JsonNode each : JsonMapper.shared().readTree(now.body()).path("manifests")) {
        if (!each.path("digest").equals(added.path("digest"))) {
          all.add(each);
        }
      }
    }
    all.add(added.put("artifactType", PARTS));
    send("PUT", "manifests/" + tag, bytes(index), INDEX, INDEX);
  }

  private ObjectNode blob(String type, byte[] content) throws IOException, InterruptedException {
    String digest = digest(content);
    HttpResponse<byte[]> started = send("POST", "blobs/uploads/", new byte[0], "", "*/*");
    URI place =
        address.resolve(
            started
                .headers()
                .firstValue("Location")
                .orElseThrow(() -> new IOException(address + " names no place for an upload")));
    URI whole =
        URI.create(
            place
                + (place.getQuery() == null ? "?" : "&")
                + "digest="
                + URLEncoder.encode(digest, StandardCharsets.UTF_8));
    refuseFailure(exchange("PUT", whole, content, "application/octet-stream", "*/*"));
    return descriptor(type, digest, content.length);
  }

  private static ObjectNode descriptor(String type, String digest, int size) {
    return JsonMapper.shared()
        .createObjectNode()
        .put("mediaType", type)
        .put("digest", digest)
        .put("size", size);
  }

  private URI uri(String path) {
    return address.resolve("/v2/" + repository + "/" + path);
  }

  private HttpResponse<byte[]> send(
      String method, String path, byte[] body, String type, String accept)
      throws IOException, InterruptedException {
    return refuseFailure(exchange(method, uri(path), body, type, accept));
  }

  private static HttpResponse<byte[]> refuseFailure(HttpResponse<byte[]> answer)
      throws IOException {
    if (answer.statusCode() / 100 != 2) {
      throw new IOException(
          answer.request().method()
              + " "
              + answer.uri()
              + ": "
              + answer.statusCode()
              + " "
              + new String(answer.body(), StandardCharsets.UTF_8));
    }
    return answer;
  }

  private HttpResponse<byte[]> exchange(
      String method, URI uri, byte[] body, String type, String accept)
      throws IOException, InterruptedException {
    HttpResponse<byte[]> answer = once(method, uri, body, type, accept);
    if (answer.statusCode() == 401) {
      authorize(answer.headers().firstValue("WWW-Authenticate").orElse(""));
      answer = once(method, uri, body, type, accept);
    }
    return answer;
  }

  private HttpResponse<byte[]> once(String method, URI uri, byte[] body, String type, String accept)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .header("Accept", accept)
            .method(method, BodyPublishers.ofByteArray(body));
    if (!type.isEmpty() && body.length > 0) {
      request.header("Content-Type", type);
    }
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }
    return http.send(request.build(), BodyHandlers.ofByteArray());
  }

  /** As Docker's token specification says, or with name and password themselves. */
  private void authorize(String challenge) throws IOException, InterruptedException {
    String basic =
        credential
            .map(each -> each.getUsername() + ":" + each.getPassword())
            .map(each -> each.getBytes(StandardCharsets.UTF_8))
            .map(each -> "Basic " + Base64.getEncoder().encodeToString(each))
            .orElse("");
    if (!challenge.startsWith("Bearer ")) {
      authorization = basic;
      return;
    }
    String realm = "";
    String service = "";
    for (Matcher each = CHALLENGE.matcher(challenge); each.find(); ) {
      if (each.group(1).equals("realm")) {
        realm = each.group(2);
      } else {
        service = each.group(2);
      }
    }
    authorization = basic;
    URI asked =
        URI.create(
            realm
                + "?service="
                + URLEncoder.encode(service, StandardCharsets.UTF_8)
                + "&scope="
                + URLEncoder.encode(
                    "repository:" + repository + ":pull,push", StandardCharsets.UTF_8));
    JsonNode token =
        JsonMapper.shared()
            .readTree(refuseFailure(once("GET", asked, new byte[0], "", "*/*")).body());
    authorization =
        "Bearer " + token.path("token").asString(token.path("access_token").asString(""));
  }

  private static byte[] bytes(JsonNode node) {
    return JsonMapper.shared().writeValueAsBytes(node);
  }

  private static String digest(byte[] bytes) {
    try {
      return "sha256:"
          + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
