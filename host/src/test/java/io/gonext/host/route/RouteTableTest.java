package io.gonext.host.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.manifest.Manifest.Route;
import java.util.List;
import java.util.Map;
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
    assertThat(table.match("GET", "/users/7/posts/a%20b+c"))
        .contains(Map.of("id", "7", "post", "a b+c"));
  }

  @Test
  void an_encoded_slash_is_part_of_a_parameter() {
    assertThat(table.match("GET", "/users/a%2Fposts%2Fb")).contains(Map.of("id", "a/posts/b"));
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
    assertThat(table.match("GET", "/users/%C3%A9%2b")).contains(Map.of("id", "é+"));
  }

  @Test
  void a_literal_segment_is_preferred_to_a_parameter() {
    assertThat(table.match("GET", "/users/me")).contains(Map.of());
    assertThat(table.match("PUT", "/users/me")).contains(Map.of("id", "me"));
  }

  @Test
  void the_root_is_served_with_and_without_its_slash() {
    assertThat(table.match("GET", "/")).contains(Map.of());
    assertThat(table.match("GET", "")).contains(Map.of());
  }

  @Test
  void a_path_of_another_length_or_with_an_empty_parameter_is_not_served() {
    assertThat(table.match("GET", "/users")).isEmpty();
    assertThat(table.match("GET", "/users/")).isEmpty();
    assertThat(table.match("GET", "/users/7/")).isEmpty();
    assertThat(table.match("GET", "/users/7/posts")).isEmpty();
    assertThat(table.match("GET", "/Users/7")).isEmpty();
  }

  @Test
  void the_methods_of_a_path_are_those_that_serve_it() {
    assertThat(table.methods("/users/7")).containsExactly("GET", "PUT");
    assertThat(table.methods("/nothing")).isEmpty();
  }
}
