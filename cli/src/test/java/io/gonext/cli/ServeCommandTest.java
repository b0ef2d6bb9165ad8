package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.store.PluginState;
import io.gonext.host.store.StoredPlugin;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeCommandTest {
  @TempDir private Path directory;

  @Test
  void a_plugin_of_the_command_line_that_is_errored_is_tried_again() throws Exception {
    Path data = directory.resolve("data");
    Bundle bundle = Bundle.read(GuestBundle.of("upper").bytes());
    try (Host host = Host.open(data)) {
      ServeCommand.putInService(host, bundle);
    }
    try (Connection store = DriverManager.getConnection("jdbc:h2:file:" + data.resolve("gonext"));
        Statement update = store.createStatement()) {
      update.executeUpdate("update plugin set state = 'ERRORED', cause = 'it trapped'");
    }
    try (Host host = Host.open(data)) {
      assertThat(host.troubles()).containsEntry("upper", "ERRORED: it trapped");
      ServeCommand.putInService(host, bundle);
      assertThat(host.plugins())
          .extracting(StoredPlugin::state)
          .containsExactly(PluginState.ACTIVE);
      assertThat(host.troubles()).isEmpty();
    }
  }
}
