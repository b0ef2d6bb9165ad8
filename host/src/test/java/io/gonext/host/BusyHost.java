package io.gonext.host;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.lifecycle.UpdatePolicy;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A process whose host changes one plugin without end, and says a line after each change. Argument:
 * the data directory.
 */
final class BusyHost {
  private BusyHost() {}

  public static void main(String[] args) throws InterruptedException {
    try (Host host = Host.open(config(Path.of(args[0])))) {
      byte[] first = version("1").bytes();
      byte[] second = version("2").bytes();
      while (true) {
        host.install(first);
        said("installed");
        host.activate("app");
        said("activated");
        host.update(second);
        said("updated");
        host.rollback("app");
        said("rolled back");
        host.deactivate("app");
        said("deactivated");
        host.uninstall("app");
        said("uninstalled");
      }
    }
  }

  static HostConfig config(Path data) {
    return HostConfig.of(data).withUpdates(UpdatePolicy.defaults().withWarmUp(Duration.ZERO));
  }

  private static GuestBundle version(String number) {
    return GuestBundle.of("app", Guests.wasm("version-" + number))
        .version(number + ".0.0")
        .route("GET", "/");
  }

  private static void said(String what) {
    System.out.println(what);
  }
}
