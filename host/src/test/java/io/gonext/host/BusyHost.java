package io.gonext.host;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A process whose host changes one plugin without end, and goes on where the process before it was
 * killed. It says what it finds ({@code found STATE VERSION GRANTS}) and what it serves ({@code
 * serving ...}), is told the number of the change to go on with, and says each change's name when
 * it is made. Arguments: the data directory, and the URL of a database where it is not embedded.
 */
final class BusyHost {
  private static final String APP = "app";
  private static final String CAPABILITY = "kv.read";

  /** In their order, after the last the first again; and what is found after each. */
  static final List<Change> CHANGES =
      List.of(
          new Change(
              "installed", "INSTALLED 1.0.0 []", host -> host.plugins().install(version("1"))),
          new Change(
              "granted",
              "INSTALLED 1.0.0 [kv.read]",
              host -> host.plugins().grant(APP, CAPABILITY)),
          new Change("activated", "ACTIVE 1.0.0 [kv.read]", host -> host.plugins().activate(APP)),
          new Change(
              "updated", "ACTIVE 2.0.0 [kv.read]", host -> host.plugins().update(version("2"))),
          new Change("revoked", "ACTIVE 2.0.0 []", host -> host.plugins().revoke(APP, CAPABILITY)),
          new Change("rolled back", "ACTIVE 1.0.0 [kv.read]", host -> host.plugins().rollback(APP)),
          new Change(
              "deactivated", "INACTIVE 1.0.0 [kv.read]", host -> host.plugins().deactivate(APP)),
          new Change("uninstalled", "nothing", host -> host.plugins().uninstall(APP)));

  private BusyHost() {}

  record Change(String name, String found, Making making) {}

  @FunctionalInterface
  interface Making {
    void make(Host host) throws InterruptedException;
  }

  public static void main(String[] args) throws InterruptedException, IOException {
    HostConfig config =
        HostConfig.builder(Path.of(args[0]))
            .updates(UpdatePolicy.defaults().withWarmUp(Duration.ZERO))
            .build();
    if (args.length > 1) {
      config = config.toBuilder().database(Database.postgreSql(args[1])).build();
    }
    try (Host host = Host.open(config);
        BufferedReader input =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      said("serving " + served(host));
      said("found " + found(host));
      for (int next = Integer.parseInt(input.readLine()); ; next++) {
        Change change = CHANGES.get(next % CHANGES.size());
        change.making().make(host);
        said(change.name());
      }
    }
  }

  private static String found(Host host) {
    return host.plugins().list().stream()
        .map(BusyHost::described)
        .map(plugin -> plugin + " " + host.plugins().grants(APP).granted())
        .findAny()
        .orElse("nothing");
  }

  private static String described(StoredPlugin plugin) {
    return plugin.state() + " " + plugin.current().version();
  }

  /** The version that answers: each answers its number. */
  private static String served(Host host) throws InterruptedException {
    PluginRequest request = new PluginRequest("GET", "/", "", Map.of(), new byte[0]);
    return switch (host.serve(APP, request)) {
      case RouteOutcome.Answered answered ->
          new String(answered.response().body(), StandardCharsets.UTF_8);
      case RouteOutcome.NotFound() -> "nothing";
      case RouteOutcome other -> other.toString();
    };
  }

  /** What is served in a state that was found. */
  static String servedIn(String found) {
    return found.startsWith(PluginState.ACTIVE.name())
        ? found.substring(found.indexOf(' ') + 1, found.indexOf('.'))
        : "nothing";
  }

  private static byte[] version(String number) {
    return GuestBundle.of(APP, Guests.wasm("version-" + number))
        .version(number + ".0.0")
        .field("capabilities", "[\"" + CAPABILITY + "\"]")
        .route("GET", "/")
        .bytes();
  }

  private static void said(String what) {
    System.out.println(what);
  }
}
