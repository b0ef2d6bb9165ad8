package io.gonext.cli;

import io.gonext.cli.log.LogFormat;
import io.gonext.cli.log.ProcessLog;
import io.gonext.host.Host;
import io.gonext.server.LogLevel;
import io.gonext.server.ServerConfig;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that {@code serve} and {@code demo} share: address, port and output. */
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
      description = "Port to listen on; 0 chooses a free port (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = {"-v", "--verbose"},
      description = "Write more log lines to stderr.")
  private boolean verbose;

  @Option(names = "--json", description = "Print events as JSON, one object on each line.")
  private boolean json;

  ServerConfig.Builder serverConfig() {
    if (port < 0 || port > 65_535) {
      throw new ParameterException(
          spec.commandLine(), "--port " + port + ": give a number from 0 to 65535");
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
          spec.commandLine(),
          "--host " + address + ": this host name or address does not exist",
          e);
    }
  }

  /** Prints events to stdout: as text, or as JSON with {@code --json}. */
  Events events() {
    return new Events(spec.commandLine().getOut(), json);
  }

  /** The levels of the log; see {@link ProcessLog#levels}. */
  Map<String, Optional<LogLevel>> levels(LogLevel level) {
    return ProcessLog.levels(level, verbose);
  }

  /**
   * Starts the log; call it before anything logs. Log lines go to stderr.
   *
   * @param level of GoNext's own loggers without {@code --verbose}
   */
  ProcessLog startLog(LogFormat format, LogLevel level) {
    return ProcessLog.start(format, level, verbose, Host.version());
  }
}
