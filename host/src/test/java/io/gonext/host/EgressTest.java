package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EgressTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.0.0.0, 8, 0",
    "10.0.0.0/8:8080, 10.0.0.0, 8, 8080",
    "127.0.0.1:80, 127.0.0.1, 32, 80",
    "fd00::/8, fd00:0:0:0:0:0:0:0, 8, 0",
    "[fd00::/8]:8080, fd00:0:0:0:0:0:0:0, 8, 8080",
    "[::1], 0:0:0:0:0:0:0:1, 128, 0",
  })
  void an_allowed_range_is_read(String text, String address, int bits, int port) {
    Egress.Allowed allowed = Egress.Allowed.parse(text);
    assertThat(allowed.range().prefix().getHostAddress()).isEqualTo(address);
    assertThat(allowed.range().bits()).isEqualTo(bits);
    assertThat(allowed.port()).isEqualTo(port);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a.example", "10.0.0.0/33", "10.0.0.0/8:", "10.0.0.0/8:65536", "[::1"})
  void a_text_that_is_not_a_range_is_refused(String text) {
    assertThatThrownBy(() -> Egress.Allowed.parse(text))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
