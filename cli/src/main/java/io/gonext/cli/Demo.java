package io.gonext.cli;

import io.gonext.cli.output.TemporaryDirectory;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.InstallResult;
import io.gonext.host.manifest.Manifest;
import io.gonext.server.ServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A host that serves the example plugin; each step of its start is printed. */
final class Demo implements AutoCloseable {
  /** The example's bundle, a resource beside this class. */
  private static final String BUNDLE = "hello-rust-0.1.0.gnplugin";

  private final Host host;
  private final RunningServer running;
  private final String url;
  private final @Nullable Path temporaryData;

  private Demo(Host host, RunningServer running, String url, @Nullable Path temporaryData) {
    this.host = host;
    this.running = running;
    this.url = url;
    this.temporaryData = temporaryData;
  }

  /**
   * Opens the host, activates the plugin and starts the server, and prints each step.
   *
   * @param keptData the directory for the store, or null for a temporary directory
   */
  static Demo start(Report report, ServerConfig config, @Nullable Path keptData)
      throws InterruptedException, IOException {
    if (keptData != null) {
      return start(report, config, keptData, null);
    }
    Path temporaryData = Files.createTempDirectory("gonext-demo");
    try {
      return start(report, config, temporaryData, temporaryData);
    } catch (RuntimeException | InterruptedException | IOException e) {
      discard(temporaryData);
      throw e;
    }
  }

  private static Demo start(
      Report report, ServerConfig config, Path data, @Nullable Path temporaryData)
      throws InterruptedException, IOException {
    long begin = System.nanoTime();
    RunningServer.OpenHost opened = RunningServer.openHost(HostConfig.builder(data).build());
    report.step("host opened", begin, "embedded store in " + data);
    Host host = opened.host();
    try {
      begin = System.nanoTime();
      InstallResult installed = host.plugins().install(bundle());
      report.step(
          "bundle installed",
          begin,
          installed.unchanged()
              ? installed.manifest().id() + " was already installed"
              : installed.manifest().id()
                  + ", sha256 "
                  + installed.sha256().substring(0, 12)
                  + ", compiled and tested in "
                  + Report.time(installed.compileTime()));
      host.plugins().grantRequested(Tour.PLUGIN);
      begin = System.nanoTime();
      host.plugins().activate(Tour.PLUGIN);
      Manifest manifest = installed.manifest();
      report.step(
          "plugin activated",
          begin,
          "%d instance ready; %d filters, %d action, %d route"
              .formatted(
                  host.health().pool(Tour.PLUGIN).orElseThrow().live(),
                  manifest.filters().size(),
                  manifest.actions().size(),
                  manifest.routes().size()));
    } catch (RuntimeException | InterruptedException | IOException e) {
      host.close();
      throw e;
    }
    begin = System.nanoTime();
    RunningServer running = opened.listen(config);
    String url = "http://" + config.address() + ":" + running.port();
    report.step("server listening", begin, url);
    report.line("");
    return new Demo(host, running, url, temporaryData);
  }

  /** Calls everything that the plugin offers, and checks the answers. */
  void tour(Report report) throws InterruptedException, IOException {
    new Tour(host, url, report).run();
  }

  /** Prints what to try and serves until Ctrl-C; does not return. */
  void keepServing(Events events) throws InterruptedException {
    running.stopOnSignal(events, () -> discard(temporaryData));
    events.tellPeople("");
    events.tellPeople("Try:");
    events.tellPeople("  curl " + url + "/api/plugins/" + Tour.PLUGIN + "/hello/you");
    events.tellPeople(
        "  curl -d '{\"value\":\"so *bold*\"}' " + url + "/api/v1/filters/the_content");
    events.tellPeople("  curl " + url + "/metrics");
    events.tellPeople("");
    events.tell("listening", "Serving on " + url + ", press Ctrl-C to stop.", "url", url);
    RunningServer.serveUntilSignal();
  }

  @Override
  public void close() {
    running.close();
    discard(temporaryData);
  }

  static byte[] bundle() throws IOException {
    try (var in = Demo.class.getResourceAsStream(BUNDLE)) {
      if (in == null) {
        throw new IOException(BUNDLE + " is missing from the cli's jar");
      }
      return in.readAllBytes();
    }
  }

  /** Deletes a temporary directory with its content, as far as possible. */
  static void discard(@Nullable Path directory) {
    if (directory != null) {
      TemporaryDirectory.discard(directory);
    }
  }
}
