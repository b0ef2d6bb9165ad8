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

  /** A function with 127 i64 parameters, called through a table by function 1, {@code caller}. */
  private static byte[] wide() {
    var module = new ByteArrayOutputStream();
    module.writeBytes(new byte[] {0, 'a', 's', 'm', 1, 0, 0, 0});
    var types = new ByteArrayOutputStream();
    types.writeBytes(new byte[] {2, 0x60, 127});
    types.writeBytes(filled(127, 0x7E));
    types.writeBytes(new byte[] {0, 0x60, 0, 0});
    section(module, 1, types.toByteArray());
    section(module, 3, new byte[] {2, 0, 1});
    section(module, 4, new byte[] {1, 0x70, 0, 1});
    byte[] name = "caller".getBytes(StandardCharsets.UTF_8);
    var exports = new ByteArrayOutputStream();
    exports.writeBytes(new byte[] {1, (byte) name.length});
    exports.writeBytes(name);
    exports.writeBytes(new byte[] {0, 1});
    section(module, 7, exports.toByteArray());
    var caller = new ByteArrayOutputStream();
    caller.write(0);
    for (int i = 0; i < 127; i++) {
      caller.writeBytes(new byte[] {0x42, 0});
    }
    caller.writeBytes(new byte[] {0x41, 0, 0x11, 0, 0, 0x0B});
    var code = new ByteArrayOutputStream();
    code.writeBytes(new byte[] {2, 2, 0, 0x0B});
    code.writeBytes(leb(caller.size()));
    code.writeBytes(caller.toByteArray());
    section(module, 10, code.toByteArray());
    return module.toByteArray();
  }

  private static void section(ByteArrayOutputStream module, int id, byte[] contents) {
    module.write(id);
    module.writeBytes(leb(contents.length));
    module.writeBytes(contents);
  }

  private static byte[] leb(int value) {
    return new byte[] {(byte) ((value & 0x7F) | 0x80), (byte) (value >> 7)};
  }

  private static byte[] filled(int count, int value) {
    var bytes = new byte[count];
    java.util.Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private void requireOneRow(String event) {
    assertThat(host.audit().newest("wide", 100))
        .first()
        .extracting(AuditRow::event)
        .isEqualTo(event);
    assertThat(host.audit().newest("wide", 100).getFirst().detail())
        .contains("function 1 (caller)")
        .hasSizeLessThan(1_000);
  }

  @Test
  void an_install_is_refused_with_the_functions_name_and_one_audit_row() {
    byte[] bundle = GuestBundle.of("wide", wide()).filter("ask").bytes();

    var refusal =
        catchThrowableOfType(BundleRejectedException.class, () -> host.plugins().install(bundle));

    assertThat(refusal)
        .hasMessageContaining("plugin.wasm: function 1 (caller) calls through a table with");
    assertThat(host.audit().newest("wide", 100)).hasSize(1);
    requireOneRow("install_refused");
  }

  @Test
  void an_update_is_refused_and_the_old_version_stays() throws InterruptedException {
    host.plugins().install(GuestBundle.of("wide", Guests.wasm("echo")).filter("ask").bytes());
    host.plugins().activate("wide");
    int before = host.audit().newest("wide", 100).size();
    byte[] bundle = GuestBundle.of("wide", wide()).version("2.0.0").filter("ask").bytes();

    var refusal =
        catchThrowableOfType(BundleRejectedException.class, () -> host.plugins().update(bundle));

    assertThat(refusal).hasMessageContaining("function 1 (caller)");
    assertThat(host.audit().newest("wide", 100)).hasSize(before + 1);
    requireOneRow("update_refused");
    assertThat(host.health().pool("wide")).isPresent();
  }
}
