package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.trust.BundleSignature;
import io.gonext.host.trust.SigningKey;
import io.gonext.host.trust.VerificationKey;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** {@code gonext plugin keygen}, {@code sign}, {@code verify} and {@code pack --sign}. */
class SigningTest {
  private static final SigningKey KEY = SigningKey.generate(new SecureRandom());
  private static final SigningKey OTHER = SigningKey.generate(new SecureRandom());

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path bundle;

  @BeforeEach
  void writeFiles() throws IOException {
    bundle = directory.resolve("echo-1.0.0.gnplugin");
    Files.write(bundle, GuestBundle.of("echo").bytes());
    writeSecret("acme.key", KEY.pem());
    write("acme.pub", KEY.publicKey().pem());
    write("acme.minisign.pub", KEY.publicKey().minisign());
    writeSecret("other.key", OTHER.pem());
    write("other.pub", OTHER.publicKey().pem());
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  private Path writeSecret(String name, String text) throws IOException {
    Path file = write(name, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }

  /** Runs a command; {@code @NAME} is a file of the test's directory. */
  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.run(
        new PrintWriter(out, true),
        new PrintWriter(err, true),
        Stream.concat(Stream.of("plugin"), Stream.of(arguments))
            .map(argument ->
                argument.startsWith("@")
                    ? directory.resolve(argument.substring(1)).toString()
                    : argument)
            .toArray(String[]::new));
  }

  private void runs(String... arguments) {
    assertThat(run(arguments)).as("%s%s", out, err).isZero();
  }

  private JsonNode json() {
    try {
      return StrictJson.parse(out.toString().getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new AssertionError(out.toString(), e);
    }
  }

  private String permissions(String file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(file)));
  }

  @Test
  void keygen_writes_an_encrypted_key_for_its_owner_alone() throws IOException {
    writeSecret("word", "correct horse\n");
    runs("keygen", "--out", "@new", "--passphrase-file", "@word", "--json");
    String text = Files.readString(directory.resolve("new.key"));
    VerificationKey key = VerificationKey.parse(Files.readString(directory.resolve("new.pub")));
    assertThat(text).startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
    assertThat(permissions("new.key")).isEqualTo("rw-------");
    assertThat(json().path("key").asString()).isEqualTo(key.id());
    assertThat(json().path("encrypted").asBoolean()).isTrue();
    assertThat(Files.readString(directory.resolve("new.minisign.pub"))).isEqualTo(key.minisign());
    runs("sign", bundle.toString(), "--key", "@new.key", "--passphrase-file", "@word");
    runs("verify", bundle.toString(), "--key", "@new.pub");
  }

  @ParameterizedTest
  @ValueSource(strings = {"new.key", "new.pub", "new.minisign.pub"})
  void keygen_writes_over_no_file(String existing) throws IOException {
    write(existing, "mine");
    assertThat(run("keygen", "--no-passphrase", "--out", "@new")).isEqualTo(1);
    assertThat(err.toString()).contains(existing + " exists, and a key is never written over");
    assertThat(Files.readString(directory.resolve(existing))).isEqualTo("mine");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.filter(file -> file.getFileName().toString().startsWith("new."))).hasSize(1);
    }
  }

  @Test
  void keygen_asks_for_a_passphrase_or_the_option_without_one() {
    assertThat(run("keygen", "--out", "@new")).isEqualTo(2);
    assertThat(err.toString())
        .contains("the new key needs a passphrase", "--passphrase-file", "--no-passphrase");
    runs("keygen", "--out", "@new", "--no-passphrase");
    assertThat(out.toString()).contains("new.key, not encrypted");
  }

  @Test
  void verify_with_a_policy_says_whether_the_policy_trusts_the_bundle() throws IOException {
    write(
        "trust.json",
        """
        {"publishers": [{"name": "acme", "keys": [{"key": "%s"}]}],
         "rules": [{"registry": "upload", "publishers": ["acme"]}]}
        """
            .formatted(KEY.publicKey().pem().replace("\n", "\\n")));
    assertThat(run("verify", bundle.toString(), "--policy", "@trust.json")).isEqualTo(1);
    assertThat(err.toString()).startsWith("gonext: echo@1.0.0 is not signed");
    runs("sign", bundle.toString(), "--key", "@other.key", "--minisign");
    assertThat(run("verify", bundle.toString(), "--policy", "@trust.json", "--json")).isEqualTo(1);
    assertThat(json().path("code").asString()).isEqualTo("key_unknown");
    runs("sign", bundle.toString(), "--key", "@acme.key", "--add");
    runs("verify", bundle.toString(), "--policy", "@trust.json");
    assertThat(out.toString())
        .isEqualTo(
            "ok  %s is trusted: signed by acme (%s)%n".formatted(bundle, KEY.publicKey().id()));
    String from = "oci://registry.example.com/acme/echo";
    assertThat(run("verify", bundle.toString(), "--policy", "@trust.json", "--from", from))
        .isEqualTo(1);
    assertThat(err.toString()).contains("no rule", "registry.example.com/acme/echo");
    assertThat(run("verify", bundle.toString(), "--policy", "@none.json")).isEqualTo(1);
    assertThat(err.toString()).contains("none.json cannot be read").hasLineCount(1);
    assertThat(run("verify", bundle.toString())).isEqualTo(2);
    assertThat(run("verify", bundle.toString(), "--key", "@acme.pub", "--policy", "@trust.json"))
        .isEqualTo(2);
  }

  @Test
  void check_lists_the_signatures_beside_a_bundle_with_the_keys_that_they_name()
      throws IOException {
    runs("check", "--quick", bundle.toString());
    assertThat(out.toString()).doesNotContain("signature");
    runs("sign", bundle.toString(), "--key", "@acme.key");
    runs("sign", bundle.toString(), "--key", "@acme.key", "--minisign");
    runs("sign", bundle.toString(), "--key", "@other.key", "--add");
    runs("check", "--quick", bundle.toString());
    assertThat(out.toString())
        .contains(
            "echo-1.0.0.gnplugin.sig, which names no key: not verified",
            "echo-1.0.0.gnplugin.minisig, which names the key " + KEY.publicKey().id(),
            "which names the key " + OTHER.publicKey().id());
    Files.write(directory.resolve("echo-1.0.0.gnplugin.sig"), new byte[3]);
    assertThat(run("check", "--quick", bundle.toString())).isEqualTo(1);
    assertThat(out.toString()).contains("a host would reject it", "the signature is cut off");
  }

  @Test
  void a_passphrase_file_that_others_can_read_is_refused() throws IOException {
    write("word", "correct horse\n");
    assertThat(run("keygen", "--out", "@new", "--passphrase-file", "@word")).isEqualTo(1);
    assertThat(err.toString()).contains("can be read by others: run chmod 600");
  }

  @Test
  void a_key_without_a_passphrase_that_others_can_read_is_refused() throws IOException {
    write("open.key", KEY.pem());
    assertThat(run("sign", bundle.toString(), "--key", "@open.key")).isEqualTo(1);
    assertThat(err.toString()).contains("open.key can be read by others: run chmod 600");
  }

  @Test
  void sign_writes_the_64_bytes_and_signing_again_changes_nothing() throws IOException {
    runs("sign", bundle.toString(), "--key", "@acme.key");
    byte[] signature = Files.readAllBytes(directory.resolve("echo-1.0.0.gnplugin.sig"));
    assertThat(signature).isEqualTo(KEY.sign(Files.readAllBytes(bundle)).file()).hasSize(64);
    runs("sign", bundle.toString(), "--key", "@acme.key");
    assertThat(out.toString()).contains("already");
    runs("verify", bundle.toString(), "--key", "@acme.pub");
    assertThat(out.toString()).contains("is signed with the key " + KEY.publicKey().id());
  }

  @Test
  void sign_writes_the_form_of_minisign() throws IOException {
    runs("sign", bundle.toString(), "--key", "@acme.key", "--minisign");
    BundleSignature signature =
        BundleSignature.parse(Files.readAllBytes(directory.resolve("echo-1.0.0.gnplugin.minisig")));
    assertThat(signature.trustedComment().orElseThrow())
        .matches("timestamp:\\d+\tfile:echo-1\\.0\\.0\\.gnplugin\thashed");
    runs("verify", bundle.toString(), "--key", "@acme.minisign.pub");
    assertThat(out.toString()).contains("trusted comment: timestamp:");
  }

  @Test
  void a_second_signature_goes_beside_the_first() throws IOException {
    runs("sign", bundle.toString(), "--key", "@acme.key");
    assertThat(run("sign", bundle.toString(), "--key", "@other.key")).isEqualTo(1);
    assertThat(err.toString()).contains("--replace writes over it, and --add writes a second");
    runs("sign", bundle.toString(), "--key", "@other.key", "--add");
    String second = "@echo-1.0.0.gnplugin." + OTHER.publicKey().id() + ".sig";
    runs("verify", bundle.toString(), "--key", "@other.pub", "--signature", second);
    runs("verify", bundle.toString(), "--key", "@other.pub", "--key", "@acme.pub");
    runs("sign", bundle.toString(), "--key", "@other.key", "--replace");
    assertThat(run("verify", bundle.toString(), "--key", "@acme.pub")).isEqualTo(1);
  }

  @Test
  void a_file_far_larger_than_a_bundle_is_refused() throws IOException {
    Path large = directory.resolve("large");
    try (var file = new RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(3L * 1024 * 1024 * 1024);
    }
    assertThat(run("sign", large.toString(), "--key", "@acme.key")).isEqualTo(1);
    assertThat(err.toString()).contains("has more than 64.0 MB");
  }

  @Test
  void sign_refuses_a_bundle_that_is_not_one() throws IOException {
    write("bad.gnplugin", "PK");
    assertThat(run("sign", "@bad.gnplugin", "--key", "@acme.key")).isEqualTo(1);
    assertThat(Files.exists(directory.resolve("bad.gnplugin.sig"))).isFalse();
    write("index.json", "{}");
    runs("sign", "@index.json", "--key", "@acme.key");
    runs("verify", "@index.json", "--key", "@acme.pub");
  }

  @Test
  void verify_refuses_a_changed_bundle() throws IOException {
    runs("sign", bundle.toString(), "--key", "@acme.key");
    Files.write(bundle, GuestBundle.of("echo").version("1.0.1").bytes());
    assertThat(run("verify", "--json", bundle.toString(), "--key", "@acme.pub")).isEqualTo(1);
    assertThat(json().path("code").asString()).isEqualTo("signature_invalid");
    assertThat(json().path("error").asString())
        .contains("the bundle was changed after it was signed, or another key signed it");
  }

  @ParameterizedTest
  @CsvSource({
    "@acme.key, key_private",
    "@echo-1.0.0.gnplugin, key_too_large|key_malformed",
    "@empty, key_empty"
  })
  void verify_says_what_is_wrong_with_the_key(String key, String codes) throws IOException {
    write("empty", "");
    runs("sign", bundle.toString(), "--key", "@acme.key");
    assertThat(run("verify", "--json", bundle.toString(), "--key", key)).isEqualTo(1);
    assertThat(json().path("code").asString()).matches(codes);
    assertThat(json().path("error").asString()).contains(key.substring(1) + ": ");
  }

  @Test
  void verify_names_what_is_missing() {
    assertThat(run("verify", "--json", bundle.toString(), "--key", "@acme.pub")).isEqualTo(1);
    assertThat(json().path("code").asString()).isEqualTo("signature_missing");
    assertThat(run("verify", "@none", "--key", "@acme.pub")).isEqualTo(1);
    assertThat(err.toString()).contains("none cannot be read: there is no such file");
    assertThat(run("verify", bundle.toString(), "--key", "@none.pub")).isEqualTo(1);
    assertThat(err.toString()).contains("none.pub cannot be read: there is no such file");
    assertThat(run("verify", bundle.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("--key");
  }

  @Test
  void pack_signs_what_it_packs() throws IOException {
    project();
    runs("pack", "@project", "-o", "@p.gnplugin", "--sign", "@acme.key", "--minisign", "--json");
    assertThat(json().path("signatures")).hasSize(2);
    assertThat(json().path("key").asString()).isEqualTo(KEY.publicKey().id());
    runs("verify", "@p.gnplugin", "--key", "@acme.pub");
    runs("verify", "@p.gnplugin", "--key", "@acme.pub", "--signature", "@p.gnplugin.minisig");
    write("project/README.md", "new");
    runs("pack", "@project", "-o", "@p.gnplugin", "--sign", "@acme.key");
    runs("verify", "@p.gnplugin", "--key", "@acme.pub");
    assertThat(run("pack", "@project", "--minisign")).isEqualTo(2);
  }

  @Test
  void pack_warns_of_signatures_of_an_earlier_bundle() throws IOException {
    project();
    runs("pack", "@project", "-o", "@p.gnplugin", "--sign", "@acme.key", "--minisign");
    runs("pack", "@project", "-o", "@p.gnplugin");
    assertThat(out.toString()).doesNotContain("warning");
    write("project/README.md", "new");
    runs("pack", "@project", "-o", "@p.gnplugin", "--sign", "@acme.key");
    assertThat(out.toString())
        .contains("p.gnplugin.minisig is of an earlier bundle: sign again, or delete it")
        .doesNotContain("p.gnplugin.sig is of");
  }

  private void project() throws IOException {
    Files.createDirectories(directory.resolve("project/build"));
    write("project/manifest.json", GuestBundle.of("sample", new byte[0]).manifest());
    Files.write(directory.resolve("project/build/plugin.wasm"), Guests.wasm("echo"));
  }
}
