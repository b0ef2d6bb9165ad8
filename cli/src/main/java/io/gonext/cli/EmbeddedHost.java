package io.gonext.cli;

import io.gonext.cli.dev.HostStarter;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.HostConfig;
import io.gonext.host.UpdatePolicy;
import io.gonext.server.ServerConfig;
import io.gonext.server.ServerStartException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A host for development inside the command, with a store that lives as long as it does. */
final class EmbeddedHost implements HostStarter.Started {
  /** A busy machine is no reason to refuse what its author has just built. */
  private final RunningServer running;

  private final Path data;

  private EmbeddedHost(RunningServer running, Path data) {
    this.running = running;
    this.data = data;
  }

  static EmbeddedHost start(int port) throws IOException, InterruptedException {
    // What the plugin logs, and what the host warns of, is shown by the command itself.
    System.setProperty("org.slf4j.simpleLogger.log.gonext.plugin", "off");
    Logging.configure("error", false);
    Path data = Files.createTempDirectory("gonext-dev");
    try {
      return new EmbeddedHost(
          RunningServer.openUserHost(
                  HostConfig.builder(data)
                      .updates(UpdatePolicy.development())
                      // Its author wants to see each failure.
                      .breaker(BreakerPolicy.OFF)
                      .build())
              .listen(ServerConfig.loopback(port).dev(true).build()),
          data);
    } catch (ServerStartException e) {
      Demo.discard(data);
      // Its own advice, another --port, is none for this command.
      throw new IOException("the port " + port + " is taken", e);
    } catch (RuntimeException | InterruptedException e) {
      Demo.discard(data);
      throw e;
    }
  }

  @Override
  public void close() {
    running.close();
    Demo.discard(data);
  }
}
