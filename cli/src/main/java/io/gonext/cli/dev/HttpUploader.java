package io.gonext.cli.dev;

import io.gonext.engine.PlainText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Uploads over HTTP: {@code POST {host}/_/plugins/dev/install}, {@code multipart/form-data} with
 * the parts {@code manifest} and {@code wasm}. Redirects are not followed: they would carry the
 * token elsewhere. Thread-safe.
 */
final class HttpUploader implements Uploader {
  /** How much of an error's body is shown, in bytes. */
  private static final int SHOWN_BYTES = 1024;

  /** More than any answer has, in bytes. */
  private static final int ANSWER_BYTES = 1024 * 1024;

  /** A host compiles the module before it answers: the one of this command for 5 min at most. */
  private static final Duration PATIENCE = Duration.ofMinutes(6);

  private static final String COMPILE_OPTION = "--compile-seconds";

  private final HttpClient client;
  private final HostUrl host;
  private final @Nullable String token;
  private final RandomGenerator random;

  HttpUploader(HttpClient client, HostUrl host, @Nullable String token, RandomGenerator random) {
    this.client = client;
    this.host = host;
    this.token = token;
    this.random = random;
  }

  @Override
  public UploadAnswer upload(Artifact artifact) throws InterruptedException {
    byte[] tail = new byte[16];
    random.nextBytes(tail);
    String boundary = "gonext-" + HexFormat.of().formatHex(tail);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(host.install())
            .timeout(PATIENCE)
            .header("Content-Type", "multipart/form-data; boundary=" + boundary)
            .header("Accept", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body(boundary, artifact)));
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    try {
      HttpResponse<InputStream> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream in = response.body()) {
        if (response.statusCode() / 100 != 2) {
          throw refused(response.statusCode(), in.readNBytes(SHOWN_BYTES));
        }
        return confirmed(UploadAnswer.parse(in.readNBytes(ANSWER_BYTES)), artifact);
      }
    } catch (ConnectException | HttpConnectTimeoutException e) {
      throw unreachable(host);
    } catch (HttpTimeoutException e) {
      throw new DevFailure(
          DevFailure.Kind.UNREACHABLE,
          "the host at " + host + " did not answer within " + PATIENCE.toSeconds() + " s");
    } catch (IOException e) {
      throw new DevFailure(
          DevFailure.Kind.UNREACHABLE,
          "the upload to " + host + " broke off: " + Toolchains.reason(e));
    }
  }

  static DevFailure unreachable(HostUrl host) {
    return new DevFailure(
        DevFailure.Kind.UNREACHABLE,
        "no host answers at " + host,
        "start one: gonext serve --dev",
        "or name another: --host URL");
  }

  private static UploadAnswer confirmed(UploadAnswer answer, Artifact artifact) {
    if (!answer.sha256().isEmpty() && !answer.confirms(artifact)) {
      throw new DevFailure(
          DevFailure.Kind.FAILED,
          "the host took the upload but says that it serves sha256:"
              + answer.sha256()
              + ", built was sha256:"
              + artifact.sha256());
    }
    return answer;
  }

  /** What an answer that is no success says to the author. */
  static DevFailure refused(int status, byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8).strip();
    String said = PlainText.of(text.replaceAll("\\R\\s*", " "));
    return new DevFailure(
        DevFailure.Kind.FAILED,
        "the host answered " + status + (said.isEmpty() ? "" : ": " + said),
        switch (status) {
          case 401, 403 -> List.of("give the host's token: --token TOKEN, or GONEXT_TOKEN");
          case 404, 405 ->
              List.of("is it a host that takes plugins in development? gonext serve --dev");
          default ->
              said.contains("did not compile within") && !said.contains(COMPILE_OPTION)
                  ? List.of("a host that gives it more time: gonext serve --dev " + COMPILE_OPTION)
                  : List.of();
        });
  }

  private static byte[] body(String boundary, Artifact artifact) {
    var out = new ByteArrayOutputStream(artifact.wasm().length + 8192);
    part(out, boundary, "manifest", "manifest.json", "application/json", artifact.manifestJson());
    part(out, boundary, "wasm", "plugin.wasm", "application/wasm", artifact.wasm());
    out.writeBytes(("--" + boundary + "--\r\n").getBytes(StandardCharsets.US_ASCII));
    return out.toByteArray();
  }

  private static void part(
      ByteArrayOutputStream out,
      String boundary,
      String name,
      String fileName,
      String type,
      byte[] content) {
    String head =
        """
        --%s\r
        Content-Disposition: form-data; name="%s"; filename="%s"\r
        Content-Type: %s\r
        \r
        """
            .formatted(boundary, name, fileName, type);
    out.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(content);
    out.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
  }
}
