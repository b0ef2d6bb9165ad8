package io.gonext.guests;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The registry of Debian's package {@code docker-registry}, as a process on a free port. */
public final class DockerRegistry implements AutoCloseable {
  /** What a test says that is skipped without it. */
  public static final String MISSING =
      "docker-registry is not installed: apt-get install docker-registry";

  private static final Pattern LISTENING = Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+)");

  private final Process process;
  private final int port;

  private DockerRegistry(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** The program, where it is installed. */
  public static Optional<Path> program() {
    return Stream.of((System.getenv("PATH") + ":/usr/bin").split(File.pathSeparator, -1))
        .map(directory -> Path.of(directory, "docker-registry"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /**
   * Starts one that keeps its blobs in a directory and lets everybody in.
   *
   * @param directory an empty one
   */
  public static DockerRegistry start(Path directory) throws IOException, InterruptedException {
    return start(directory, "");
  }

  /**
   * As {@link #start(Path)}, with more of its configuration.
   *
   * @param configuration YAML: {@code auth}, say
   */
  public static DockerRegistry start(Path directory, String configuration)
      throws IOException, InterruptedException {
    return start(directory, configuration, "");
  }

  /** Starts one that speaks TLS, with a certificate and its key in PEM. */
  public static DockerRegistry startWithTls(Path directory, Path certificate, Path key)
      throws IOException, InterruptedException {
    return start(directory, "", ", tls: {certificate: %s, key: %s}".formatted(certificate, key));
  }

  private static DockerRegistry start(Path directory, String configuration, String ofHttp)
      throws IOException, InterruptedException {
    Path file = directory.resolve("config.yml");
    Files.writeString(
        file,
        """
        version: 0.1
        log: {level: info, fields: {}}
        storage:
          filesystem: {rootdirectory: %s}
          delete: {enabled: true}
        http: {addr: "127.0.0.1:0", secret: test%s}
        """
                .formatted(directory.resolve("blobs"), ofHttp)
            + configuration);
    Process process =
        new ProcessBuilder(program().orElseThrow().toString(), "serve", file.toString())
            .redirectErrorStream(true)
            .start();
    CompletableFuture<Integer> port = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> read(process, port));
    try {
      return new DockerRegistry(process, port.get(30, TimeUnit.SECONDS));
    } catch (ExecutionException | TimeoutException e) {
      process.destroyForcibly();
      throw new IOException("docker-registry does not start", e);
    }
  }

  /** Reads all that it logs, so that it never waits for a reader. */
  private static void read(Process process, CompletableFuture<Integer> port) {
    StringBuilder said = new StringBuilder();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!port.isDone()) {
          said.append(line).append('\n');
          Matcher listening = LISTENING.matcher(line);
          if (listening.find()) {
            port.complete(Integer.parseInt(listening.group(1)));
          }
        }
      }
    } catch (IOException e) {
      // It was stopped.
    }
    port.completeExceptionally(new IOException(said.toString()));
  }

  public int port() {
    return port;
  }

  /** Its host and port, as references name them. */
  public String registry() {
    return "localhost:" + port;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
