package io.gonext.host.internal.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.PluginRequest;
import io.gonext.host.internal.route.RouteTable.Found;
import io.gonext.host.internal.route.RouteTable.Nothing;
import io.gonext.host.internal.route.RouteTable.OtherMethods;
import io.gonext.host.manifest.Manifest.Route;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteTableTest {
  private final RouteTable table =
      new RouteTable(
          List.of(
              new Route("GET", "/"),
              new Route("GET", "/users/{id}"),
              new Route("GET", "/users/me"),
              new Route("PUT", "/users/{id}"),
              new Route("GET", "/users/{id}/posts/{post}")));

  @Test
  void parameters_are_taken_from_their_segments() {
    assertThat(parameters("GET", "/users/7/posts/a%20b+c"))
        .isEqualTo(Map.of("id", "7", "post", "a b+c"));
  }

  @Test
  void an_encoded_slash_is_part_of_a_parameter() {
    assertThat(parameters("GET", "/users/a%2Fposts%2Fb")).isEqualTo(Map.of("id", "a/posts/b"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "users/7",
        "Xusers/7",
        "/users/%zz",
        "/users/%f",
        "/users/%",
        "/users/%FF",
        "/users/%C3/%A9",
        "/users/%C0%AF"
      })
  void a_path_that_is_none_makes_no_request(String path) {
    assertThatThrownBy(() -> new PluginRequest("GET", path, "", Map.of(), new byte[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("path");
  }

  @Test
  void a_request_has_a_method() {
    assertThatThrownBy(() -> new PluginRequest("", "/", "", Map.of(), new byte[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("method");
  }

  @Test
  void percent_encoded_utf8_is_decoded() {
    assertThat(parameters("GET", "/users/%C3%A9%2b")).isEqualTo(Map.of("id", "é+"));
  }

  @Test
  void a_literal_segment_is_preferred_to_a_parameter() {
    assertThat(parameters("GET", "/users/me")).isEqualTo(Map.of());
    assertThat(parameters("PUT", "/users/me")).isEqualTo(Map.of("id", "me"));
  }

  @Test
  void the_root_is_served_with_and_without_its_slash() {
    assertThat(parameters("GET", "/")).isEqualTo(Map.of());
    assertThat(parameters("GET", "")).isEqualTo(Map.of());
  }

  @Test
  void a_path_of_another_length_or_with_an_empty_parameter_is_not_served() {
    assertThat(table.match("GET", "/users")).isEqualTo(new Nothing());
    assertThat(table.match("GET", "/users/")).isEqualTo(new Nothing());
    assertThat(table.match("GET", "/users/7/")).isEqualTo(new Nothing());
    assertThat(table.match("GET", "/users/7/posts")).isEqualTo(new Nothing());
    assertThat(table.match("GET", "/Users/7")).isEqualTo(new Nothing());
  }

  @Test
  void a_wrong_method_gets_the_allowed_methods_with_head_and_options() {
    assertThat(table.match("POST", "/users/7"))
        .isEqualTo(new OtherMethods(new TreeSet<>(Set.of("GET", "HEAD", "OPTIONS", "PUT"))));
    assertThat(new RouteTable(List.of(new Route("PUT", "/x"))).match("HEAD", "/x"))
        .isEqualTo(new OtherMethods(new TreeSet<>(Set.of("OPTIONS", "PUT"))));
    assertThat(table.match("POST", "/nothing")).isEqualTo(new Nothing());
  }

  @Test
  void a_route_for_get_serves_head_unless_there_is_one_for_head() {
    assertThat(table.match("HEAD", "/users/7"))
        .isEqualTo(new Found(new Route("GET", "/users/{id}"), Map.of("id", "7")));
    Route head = new Route("HEAD", "/{any}");
    RouteTable both = new RouteTable(List.of(new Route("GET", "/x"), head));
    assertThat(both.match("HEAD", "/x")).isEqualTo(new Found(head, Map.of("any", "x")));
  }

  @Test
  void a_route_for_options_takes_the_place_of_the_list_of_methods() {
    Route options = new Route("OPTIONS", "/x");
    assertThat(new RouteTable(List.of(options)).match("OPTIONS", "/x"))
        .isEqualTo(new Found(options, Map.of()));
  }

  private Map<String, String> parameters(String method, String path) {
    return ((Found) table.match(method, path)).parameters();
  }
}
