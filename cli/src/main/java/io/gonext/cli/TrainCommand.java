package io.gonext.cli;

import io.gonext.server.ServerConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/**
 * {@code gonext train}: what the launcher runs once, while the JVM notes what a start needs.
 *
 * <p>The JVM writes its ahead-of-time cache when this ends. A second start is what matters, so the
 * host is started twice on one data directory.
 */
@Command(
    name = "train",
    hidden = true,
    description = "Start as other commands do, so that the JVM can prepare quick starts.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext train --data /tmp/t            a host with the example plugin, twice",
      "  gonext train --client --data /tmp/t   the commands that ask a host",
      "",
      "Exit codes: 0 done, 1 failed, 2 wrong command line."
    })
final class TrainCommand implements Callable<Integer> {
  private static final long LONGEST_START_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final String ROUTE = "/api/plugins/" + Tour.PLUGIN + "/hello/Ada";

  @Option(names = "--client", description = "Train the commands that ask a host.")
  private boolean client;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Directory for the host's store; delete it afterwards.")
  private Path data;

  @Override
  public Integer call() throws Exception {
    String url = "http://127.0.0.1:" + freePort();
    if (client) {
      askHost(data, url);
    } else {
      startTwice(data, url);
    }
    return ExitCode.OK;
  }

  private static void startTwice(Path data, String url) throws Exception {
    Report quiet = new Report(new Events(silent(), false));
    try (Demo demo = Demo.start(quiet, ServerConfig.loopback(0).build(), data)) {
      demo.tour(quiet);
    }
    Thread.ofPlatform()
        .daemon()
        .name("gonext-train-serve")
        .start(() -> Main.run(silent(), silent(), serve(data, url).toArray(String[]::new)));
    try (HttpClient http = HttpClient.newHttpClient()) {
      awaitRoute(http, url);
      for (String path : List.of("/readyz", "/healthz", "/metrics", "/dashboard")) {
        http.send(request(url + path), BodyHandlers.ofString());
      }
    }
  }

  /** The host is another process: its classes do not belong into a client's cache. */
  private static void askHost(Path data, String url) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(serve(data, url));
    Path bundle = Files.createDirectories(data).resolve("hello-rust.gnplugin");
    Files.write(bundle, Demo.bundle());
    command.addAll(List.of("--plugin", bundle.toString()));
    Process host =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (HttpClient http = HttpClient.newHttpClient()) {
      awaitRoute(http, url);
      for (String asked : List.of("list", "health", "show " + Tour.PLUGIN, "calls", "audit")) {
        List<String> arguments = new ArrayList<>(List.of(asked.split(" ")));
        arguments.addAll(List.of("--url", url, "--data", data.toString()));
        Main.run(silent(), silent(), arguments.toArray(String[]::new));
      }
    } finally {
      host.destroy();
      host.onExit().join();
    }
  }

  private static List<String> serve(Path data, String url) {
    return List.of(
        "serve",
        "--port",
        Integer.toString(URI.create(url).getPort()),
        "--data",
        data.toString(),
        "--warm-up",
        "0");
  }

  private static void awaitRoute(HttpClient http, String url)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + LONGEST_START_NANOS;
    while (status(http, url + ROUTE) != 200) {
      if (System.nanoTime() - end > 0) {
        throw new IOException("the host did not answer within 60 s");
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  private static int status(HttpClient http, String url) throws InterruptedException {
    try {
      return http.send(request(url), BodyHandlers.ofString()).statusCode();
    } catch (IOException e) {
      return 0; // It does not listen yet.
    }
  }

  private static HttpRequest request(String url) {
    return HttpRequest.newBuilder(URI.create(url)).build();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static PrintWriter silent() {
    return new PrintWriter(Writer.nullWriter());
  }
}
