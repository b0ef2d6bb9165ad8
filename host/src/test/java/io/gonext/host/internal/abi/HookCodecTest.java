package io.gonext.host.internal.abi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.abi.HookCodec.BatchPart;
import io.gonext.host.internal.abi.HookCodec.FilterAnswer;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class HookCodecTest {
  private static final JsonNode A = StrictJson.valueOf("a");
  private static final JsonNode B = StrictJson.valueOf(Map.of("b", 1));

  @Test
  void payloads_are_what_the_abi_says() throws HookFailedException {
    assertThat(text(HookCodec.filter(B, List.of(A, B))))
        .isEqualTo("{\"kind\":\"filter\",\"value\":{\"b\":1},\"args\":[\"a\",{\"b\":1}]}");
    assertThat(text(HookCodec.action(List.of()))).isEqualTo("{\"kind\":\"action\",\"args\":[]}");
    assertThat(HookCodec.batch(List.of(A, B), List.of(A)).orElseThrow())
        .singleElement()
        .satisfies(part ->
            assertThat(text(part.payload()))
                .isEqualTo(
                    "{\"kind\":\"filter_batch\",\"values\":[\"a\",{\"b\":1}],\"args\":[\"a\"]}"));
  }

  @Test
  void the_status_for_a_trap_is_not_a_valid_answer_of_a_guest() {
    HookReply trap = new HookReply.Failed(-5);
    assertBadAnswer(() -> HookCodec.filterAnswer(trap, A));
    assertBadAnswer(() -> HookCodec.actionAnswer(trap));
    assertBadAnswer(() -> HookCodec.batchAnswer(trap, List.of(A)));
  }

  @Test
  void parts_of_a_batch_hold_all_values_in_order_within_half_the_cap() throws Exception {
    List<JsonNode> values = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      values.add(StrictJson.valueOf((i + "ä").repeat(i * 10)));
    }
    List<JsonNode> seen = new ArrayList<>();
    List<BatchPart> parts = HookCodec.batch(values, List.of()).orElseThrow();
    for (BatchPart part : parts) {
      assertThat(part.first()).isEqualTo(seen.size());
      assertThat(part.payload().length).isLessThanOrEqualTo(GuestAbi.MAX_PAYLOAD_BYTES / 2);
      List<JsonNode> held = StrictJson.parse(part.payload()).get("values").valueStream().toList();
      assertThat(held).hasSize(part.size());
      seen.addAll(held);
    }
    assertThat(seen).isEqualTo(values);
    assertThat(parts).hasSizeGreaterThan(1);
  }

  @Test
  void a_value_too_large_for_a_payload_is_refused() {
    JsonNode large = StrictJson.valueOf("x".repeat(GuestAbi.MAX_PAYLOAD_BYTES));
    assertThat(HookCodec.batch(List.of(A, large), List.of())).isEmpty();
    assertThatThrownBy(() -> HookCodec.filter(large, List.of()))
        .isInstanceOfSatisfying(
            HookFailedException.class,
            e -> assertThat(e.outcome()).isEqualTo(HookOutcome.PAYLOAD_TOO_LARGE));
  }

  @Test
  void an_answer_may_end_the_chain() throws HookFailedException {
    assertThat(filterAnswer("{\"value\":\"a\",\"stop\":true}"))
        .isEqualTo(new FilterAnswer(A, true));
    assertThat(filterAnswer("{\"value\":\"a\",\"stop\":false}"))
        .isEqualTo(new FilterAnswer(A, false));
    assertThat(filterAnswer("{\"value\":\"a\"}")).isEqualTo(new FilterAnswer(A, false));
    assertThat(batchAnswer("{\"values\":[\"a\",\"a\"],\"stop\":[false,true]}"))
        .containsExactly(new FilterAnswer(A, false), new FilterAnswer(A, true));
    assertThat(batchAnswer("{\"values\":[\"a\",\"a\"]}"))
        .containsExactly(new FilterAnswer(A, false), new FilterAnswer(A, false));
    assertThat(HookCodec.batchAnswer(new HookReply.Done(), List.of(A, B)))
        .containsExactly(new FilterAnswer(A, false), new FilterAnswer(B, false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "1",
        "",
        "{\"value\":1,\"stop\":1}",
        "{\"value\":1,\"stop\":null}",
        "{\"stop\":true}",
        "{\"value\":1}x",
        "{\"value\":1,\"value\":2}"
      })
  void any_other_answer_to_a_filter_is_invalid(String body) {
    assertBadAnswer(() -> filterAnswer(body));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "{\"values\":{}}",
        "{\"values\":[1]}",
        "{\"values\":[1,2,3]}",
        "{\"values\":[1,2],\"stop\":true}",
        "{\"values\":[1,2],\"stop\":[true]}",
        "{\"values\":[1,2],\"stop\":[true,0]}",
        "{\"value\":[1,2]}"
      })
  void any_other_answer_to_a_batch_of_two_is_invalid(String body) {
    assertBadAnswer(() -> batchAnswer(body));
  }

  @Test
  void very_deep_answers_and_very_long_numbers_are_refused() {
    assertBadAnswer(
        () -> filterAnswer("{\"value\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}"));
    assertBadAnswer(() -> filterAnswer("{\"value\":" + "9".repeat(1 << 20) + "}"));
    byte[] notUtf8 = {'{', '"', 'v', (byte) 0xc3, '"', '}'};
    assertBadAnswer(() -> HookCodec.filterAnswer(new HookReply.Body(notUtf8), B));
  }

  private static void assertBadAnswer(ThrowingCallable reading) {
    assertThatThrownBy(reading)
        .isInstanceOfSatisfying(
            HookFailedException.class,
            e -> assertThat(e.outcome()).isEqualTo(HookOutcome.BAD_ANSWER));
  }

  private static FilterAnswer filterAnswer(String body) throws HookFailedException {
    return HookCodec.filterAnswer(body(body), B);
  }

  private static List<FilterAnswer> batchAnswer(String body) throws HookFailedException {
    return HookCodec.batchAnswer(body(body), List.of(A, B));
  }

  private static HookReply body(String text) {
    return new HookReply.Body(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }
}
