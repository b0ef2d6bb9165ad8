package io.gonext.cli;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A load balancer in front of nodes, whose list of nodes can change while it runs. */
final class Nginx implements AutoCloseable {
  private static final Duration BOUND = Duration.ofSeconds(30);

  private final Path own;
  private final Path config;
  private final int port;
  private final Process process;

  private Nginx(Path own, Path config, int port, Process process) {
    this.own = own;
    this.config = config;
    this.port = port;
    this.process = process;
  }

  /**
   * Starts it, or skips the test where nginx is not installed.
   *
   * @param own a directory for it, which is made
   * @param nodes the ports of the nodes
   */
  static Nginx start(Path own, List<Integer> nodes) throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Files.createDirectory(own);
    Path config = own.resolve("nginx.conf");
    Files.writeString(config, text(own, port, nodes));
    Process process =
        new ProcessBuilder(program(), "-p", own.toString(), "-c", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(own.resolve("out.log").toFile())
            .start();
    await().atMost(BOUND).until(() -> accepts(port));
    return new Nginx(own, config, port, process);
  }

  String url() {
    return "http://127.0.0.1:" + port;
  }

  /** Passes new requests to these nodes; returns before that has come into effect. */
  void use(List<Integer> nodes) throws IOException, InterruptedException {
    Files.writeString(config, text(own, port, nodes));
    var _ = new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start().waitFor();
  }

  /**
   * Connections to the nodes are kept alive, those to clients are not: a client cannot know that
   * nginx is about to close one.
   */
  private static String text(Path own, int port, List<Integer> nodes) {
    return """
    daemon off;
    worker_processes 1;
    user %1$s;
    pid %2$s/pid;
    error_log %2$s/error.log;
    events { worker_connections 256; }
    http {
      access_log off;
      keepalive_timeout 0;
      client_body_temp_path %2$s/body;
      proxy_temp_path %2$s/proxy;
      fastcgi_temp_path %2$s/fastcgi;
      uwsgi_temp_path %2$s/uwsgi;
      scgi_temp_path %2$s/scgi;
      upstream nodes {
        %3$s
        keepalive 16;
      }
      server {
        listen 127.0.0.1:%4$d;
        location / {
          proxy_pass http://nodes;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_connect_timeout 1s;
          proxy_next_upstream error timeout http_502 http_503;
        }
      }
    }
    """
        .formatted(
            System.getProperty("user.name"),
            own,
            nodes.stream()
                .map(node -> "server 127.0.0.1:" + node + " max_fails=1 fail_timeout=1s;")
                .collect(Collectors.joining(" ")),
            port);
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static String program() {
    String path = System.getenv("PATH") + ":/usr/sbin:/usr/local/sbin";
    Optional<Path> program =
        Stream.of(path.split(":", -1))
            .map(directory -> Path.of(directory, "nginx"))
            .filter(Files::isExecutable)
            .findFirst();
    if (program.isEmpty()) {
      // Skips the test on a user's machine, fails it in CI.
      if (System.getenv("CI") != null) {
        throw new IllegalStateException("nginx is not installed");
      }
      Assumptions.abort("nginx is not installed");
    }
    return program.orElseThrow().toString();
  }

  /** Ends it at once, with its workers. */
  @Override
  public void close() {
    process.destroy();
    process.onExit().orTimeout(BOUND.toSeconds(), TimeUnit.SECONDS).join();
  }
}
