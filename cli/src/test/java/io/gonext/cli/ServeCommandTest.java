package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.EngineLimits;
import io.gonext.guests.GuestBundle;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.Delivery;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.OperatorLimits;
import io.gonext.host.PluginState;
import io.gonext.host.RouteRate;
import io.gonext.host.StoredPlugin;
import io.gonext.host.manifest.Bundle;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ServeCommandTest {
  @TempDir private Path directory;

  @Test
  void options_of_serve_set_the_limits_of_the_engine() {
    HostConfig usual = hostConfig();
    assertThat(usual.limits()).isEqualTo(OperatorLimits.defaults());
    assertThat(usual.engineLimits()).isEqualTo(EngineLimits.defaults());
    assertThat(usual.verifiesResets()).isFalse();

    HostConfig raised =
        hostConfig(
            "--memory-mb",
            "256",
            "--call-ms",
            "9000",
            "--wait-ms",
            "7000",
            "--fuel",
            "5000000000",
            "--start-ms",
            "20000",
            "--instances",
            "32",
            "--compile-seconds",
            "300",
            "--migration-seconds",
            "900",
            "--verify-resets");
    assertThat(raised.limits().memoryMb()).isEqualTo(256);
    assertThat(raised.limits().call()).isEqualTo(Duration.ofSeconds(9));
    assertThat(raised.limits().waits()).isEqualTo(Duration.ofSeconds(7));
    assertThat(raised.limits().fuel()).hasValue(5_000_000_000L);
    assertThat(raised.limits().chain()).isEqualTo(Duration.ofSeconds(9));
    assertThat(raised.limits().start()).isEqualTo(Duration.ofSeconds(20));
    assertThat(raised.limits().instances()).isEqualTo(32);
    assertThat(raised.engineLimits().memoryPages()).isEqualTo(4096);
    assertThat(raised.engineLimits().compileTimeout()).isEqualTo(Duration.ofMinutes(5));
    assertThat(raised.updates().migrations()).isEqualTo(Duration.ofMinutes(15));
    assertThat(raised.verifiesResets()).isTrue();

    HostConfig named = hostConfig("--limit", "nesting=20000", "--limit", "compileMb=77");
    assertThat(named.engineLimits())
        .isEqualTo(EngineLimits.defaults().with("nesting", 20_000).with("compileMb", 77));
  }

  @Test
  void options_of_serve_set_the_rate_limits() {
    assertThat(hostConfig().routeRate()).isEqualTo(RouteRate.DEFAULT);
    assertThat(hostConfig().clientRate()).isEqualTo(RouteRate.UNLIMITED);
    HostConfig given = hostConfig("--route-rate", "off", "--route-rate-per-client", "20/10");
    assertThat(given.routeRate()).isEqualTo(RouteRate.UNLIMITED);
    assertThat(given.clientRate()).isEqualTo(new RouteRate(20, 10));
  }

  @Test
  void options_of_serve_set_the_breaker_which_dev_turns_off() {
    assertThat(hostConfig().breaker()).isEqualTo(BreakerPolicy.DEFAULT);
    assertThat(hostConfig("--dev").breaker().isOff()).isTrue();
    assertThat(hostConfig("--breaker", "off").breaker().isOff()).isTrue();
    assertThat(hostConfig("--dev", "--breaker", "25/5/10", "--breaker-open", "2/3").breaker())
        .isEqualTo(
            BreakerPolicy.DEFAULT
                .withThreshold(25, 5, Duration.ofSeconds(10))
                .withOpen(Duration.ofSeconds(2), Duration.ofSeconds(3)));
  }

  @Test
  void options_of_serve_set_the_time_for_the_warm_up_which_dev_skips() {
    assertThat(hostConfig().warmUp()).isEqualTo(Duration.ofSeconds(10));
    assertThat(hostConfig("--dev").warmUp()).isZero();
    assertThat(hostConfig("--dev", "--warm-up", "2s").warmUp()).isEqualTo(Duration.ofSeconds(2));
    assertThat(hostConfig("--warm-up", "0").warmUp()).isZero();
    assertThat(hostConfig("--warm-up", "0s").warmUp()).isZero();
    assertThat(hostConfig("--warm-up", "500ms").warmUp()).isEqualTo(Duration.ofMillis(500));
    assertThat(hostConfig("--warm-up", "60m").warmUp()).isEqualTo(Duration.ofHours(1));
    assertThat(hostConfig("--warm-up", "").warmUp()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void serve_rejects_reserved_names_of_token_holders() {
    for (String name : List.of("operator", "host", "Upper", "a b", "n".repeat(33))) {
      StringWriter err = new StringWriter();
      int code =
          Main.run(
              new PrintWriter(new StringWriter()),
              new PrintWriter(err),
              "serve",
              "--data",
              directory.resolve("none").toString(),
              "--token",
              name + "=" + directory.resolve("token"));
      assertThat(code).as(name).isEqualTo(2);
      assertThat(err.toString()).contains("lower-case letters, digits, dots and hyphens");
      assertThat(directory).isEmptyDirectory();
    }
  }

  private static HostConfig hostConfig(String... options) {
    CommandLine gonext = Main.commandLine();
    gonext.parseArgs(
        Stream.concat(Stream.of("serve"), Arrays.stream(options)).toArray(String[]::new));
    ServeCommand serve = Objects.requireNonNull(gonext.getSubcommands().get("serve")).getCommand();
    return serve.hostConfig();
  }

  @Test
  void serve_activates_an_errored_plugin_that_it_is_given() throws Exception {
    Path data = directory.resolve("data");
    Bundle bundle = Bundle.read(GuestBundle.of("upper").bytes());
    try (Host host = Host.open(data)) {
      ServeCommand.putInService(host, Delivery.of(bundle.bytes()), bundle);
    }
    try (Connection store = DriverManager.getConnection("jdbc:h2:file:" + data.resolve("gonext"));
        Statement update = store.createStatement()) {
      update.executeUpdate("update plugin set state = 'ERRORED', cause = 'it trapped'");
    }
    try (Host host = Host.open(data)) {
      assertThat(host.health().troubles()).containsEntry("upper", "ERRORED: it trapped");
      ServeCommand.putInService(host, Delivery.of(bundle.bytes()), bundle);
      assertThat(host.plugins().list())
          .extracting(StoredPlugin::state)
          .containsExactly(PluginState.ACTIVE);
      assertThat(host.health().troubles()).isEmpty();
    }
  }
}
