package io.gonext.host.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.gonext.host.UntrustedException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Public keys in PEM and in minisign's form, and what is refused in their place. */
class VerificationKeyTest {
  private static final VerificationKey KEY = TestKeys.KEY.publicKey();
  private static final String LINE = KEY.minisign().lines().toList().getLast();
  private static final String P_MINUS =
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

  private static String refusal(String text) {
    UntrustedException e =
        catchThrowableOfType(UntrustedException.class, () -> VerificationKey.parse(text));
    assertThat(e).as(text).isNotNull();
    return e.code();
  }

  @Test
  void a_key_is_the_same_in_each_format() {
    assertThat(VerificationKey.parse(KEY.pem())).isEqualTo(KEY).hasSameHashCodeAs(KEY);
    assertThat(VerificationKey.parse(KEY.minisign())).isEqualTo(KEY);
    assertThat(VerificationKey.parse(LINE)).isEqualTo(KEY);
    assertThat(VerificationKey.parse(KEY.pem().replace("\n", "\r\n"))).isEqualTo(KEY);
    assertThat(VerificationKey.parse("\n" + KEY.minisign().replace("\n", "\r\n"))).isEqualTo(KEY);
    assertThat(KEY.id()).isEqualTo("56475aa75463474c").isEqualTo(KEY.toString());
    assertThat(KEY).isNotEqualTo(TestKeys.OTHER.publicKey());
  }

  @Test
  void minisign_calls_the_key_by_its_id() {
    assertThat(KEY.minisign())
        .startsWith("untrusted comment: minisign public key 56475AA75463474C\nRW");
  }

  static Stream<Arguments> refused() {
    String pem = KEY.pem();
    return Stream.of(
        arguments("key_empty", ""),
        arguments("key_empty", " \n"),
        arguments("key_too_large", "A".repeat(16_385)),
        arguments("key_truncated", pem.substring(0, 60)),
        arguments("key_truncated", pem.replace("MCow", "MCo")),
        arguments("key_truncated", "-----BEGIN PUBLIC"),
        arguments("key_truncated", "-----BEGIN PUBLIC KEY-----END PUBLIC KEY-----"),
        arguments("key_truncated", LINE.substring(0, 50)),
        arguments("key_truncated", LINE.substring(0, 52)),
        arguments("key_truncated", "untrusted comment: minisign public key 1"),
        arguments("key_doubled", pem + pem),
        arguments("key_doubled", KEY.minisign() + LINE),
        arguments("key_private", TestKeys.KEY.pem()),
        arguments("key_private", TestKeys.ENCRYPTED),
        arguments("key_private", pem.replace("PUBLIC", "RSA PRIVATE")),
        arguments("key_private", pem.replace("PUBLIC", "OPENSSH PRIVATE")),
        arguments("key_other_kind", TestKeys.RSA_PUBLIC),
        arguments("key_other_kind", pem.replace("PUBLIC", "RSA PUBLIC")),
        arguments("key_other_kind", pem.replace("K2Vw", "K2Vu")),
        arguments("key_other_kind", pem.replace("K2Vw", "K2Vx")),
        arguments("key_other_kind", pem.replace("K2Vw", "K2Vz")),
        arguments("key_other_format", pem.replace("PUBLIC KEY", "CERTIFICATE")),
        arguments("key_other_format", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me"),
        arguments("key_other_format", "{\"kty\":\"OKP\"}"),
        arguments("key_malformed", "a key"),
        arguments("key_malformed", "x" + pem),
        arguments("key_malformed", pem + "x"),
        arguments("key_malformed", pem.replace("MCow", "M?ow")),
        arguments("key_malformed", pem.replace("PUBLIC", "SECRET")),
        arguments("key_malformed", LINE.replace("RW", "RX")),
        arguments("key_malformed", TestKeys.pem("PUBLIC KEY", "00")),
        arguments("key_malformed", TestKeys.pem("PUBLIC KEY", "")),
        arguments(
            "key_malformed", TestKeys.pem("PUBLIC KEY", "302a300506032b65700321000102030405")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void what_is_not_a_public_key_is_refused_with_a_code(String code, String text) {
    assertThat(refusal(text)).isEqualTo(code);
  }

  /** A second text of the same bytes: the unused bits of the last digit are not zero. */
  @Test
  void base64_with_a_second_form_is_refused() {
    assertThat(refusal(KEY.pem().replace("Mbg=", "Mbh="))).isEqualTo("key_malformed");
  }

  @ParameterizedTest
  @CsvSource({
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
  })
  void a_key_of_small_order_is_refused(String raw) {
    assertThat(refusal(TestKeys.publicPem(raw))).isEqualTo("key_weak");
  }

  @Test
  void a_second_encoding_of_a_point_is_refused() {
    // The encodings of p to 2^255 - 1 stand for 0 to 18 too.
    for (int low = 0xed; low <= 0xff; low++) {
      for (String high : new String[] {"7f", "ff"}) {
        String raw = Integer.toHexString(low) + P_MINUS.substring(2) + high;
        assertThat(refusal(TestKeys.publicPem(raw))).isEqualTo("key_not_canonical");
      }
    }
  }

  @Test
  void bytes_that_are_not_a_point_are_refused() {
    assertThat(refusal(TestKeys.publicPem("02" + "00".repeat(31)))).isEqualTo("key_not_a_point");
    assertThat(VerificationKey.parse(TestKeys.publicPem("03" + "00".repeat(31)))).isNotNull();
  }
}
