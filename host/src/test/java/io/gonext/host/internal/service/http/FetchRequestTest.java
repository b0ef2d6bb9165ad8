package io.gonext.host.internal.service.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

/** Which requests a guest may send. */
class FetchRequestTest {
  private static final String URL = "https://a.example/";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'headers':{'Host':'x'}} | the header Host is set by the host: leave it out",
        "{'headers':{'accept-encoding':'br'}} | the header accept-encoding is set by the host",
        "{'headers':{'Proxy-Authorization':'x'}} | the header Proxy-Authorization is set by",
        "{'headers':{'Transfer-Encoding':'chunked'}} | the header Transfer-Encoding is set by",
        "{'headers':{'Expect':'100-continue'}} | the header Expect is set by the host",
        "{'headers':{'A B':'x'}} | not a header's name: A B",
        "{'headers':{'A':'x\\r\\nB: y'}} | the value of the header A must be a text",
        "{'headers':{'A':1}} | the value of the header A must be a text",
        "{'headers':{'A':'x','a':'y'}} | the header a is set twice",
        "{'headers':[]} | headers must be an object of texts",
        "{'method':'CONNECT'} | the method must be one of GET, HEAD,",
        "{'method':'get'} | the method must be one of GET, HEAD,",
        "{'body':'?'} | the body must be a text in base64",
        "{'timeout_ms':0} | timeout_ms must be an integer greater than 0",
        "{'follow':true} | unknown field of a request: follow",
        "{'url':'http://2130706433/'} | an IPv4 address in a URL must have four decimal numbers",
        "{'url':7} | url must be a text",
        "{'headers':{'A':'{{secret:}}'}} | a secret is written as {{secret:NAME}}, and not as"
            + " {{sec",
        "{'headers':{'A':'{{secret:a b}}'}} | a secret is written as {{secret:NAME}}, and not as",
        "{'url':'https://a.example/{{secret:A'} | a secret is written as {{secret:NAME}}, and not",
        "{'url':'https://{{secret:A}}/'} | {{secret:NAME}} can stand in the path or the query",
        "{'url':'https://a.example:{{secret:A}}/'} | {{secret:NAME}} can stand in the path or the",
        "{'url':'https://u:{{secret:A}}@a.example/'} | {{secret:NAME}} can stand in the path or",
        "{'url':'https://a.example/#{{secret:A}}'} | {{secret:NAME}} can stand in the path or the",
        "{'url':'{{secret:A}}://a.example/'} | {{secret:NAME}} can stand in the path or the query",
      })
  void a_request_that_is_not_acceptable_is_refused_with_the_reason(String fields, String reason)
      throws Exception {
    ObjectNode json =
        (ObjectNode) StrictJson.parse(fields.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    if (!json.has("url")) {
      json.put("url", URL);
    }
    assertThatThrownBy(() -> FetchRequest.of(json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(reason);
  }

  @Test
  void a_request_without_a_url_is_refused() {
    assertThatThrownBy(() -> FetchRequest.of(StrictJson.valueOf(Map.of())))
        .hasMessage("the request has no url");
    assertThatThrownBy(() -> FetchRequest.of(StrictJson.valueOf("x")))
        .hasMessage("the request must be a JSON object");
  }

  @Test
  void a_timeout_is_at_most_30_seconds() {
    FetchRequest patient =
        FetchRequest.of(StrictJson.valueOf(Map.of("url", URL, "timeout_ms", 1_000_000)));
    assertThat(patient.timeout()).isEqualTo(FetchRequest.MAX_TIMEOUT);
    assertThat(FetchRequest.of(StrictJson.valueOf(Map.of("url", URL))).timeout())
        .isEqualTo(FetchRequest.DEFAULT_TIMEOUT);
  }
}
