package io.gonext.host.trust;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gonext.host.UntrustedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** A file is a signature, a key, both or neither; what was read is written to the same again. */
public class TrustFuzz {
  private static final byte[] MESSAGE = {1, 2, 3};

  public static List<byte[]> seeds() {
    SigningKey key = TestKeys.KEY;
    return Stream.concat(
            Stream.of(key.sign(MESSAGE), key.signMinisign(MESSAGE, "a\tb"))
                .map(BundleSignature::file),
            Stream.of(
                    key.pem(),
                    key.publicKey().pem(),
                    key.publicKey().minisign(),
                    TestKeys.ENCRYPTED,
                    TestKeys.PKCS8_2,
                    TestKeys.RSA_PUBLIC)
                .map(text -> text.getBytes(StandardCharsets.UTF_8)))
        .toList();
  }

  @MethodSource("seeds")
  @FuzzTest
  public void read(byte[] file) {
    readSignature(file);
    String text = new String(file, StandardCharsets.UTF_8);
    readPublicKey(text);
    try {
      SigningKey key = SigningKey.parse(text);
      assertThat(SigningKey.parse(key.pem()).publicKey()).isEqualTo(key.publicKey());
    } catch (UntrustedException e) {
      assertRefusal(e);
    }
  }

  private static void readSignature(byte[] file) {
    try {
      BundleSignature signature = BundleSignature.parse(file);
      assertThat(signature.file()).isEqualTo(file);
      assertThat(signature.isBy(TestKeys.OTHER.publicKey(), MESSAGE)).isFalse();
    } catch (UntrustedException e) {
      assertRefusal(e);
    }
  }

  private static void readPublicKey(String text) {
    try {
      VerificationKey key = VerificationKey.parse(text);
      assertThat(VerificationKey.parse(key.pem())).isEqualTo(key);
      assertThat(VerificationKey.parse(key.minisign())).isEqualTo(key);
    } catch (UntrustedException e) {
      assertRefusal(e);
    }
  }

  private static void assertRefusal(UntrustedException e) {
    assertThat(e.getMessage()).isNotEmpty().matches("[ -~]+");
    assertThat(e.code()).matches("(key|signature|passphrase)_[a-z_]+");
  }
}
