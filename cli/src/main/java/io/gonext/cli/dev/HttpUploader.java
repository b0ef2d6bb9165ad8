package io.gonext.cli.dev;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.HostRefusal;
import io.gonext.engine.PlainText;
import io.gonext.host.manifest.BundleWriter;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Uploads over HTTP: {@code POST {host}/_/plugins/dev/install}, {@code multipart/form-data} with
 * the parts {@code manifest} and {@code wasm}, {@code files} for the bundle's other files if it has
 * some (a ZIP), and {@code config} and {@code secrets} if the author keeps them. Redirects are not
 * followed: they would send the token and the secrets to another server. Thread-safe.
 */
final class HttpUploader implements Uploader {
  /** How much of an error is shown when it is not JSON, in bytes. */
  private static final int SHOWN_BYTES = 1024;

  /** How much of an answer is read, in bytes: more than a host sends. */
  static final int ANSWER_BYTES = 1024 * 1024;

  /** What a host answers when it rejects a plugin. */
  private static final int UNPROCESSABLE = 422;

  /** A host compiles the module before it answers. The host of this command allows 5 minutes. */
  private static final Duration PATIENCE = Duration.ofMinutes(6);

  private static final String COMPILE_OPTION = "--compile-seconds";

  /** In a host's message about a required secret without a value. */
  private static final String SET_SECRET = "set it with gonext secret set";

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
          throw refused(response.statusCode(), in.readNBytes(ANSWER_BYTES));
        }
        return confirmed(UploadAnswer.parse(in.readNBytes(ANSWER_BYTES)), artifact);
      }
    } catch (ConnectException | HttpConnectTimeoutException e) {
      throw unreachable(host);
    } catch (HttpTimeoutException e) {
      throw new CommandFailure(
          CommandFailure.Kind.UNREACHABLE,
          "the host at " + host + " did not answer within " + PATIENCE.toSeconds() + " s");
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.UNREACHABLE,
          "the connection for the upload to " + host + " failed: " + CommandFailure.reason(e));
    }
  }

  static CommandFailure unreachable(HostUrl host) {
    return new CommandFailure(
        CommandFailure.Kind.UNREACHABLE,
        "no host answers at " + host,
        "start one: gonext serve --dev",
        "or give another: --host URL");
  }

  private static UploadAnswer confirmed(UploadAnswer answer, Artifact artifact) {
    if (!answer.sha256().isEmpty() && !answer.confirms(artifact)) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          "the host accepted the upload, but it serves sha256:"
              + answer.sha256()
              + " instead of sha256:"
              + artifact.sha256());
    }
    return answer;
  }

  /** The failure for an answer that is not a success. */
  static CommandFailure refused(int status, byte[] body) {
    HostRefusal refusal = HostRefusal.parse(body);
    String reason = refusal.detail().isEmpty() ? text(body) : refusal.summary();
    String what =
        status == UNPROCESSABLE ? "the host refused the plugin" : "the host answered " + status;
    List<String> details = new ArrayList<>(refusal.lines());
    if (status == 401 || status == 403) {
      details.add("give the host's token: --token TOKEN, or GONEXT_TOKEN");
    } else if (status == 404 || status == 405) {
      details.add("a host takes uploads only when it was started with: gonext serve --dev");
    } else if (reason.contains(SET_SECRET)) {
      details.add("or write it into " + AuthorFiles.SECRETS + " beside manifest.json");
    } else if (reason.contains("did not compile within") && !reason.contains(COMPILE_OPTION)) {
      details.add("start a host that allows more time: gonext serve --dev " + COMPILE_OPTION);
    }
    return new CommandFailure(
        CommandFailure.Kind.FAILED, what + (reason.isEmpty() ? "" : ": " + reason), details);
  }

  /** The beginning of a body that is not JSON, in one line. */
  private static String text(byte[] body) {
    byte[] shown = Arrays.copyOf(body, Math.min(body.length, SHOWN_BYTES));
    String text = new String(shown, StandardCharsets.UTF_8).strip();
    return PlainText.of(text.replaceAll("\\R\\s*", " "));
  }

  private static byte[] body(String boundary, Artifact artifact) {
    var out = new ByteArrayOutputStream(artifact.wasm().length + 8192);
    part(out, boundary, "manifest", "manifest.json", "application/json", artifact.manifestJson());
    part(out, boundary, "wasm", "plugin.wasm", "application/wasm", artifact.wasm());
    if (!artifact.files().isEmpty()) {
      byte[] files = BundleWriter.write(artifact.files());
      part(out, boundary, "files", "files.zip", "application/zip", files);
    }
    byte[] config = artifact.config();
    if (config != null) {
      part(out, boundary, "config", AuthorFiles.CONFIG, "application/json", config);
    }
    byte[] secrets = artifact.secrets();
    if (secrets != null) {
      part(out, boundary, "secrets", AuthorFiles.SECRETS, "application/json", secrets);
    }
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
