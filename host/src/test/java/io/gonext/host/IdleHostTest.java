package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdleHostTest {
  @TempDir Path directory;

  @Test
  void an_idle_host_serves_once_it_is_started() throws InterruptedException {
    try (Host host = Host.open(directory)) {
      host.plugins().deploy(GuestBundle.of("upper").filter("shout").bytes(), Set.of());
    }
    try (Host host = Host.openIdle(HostConfig.builder(directory).build())) {
      assertThat(host.applyFilters("shout", "hi").value().asString()).isEqualTo("hi");
      assertThat(host.health().brokenDown()).isEmpty();
      host.start();
      host.start();
      assertThat(host.applyFilters("shout", "hi").value().asString()).isEqualTo("HI");
      assertThat(host.health().brokenDown()).isEmpty();
    }
  }

  @Test
  void an_idle_host_can_be_closed_and_not_started_again() {
    Host host = Host.openIdle(HostConfig.builder(directory).build());
    host.close();
    assertThatThrownBy(host::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the host is closed: open another one");
    // The directory is free.
    Host.openIdle(HostConfig.builder(directory).build()).close();
  }
}
