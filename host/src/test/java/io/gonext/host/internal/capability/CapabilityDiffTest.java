package io.gonext.host.internal.capability;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.CapabilityDiff;
import io.gonext.host.CapabilityRegistry;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CapabilityDiffTest {
  private final CapabilityRegistry registry = CapabilityRegistry.standard();

  @Test
  void what_came_what_went_and_what_stayed_is_told_in_order_of_ids() {
    CapabilityDiff diff =
        CapabilityDiff.between(
            Set.of("kv.read", "audit.emit"), Set.of("kv.read", "http.fetch"), registry);
    assertThat(diff.changes())
        .extracting(Object::toString)
        .containsExactly("- audit.emit", "+ http.fetch (sensitive)", "= kv.read");
  }

  @Test
  void the_same_capabilities_are_no_difference() {
    CapabilityDiff diff = CapabilityDiff.between(Set.of("kv.read"), Set.of("kv.read"), registry);
    assertThat(diff.changes()).extracting(Object::toString).containsExactly("= kv.read");
  }
}
