package io.gonext.host.internal.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.manifest.Manifest.Route;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The routes of the manifest beside those of the code. */
class RouteSurveyTest {
  private static final List<Route> DECLARED =
      List.of(new Route("GET", "/a/{id}"), new Route("POST", "/caf%C3%A9"));

  @Test
  void the_same_routes_in_another_order_give_no_warning() {
    assertThat(
            warnings(
                "{\"value\":{\"routes\":[{\"method\":\"POST\",\"path\":\"/café\"},"
                    + "{\"method\":\"GET\",\"path\":\"/a/{id}\"}]}}"))
        .isEmpty();
  }

  @Test
  void a_route_that_only_manifest_or_code_has_is_reported() {
    assertThat(
            warnings(
                "{\"value\":{\"routes\":[{\"method\":\"POST\",\"path\":\"/caf%C3%A9\"},"
                    + "{\"method\":\"GET\",\"path\":\"/a/{name}\"}]}}"))
        .containsExactly(
            "the manifest has the route GET /a/{id}, which the code does not register: it answers"
                + " 404",
            "the code registers the route GET /a/{name}, which http.serve in the manifest does not"
                + " have: no request reaches it");
    assertThat(warnings("{\"value\":{\"routes\":[]}}")).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no json",
        "{}",
        "{\"value\":{\"status\":200}}",
        "{\"value\":{\"routes\":7}}",
        "{\"value\":{\"kind\":\"describe\"}}"
      })
  void any_other_answer_says_nothing(String answer) {
    assertThat(warnings(answer)).isEmpty();
  }

  private static List<String> warnings(String answer) {
    return RouteSurvey.warnings(DECLARED, answer.getBytes(StandardCharsets.UTF_8));
  }
}
