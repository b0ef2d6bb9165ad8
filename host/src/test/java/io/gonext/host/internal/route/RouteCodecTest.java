package io.gonext.host.internal.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.internal.route.RouteCodec.BadResponseException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest.Route;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

class RouteCodecTest {
  @Test
  void a_request_is_encoded_as_the_abi_says() throws InvalidJsonException {
    PluginRequest request =
        new PluginRequest(
            "POST",
            "/x/7",
            "a=1",
            Map.of("content-type", "text/plain", "Cookie", "secret", "Host", "h"),
            new byte[] {0, (byte) 0xff, 10});
    var found = new RouteTable.Found(new Route("POST", "/x/{id}"), Map.of("id", "7"));
    assertThat(RouteCodec.encode(request, found, TestHeaders.rules("{}")))
        .isEqualTo(
            json(
                """
                {"method":"POST","route":"/x/{id}","path":"/x/7","query":"a=1",
                 "headers":{"Content-Type":"text/plain"},
                 "path_params":{"id":"7"},"body":"AP8K"}
                """));
  }

  @Test
  void a_head_request_for_a_get_route_is_encoded_as_get() {
    PluginRequest request = new PluginRequest("HEAD", "/x", "", Map.of(), new byte[0]);
    var found = new RouteTable.Found(new Route("GET", "/x"), Map.of());
    assertThat(RouteCodec.encode(request, found, TestHeaders.rules("{}")).get("method"))
        .isEqualTo(StringNode.valueOf("GET"));
  }

  @Test
  void a_response_is_decoded_byte_for_byte() throws Exception {
    PluginResponse response =
        decode("{\"status\":201,\"headers\":{\"X-Own\":\"1\"},\"body\":\"AP8K\"}");
    assertThat(response.status()).isEqualTo(201);
    assertThat(response.headers()).containsExactly(Map.entry("X-Own", "1"));
    assertThat(response.body()).containsExactly(0, 0xff, 10);
  }

  @Test
  void headers_and_body_may_be_left_out() throws Exception {
    PluginResponse response = decode("{\"status\":204}");
    assertThat(response.headers()).isEmpty();
    assertThat(response.body()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Set-Cookie",
        "AUTHORIZATION",
        "x-forwarded-for",
        "Strict-Transport-Security",
        "Content-Security-Policy",
        "Connection",
        "Transfer-Encoding",
        "Upgrade",
        "Content-Length"
      })
  void a_header_that_is_not_the_plugins_to_set_is_left_out(String name) throws Exception {
    assertThat(decode("{\"status\":200,\"headers\":{\"" + name + "\":\"x\"}}").headers()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "{\"status\":\"200\"}",
        "{\"status\":200.5}",
        "{\"status\":100}",
        "{\"status\":600}",
        "{\"status\":1e999999999}",
        "{\"status\":200,\"headers\":[]}",
        "{\"status\":200,\"headers\":{\"A\":1}}",
        "{\"status\":200,\"headers\":{\"A b\":\"x\"}}",
        "{\"status\":200,\"headers\":{\"\":\"x\"}}",
        "{\"status\":200,\"headers\":{\"A:\":\"x\"}}",
        "{\"status\":200,\"headers\":{\"A\":\"x\\r\\nSet-Cookie: y\"}}",
        "{\"status\":200,\"headers\":{\"A\":\"\\u0000\"}}",
        "{\"status\":200,\"headers\":{\"A\":\"\\u007f\"}}",
        "{\"status\":200,\"headers\":{\"A\":\"\\u001b[0m\"}}",
        "{\"status\":200,\"headers\":{\"A\":\"\u20ac\"}}",
        "{\"status\":200,\"headers\":{\"A\":\"\ud83d\ude00\"}}",
        "{\"status\":99999999999}",
        "{\"status\":200,\"body\":7}",
        "{\"status\":200,\"body\":\"%%%\"}",
        "{\"status\":200,\"body\":\"\\u00e9\"}"
      })
  void what_no_http_response_can_hold_is_refused(String answer) {
    assertThatThrownBy(() -> decode(answer)).isInstanceOf(BadResponseException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"200", "200.0", "2e2", "2.00E+2", "20000e-2"})
  void a_status_is_the_same_number_however_it_is_written(String status) throws Exception {
    assertThat(decode("{\"status\":" + status + "}").status()).isEqualTo(200);
  }

  private static PluginResponse decode(String answer)
      throws InvalidJsonException, BadResponseException {
    return RouteCodec.decode(json(answer), TestHeaders.rules("{}"));
  }

  private static JsonNode json(String text) throws InvalidJsonException {
    return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
  }
}
