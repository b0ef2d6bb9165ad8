package io.gonext.host.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.gonext.host.UntrustedException;
import java.security.SecureRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Private keys in PEM, and what is refused in their place. */
class SigningKeyTest {
  private static final SigningKey KEY = TestKeys.KEY;

  @Test
  void the_public_key_is_that_of_the_private_key() {
    assertThat(KEY.publicKey().pem())
        .contains("MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=");
    assertThat(SigningKey.parse(KEY.pem()).pem()).isEqualTo(KEY.pem());
    assertThat(SigningKey.parse(TestKeys.PKCS8_2).pem()).isEqualTo(KEY.pem());
  }

  @Test
  void two_new_keys_differ() {
    SecureRandom random = new SecureRandom();
    assertThat(SigningKey.generate(random).publicKey())
        .isNotEqualTo(SigningKey.generate(random).publicKey());
  }

  @Test
  void a_key_is_encrypted_with_a_passphrase() {
    char[] passphrase = "größe".toCharArray();
    String pem = KEY.pem(passphrase, new SecureRandom());
    assertThat(SigningKey.isEncrypted(pem)).isTrue();
    assertThat(pem).startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
    assertThat(SigningKey.parse(pem, passphrase).publicKey()).isEqualTo(KEY.publicKey());
    assertThat(passphrase).isEqualTo("größe".toCharArray());
    assertThatIllegalArgumentException().isThrownBy(() -> KEY.pem(new char[0], new SecureRandom()));
  }

  @Test
  void its_text_does_not_show_the_private_key() {
    assertThat(KEY).hasToString(KEY.publicKey().id());
  }

  static Stream<Arguments> refused() {
    String pem = KEY.pem();
    String encrypted = TestKeys.ENCRYPTED;
    return Stream.of(
        arguments("key_empty", "\n"),
        arguments("key_public", KEY.publicKey().pem()),
        arguments("key_malformed", KEY.publicKey().minisign()),
        arguments("key_truncated", pem.substring(0, 70)),
        arguments("key_doubled", pem + pem),
        arguments("key_other_kind", pem.replace("K2Vw", "K2Vu")),
        arguments("key_other_kind", pem.replace("PRIVATE", "EC PRIVATE")),
        arguments("key_other_kind", pem.replace("PRIVATE", "RSA PRIVATE")),
        arguments("key_other_format", pem.replace("PRIVATE", "OPENSSH PRIVATE")),
        arguments("key_malformed", TestKeys.pem("PRIVATE KEY", "302e0201003005")),
        arguments("key_malformed", TestKeys.PKCS8_2.replace("gSEA", "gSEB")),
        arguments("key_malformed", TestKeys.PKCS8_2.replace("Mbg=", "Mbk=")),
        arguments("key_malformed", pem.replace("PRIVATE", "ENCRYPTED PRIVATE")),
        arguments("passphrase_wrong", encrypted));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void what_is_not_a_private_key_is_refused_with_a_code(String code, String text) {
    assertThat(
            catchThrowableOfType(
                    UntrustedException.class, () -> SigningKey.parse(text, "other".toCharArray()))
                .code())
        .isEqualTo(code);
  }

  @Test
  void an_encrypted_key_needs_its_passphrase() {
    assertThat(
            catchThrowableOfType(
                    UntrustedException.class, () -> SigningKey.parse(TestKeys.ENCRYPTED))
                .code())
        .isEqualTo("passphrase_missing");
    assertThat(SigningKey.parse(TestKeys.ENCRYPTED, "gonext".toCharArray())).isNotNull();
  }
}
