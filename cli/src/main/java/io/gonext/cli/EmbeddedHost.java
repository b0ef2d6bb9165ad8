package io.gonext.cli;

import io.gonext.cli.dev.HostStarter;
import io.gonext.cli.log.LogFormat;
import io.gonext.cli.log.ProcessLog;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.UpdatePolicy;
import io.gonext.server.LogLevel;
import io.gonext.server.ServerConfig;
import io.gonext.server.ServerStartException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The host that {@code plugin dev} starts in its own process, with a temporary store. */
final class EmbeddedHost implements HostStarter.Started {
  private final RunningServer running;

  private final Path data;

  private EmbeddedHost(RunningServer running, Path data) {
    this.running = running;
    this.data = data;
  }

  static EmbeddedHost start(int port, List<HostFunctionSpec> functions)
      throws IOException, InterruptedException {
    // The command itself shows the plugin's log lines and the host's warnings.
    ProcessLog.start(LogFormat.TEXT, LogLevel.ERROR, false, Host.version())
        .setLevel("gonext.plugin", Optional.of(LogLevel.OFF));
    Path data = Files.createTempDirectory("gonext-dev");
    try {
      HostConfig.Builder config =
          HostConfig.builder(data)
              .updates(UpdatePolicy.development())
              // The author wants to see each failure.
              .breaker(BreakerPolicy.OFF);
      functions.forEach(config::function);
      return new EmbeddedHost(
          RunningServer.openUserHost(config.build(), RunningServer.metrics(), () -> {})
              .listen(ServerConfig.loopback(port).dev(true).build()),
          data);
    } catch (ServerStartException e) {
      Demo.discard(data);
      // The server's message recommends an option that this command does not have.
      throw new IOException("the port " + port + " is taken", e);
    } catch (RuntimeException | InterruptedException e) {
      Demo.discard(data);
      throw e;
    }
  }

  @Override
  public Optional<Host> host() {
    return Optional.of(running.host());
  }

  @Override
  public void close() {
    running.close();
    Demo.discard(data);
  }
}
