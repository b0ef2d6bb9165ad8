package io.gonext.host.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.gonext.host.UntrustedException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Signatures of 64 bytes and of minisign, and what is refused in their place. */
class BundleSignatureTest {
  private static final byte[] BUNDLE = "a bundle".getBytes(StandardCharsets.UTF_8);
  private static final VerificationKey KEY = TestKeys.KEY.publicKey();
  private static final byte[] RAW = TestKeys.KEY.sign(BUNDLE).file();
  private static final String MINISIGN =
      text(TestKeys.KEY.signMinisign(BUNDLE, "timestamp:1\tfile:a").file());

  private static String text(byte[] file) {
    return new String(file, StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] line(int number, String replacement) {
    var lines = new ArrayList<>(MINISIGN.lines().toList());
    lines.set(number, replacement);
    return bytes(String.join("\n", lines) + "\n");
  }

  private static String refusal(byte[] file) {
    UntrustedException e =
        catchThrowableOfType(UntrustedException.class, () -> BundleSignature.parse(file));
    assertThat(e).as(text(file)).isNotNull();
    return e.code();
  }

  private static String refusal(BundleSignature signature, VerificationKey key, byte[] bundle) {
    assertThat(signature.isBy(key, bundle)).isFalse();
    return catchThrowableOfType(UntrustedException.class, () -> signature.requireBy(key, bundle))
        .code();
  }

  @Test
  void a_signature_fits_its_key_and_its_bundle_only() {
    BundleSignature signature = BundleSignature.parse(RAW);
    assertThat(signature.isBy(KEY, BUNDLE)).isTrue();
    signature.requireBy(KEY, BUNDLE);
    assertThat(signature.file()).isEqualTo(RAW).hasSize(64);
    assertThat(signature.trustedComment()).isEmpty();
    assertThat(refusal(signature, KEY, bytes("a Bundle"))).isEqualTo("signature_invalid");
    assertThat(refusal(signature, TestKeys.OTHER.publicKey(), BUNDLE))
        .isEqualTo("signature_invalid");
  }

  @Test
  void a_signature_of_minisign_covers_its_comment() {
    BundleSignature signature = BundleSignature.parse(bytes(MINISIGN));
    assertThat(signature.isBy(KEY, BUNDLE)).isTrue();
    signature.requireBy(KEY, BUNDLE);
    assertThat(signature.trustedComment()).contains("timestamp:1\tfile:a");
    BundleSignature other = BundleSignature.parse(line(2, "trusted comment: timestamp:2"));
    assertThat(refusal(other, KEY, BUNDLE)).isEqualTo("signature_comment_changed");
    assertThat(refusal(signature, KEY, bytes("a Bundle"))).isEqualTo("signature_invalid");
    assertThat(refusal(signature, TestKeys.OTHER.publicKey(), BUNDLE))
        .isEqualTo("signature_foreign");
  }

  @Test
  void the_untrusted_comment_and_line_breaks_do_not_matter() {
    assertThat(BundleSignature.parse(line(0, "untrusted comment: x")).isBy(KEY, BUNDLE)).isTrue();
    assertThat(BundleSignature.parse(bytes(MINISIGN.replace("\n", "\r\n"))).isBy(KEY, BUNDLE))
        .isTrue();
    assertThat(BundleSignature.parse(bytes(MINISIGN.strip())).isBy(KEY, BUNDLE)).isTrue();
  }

  @Test
  void minisigns_signature_of_the_hash_is_not_one_of_the_bytes() {
    String head = MINISIGN.lines().toList().get(1);
    assertThat(head).startsWith("RU");
    // The same signature under the algorithm that signs the bytes.
    BundleSignature signature = BundleSignature.parse(line(1, "RW" + head.substring(2)));
    assertThat(refusal(signature, KEY, BUNDLE)).isEqualTo("signature_invalid");
  }

  static Stream<Arguments> refused() {
    String head = MINISIGN.lines().toList().get(1);
    return Stream.of(
        arguments("signature_empty", new byte[0]),
        arguments("signature_truncated", Arrays.copyOf(RAW, 63)),
        arguments("signature_malformed", Arrays.copyOf(RAW, 65)),
        arguments("signature_doubled", HexFormat.of().parseHex(hex(RAW) + hex(RAW))),
        arguments("signature_too_large", new byte[4097]),
        arguments("signature_other_format", bytes("-----BEGIN PGP SIGNATURE-----\n")),
        arguments("signature_other_format", bytes("{\"mediaType\":\"application/x\"}")),
        arguments("signature_other_format", bytes(Base64.getEncoder().encodeToString(RAW) + "\n")),
        arguments("signature_other_format", HexFormat.of().parseHex("30" + "01".repeat(70))),
        arguments("signature_other_format", new byte[256]),
        arguments("signature_truncated", bytes("untrusted comment: a")),
        arguments("signature_truncated", bytes("untrusted comment: a\n" + head + "\n")),
        arguments("signature_truncated", line(1, head.substring(0, 40))),
        arguments("signature_truncated", line(1, head.substring(0, 41))),
        arguments("signature_truncated", line(3, "")),
        arguments("signature_malformed", line(1, head + "AAAA")),
        arguments("signature_malformed", line(1, head.replace('R', '?'))),
        arguments("signature_malformed", line(1, "RV" + head.substring(2))),
        arguments("signature_malformed", line(2, "comment: a")),
        arguments("signature_malformed", bytes(MINISIGN + "x\n")),
        arguments("signature_doubled", bytes(MINISIGN + MINISIGN)));
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void what_is_not_a_signature_is_refused_with_a_code(String code, byte[] file) {
    assertThat(refusal(file)).isEqualTo(code);
  }

  @Test
  void text_of_minisign_that_is_not_utf8_is_refused() {
    byte[] file = bytes(MINISIGN);
    file[MINISIGN.indexOf("timestamp")] = (byte) 0xc3;
    assertThat(refusal(file)).isEqualTo("signature_malformed");
  }

  /** S + L satisfies the same equation: one message would have two signatures. */
  @Test
  void s_of_the_groups_order_or_more_is_refused() {
    BigInteger order =
        BigInteger.TWO.pow(252).add(new BigInteger("27742317777372353535851937790883648493"));
    byte[] s = VerificationKey.reversed(Arrays.copyOfRange(RAW, 32, 64));
    byte[] larger = VerificationKey.reversed(new BigInteger(1, s).add(order).toByteArray());
    byte[] file = RAW.clone();
    System.arraycopy(larger, 0, file, 32, 32);
    assertThat(refusal(file)).isEqualTo("signature_not_canonical");
    System.arraycopy(VerificationKey.reversed(order.toByteArray()), 0, file, 32, 32);
    assertThat(refusal(file)).isEqualTo("signature_not_canonical");
    System.arraycopy(
        VerificationKey.reversed(order.subtract(BigInteger.ONE).toByteArray()), 0, file, 32, 32);
    assertThat(BundleSignature.parse(file).isBy(KEY, BUNDLE)).isFalse();
  }

  @Test
  void r_in_a_second_encoding_is_refused() {
    byte[] file = RAW.clone();
    Arrays.fill(file, 0, 32, (byte) 0xff);
    assertThat(refusal(file)).isEqualTo("signature_not_canonical");
  }

  @Test
  void r_of_small_order_is_refused() {
    byte[] file = RAW.clone();
    Arrays.fill(file, 0, 32, (byte) 0);
    assertThat(refusal(file)).isEqualTo("signature_weak");
    file[0] = 1;
    assertThat(refusal(file)).isEqualTo("signature_weak");
  }

  @Test
  void r_that_is_not_a_point_fits_nothing() {
    byte[] file = RAW.clone();
    Arrays.fill(file, 0, 32, (byte) 0);
    file[0] = 2;
    assertThat(BundleSignature.parse(file).isBy(KEY, BUNDLE)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"two\nlines", "a\rb", "\0"})
  void a_trusted_comment_is_one_line(String comment) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TestKeys.KEY.signMinisign(BUNDLE, comment));
  }
}
