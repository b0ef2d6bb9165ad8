package io.gonext.cli;

import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.capability.CapabilityRegistry;
import io.gonext.host.capability.PluginGrants;
import io.gonext.host.failure.HostException;
import io.gonext.host.lifecycle.InstallResult;
import io.gonext.host.lifecycle.NodeFault;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.store.Database;
import io.gonext.host.store.StoredPlugin;
import io.gonext.server.ServerConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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
      "  GONEXT_DB='jdbc:postgresql://db/gonext?user=gonext&password=...' gonext serve",
      "  curl -d '{\"value\":\"a *b*\"}' http://127.0.0.1:8080/api/v1/filters/the_content"
    })
final class ServeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ListenOptions listen;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "gonext-data",
      description =
          "Data directory: this host's key, compiled modules and the embedded store (default:"
              + " ./${DEFAULT-VALUE}).")
  private Path data;

  // The default is not in the help: it may hold a password.
  @Option(
      names = "--db",
      paramLabel = "URL",
      defaultValue = "${env:GONEXT_DB}",
      description =
          "PostgreSQL database to keep the store in, jdbc:postgresql://HOST/DATABASE; hosts on one"
              + " database serve the same plugins. GONEXT_DB in the environment does the same and"
              + " is not seen in the list of processes.")
  private @Nullable String url;

  @Option(
      names = "--plugin",
      paramLabel = "FILE",
      description =
          "Install this bundle, grant what it asks for unless it was revoked, and activate it; may"
              + " be given several times.")
  private List<Path> plugins = new ArrayList<>();

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
        RunningServer.openHost(HostConfig.of(data).withDatabase(database()));
    Host host = opened.host();
    try {
      for (Path plugin : plugins) {
        InstallResult installed = host.install(plugin);
        // Whoever names a bundle on the command line has seen what it asks for, or will below.
        host.grantRequested(installed.manifest().name());
        host.activate(installed.manifest().name());
      }
    } catch (HostException | InterruptedException e) {
      host.close();
      throw e;
    }
    RunningServer running = opened.listen(config);
    for (StoredPlugin plugin : host.plugins()) {
      out.println(plugin.id() + " " + plugin.state());
      printGrants(out, host.grants(plugin.name()), host.capabilities());
    }
    for (NodeFault fault : host.faults()) {
      out.println("not served by this host: " + fault.plugin() + ": " + fault.cause());
    }
    out.println("listening on http://" + config.address() + ":" + running.port());
    running.serveUntilSignal(out, () -> {});
    return ExitCode.OK;
  }

  private Database database() {
    if (url == null || url.isEmpty()) {
      return Database.embedded();
    }
    try {
      return Database.postgreSql(url);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--db: " + e.getMessage(), e);
    }
  }

  private static void printGrants(
      PrintWriter out, PluginGrants grants, CapabilityRegistry capabilities) {
    printCapabilities(out, "granted", grants.granted(), capabilities);
    printCapabilities(out, "not granted", grants.missing(), capabilities);
  }

  private static void printCapabilities(
      PrintWriter out, String label, Set<String> ids, CapabilityRegistry capabilities) {
    if (!ids.isEmpty()) {
      out.println(
          "  "
              + label
              + ": "
              + ids.stream()
                  .map(id -> capabilities.isSensitive(id) ? id + " (sensitive)" : id)
                  .collect(Collectors.joining(", ")));
    }
  }
}
