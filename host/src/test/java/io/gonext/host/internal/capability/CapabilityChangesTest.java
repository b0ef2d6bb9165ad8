package io.gonext.host.internal.capability;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.CapabilityChanges;
import io.gonext.host.CapabilityRegistry;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CapabilityChangesTest {
  private final CapabilityRegistry registry = CapabilityRegistry.standard();

  @Test
  void added_removed_and_kept_capabilities_are_listed_by_id() {
    CapabilityChanges diff =
        CapabilityChanges.between(
            Set.of("kv.read", "audit.emit"), Set.of("kv.read", "http.fetch"), registry);
    assertThat(diff.changes())
        .extracting(Object::toString)
        .containsExactly("- audit.emit", "+ http.fetch (sensitive)", "= kv.read");
  }

  @Test
  void equal_capabilities_have_no_difference() {
    CapabilityChanges diff =
        CapabilityChanges.between(Set.of("kv.read"), Set.of("kv.read"), registry);
    assertThat(diff.changes()).extracting(Object::toString).containsExactly("= kv.read");
  }
}
