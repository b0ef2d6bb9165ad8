package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.UntrustedException;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.SigningKey;
import io.gonext.host.trust.VerificationKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signatures and keys between the host and the public tools that check them. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class SignatureToolsTest {
  private static final String COMMENT = "timestamp:1767225600\tfile:plugin.gnplugin\thashed";
  private static final char[] PASSPHRASE = "größe 1".toCharArray();

  @TempDir private Path directory;
  private final byte[] bundle = new byte[100_000];
  private final SecureRandom random = new SecureRandom();

  /** What a tool ended with, and wrote to both streams. */
  private record Run(int exitCode, String output) {}

  @BeforeEach
  void writeBundle() throws IOException {
    new Random(18).nextBytes(bundle);
    Files.write(directory.resolve("bundle"), bundle);
  }

  private Run run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Run(process.exitValue(), output);
  }

  private void runs(String... command) throws IOException, InterruptedException {
    Run run = run(command);
    assertThat(run.exitCode()).as("%s: %s", String.join(" ", command), run.output()).isZero();
  }

  private void changeBundle() throws IOException {
    byte[] changed = bundle.clone();
    changed[50_000] ^= 1;
    Files.write(directory.resolve("bundle"), changed);
  }

  private String read(String file) throws IOException {
    return Files.readString(directory.resolve(file));
  }

  private BundleSignature signature(String file) throws IOException {
    return BundleSignature.parse(Files.readAllBytes(directory.resolve(file)));
  }

  @Nested
  class OpenSsl {
    private static final String[] VERIFY = {
      "openssl",
      "pkeyutl",
      "-verify",
      "-pubin",
      "-inkey",
      "key.pub",
      "-rawin",
      "-in",
      "bundle",
      "-sigfile",
      "bundle.sig"
    };

    @BeforeEach
    void require() {
      TestTool.require("openssl", TestTool.isOnPath("openssl"), "install OpenSSL 3");
    }

    @Test
    void openssl_verifies_our_signature() throws Exception {
      SigningKey key = SigningKey.generate(random);
      Files.writeString(directory.resolve("key.pub"), key.publicKey().pem());
      Files.write(directory.resolve("bundle.sig"), key.sign(bundle).file());
      runs(VERIFY);
      changeBundle();
      assertThat(run(VERIFY).exitCode()).isEqualTo(1);
    }

    @Test
    void a_signature_of_openssl_is_accepted() throws Exception {
      runs("openssl", "genpkey", "-algorithm", "ed25519", "-out", "key");
      runs("openssl", "pkey", "-in", "key", "-pubout", "-out", "key.pub");
      runs(
          "openssl",
          "pkeyutl",
          "-sign",
          "-inkey",
          "key",
          "-rawin",
          "-in",
          "bundle",
          "-out",
          "bundle.sig");
      VerificationKey key = VerificationKey.parse(read("key.pub"));
      assertThat(signature("bundle.sig").isBy(key, bundle)).isTrue();
      SigningKey own = SigningKey.parse(read("key"));
      assertThat(own.publicKey()).isEqualTo(key);
      assertThat(own.sign(bundle)).isEqualTo(signature("bundle.sig"));
      assertThat(own.pem()).isEqualTo(read("key"));
      assertThat(key.pem()).isEqualTo(read("key.pub"));
    }

    @Test
    void openssl_reads_our_encrypted_key() throws Exception {
      SigningKey key = SigningKey.generate(random);
      Files.writeString(directory.resolve("key"), key.pem(PASSPHRASE, random));
      Files.writeString(directory.resolve("word"), new String(PASSPHRASE));
      runs("openssl", "pkey", "-in", "key", "-passin", "file:word", "-out", "plain");
      assertThat(read("plain")).isEqualTo(key.pem());
    }

    @Test
    void an_encrypted_key_of_openssl_is_read() throws Exception {
      Files.writeString(directory.resolve("word"), new String(PASSPHRASE));
      runs(
          "openssl",
          "genpkey",
          "-algorithm",
          "ed25519",
          "-aes256",
          "-pass",
          "file:word",
          "-out",
          "key");
      runs("openssl", "pkey", "-in", "key", "-passin", "file:word", "-out", "plain");
      assertThat(SigningKey.isEncrypted(read("key"))).isTrue();
      assertThat(SigningKey.parse(read("key"), PASSPHRASE).pem()).isEqualTo(read("plain"));
      assertThatThrownBy(() -> SigningKey.parse(read("key"), "other".toCharArray()))
          .isInstanceOfSatisfying(
              UntrustedException.class, e -> assertThat(e.code()).isEqualTo("passphrase_wrong"));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {"ed448", "x25519", "rsa", "ec -pkeyopt ec_paramgen_curve:P-256", "rsa-pss"})
    void a_key_of_another_kind_is_refused(String algorithm) throws Exception {
      runs(("openssl genpkey -out key -algorithm " + algorithm).split(" ", -1));
      runs("openssl", "pkey", "-in", "key", "-pubout", "-out", "key.pub");
      String kind = algorithm.split(" ", -1)[0];
      assertThatThrownBy(() -> VerificationKey.parse(read("key.pub")))
          .isInstanceOfSatisfying(
              UntrustedException.class, e -> assertThat(e.code()).isEqualTo("key_other_kind"))
          .message()
          .containsIgnoringCase("this is an " + kind + " key");
      assertThatThrownBy(() -> SigningKey.parse(read("key")))
          .isInstanceOfSatisfying(
              UntrustedException.class, e -> assertThat(e.code()).isEqualTo("key_other_kind"));
    }
  }

  @Nested
  class Minisign {
    private static final String[] VERIFY = {
      "minisign", "-V", "-p", "key.minisign.pub", "-m", "bundle"
    };

    @BeforeEach
    void require() {
      TestTool.require(
          "minisign", TestTool.isOnPath("minisign"), "apt-get install minisign (0.11 or newer)");
    }

    @Test
    void minisign_verifies_our_signature() throws Exception {
      SigningKey key = SigningKey.generate(random);
      Files.writeString(directory.resolve("key.minisign.pub"), key.publicKey().minisign());
      BundleSignature signature = key.signMinisign(bundle, COMMENT);
      Files.write(directory.resolve("bundle.minisig"), signature.file());
      Run verified = run(VERIFY);
      assertThat(verified.exitCode()).as(verified.output()).isZero();
      assertThat(verified.output()).contains("Trusted comment: " + COMMENT);
      assertThat(BundleSignature.parse(signature.file()).isBy(key.publicKey(), bundle)).isTrue();
      changeBundle();
      assertThat(run(VERIFY).exitCode()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-q", "-l"})
    void a_signature_of_minisign_is_accepted(String option) throws Exception {
      runs("minisign", "-G", "-W", "-p", "key.minisign.pub", "-s", "key");
      runs("minisign", "-S", "-s", "key", option, "-t", "größe", "-m", "bundle");
      VerificationKey key = VerificationKey.parse(read("key.minisign.pub"));
      BundleSignature signature = signature("bundle.minisig");
      assertThat(signature.isBy(key, bundle)).isTrue();
      assertThat(signature.trustedComment()).contains("größe");
      assertThat(VerificationKey.parse(read("key.minisign.pub").lines().toList().get(1)))
          .isEqualTo(key);
      assertThat(key.minisign()).isEqualTo(read("key.minisign.pub"));
      // The same key in the other format.
      assertThat(signature.isBy(VerificationKey.parse(key.pem()), bundle)).isTrue();
      bundle[7] ^= 1;
      assertThat(signature.isBy(key, bundle)).isFalse();
    }

    @Test
    void a_signature_of_another_minisign_key_is_foreign() throws Exception {
      runs("minisign", "-G", "-W", "-p", "key.minisign.pub", "-s", "key");
      runs("minisign", "-S", "-s", "key", "-m", "bundle");
      VerificationKey other = SigningKey.generate(random).publicKey();
      BundleSignature signature = signature("bundle.minisig");
      assertThatThrownBy(() -> signature.requireBy(other, bundle))
          .isInstanceOfSatisfying(
              UntrustedException.class, e -> assertThat(e.code()).isEqualTo("signature_foreign"));
    }

    @Test
    void a_secret_key_of_minisign_is_refused() throws Exception {
      runs("minisign", "-G", "-W", "-p", "key.minisign.pub", "-s", "key");
      assertThatThrownBy(() -> VerificationKey.parse(read("key")))
          .isInstanceOfSatisfying(
              UntrustedException.class, e -> assertThat(e.code()).isEqualTo("key_private"));
      assertThatThrownBy(() -> SigningKey.parse(read("key")))
          .hasMessageContaining("sign with minisign -S");
    }
  }
}
