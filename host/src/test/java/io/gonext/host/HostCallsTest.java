package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.HostTrace;
import io.gonext.engine.HostTrace.Called;
import io.gonext.engine.HostTrace.CalledBack;
import io.gonext.engine.HostTrace.Cause;
import io.gonext.engine.HostTrace.Ended;
import io.gonext.engine.HostTrace.Event;
import io.gonext.engine.HostTrace.Read;
import io.gonext.engine.HostTrace.Returned;
import io.gonext.engine.HostTrace.Wrote;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Calls of host functions as people read them. */
class HostCallsTest {
  private static List<String> lines(Event... events) {
    return HostCalls.lines(new HostTrace(List.of(events), true));
  }

  private static Called called(String function, long... arguments) {
    return new Called(function, arguments);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] encoded(String text, Charset charset) {
    return text.getBytes(charset);
  }

  private static Returned body(long pointer, long length) {
    return new Returned((pointer << 32) | (length & 0xffff_ffffL));
  }

  @Test
  void a_body_is_shown_with_its_length() {
    assertThat(
            lines(
                called("gonext_data.gn_kv_get", 100, 8),
                new Read(100, utf8("greeting")),
                new CalledBack("gn_alloc", new long[] {5}),
                new Wrote(4000, utf8("hello")),
                body(4000, 5)))
        .containsExactly("gn_kv_get(\"greeting\") -> \"hello\" (5 bytes)");
  }

  @Test
  void a_status_has_the_name_of_its_family() {
    assertThat(
            lines(
                called("gonext_data.gn_kv_get", 1, 1),
                new Read(1, utf8("k")),
                body(0, -4),
                called("env_net.gn_http_fetch", 1, 2),
                new Read(1, utf8("{}")),
                body(0, -4),
                called("gonext_data.gn_kv_get", 1, 1),
                new Read(1, utf8("k")),
                body(0, -99)))
        .containsExactly(
            "gn_kv_get(\"k\") -> not found (-4)",
            "gn_http_fetch({}) -> quota (-4)",
            "gn_kv_get(\"k\") -> status (-99)");
  }

  @Test
  void numbers_levels_and_times_are_shown_by_their_types() {
    assertThat(
            lines(
                called("env.gn_log", 2, 10, 3),
                new Read(10, utf8("ab\n")),
                new Returned(0),
                called("env.gn_time_ms"),
                new Returned(1_000),
                called("env.gn_metric_observe", 10, 1, Double.doubleToRawLongBits(1.5), 20, 2),
                new Read(10, utf8("m")),
                new Read(20, utf8("{}")),
                new Returned(0),
                called("env.seed"),
                new Returned(Double.doubleToRawLongBits(0.25))))
        .containsExactly(
            "gn_log(warn, \"ab\\n\")",
            "gn_time_ms() -> 1000 (1970-01-01T00:00:01Z)",
            "gn_metric_observe(\"m\", 1.5, {}) -> ok",
            "seed() -> 0.25");
  }

  @Test
  void long_parts_of_json_are_cut() {
    String json = "{\"a\":\"" + "x".repeat(100) + "\",\"b\":[1,2,3,4,5,6]}";
    assertThat(
            lines(
                called("gonext_data.gn_db_batch", 8, json.length()),
                new Read(8, utf8(json)),
                body(0, 0)))
        .containsExactly(
            "gn_db_batch({\"a\":\""
                + "x".repeat(40)
                + "... (100 characters)\",\"b\":[1,2,3,4,\"and 2 more\"]}) -> ok");
  }

  @Test
  void a_string_of_assemblyscript_is_text() {
    assertThat(
            lines(
                called("env.abort", 104, 0, 12, 5),
                new Read(100, new byte[] {4, 0, 0, 0}),
                new Read(104, encoded("no", StandardCharsets.UTF_16LE)),
                new Ended(Cause.PANIC, "no (a.ts:12:5)", 0)))
        .containsExactly("abort(\"no\", 0, 12, 5) -> ends the call: panic: no (a.ts:12:5)");
  }

  @Test
  void output_of_wasi_is_text() {
    assertThat(
            lines(
                called("wasi_snapshot_preview1.fd_write", 1, 8, 1, 4),
                new Read(8, new byte[8]),
                new Read(64, utf8("hi\n")),
                new Wrote(4, new byte[] {3, 0, 0, 0}),
                new Returned(0),
                called("wasi_snapshot_preview1.random_get", 8, 2),
                new Wrote(8, new byte[] {1, -1}),
                new Returned(0)))
        .containsExactly(
            "fd_write(stdout, \"hi\\n\") -> 0", "random_get(8, 2) -> 0, writes 0x01ff");
  }

  @Test
  void hostile_text_is_one_plain_line_of_bounded_length() {
    String hostile = "\u001b[2J\u202e\"" + "y".repeat(100_000);
    assertThat(
            lines(
                called("x\u0007" + "n".repeat(10_000) + ".f", 1, hostile.length() + 2),
                new Read(1, utf8(hostile)),
                new Wrote(9, new byte[100_000]),
                new Returned(1),
                called("env.gn_panic", 1, 2),
                new Read(1, utf8("ab")),
                new Ended(Cause.PANIC, hostile, 0)))
        .hasSize(2)
        .allSatisfy(line -> {
          assertThat(line).hasSizeLessThan(1_500);
          assertThat(line.chars()).allMatch(c -> c >= ' ' && c < 0x7f);
        });
  }

  @Test
  void a_call_within_a_call_follows_it() {
    assertThat(
            lines(
                called("gonext_data.gn_kv_get", 1, 1),
                new Read(1, utf8("k")),
                new CalledBack("gn_alloc", new long[] {1}),
                called("env.emscripten_notify_memory_growth", 0),
                new Returned(0),
                new Wrote(5, utf8("v")),
                body(5, 1)))
        .containsExactly(
            "gn_kv_get(\"k\") -> \"v\" (1 byte)", "emscripten_notify_memory_growth(0)");
  }

  @Test
  void events_that_no_host_writes_are_left_out() {
    assertThat(lines(new Returned(1), new Read(1, utf8("a")), called("env.gn_time_ms")))
        .containsExactly("gn_time_ms()");
  }

  @Test
  void a_difference_is_a_diff_of_calls() {
    HostTrace trace =
        new HostTrace(
            List.of(
                called("env.gn_time_ms"),
                new Returned(1),
                called("gonext_data.gn_kv_get", 1, 1),
                new Read(1, utf8("k")),
                body(0, -4)),
            true);
    assertThat(
            HostCalls.difference(
                trace, 2, List.of(called("gonext_data.gn_kv_get", 1, 2), new Read(1, utf8("kk")))))
        .containsExactly(
            "  gn_time_ms() -> 1 (1970-01-01T00:00:00.001Z)",
            "- gn_kv_get(\"k\") -> not found (-4)",
            "+ gn_kv_get(\"kk\")");
    assertThat(HostCalls.difference(trace, 5, List.of(called("env.gn_time_ms"))))
        .endsWith("- (no more calls)", "+ gn_time_ms()");
    assertThat(HostCalls.difference(trace, 2, List.of())).endsWith("+ (the guest ended)");
    assertThat(HostCalls.last(trace, 1)).containsExactly("gn_kv_get(\"k\") -> not found (-4)");
  }
}
