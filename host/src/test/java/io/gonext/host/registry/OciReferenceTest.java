package io.gonext.host.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.RegistryException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.CONCURRENT)
class OciReferenceTest {
  private static final String HEX = "0123456789abcdef".repeat(4);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "oci://registry.example/acme/plugin:1.0.0",
        "oci://registry.example:5000/plugin",
        "oci://localhost/plugin:latest",
        "oci://localhost:5000/a/b/c__d/e-f.g---h:_x",
        "oci://127.0.0.1:5000/plugin:1",
        "oci://[::1]:5000/plugin:1",
        "oci://acme:443/plugin"
      })
  void a_reference_prints_as_it_was_written(String text) {
    assertThat(OciReference.parse(text)).hasToString(text);
  }

  @Test
  void a_tag_beside_a_digest_is_kept() {
    String text = "oci://registry.example/acme/plugin:1.0.0@sha256:" + HEX;
    OciReference reference = OciReference.parse(text);
    assertThat(reference.tag()).contains("1.0.0");
    assertThat(reference.digest()).contains("sha256:" + HEX);
    assertThat(reference).hasToString(text);
    assertThat(reference.origin()).isEqualTo("oci://registry.example/acme/plugin");
    assertThat(OciReference.parse("oci://r.example/p@sha512:" + HEX + HEX).digest())
        .contains("sha512:" + HEX + HEX);
  }

  @Test
  void build_metadata_begins_with_an_underscore_in_a_tag() {
    assertThat(OciReference.parse("oci://r.example/p:1.0.0+b1").tag()).contains("1.0.0_b1");
    assertThat(OciReference.parse("oci://r.example/p").withTag("2.0.0+x").tag())
        .contains("2.0.0_x");
  }

  @Test
  void the_host_is_in_lower_case() {
    assertThat(OciReference.parse("OCI://Registry.Example/p").registry())
        .isEqualTo("registry.example");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | the reference is empty",
        "acme/plugin | does not begin with oci://",
        "https://registry.example/acme/plugin | does not begin with oci://",
        "oci:// | has no registry",
        "oci:///plugin | has no registry",
        "oci://acme/plugin | acme is not taken for a host",
        "oci://registry.example | has no repository",
        "oci://registry.example/ | has no repository",
        "oci://registry.example/Acme | lower-case letters",
        "oci://registry.example/a//b | lower-case letters",
        "oci://registry.example/a/ | lower-case letters",
        "oci://registry.example/../x | lower-case letters",
        "oci://registry.example/a?b=c | lower-case letters",
        "oci://registry.example/a___b | lower-case letters",
        "oci://registry.example/a%2fb | lower-case letters",
        "oci://registry.example/p: | the tag is empty",
        "oci://registry.example/p:-x | the tag -x is not valid",
        "oci://registry.example/p:a:b | the tag a:b is not valid",
        "oci://registry.example/p@ | the digest",
        "oci://registry.example/p@sha256:abc | the digest sha256:abc is not valid",
        "oci://registry.example/p@md5:00 | the digest md5:00 is not valid",
        "oci://user:secret@registry.example/p | holds no user",
        "oci://registry.example:0/p | is not a host",
        "oci://registry.example:99999/p | is not a host",
        "oci://registry.example:/p | is not a host",
        "oci://registry.example?x/p | is not a host",
        "oci://0x7f.1/p | is not a host",
        "oci://regis try.example/p | is not a host",
      })
  void a_mistake_gets_a_sentence_of_its_own(String text, String sentence) {
    assertThatThrownBy(() -> OciReference.parse(text))
        .isInstanceOfSatisfying(
            RegistryException.class,
            e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.REFERENCE))
        .hasMessageContaining(sentence)
        .hasMessageNotContaining("secret");
  }

  @Test
  void lengths_are_those_of_the_distribution_specification() {
    assertThat(OciReference.parse("oci://r.example/p:" + "t".repeat(128)).tag()).isPresent();
    assertThatThrownBy(() -> OciReference.parse("oci://r.example/p:" + "t".repeat(129)))
        .hasMessageContaining("1 to 128");
    String longest = "a".repeat(255 - "r.example/".length());
    assertThat(OciReference.parse("oci://r.example/" + longest).repository()).isEqualTo(longest);
    assertThatThrownBy(() -> OciReference.parse("oci://r.example/a" + longest))
        .hasMessageContaining("255 characters");
    assertThatThrownBy(() -> OciReference.parse("oci://r.example/" + "a".repeat(2000)))
        .hasMessageContaining("1024 characters");
  }

  @ParameterizedTest
  @CsvSource({
    "registry.example, true",
    "registry.example/acme, true",
    "registry.example/acme/*, true",
    "registry.example/acme/plugin, true",
    "*.example, true",
    "*, true",
    "oci://registry.example/acme, true",
    "registry.example/ac, false",
    "registry.example/acme/plugin/x, false",
    "registry.example:5000, false",
    "example, false",
    "*.registry.example, false",
    "other.example, false",
  })
  void a_pattern_matches_whole_names(String pattern, boolean matches) {
    OciReference reference = OciReference.parse("oci://registry.example/acme/plugin:1");
    assertThat(RegistryPattern.parse(pattern).matches(reference)).isEqualTo(matches);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "a b", "https://x/y", "*x.example", "x.example/../y/A"})
  void a_pattern_that_is_not_one_is_refused(String pattern) {
    assertThatThrownBy(() -> RegistryPattern.parse(pattern))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("HOST:PORT");
  }
}
