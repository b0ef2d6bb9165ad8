package io.gonext.host.capability;

import static org.assertj.core.api.Assertions.assertThat;

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
    assertThat(diff.asksForMore()).isTrue();
    assertThat(diff.isEmpty()).isFalse();
  }

  @Test
  void asking_for_less_is_not_asking_for_more() {
    CapabilityDiff diff = CapabilityDiff.between(Set.of("kv.read"), Set.of(), registry);
    assertThat(diff.asksForMore()).isFalse();
    assertThat(diff.isEmpty()).isFalse();
  }

  @Test
  void the_same_capabilities_are_no_difference() {
    CapabilityDiff diff = CapabilityDiff.between(Set.of("kv.read"), Set.of("kv.read"), registry);
    assertThat(diff.isEmpty()).isTrue();
    assertThat(diff.asksForMore()).isFalse();
    assertThat(diff.changes()).extracting(Object::toString).containsExactly("= kv.read");
  }
}
