package io.gonext.cli.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedactionTest {
  private static final Redaction NOTHING_KNOWN = new Redaction(Set.of());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "password=hunter2",
        "Password: hunter2",
        "\"password\":\"hunter2\"",
        "\"password\" : \"a \\\" hunter2\"",
        "{\\\"password\\\":\\\"hunter2\\\"}",
        "db_password=hunter2;x",
        "MY_SECRET='hunter2'",
        "api-key: hunter2",
        "x-api-key=hunter2",
        "accessKey=hunter2",
        "Authorization: Basic hunter2==",
        "authorization: bearer hunter2",
        "Cookie: hunter2",
        "https://hunter2@example.com/",
        "https://a:hunter2@example.com/",
        "--password hunter2",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2",
        "ghp_aaaaaaaaaahunter2",
      })
  void what_looks_like_a_secret_is_hidden(String text) {
    assertThat(NOTHING_KNOWN.text(text)).contains("[hidden]").doesNotContain("hunter2");
    assertThat(NOTHING_KNOWN.text(NOTHING_KNOWN.text(text))).isEqualTo(NOTHING_KNOWN.text(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "the token in /data/admin.token",
        "secrets of 3 plugins",
        "http://127.0.0.1:8080/api/v1/plugins",
        "mail to a@example.com",
        "gonext_plugin_hook_seconds_count{plugin=\"a\",hook=\"b\",outcome=\"OK\"} 3.0",
        "at io.gonext.host.Secrets.set(Secrets.java:12)",
      })
  void ordinary_text_stays(String text) {
    assertThat(NOTHING_KNOWN.text(text)).isEqualTo(text);
  }

  @Test
  void fields_of_json_with_names_of_secrets_are_hidden() throws Exception {
    String json =
        "{\"password\":\"hunter2\",\"pin\":{\"secret\":4711},\"secret\":true,\"secrets\":[\"a\"],"
            + "\"list\":[\"token=hunter2\"],\"token_in\":\"/x\"}";
    assertThat(NOTHING_KNOWN.json(StrictJson.parse(json.getBytes(StandardCharsets.UTF_8))))
        .hasToString(
            "{\"password\":\"[hidden]\",\"pin\":{\"secret\":\"[hidden]\"},\"secret\":true,"
                + "\"secrets\":[\"a\"],\"list\":[\"token=[hidden]\"],\"token_in\":\"/x\"}");
  }

  @Test
  void secrets_of_the_environment_are_hidden_wherever_they_stand() {
    Redaction redaction =
        Redaction.of(
            "own-token",
            Map.of(
                "AWS_SECRET_ACCESS_KEY",
                "aws-value",
                "GONEXT_DB",
                "jdbc:postgresql://db/x?user=me&password=db-value&ssl=true",
                "OTEL_EXPORTER_OTLP_HEADERS",
                "x-api-key=otel-value,other=thing",
                "GONEXT_MASTER_KEY",
                "master-value",
                "GONEXT_OTLP",
                "http://u:url-value@h/"));
    assertThat(
            redaction.text("own-token aws-value db-value otel-value master-value url-value other"))
        .isEqualTo("[hidden] [hidden] [hidden] [hidden] [hidden] [hidden] other");
  }
}
