package io.gonext.host.internal.capability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.Capability;
import io.gonext.host.CapabilityRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CapabilityRegistryTest {
  private final CapabilityRegistry registry = CapabilityRegistry.standard();
  private final CapabilityBits bits = new CapabilityBits(registry);

  @Test
  void every_capability_of_the_abi_is_registered() {
    assertThat(registry.ids())
        .containsExactly(
            "audit.emit",
            "cache.invalidate",
            "cron.register",
            "db.read",
            "db.write",
            "email.send",
            "events.emit",
            "hooks.subscribe",
            "http.credentials",
            "http.fetch",
            "http.response_headers",
            "http.serve",
            "jobs.enqueue",
            "kv.read",
            "kv.write",
            "media.read",
            "metrics.observe",
            "posts.read",
            "posts.write",
            "secrets.keys",
            "users.read");
    assertThat(registry.all())
        .filteredOn(Capability::sensitive)
        .extracting(Capability::id)
        .containsExactly(
            "db.read",
            "db.write",
            "email.send",
            "http.credentials",
            "http.fetch",
            "http.response_headers",
            "media.read",
            "posts.read",
            "posts.write",
            "secrets.keys",
            "users.read");
  }

  @Test
  void the_first_registration_of_an_id_wins() {
    Capability first = capability("invoices.read", false);
    assertThat(registry.register(first)).isTrue();
    assertThat(registry.register(capability("invoices.read", true))).isFalse();
    assertThat(registry.find("invoices.read")).contains(first);
    assertThat(registry.register(capability("kv.read", true))).isFalse();
    assertThat(registry.isSensitive("kv.read")).isFalse();
  }

  @Test
  void each_capability_has_a_bit_of_its_own_up_to_64_of_them() {
    for (int i = registry.all().size(); i < CapabilityRegistry.MAX_CAPABILITIES; i++) {
      assertThat(registry.register(capability("app.c" + i, false))).isTrue();
    }
    long all = 0;
    for (String id : registry.ids()) {
      long mask = bits.decidedMask(id);
      assertThat(Long.bitCount(mask)).isEqualTo(1);
      assertThat(all & mask).isZero();
      all |= mask;
    }
    assertThat(all).isEqualTo(-1L);
    assertThatThrownBy(() -> registry.register(capability("one.more", false)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("one.more");
  }

  @Test
  void an_application_capability_is_allowed_once_it_is_registered() {
    Permissions all = new Permissions(bits, -1L);
    assertThat(registry.notOffered("posts.read"))
        .contains("the application does not offer posts.read");
    assertThat(registry.notOffered("kv.read")).isEmpty();
    assertThat(all.allow(bits.mask("posts.read"))).isFalse();
    assertThat(registry.register(capability("posts.read", false))).isTrue();
    assertThat(registry.notOffered("posts.read")).isEmpty();
    assertThat(all.allow(bits.mask("posts.read"))).isTrue();
    assertThat(registry.isSensitive("posts.read")).isFalse();
    assertThat(registry.register(capability("posts.read", true))).isFalse();
    assertThat(registry.register(capability("hooks.subscribe", true))).isFalse();
  }

  @Test
  void permissions_never_allow_an_unregistered_capability() {
    assertThat(bits.mask("no.such")).isZero();
    assertThat(new Permissions(bits, -1L).allow(bits.mask("no.such"))).isFalse();
    assertThat(new Permissions(bits, -1L).allow(bits.mask("kv.read"))).isTrue();
    assertThat(Permissions.none().allow(bits.mask("kv.read"))).isFalse();
  }

  @Test
  void a_decision_holds_for_a_capability_that_is_registered_later() {
    long decided = bits.decidedMask(List.of("invoices.read", "kv.read"));
    assertThat(bits.mask("invoices.read")).isZero();
    assertThat(registry.find("invoices.read")).isEmpty();
    registry.register(capability("orders.read", false));
    registry.register(capability("invoices.read", false));
    Permissions permissions = new Permissions(bits, decided);
    assertThat(permissions.allow(bits.mask("invoices.read"))).isTrue();
    assertThat(permissions.allow(bits.mask("kv.read"))).isTrue();
    assertThat(permissions.allow(bits.mask("orders.read"))).isFalse();
  }

  @Test
  void old_decisions_use_up_no_bit_of_a_registered_capability() {
    for (int i = 0; i < Long.SIZE; i++) {
      bits.decidedMask("gone.c" + i);
    }
    for (String id : registry.ids()) {
      assertThat(bits.decidedMask(id)).isNotZero();
    }
    assertThat(bits.decidedMask("one.more")).isZero();
  }

  @Test
  void an_id_of_any_length_is_refused_or_taken_at_once() {
    assertThatThrownBy(() -> capability("a" + ".a".repeat(100_000), false))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "kv", "KV.read", "kv.", ".read", "kv..read", "kv read.x", "1.a"})
  void an_id_that_is_not_a_dotted_token_is_refused(String id) {
    assertThatThrownBy(() -> capability(id, false)).isInstanceOf(IllegalArgumentException.class);
  }

  private static Capability capability(String id, boolean sensitive) {
    return new Capability(id, "for a test", "resource", "action", sensitive);
  }
}
