package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VersionTest {
  /** Semantic Versioning 2.0.0, section 11, and npm's own tests. */
  @Test
  void versions_are_in_the_order_of_their_precedence() {
    List<Version> ordered =
        List.of(
                "0.0.0-foo",
                "0.0.0",
                "0.0.1",
                "0.9.9",
                "0.10.0",
                "0.99.0",
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha.beta",
                "1.0.0-beta",
                "1.0.0-beta.2",
                "1.0.0-beta.11",
                "1.0.0-rc.1",
                "1.0.0",
                "1.2.3-4",
                "1.2.3-5",
                "1.2.3-20261129153000000001",
                "1.2.3-20261129153000000002",
                "1.2.3-4-foo",
                "1.2.3-5-Foo",
                "1.2.3-5-foo",
                "1.2.3-R2",
                "1.2.3-a",
                "1.2.3-a.5",
                "1.2.3-a.10",
                "1.2.3-a.b",
                "1.2.3-a.b.c.5.d.100",
                "1.2.3-a.b.c.10.d.5",
                "1.2.3-r100",
                "1.2.3-r2",
                "1.2.3",
                "2.7.2+asdf",
                "3.0.0",
                "3.0.202611291530",
                "99999999999999999999.0.0")
            .stream()
            .map(Version::parse)
            .toList();
    for (int i = 0; i < ordered.size(); i++) {
      for (int j = 0; j < ordered.size(); j++) {
        assertThat(Integer.signum(ordered.get(i).precedence(ordered.get(j))))
            .as("%s and %s", ordered.get(i), ordered.get(j))
            .isEqualTo(Integer.compare(i, j));
      }
    }
  }

  @Test
  void a_build_has_no_precedence_but_tells_versions_apart() {
    Version one = Version.parse("1.0.0+a.1");
    Version other = Version.parse("1.0.0+b");
    assertThat(one.precedence(other)).isZero();
    assertThat(one).isNotEqualTo(other).hasToString("1.0.0+a.1");
    assertThat(one.release()).hasToString("1.0.0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "01.2.3",
        "1.02.3",
        "v1.2.3",
        "=1.2.3",
        " 1.2.3",
        "1.2.3 ",
        "1.2.3\n",
        "1.2.3-",
        "1.2.3-01",
        "1.2.3-a..b",
        "1.2.3+",
        "1.2.3+a+b",
        "1.2.x",
        "-1.2.3"
      })
  void what_is_not_a_version_is_refused(String text) {
    assertThatThrownBy(() -> Version.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_long_text_is_refused_at_once() {
    String version = "1.0.0-" + "a.".repeat(200_000) + "a";
    assertThatThrownBy(() -> Version.parse(version)).isInstanceOf(IllegalArgumentException.class);
  }
}
