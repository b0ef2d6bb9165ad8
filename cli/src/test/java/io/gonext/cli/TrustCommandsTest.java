package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.HostConfig;
import io.gonext.server.AdminToken;
import io.gonext.server.ServerConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An operator's commands against a host that takes only signed bundles. */
class TrustCommandsTest {
  private static final KeyPair ACME = newKey();

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private RunningServer running;
  private Path data;
  private Path policy;

  private static KeyPair newKey() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String policy() {
    return "{\"publishers\": [{\"name\": \"acme\", \"keys\": [{\"key\": \""
        + "-----BEGIN PUBLIC KEY-----\\n"
        + Base64.getEncoder().encodeToString(ACME.getPublic().getEncoded())
        + "\\n-----END PUBLIC KEY-----\"}]}], \"rules\": [{\"publishers\": [\"acme\"]}]}";
  }

  @BeforeEach
  void serve() throws IOException, InterruptedException {
    data = directory.resolve("data");
    policy = Files.writeString(directory.resolve("trust.json"), policy());
    running =
        RunningServer.openHost(HostConfig.builder(data).trustFile(policy).build())
            .listen(ServerConfig.loopback(0).token(AdminToken.ofDirectory(data)).build());
  }

  @AfterEach
  void stop() {
    running.close();
  }

  private Path bundle(String version) throws IOException {
    return Files.write(
        directory.resolve("app-" + version + ".gnplugin"),
        GuestBundle.of("app", Guests.wasm("upper")).version(version).filter("h").bytes());
  }

  private Path sign(Path bundle, Path signature) throws IOException, GeneralSecurityException {
    Signature signer = Signature.getInstance("Ed25519");
    signer.initSign(ACME.getPrivate());
    signer.update(Files.readAllBytes(bundle));
    return Files.write(signature, signer.sign());
  }

  private Path signed(String version) throws IOException, GeneralSecurityException {
    Path bundle = bundle(version);
    sign(bundle, directory.resolve(bundle.getFileName() + ".sig"));
    return bundle;
  }

  private int run(String... words) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    String[] all = new String[words.length + 4];
    System.arraycopy(words, 0, all, 0, words.length);
    all[words.length] = "--url";
    all[words.length + 1] = "http://127.0.0.1:" + running.port();
    all[words.length + 2] = "--data";
    all[words.length + 3] = data.toString();
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), all);
  }

  @Test
  void install_and_update_send_the_signature_beside_the_bundle() throws Exception {
    assertThat(run("install", bundle("1.0.0").toString())).isEqualTo(1);
    assertThat(err.toString()).startsWith("gonext: app@1.0.0 is not signed: ");
    assertThat(run("install", signed("1.0.0").toString())).as(err.toString()).isZero();
    assertThat(run("update", signed("2.0.0").toString())).as(err.toString()).isZero();
    assertThat(run("list")).isZero();
    assertThat(out.toString()).contains("TRUST").containsPattern("acme \\([0-9a-f]{16}\\)");
    assertThat(run("show", "app")).isZero();
    assertThat(out.toString()).containsPattern("trust +acme \\([0-9a-f]{16}\\), from upload");
    assertThat(run("versions", "app")).isZero();
    assertThat(out.toString()).containsPattern("(?s)current.*acme.*previous.*acme");
  }

  @Test
  void a_signature_from_elsewhere_is_named_by_an_option() throws Exception {
    Path bundle = bundle("1.0.0");
    Path elsewhere = sign(bundle, directory.resolve("elsewhere"));
    assertThat(run("install", "--signature", elsewhere.toString(), bundle.toString()))
        .as(err.toString())
        .isZero();
    assertThat(run("install", "--signature", policy.toString(), bundle.toString())).isEqualTo(1);
    assertThat(err.toString()).startsWith("gonext: " + policy + ": ");
  }

  @Test
  void a_downgrade_takes_an_option() throws Exception {
    run("install", signed("2.0.0").toString());
    String low = signed("1.0.0").toString();
    assertThat(run("update", low)).isEqualTo(1);
    assertThat(err.toString()).contains("--allow-downgrade");
    assertThat(run("update", "--allow-downgrade", low)).as(err.toString()).isZero();
  }
}
