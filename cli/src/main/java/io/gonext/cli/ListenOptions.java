package io.gonext.cli;

import io.gonext.server.ServerConfig;
import java.net.UnknownHostException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where to listen and how much to say: what {@code serve} and {@code demo} have in common. */
final class ListenOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Address to listen on (default: ${DEFAULT-VALUE}).")
  private String address;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8080",
      description = "Port to listen on, 0 for a free one (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = {"-v", "--verbose"},
      description = "Log more, to stderr.")
  private boolean verbose;

  @Option(names = "--json", description = "Tell everything as one JSON object a line.")
  private boolean json;

  ServerConfig.Builder serverConfig() {
    if (port < 0 || port > 65_535) {
      throw new ParameterException(
          spec.commandLine(), "--port " + port + ": a port is a number from 0 to 65535");
    }
    return ServerConfig.loopback(port).address(address);
  }

  /**
   * Whether only this machine can reach the address.
   *
   * @throws ParameterException when there is no such address
   */
  boolean isLoopback() {
    try {
      return serverConfig().build().isLoopback();
    } catch (UnknownHostException e) {
      throw new ParameterException(
          spec.commandLine(), "--host " + address + ": there is no such address", e);
    }
  }

  /** What the command tells on stdout, for whom it is asked to. */
  Events events() {
    return new Events(spec.commandLine().getOut(), json);
  }

  /**
   * Sets what is logged, to stderr; to be called before anything logs.
   *
   * @param level of the project's own loggers without {@code --verbose}
   */
  void configureLogging(String level) {
    Logging.configure(level, verbose);
  }
}
