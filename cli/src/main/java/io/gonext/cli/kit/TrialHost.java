package io.gonext.cli.kit;

import io.gonext.cli.output.TemporaryDirectory;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.OperatorLimits;
import io.gonext.host.RouteRate;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.trust.TrustPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A temporary host in this process; {@link #close} deletes its store. It has the default limits of
 * a host, so other hosts accept the plugins that it accepts. It counts the fuel of all plugins.
 */
final class TrialHost implements AutoCloseable {
  private final Host host;
  private final TemporaryDirectory data;

  private TrialHost(Host host, TemporaryDirectory data) {
    this.host = host;
    this.data = data;
  }

  /**
   * @param functions of the application
   * @param capabilities of every host and the application
   */
  static TrialHost open(List<HostFunctionSpec> functions, CapabilityRegistry capabilities)
      throws IOException, InterruptedException {
    return open(functions, capabilities, config -> config);
  }

  /**
   * As {@link #open(List, CapabilityRegistry)}.
   *
   * @param settings further ones of the host
   */
  static TrialHost open(
      List<HostFunctionSpec> functions,
      CapabilityRegistry capabilities,
      UnaryOperator<HostConfig.Builder> settings)
      throws IOException, InterruptedException {
    TemporaryDirectory data = TemporaryDirectory.create();
    try {
      HostConfig.Builder config =
          HostConfig.builder(data.path())
              // An author tries what nobody has signed yet.
              .trust(TrustPolicy.off())
              .capabilities(capabilities)
              .limits(OperatorLimits.defaults().withFuel(Long.MAX_VALUE))
              .updates(UpdatePolicy.development())
              // The one caller may call as often as it likes.
              .routeRate(RouteRate.UNLIMITED)
              .warmUp(Duration.ZERO);
      functions.forEach(config::function);
      return new TrialHost(UserCache.open(settings.apply(config).build()), data);
    } catch (RuntimeException | InterruptedException e) {
      data.close();
      throw e;
    }
  }

  Host host() {
    return host;
  }

  @Override
  public void close() {
    try {
      host.close();
    } finally {
      data.close();
    }
  }
}
