package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpellingTest {
  private static final List<String> NAMES =
      List.of("name", "version", "max_bytes", "kv.read", "kv.write", "the_content", "db.read");

  @ParameterizedTest
  @CsvSource({
    "nmae, name",
    "nam, name",
    "names, name",
    "Name, name",
    "vresion, version",
    "verison, version",
    "maxBytes, max_bytes",
    "max-bytes, max_bytes",
    "kv.raed, kv.read",
    "kv_read, kv.read",
    "kv.wirte, kv.write",
    "the_contnet, the_content",
    "the_content, the_content",
    "thecontents, the_content",
  })
  void a_slip_is_seen(String written, String meant) {
    assertThat(Spelling.closest(written, NAMES)).isEqualTo(meant);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "author", "kv", "content", "save_post", "vision.of.it", "äöü"})
  void what_is_far_from_all_is_no_slip(String written) {
    assertThat(Spelling.closest(written, NAMES)).isNull();
  }

  @Test
  void a_name_too_long_to_compare_gets_no_suggestion() {
    assertThat(Spelling.closest("n".repeat(100_000), List.of("n".repeat(100_000)))).isNull();
  }
}
