package io.gonext.host.internal.capability;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.CapabilityChanges;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CapabilityChangesTest {
  private final CapabilityRegistry registry = CapabilityRegistry.standard();

  @Test
  void added_removed_and_kept_capabilities_are_listed_by_id() {
    CapabilityChanges diff =
        CapabilityChanges.between(
            Optional.of(requesting("kv.read", "audit.emit")),
            requesting("kv.read", "http.fetch"),
            registry);
    assertThat(diff.changes())
        .extracting(Object::toString)
        .containsExactly("- audit.emit", "+ http.fetch (sensitive)", "= kv.read");
  }

  @Test
  void equal_capabilities_have_no_difference() {
    CapabilityChanges diff =
        CapabilityChanges.between(
            Optional.of(requesting("kv.read")), requesting("kv.read"), registry);
    assertThat(diff.changes()).extracting(Object::toString).containsExactly("= kv.read");
  }

  private static Manifest requesting(String... capabilities) {
    return ManifestReader.read(
        GuestBundle.of("sample", new byte[0])
            .field("capabilities", "[\"" + String.join("\",\"", capabilities) + "\"]")
            .manifest()
            .getBytes(StandardCharsets.UTF_8));
  }
}
