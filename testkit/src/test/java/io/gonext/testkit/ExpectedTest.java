package io.gonext.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpectedTest {
  private static List<String> differences(String expected, String got) {
    return Expected.of(expected).differences(Expected.parsed(got));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1                                         | 1.0",
        "{\"a\":1,\"b\":[null]}                     | {\"b\":[null],\"a\":1}",
        "{\"$any\":true}                            | {\"x\":1}",
        "[1,{\"$any\":true}]                        | [1,[2]]",
        "{\"$regex\":\"b+$\"}                       | \"abb\"",
        "{\"$range\":[1,5]}                         | 5",
        "{\"$range\":[null,0]}                      | -1e3",
        "{\"$partial\":{\"a\":{\"$regex\":\"x\"}}}  | {\"a\":\"x\",\"b\":2}",
        "{\"$includes\":[1,3]}                      | [0,1,2,3]",
        "{\"$exact\":{\"$any\":true}}               | {\"$any\":true}",
      })
  void a_value_meets_what_is_expected(String expected, String got) {
    assertThat(differences(expected, got)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1                                 | \"1\"         | expected 1, got \"1\"",
        "{\"a\":1}                         | {\"a\":2}     | /a: expected 1, got 2",
        "{\"a\":1}                         | {}            | /a: expected 1, got nothing",
        "{}                                | {\"a\":1}     | /a: expected nothing, got 1",
        "[1]                               | [1,2]         | /1: expected nothing, got 2",
        "[1,2]                             | [1]           | /1: expected 2, got nothing",
        "[{\"a/b\":1}]                     | [{\"a/b\":2}] | /0/a~1b: expected 1, got 2",
        "{\"$regex\":\"^b\"}               | \"ab\"        | expected a text that matches \"^b\","
            + " got \"ab\"",
        "{\"$regex\":\"1\"}                | 1             | expected a text that matches \"1\","
            + " got 1",
        "{\"$range\":[1,5]}                | 5.1           | expected a number in [1,5], got 5.1",
        "{\"$partial\":{\"a\":1}}          | {\"b\":1}     | /a: expected 1, got nothing",
        "{\"$partial\":{\"a\":1}}          | 3             | expected an object with {\"a\":1}, got"
            + " 3",
        "{\"$includes\":[2,1]}             | [1,2]         | expected an element 1 from index 2,"
            + " got [1,2]",
        "{\"$exact\":{\"$any\":true}}      | 1             | expected {\"$any\":true}, got 1",
      })
  void a_difference_has_its_place_and_both_values(String expected, String got, String difference) {
    assertThat(differences(expected, got)).containsExactly(difference);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":[{\"$rgx\":\"x\"}]}     | /a/0/$rgx: there is no such matcher; allowed: $any,"
            + " $exact, $includes",
        "{\"$regex\":\"(\"}             | /$regex: not a regular expression",
        "{\"$regex\":1}                 | /$regex: allowed: a text",
        "{\"$range\":[1]}               | /$range: allowed: two numbers, such as [1, 5] or [1,"
            + " null]",
        "{\"$partial\":[]}              | /$partial: allowed: an object",
        "{\"$includes\":1}              | /$includes: allowed: an array",
        "{\"$any\":false}               | /$any: allowed: true",
        "{\"$partial\":{\"a\":{\"$x\":1}}} | /$partial/a/$x: there is no such matcher",
        "text                           | text is not JSON",
      })
  void a_wrong_matcher_is_named_with_its_place(String expected, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Expected.of(expected))
        .withMessageContaining(message);
  }

  @Test
  void an_update_keeps_the_matchers_that_hold() {
    String got = "{\"id\":\"x7\",\"count\":3,\"list\":[1,2],\"more\":{\"$any\":true}}";
    Expected updated =
        Expected.of(
                "{\"id\":{\"$regex\":\"^x\"},\"count\":2,\"list\":[{\"$any\":true},3],\"gone\":1}")
            .meeting(Expected.parsed(got));
    assertThat(updated.json())
        .isEqualTo(
            Expected.parsed(
                "{\"id\":{\"$regex\":\"^x\"},\"count\":3,\"list\":[{\"$any\":true},2],"
                    + "\"more\":{\"$exact\":{\"$any\":true}}}"));
    assertThat(updated.matches(Expected.parsed(got))).isTrue();
    assertThat(
            Expected.of("{\"$partial\":{\"count\":1,\"gone\":2}}")
                .meeting(Expected.parsed(got))
                .json())
        .isEqualTo(Expected.parsed("{\"$partial\":{\"count\":3}}"));
  }
}
