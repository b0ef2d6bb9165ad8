package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.AuditRow;
import io.gonext.host.Host;
import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.RouteOutcome;
import io.gonext.host.hook.Degradation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** A plugin in Rust, built now, with grants, entries, events of its own and routes. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("sdk/rust/conformance")
class RustPluginTest {
  private static final Path SDK =
      Path.of(System.getProperty("gonext.root"), "sdk", "rust", "conformance");

  private static final String NAME = "rust-plugin";

  @TempDir private Path data;

  @Test
  void a_rust_plugin_may_do_only_what_it_was_granted() throws IOException, InterruptedException {
    byte[] module = Toolchain.RUST.module(SDK);
    GuestBundle bundle =
        GuestBundle.of(NAME, module)
            .filter("kv.get")
            .filter("kv.incr")
            .filter("kv.error")
            .filter("panic")
            .action("kv.set")
            .action("audit")
            .route("GET", "/hello/{name}")
            .route("POST", "/echo")
            .route("GET", "/fail")
            .field("capabilities", "[\"kv.read\",\"kv.write\",\"audit.emit\"]");
    try (Host host = Hosts.open(Hosts.patient(data))) {
      host.plugins().install(bundle.bytes());
      host.plugins().activate(NAME);
      assertThat(filtered(host, "kv.error", "a")).isEqualTo("denied");
      host.plugins().grantRequested(NAME);
      assertThat(filtered(host, "kv.error", "a")).isEqualTo("none");
      assertThat(filtered(host, "kv.error", "")).isEqualTo("bad arguments");
      assertThat(host.doAction("kv.set", "colour", "grün").degraded()).isEmpty();
      assertThat(filtered(host, "kv.get", "colour")).isEqualTo("grün");
      assertThat(host.applyFilters("kv.incr", "visits", 2).value().intValue()).isEqualTo(2);
      assertThat(host.applyFilters("kv.incr", "visits", 3).value().intValue()).isEqualTo(5);

      assertThat(host.doAction("audit", NAME + ".paid", Map.of("order", 7)).degraded()).isEmpty();
      assertThat(host.doAction("audit", "install", Map.of()).degraded())
          .extracting(Degradation::code)
          .containsExactly("STATUS");
      assertThat(host.audit().newest(NAME, 1))
          .singleElement()
          .satisfies(row -> {
            assertThat(row.event()).isEqualTo(NAME + ".paid");
            assertThat(row.detail()).isEqualTo("{\"data\":{\"order\":7}}");
          });

      assertThat(text(serve(host, "GET", "/hello/J%C3%B6", ""))).isEqualTo("Hello, Jö!");
      PluginResponse echoed = serve(host, "POST", "/echo", "\u0000body");
      assertThat(text(echoed)).isEqualTo("\u0000body");
      assertThat(echoed.headers()).containsEntry("X-Method", "POST");

      assertThat(host.applyFilters("panic", "oh").degraded())
          .singleElement()
          .satisfies(degraded -> {
            assertThat(degraded.code()).isEqualTo("GUEST_PANIC");
            assertThat(degraded.reason()).contains("oh");
          });
      assertThat(host.audit().newest(NAME, 1)).extracting(AuditRow::event).containsExactly("trap");

      host.plugins().revoke(NAME, "kv.read");
      assertThat(host.applyFilters("kv.get", "colour").degraded())
          .extracting(Degradation::code)
          .containsExactly("STATUS");
      Hosts.assertBalanced(host, NAME);
    }
    try (Host host = Hosts.open(Hosts.patient(data))) {
      assertThat(host.applyFilters("kv.incr", "visits", 1).value().intValue())
          .as("after a restart")
          .isEqualTo(6);
    }
  }

  private static String filtered(Host host, String hook, String value) throws InterruptedException {
    return host.applyFilters(hook, value).value().stringValue();
  }

  private static PluginResponse serve(Host host, String method, String path, String body)
      throws InterruptedException {
    PluginRequest request =
        new PluginRequest(method, path, "", Map.of(), body.getBytes(StandardCharsets.UTF_8));
    return ((RouteOutcome.Answered) host.serve(NAME, request)).response();
  }

  private static String text(PluginResponse response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }
}
