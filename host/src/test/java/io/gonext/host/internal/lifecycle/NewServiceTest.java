package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.AuditRow;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.Database;
import io.gonext.host.InstallResult;
import io.gonext.host.RouteRate;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.internal.service.CountService;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.manifest.Manifest;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.IntNode;

/** A service takes one class, one row of the table and one entry in the host's list. */
class NewServiceTest {
  @TempDir private Path data;
  private final CountService counts = new CountService();
  private PluginStore store;
  private TestLifecycle host;

  @BeforeEach
  void open() {
    store = PluginStore.open(data, Database.embedded());
    host =
        new TestLifecycle(
            store,
            new CallGuards(
                RouteRate.UNLIMITED, RouteRate.UNLIMITED, BreakerPolicy.DEFAULT, System::nanoTime),
            CountService.TABLE,
            List.of(counts));
  }

  @AfterEach
  void close() {
    host.close();
    store.close();
  }

  @Test
  void a_service_keeps_its_state_between_calls_of_a_plugin() throws InterruptedException {
    Manifest manifest = activate();
    host.grants().grant(manifest, List.of("kv.read"), "operator");

    assertThat(call().value()).isEqualTo(IntNode.valueOf(1));
    assertThat(call().value()).isEqualTo(IntNode.valueOf(2));
  }

  @Test
  void a_call_without_the_services_capability_is_denied_and_audited() throws InterruptedException {
    activate();

    assertThat(call().degraded()).singleElement().asString().contains("STATUS", "-1");

    assertThat(host.audit().newest("counts", 10))
        .filteredOn(row -> row.event().equals("denied"))
        .singleElement()
        .extracting(AuditRow::detail)
        .asString()
        .contains("env.gn_count");
  }

  @Test
  void a_services_warnings_are_among_those_of_the_bundle() {
    assertThat(install().warnings()).contains("counts counts from zero");
  }

  @Test
  void a_service_is_closed_with_the_host() {
    host.close();
    assertThat(counts.isClosed()).isTrue();
  }

  private InstallResult install() {
    return host.lifecycle()
        .install(
            TestLifecycle.delivered(
                GuestBundle.of("counts")
                    .filter("h")
                    .field("capabilities", "[\"kv.read\"]")
                    .bytes()));
  }

  private Manifest activate() throws InterruptedException {
    Manifest manifest = install().manifest();
    host.lifecycle().activate(manifest.name());
    return manifest;
  }

  private FilterResult call() throws InterruptedException {
    return host.hooks().applyFilters(CallOptions.DEFAULT, "h", IntNode.valueOf(0), List.of());
  }
}
