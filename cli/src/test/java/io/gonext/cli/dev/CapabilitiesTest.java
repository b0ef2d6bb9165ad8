package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.cli.dev.DevEvent.Capabilities;
import io.gonext.guests.GuestBundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CapabilitiesTest {
  @Test
  void a_first_version_lists_all_capabilities_with_an_equals_sign() {
    Capabilities first = Capabilities.between(null, requesting("kv.write", "http.fetch"));
    assertThat(first.isFirst()).isTrue();
    assertThat(first.changes())
        .extracting(Object::toString)
        .containsExactly("= http.fetch (sensitive)", "= kv.write");
  }

  @Test
  void a_later_version_lists_added_and_removed_capabilities_only() {
    Capabilities later =
        Capabilities.between(requesting("kv.read", "db.read"), requesting("db.read", "http.fetch"));
    assertThat(later.isFirst()).isFalse();
    assertThat(later.changes())
        .extracting(Object::toString)
        .containsExactly("+ http.fetch (sensitive)", "- kv.read");
  }

  @Test
  void a_version_with_the_same_capabilities_has_no_changes() {
    assertThat(Capabilities.between(requesting("kv.read"), requesting("kv.read")).changes())
        .isEmpty();
  }

  @Test
  void a_first_version_without_capabilities_has_no_changes() {
    assertThat(Capabilities.between(null, requesting()).changes()).isEmpty();
  }

  @Test
  void a_requested_secret_counts_as_a_capability() {
    Manifest manifest =
        ManifestReader.read(
            GuestBundle.of("sample", new byte[0])
                .field("secrets", "{\"keys\":[\"api\"]}")
                .manifest()
                .getBytes(StandardCharsets.UTF_8));
    assertThat(Capabilities.between(requesting(), manifest).changes())
        .extracting(change -> change.kind().sign() + " " + change.capability())
        .containsExactly("+ secrets.keys");
  }

  @Test
  void a_later_version_lists_what_it_reaches_beyond_the_one_before() {
    Manifest one = fetching("a.example");
    Manifest two = fetching("a.example\",\"b.example");
    assertThat(Capabilities.between(one, two).wider())
        .extracting(Object::toString)
        .containsExactly("http.fetch.allow https://b.example");
    assertThat(Capabilities.between(one, one).isEmpty()).isTrue();
    assertThat(Capabilities.between(null, two).wider()).isEmpty();
  }

  private static Manifest fetching(String origins) {
    return ManifestReader.read(
        GuestBundle.of("sample", new byte[0])
            .field("capabilities", "[\"http.fetch\"]")
            .field("http", "{\"fetch\":{\"allow\":[\"" + origins + "\"]}}")
            .manifest()
            .getBytes(StandardCharsets.UTF_8));
  }

  private static Manifest requesting(String... capabilities) {
    return ManifestReader.read(Samples.manifest("sample", capabilities));
  }
}
