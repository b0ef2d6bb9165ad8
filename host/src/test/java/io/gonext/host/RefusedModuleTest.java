package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A module that the engine cannot compile is refused as any other is, and said so once. */
class RefusedModuleTest {
  @TempDir private Path data;
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(data);
  }

  @AfterEach
  void close() {
    host.close();
  }

  /** Function 1, {@code caller}, adds two numbers where there are none. */
  private static byte[] invalid() {
    var module = new ByteArrayOutputStream();
    module.writeBytes(new byte[] {0, 'a', 's', 'm', 1, 0, 0, 0});
    section(module, 1, new byte[] {1, 0x60, 0, 0});
    section(module, 3, new byte[] {2, 0, 0});
    byte[] name = "caller".getBytes(StandardCharsets.UTF_8);
    var exports = new ByteArrayOutputStream();
    exports.writeBytes(new byte[] {1, (byte) name.length});
    exports.writeBytes(name);
    exports.writeBytes(new byte[] {0, 1});
    section(module, 7, exports.toByteArray());
    section(module, 10, new byte[] {2, 2, 0, 0x0B, 4, 0, 0x6A, 0x1A, 0x0B});
    return module.toByteArray();
  }

  private static void section(ByteArrayOutputStream module, int id, byte[] contents) {
    module.write(id);
    module.write(contents.length);
    module.writeBytes(contents);
  }

  private void requireOneRow(String event) {
    assertThat(host.audit().newest("invalid", 100))
        .first()
        .extracting(AuditRow::event)
        .isEqualTo(event);
    assertThat(host.audit().newest("invalid", 100).getFirst().detail())
        .contains("function 1 (caller)")
        .hasSizeLessThan(1_000);
  }

  @Test
  void an_install_is_refused_with_the_functions_name_and_one_audit_row() {
    byte[] bundle = GuestBundle.of("invalid", invalid()).filter("ask").bytes();

    var refusal =
        catchThrowableOfType(BundleRejectedException.class, () -> host.plugins().install(bundle));

    assertThat(refusal)
        .hasMessageContaining("type mismatch in function 1 (caller): an operand is missing");
    assertThat(host.audit().newest("invalid", 100)).hasSize(1);
    requireOneRow("install_refused");
  }

  @Test
  void an_update_is_refused_and_the_old_version_stays() throws InterruptedException {
    host.plugins().install(GuestBundle.of("invalid", Guests.wasm("echo")).filter("ask").bytes());
    host.plugins().activate("invalid");
    int before = host.audit().newest("invalid", 100).size();
    byte[] bundle = GuestBundle.of("invalid", invalid()).version("2.0.0").filter("ask").bytes();

    var refusal =
        catchThrowableOfType(BundleRejectedException.class, () -> host.plugins().update(bundle));

    assertThat(refusal).hasMessageContaining("function 1 (caller)");
    assertThat(host.audit().newest("invalid", 100)).hasSize(before + 1);
    requireOneRow("update_refused");
    assertThat(host.health().pool("invalid")).isPresent();
  }
}
