package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import org.junit.jupiter.api.Test;

class CapabilityDifferenceTest {
  @Test
  void the_first_time_all_are_listed_with_an_equals_sign() {
    CapabilityDifference first =
        CapabilityDifference.between(null, asking("kv.write", "http.fetch"));
    assertThat(first.isFirst()).isTrue();
    assertThat(first.lines()).containsExactly("= http.fetch", "= kv.write");
  }

  @Test
  void later_only_what_came_and_what_went_is_listed() {
    CapabilityDifference later =
        CapabilityDifference.between(asking("kv.read", "db.read"), asking("db.read", "http.fetch"));
    assertThat(later.isFirst()).isFalse();
    assertThat(later.lines()).containsExactly("+ http.fetch", "- kv.read");
  }

  @Test
  void nothing_is_said_when_nothing_changed_or_there_is_nothing() {
    assertThat(CapabilityDifference.between(asking("kv.read"), asking("kv.read")).isEmpty())
        .isTrue();
    assertThat(CapabilityDifference.between(null, asking()).isEmpty()).isTrue();
  }

  @Test
  void a_secret_that_is_asked_for_is_a_capability() {
    Manifest manifest =
        ManifestReader.read(
            io.gonext.guests.GuestBundle.of("sample", new byte[0])
                .field("secrets", "{\"keys\":[\"api\"]}")
                .manifest()
                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
    assertThat(CapabilityDifference.between(asking(), manifest).lines())
        .containsExactly("+ secrets.keys");
  }

  private static Manifest asking(String... capabilities) {
    return ManifestReader.read(Samples.manifest("sample", capabilities));
  }
}
