package io.gonext.host.registry;

import io.gonext.engine.PlainText;
import io.gonext.host.RegistryException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * Asks programs {@code docker-credential-NAME} for credentials: the name of the server to standard
 * input, JSON from standard output (docker/docker-credential-helpers).
 *
 * @param directories where the programs are looked for
 * @param limit after which a program is ended
 */
record CredentialProgram(List<Path> directories, Duration limit) {
  private static final int MAX_BYTES = 64 * 1024;

  /** A file's name, and never a path. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,63}");

  /** The user of an answer whose secret is an identity token. */
  private static final String TOKEN_USER = "<token>";

  /**
   * What a program keeps for a server; empty when it keeps nothing.
   *
   * @throws RegistryException when there is no such program, or it fails
   */
  Optional<Credential> ask(String name, String server) throws InterruptedException {
    Answer answer = run(name, server);
    String text = new String(answer.out(), StandardCharsets.UTF_8).strip();
    if (answer.status() != 0) {
      // The only sentence of the protocol that is not an error.
      if (text.toLowerCase(Locale.ROOT).contains("credentials not found")) {
        return Optional.empty();
      }
      throw failed(name, "failed: " + (text.isEmpty() ? "no reason given" : shown(text)));
    }
    try {
      JsonNode json = StrictJson.parse(answer.out());
      String user = json.path("Username").asString("");
      String secret = json.path("Secret").asString("");
      if (secret.isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(
          user.equals(TOKEN_USER)
              ? new Credential.Identity(secret)
              : new Credential.Login(user, secret));
    } catch (InvalidJsonException e) {
      throw failed(name, "did not answer with JSON");
    }
  }

  private record Answer(int status, byte[] out) {}

  private Answer run(String name, String server) throws InterruptedException {
    if (!NAME.matcher(name).matches()) {
      throw failed(shown(name), "is not the name of a program");
    }
    Path program =
        directories.stream()
            .map(directory -> directory.resolve("docker-credential-" + name))
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(() -> failed(name, "is not on PATH"));
    Process process;
    try {
      process =
          new ProcessBuilder(program.toString(), "get")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      throw failed(name, "does not start: " + e.getMessage());
    }
    try {
      CompletableFuture<byte[]> out = new CompletableFuture<>();
      Thread.ofVirtual()
          .name("gonext-credential-helper")
          .start(() -> {
            try (var to = process.getOutputStream()) {
              to.write((server + "\n").getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
              // It may answer without reading.
            }
            try (var from = process.getInputStream()) {
              out.complete(from.readNBytes(MAX_BYTES + 1));
            } catch (IOException e) {
              out.completeExceptionally(e);
            }
          });
      if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        throw failed(name, "did not answer within " + limit.toSeconds() + " s");
      }
      // A program that it left behind may hold the output open.
      byte[] bytes = out.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      if (bytes.length > MAX_BYTES) {
        throw failed(name, "answered with more than 64 KiB");
      }
      return new Answer(process.exitValue(), bytes);
    } catch (ExecutionException | TimeoutException e) {
      throw failed(name, "could not be asked");
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static RegistryException failed(String name, String why) {
    return new RegistryException(
        RegistryException.Kind.UNAUTHORIZED,
        "the credential helper docker-credential-" + name + " " + why);
  }

  private static String shown(String text) {
    return PlainText.of(text, 200);
  }
}
