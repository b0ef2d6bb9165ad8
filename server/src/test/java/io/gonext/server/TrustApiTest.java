package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Host;
import io.gonext.host.json.StrictJson;
import io.gonext.host.trust.TrustPolicy;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Signed bundles over the admin API, on a host that takes no others. */
class TrustApiTest {
  private static final KeyPair ACME = newKey();

  @RegisterExtension
  private final TestServer server =
      TestServer.of(config -> config.trust(policy("")), TestServer::token);

  private static KeyPair newKey() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TrustPolicy policy(String ofKey) {
    String key =
        "-----BEGIN PUBLIC KEY-----\\n"
            + Base64.getEncoder().encodeToString(ACME.getPublic().getEncoded())
            + "\\n-----END PUBLIC KEY-----";
    return TrustPolicy.parse(
        ("{\"publishers\": [{\"name\": \"acme\", \"keys\": [{\"key\": \""
                + key
                + "\""
                + ofKey
                + "}]}], \"rules\": [{\"publishers\": [\"acme\"]}]}")
            .getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] version(String version) {
    return GuestBundle.of("app", Guests.wasm("upper")).version(version).filter("h").bytes();
  }

  private static String signature(byte[] bundle) throws GeneralSecurityException {
    return signature(ACME, bundle);
  }

  private static String signature(KeyPair key, byte[] bundle) throws GeneralSecurityException {
    Signature signer = Signature.getInstance("Ed25519");
    signer.initSign(key.getPrivate());
    signer.update(bundle);
    return Base64.getEncoder().encodeToString(signer.sign());
  }

  private HttpResponse<String> send(String method, String path, byte[] body, String... signatures)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.uri("/api/v1/plugins" + path))
            .header("Authorization", "Bearer " + TestServer.TOKEN)
            .method(method, BodyPublishers.ofByteArray(body));
    for (String signature : signatures) {
      request.header(BundleBody.SIGNATURE, signature);
    }
    return server.send(request);
  }

  private static JsonNode json(HttpResponse<String> answer) throws Exception {
    return StrictJson.parse(answer.body().getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void an_unsigned_bundle_is_a_403_with_a_code() throws Exception {
    HttpResponse<String> refused = send("POST", "", version("1.0.0"));
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(json(refused).path("code").stringValue()).isEqualTo("unsigned");
    assertThat(json(refused).path("detail").stringValue()).contains("app@1.0.0 is not signed");
    assertThat(server.host().plugins().list()).isEmpty();
  }

  @Test
  void signatures_come_in_headers_and_the_answer_shows_whose_they_are() throws Exception {
    byte[] first = version("1.0.0");
    String other = signature(newKey(), first);
    HttpResponse<String> installed = send("POST", "", first, other, signature(first));
    assertThat(installed.statusCode()).as(installed.body()).isEqualTo(201);
    JsonNode trust = json(installed).path("trust");
    assertThat(trust.path("status").stringValue()).isEqualTo("trusted");
    assertThat(trust.path("signers").path(0).path("publisher").stringValue()).isEqualTo("acme");
    assertThat(trust.path("policy").stringValue())
        .isEqualTo(server.host().trust().policy().digest());
    byte[] second = version("2.0.0");
    assertThat(send("PUT", "/app/bundle", second).statusCode()).isEqualTo(403);
    assertThat(send("PUT", "/app/bundle", second, signature(second)).statusCode()).isEqualTo(200);
    assertThat(json(send("GET", "/app/versions", new byte[0])).path("versions"))
        .hasSize(2)
        .allSatisfy(version ->
            assertThat(version.path("trust").path("code").stringValue()).isEqualTo("trusted"));
  }

  @Test
  void a_downgrade_takes_a_parameter() throws Exception {
    byte[] high = version("2.0.0");
    byte[] low = version("1.0.0");
    send("POST", "", high, signature(high));
    HttpResponse<String> refused = send("PUT", "/app/bundle", low, signature(low));
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(json(refused).path("code").stringValue()).isEqualTo("downgrade");
    assertThat(send("PUT", "/app/bundle?allow_downgrade=true", low, signature(low)).statusCode())
        .isEqualTo(200);
  }

  @Test
  void a_malformed_signature_is_refused_with_a_sentence() throws Exception {
    HttpResponse<String> base64 = send("POST", "", version("1.0.0"), "%%%");
    assertThat(base64.statusCode()).isEqualTo(400);
    assertThat(base64.body()).contains("must hold the file of a signature in base64");
    HttpResponse<String> tooShort = send("POST", "", version("1.0.0"), "AAAA");
    assertThat(tooShort.statusCode()).isEqualTo(403);
    assertThat(json(tooShort).path("code").stringValue()).startsWith("signature_");
  }

  @Test
  void a_version_that_is_no_longer_trusted_is_shown_as_such() throws Exception {
    byte[] bundle = version("1.0.0");
    send("POST", "?activate=true", bundle, signature(bundle));
    Host host = server.host();
    host.trust().replace(policy(", \"revoked\": true"));
    JsonNode plugin = json(send("GET", "", new byte[0])).path("plugins").path(0);
    assertThat(plugin.path("trust").path("status").stringValue()).isEqualTo("untrusted");
    assertThat(plugin.path("trust").path("code").stringValue()).isEqualTo("key_revoked");
    assertThat(plugin.path("trouble").stringValue()).contains("is revoked");
    assertThat(json(server.get("/readyz")).path("degraded").path("app").stringValue())
        .contains("is revoked");
  }

  @Test
  void the_schema_of_a_policy_is_served() throws Exception {
    HttpResponse<String> schema = server.get("/schemas/trust-policy-v1.json");
    assertThat(schema.statusCode()).isEqualTo(200);
    assertThat(schema.body()).isEqualTo(new String(TrustPolicy.schema(), StandardCharsets.UTF_8));
  }
}
