package io.gonext.host.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.CONCURRENT)
class ChallengeTest {
  @Test
  void the_challenge_of_a_registry_is_read() {
    assertThat(
            Challenge.parse(
                "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
                    + "scope=\"repository:a/b:pull,push\""))
        .containsExactly(
            new Challenge(
                "bearer",
                Map.of(
                    "realm", "https://auth.docker.io/token",
                    "service", "registry.docker.io",
                    "scope", "repository:a/b:pull,push")));
  }

  @Test
  void several_challenges_may_stand_in_one_header() {
    assertThat(
            Challenge.parse(
                "Negotiate, ,NTLM abc/+==, BASIC realm = x , Bearer Realm=\"a \\\"b\\\\\","
                    + " error=e"))
        .containsExactly(
            new Challenge("negotiate", Map.of()),
            new Challenge("ntlm", Map.of()),
            new Challenge("basic", Map.of("realm", "x")),
            new Challenge("bearer", Map.of("realm", "a \"b\\", "error", "e")));
    assertThat(Challenge.parse("")).isEmpty();
    assertThat(Challenge.parse(" , ")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"Bearer\"",
        "Bearer realm=\"x",
        "Bearer realm=\"x\\",
        "Bearer realm=\"x\"y=\"z\"",
        "Bearer realm=\"x\" y=\"z\"",
        "Bearer realm=a,realm=b",
        "Bearer realm=\"a\u0001\"",
        "Bearer a b",
        "Bearer;realm=x",
        "=x",
      })
  void a_header_that_is_not_well_formed_is_refused(String header) {
    assertThatThrownBy(() -> Challenge.parse(header)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_header_is_read_up_to_a_limit() {
    assertThatThrownBy(() -> Challenge.parse("Basic realm=\"" + "x".repeat(8192) + "\""))
        .hasMessageContaining("8192 characters");
    assertThatThrownBy(() -> Challenge.parse("Basic,".repeat(9)))
        .hasMessageContaining("8 challenges");
    StringBuilder many = new StringBuilder("Bearer ");
    for (int i = 0; i < 17; i++) {
      many.append("p").append(i).append("=x,");
    }
    assertThatThrownBy(() -> Challenge.parse(many.toString()))
        .hasMessageContaining("16 parameters");
  }
}
