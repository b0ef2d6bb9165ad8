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
  void a_version_whose_key_was_revoked_is_not_shown_as_trusted_when_it_does_not_serve()
      throws Exception {
    byte[] first = version("1.0.0");
    byte[] second = version("2.0.0");
    send("POST", "", first, signature(first));
    send("PUT", "/app/bundle", second, signature(second));
    server.host().trust().replace(policy(", \"revoked\": true"));
    JsonNode plugin = json(send("GET", "/app", new byte[0]));
    assertThat(plugin.path("state").stringValue()).isEqualTo("INSTALLED");
    assertThat(plugin.path("trust").path("code").stringValue()).isEqualTo("key_revoked");
    assertThat(plugin.path("trust").path("problem").stringValue()).contains("is revoked");
    assertThat(json(send("GET", "/app/versions", new byte[0])).path("versions"))
        .hasSize(2)
        .allSatisfy(version ->
            assertThat(version.path("trust").path("code").stringValue()).isEqualTo("key_revoked"));
    server.host().trust().replace(policy(""));
    assertThat(json(send("GET", "/app", new byte[0])).path("trust").path("status").stringValue())
        .isEqualTo("trusted");
  }

  private JsonNode check(byte[] bundle, String query, String... signatures) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.uri("/api/v1/trust/check" + query))
            .header("Authorization", "Bearer " + TestServer.TOKEN)
            .POST(BodyPublishers.ofByteArray(bundle));
    for (String signature : signatures) {
      request.header(BundleBody.SIGNATURE, signature);
    }
    HttpResponse<String> answer = server.send(request);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return json(answer);
  }

  @Test
  void a_check_says_what_an_installation_would_meet_and_changes_nothing() throws Exception {
    byte[] bundle = version("1.0.0");
    JsonNode unsigned = check(bundle, "");
    assertThat(unsigned.path("refused").booleanValue()).isTrue();
    assertThat(unsigned.path("code").stringValue()).isEqualTo("unsigned");
    assertThat(unsigned.path("problem").stringValue()).contains("app@1.0.0 is not signed");
    assertThat(unsigned.path("manifest").path("name").stringValue()).isEqualTo("app");
    JsonNode signed = check(bundle, "", signature(bundle));
    assertThat(signed.path("refused").booleanValue()).isFalse();
    assertThat(signed.path("trusted").booleanValue()).isTrue();
    assertThat(signed.path("signers").path(0).path("publisher").stringValue()).isEqualTo("acme");
    assertThat(server.host().plugins().list()).isEmpty();
    assertThat(server.host().audit().newest("", 10)).isEmpty();
    server.host().trust().replace(TrustPolicy.none());
    assertThat(check(bundle, "").path("refused").booleanValue()).isFalse();
    assertThat(check(bundle, "").path("code").stringValue()).isEqualTo("unsigned");
  }

  @Test
  void a_check_knows_of_a_downgrade() throws Exception {
    byte[] high = version("2.0.0");
    byte[] low = version("1.0.0");
    send("POST", "", high, signature(high));
    assertThat(check(low, "", signature(low)).path("code").stringValue()).isEqualTo("downgrade");
    assertThat(check(low, "?allow_downgrade=true", signature(low)).path("code").stringValue())
        .isEqualTo("trusted");
  }

  @Test
  void a_check_of_what_is_not_a_bundle_is_a_422_and_asks_for_a_token() throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.uri("/api/v1/trust/check"))
            .POST(BodyPublishers.ofByteArray(new byte[] {1, 2, 3}));
    assertThat(server.send(request).statusCode()).isEqualTo(401);
    request.header("Authorization", "Bearer " + TestServer.TOKEN);
    assertThat(server.send(request).statusCode()).isEqualTo(422);
    request
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString("{\"reference\": \"oci://localhost:1/a:1\", \"digest\": 1}"));
    HttpResponse<String> answer = server.send(request);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("sha256:...");
  }

  @Test
  void the_schema_of_a_policy_is_served() throws Exception {
    HttpResponse<String> schema = server.get("/schemas/trust-policy-v1.json");
    assertThat(schema.statusCode()).isEqualTo(200);
    assertThat(schema.body()).isEqualTo(new String(TrustPolicy.schema(), StandardCharsets.UTF_8));
  }
}
