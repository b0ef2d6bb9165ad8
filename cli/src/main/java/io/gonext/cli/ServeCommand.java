package io.gonext.cli;

import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.failure.HostException;
import io.gonext.host.lifecycle.InstallResult;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.route.RouteRate;
import io.gonext.host.store.StoredPlugin;
import io.gonext.server.ServerConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gonext serve}: a host and its server, until told to stop. */
@Command(
    name = "serve",
    description = "Serve the plugins of a data directory over HTTP.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext serve --data /var/lib/gonext",
      "  gonext serve --plugin hello-rust-0.1.0.gnplugin --port 9000",
      "  curl -d '{\"value\":\"a *b*\"}' http://127.0.0.1:8080/api/v1/filters/the_content"
    })
final class ServeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ListenOptions listen;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "gonext-data",
      description = "Data directory with the embedded store (default: ./${DEFAULT-VALUE}).")
  private Path data;

  @Option(
      names = "--plugin",
      paramLabel = "FILE",
      description = "Install this bundle and activate it; may be given several times.")
  private List<Path> plugins = new ArrayList<>();

  @Option(
      names = "--route-rate",
      paramLabel = "BURST/PER_SECOND",
      defaultValue = "60/30",
      converter = RouteRateConverter.class,
      description =
          "Requests that the routes of each plugin take, at once and in the long run, or 'off'"
              + " (default: ${DEFAULT-VALUE}).")
  private RouteRate routeRate = RouteRate.DEFAULT;

  @Override
  public Integer call() throws InterruptedException {
    listen.configureLogging("info");
    PrintWriter out = spec.commandLine().getOut();
    ServerConfig config = listen.serverConfig();
    if (!listen.isLoopback()) {
      spec.commandLine()
          .getErr()
          .println(
              "gonext: warning: this address can be reached from other machines, and the API asks"
                  + " for no token");
    }
    // Refused before anything is created.
    plugins.forEach(Bundle::read);
    RunningServer.OpenHost opened =
        RunningServer.openHost(HostConfig.of(data).withRouteRate(routeRate));
    Host host = opened.host();
    try {
      for (Path plugin : plugins) {
        InstallResult installed = host.install(plugin);
        host.activate(installed.manifest().name());
      }
    } catch (HostException | InterruptedException e) {
      host.close();
      throw e;
    }
    RunningServer running = opened.listen(config);
    for (StoredPlugin plugin : host.plugins()) {
      out.println(plugin.name() + "@" + plugin.version() + " " + plugin.state());
    }
    out.println("listening on http://" + config.address() + ":" + running.port());
    running.serveUntilSignal(out, () -> {});
    return ExitCode.OK;
  }
}
