package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.json.StrictJson;
import io.gonext.pool.PoolStats;
import io.gonext.pool.RecycleReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Guests that do what they must not: each hurts only itself. */
@Tag("slow")
class HostileGuestTest {
  private static final OperatorLimits LIMITS =
      new OperatorLimits(
          16, Duration.ofSeconds(2), Duration.ofSeconds(6), Duration.ofSeconds(1), 2);

  @TempDir private Path data;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(HostConfig.builder(data).limits(LIMITS).meters(meters).build());
    host.plugins()
        .activate(
            host.plugins()
                .install(GuestBundle.of("upper").filter("shout").bytes())
                .manifest()
                .name());
  }

  @AfterEach
  void the_neighbour_is_unharmed_and_every_lease_came_back() throws InterruptedException {
    assertThat(host.applyFilters("shout", "still here").value().stringValue())
        .isEqualTo("STILL HERE");
    HostTest.assertBalanced(host);
    host.close();
  }

  @ParameterizedTest
  @CsvSource({
    "trap,                 UNREACHABLE",
    "loop,                 DEADLINE",
    "panic,                GUEST_PANIC",
    "exit,                 EXIT",
    "badalloc-zero,        ABI_VIOLATION",
    "badalloc-negative,    ABI_VIOLATION",
    "badalloc-bounds,      ABI_VIOLATION",
    "badalloc-overlap,     ABI_VIOLATION",
    "badalloc-trap,        UNREACHABLE",
    "badalloc-hostcall,    ABI_VIOLATION",
    "badfree-trap,         UNREACHABLE",
    "badfree-hostcall,     ABI_VIOLATION",
    "badlog-bounds,        ABI_VIOLATION",
    "badresult-bounds,     ABI_VIOLATION",
    "badresult-huge,       ABI_VIOLATION",
    "badresult-overflow,   ABI_VIOLATION",
    "badresult-toolong,    ABI_VIOLATION",
    "badresult-utf8,       BAD_ANSWER",
    "badresult-notjson,    BAD_ANSWER",
    "badresult-novalue,    BAD_ANSWER",
    "badresult-status-5,   BAD_ANSWER",
  })
  void a_guest_that_breaks_loses_its_instance_and_the_value_passes_unchanged(
      String guest, String code) throws InterruptedException {
    activate(GuestBundle.of(guest).filter("h"));
    FilterResult result = host.applyFilters("h", "value");
    assertThat(result.value()).isEqualTo(StrictJson.valueOf("value"));
    assertThat(result.degraded()).extracting(Degradation::code).containsExactly(code);
    assertThat(result.degraded()).extracting(Degradation::plugin).containsExactly(guest);
    assertThat(host.health().pool(guest).orElseThrow().recycled(RecycleReason.UNUSABLE))
        .isEqualTo(1);
    assertTold(guest, code);
  }

  static List<String> nonsense() {
    return List.of(
        "{\"value\":1,\"value\":2}",
        "{\"value\":{\"a\":1,\"a\":1}}",
        "{\"value\":1} {}",
        "{\"value\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}",
        "{\"value\":" + "9".repeat((1 << 20) - 20) + "}",
        "{\"value\":1e9999999999}",
        "{\"value\":\"\\ud800\"",
        "{\"a\\nERROR forged\":1,\"a\\nERROR forged\":1}",
        "[\"value\"]",
        "{\"value\":1,\"stop\":\"yes\"}");
  }

  @ParameterizedTest
  @MethodSource("nonsense")
  void json_that_no_reader_should_take_is_a_bad_answer(String answer) throws InterruptedException {
    byte[] module = Guests.saying(answer.getBytes(StandardCharsets.UTF_8));
    activate(GuestBundle.of("says", module).filter("h"));
    FilterResult result = host.applyFilters("h", "value");
    assertThat(result.value()).isEqualTo(StrictJson.valueOf("value"));
    assertThat(result.degraded())
        .singleElement()
        .satisfies(degraded -> {
          assertThat(degraded.code()).isEqualTo("BAD_ANSWER");
          assertThat(degraded.reason()).hasSizeLessThan(5000).doesNotContain("\n");
        });
    assertThat(host.health().pool("says").orElseThrow().recycled(RecycleReason.UNUSABLE))
        .isEqualTo(1);
    assertTold("says", "BAD_ANSWER");
  }

  @Test
  void a_result_of_just_the_cap_is_taken_as_it_is() throws InterruptedException {
    String text = "ä".repeat(((1 << 20) - 12) / 2);
    byte[] answer = ("{\"value\":\"" + text + "\"}").getBytes(StandardCharsets.UTF_8);
    activate(GuestBundle.of("says", Guests.saying(answer)).filter("h"));
    assertThat(host.applyFilters("h", 1).value().stringValue()).isEqualTo(text);
  }

  /** One row in the audit log and one turn in the metric, whatever a guest tried. */
  private void assertTold(String guest, String code) {
    assertThat(host.audit().newest(guest, 10))
        .filteredOn(row -> row.actor().equals("host"))
        .singleElement()
        .satisfies(row -> {
          if (code.equals("BAD_ANSWER")) {
            assertThat(row.event()).isEqualTo("bad_answer");
          } else {
            assertThat(row.event()).isEqualTo("trap");
            assertThat(row.detail()).contains("\"code\":\"" + code + "\"");
          }
          assertThat(row.detail()).contains("\"hook\":\"h\"");
        });
    assertThat(
            meters
                .get("gonext.plugin.hook")
                .tags("plugin", guest, "hook", "h", "outcome", code)
                .timer()
                .count())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "badresult-status-1,   STATUS",
    "badresult-status-3,   STATUS",
    "badresult-status-99,  STATUS",
  })
  void a_guest_that_says_it_failed_is_passed_over_and_keeps_its_instance(String guest, String code)
      throws InterruptedException {
    activate(GuestBundle.of(guest).filter("h"));
    FilterResult result = host.applyFilters("h", "value");
    assertThat(result.value()).isEqualTo(StrictJson.valueOf("value"));
    assertThat(result.degraded()).extracting(Degradation::code).containsExactly(code);
    assertThat(host.health().pool(guest).orElseThrow().recycledTotal()).isZero();
  }

  @Test
  void a_guest_whose_allocator_grows_memory_is_served() throws InterruptedException {
    activate(GuestBundle.of("badalloc-grow").filter("h"));
    assertThat(host.applyFilters("h", "value").degraded()).isEmpty();
  }

  @Test
  void a_panic_is_reported_with_its_text() throws InterruptedException {
    activate(GuestBundle.of("panic").filter("h"));
    assertThat(host.applyFilters("h", 1).degraded().getFirst().reason()).contains("panicked");
  }

  @Test
  void a_panic_of_any_text_is_one_line_of_bounded_length() throws InterruptedException {
    activate(GuestBundle.of("badpanic").filter("h"));
    assertThat(host.applyFilters("h", 1).degraded())
        .singleElement()
        .satisfies(degraded -> {
          assertThat(degraded.code()).isEqualTo("GUEST_PANIC");
          assertThat(degraded.reason())
              .contains("gave up\\r\\nERROR forged\\u0000")
              .hasSizeLessThan(5000)
              .doesNotContain("\n", "\r", "\0");
        });
  }

  @Test
  void an_endless_loop_delays_no_other_plugin_and_no_later_call() throws InterruptedException {
    activate(GuestBundle.of("loop").filter("h").limit("call_ms", 100));
    for (int i = 0; i < 3; i++) {
      assertThat(host.applyFilters("h", 1).degraded())
          .extracting(Degradation::code)
          .containsExactly("DEADLINE");
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      assertThat(host.applyFilters("shout", "a").value().stringValue()).isEqualTo("A");
    }
  }

  @Test
  void memory_stops_at_the_operators_limit() throws InterruptedException {
    activate(GuestBundle.of("grow").filter("h").limit("isolation", "\"reused\""));
    // A page a call: without a limit one instance would have 38 MiB by then.
    for (int i = 0; i < 600; i++) {
      host.applyFilters("h", i);
    }
    PoolStats pool = host.health().pool("grow").orElseThrow();
    // An instance may weigh a little more than its memory.
    assertThat(pool.bytes()).isLessThan(pool.live() * 18L * 1024 * 1024);
  }

  @Test
  void an_instance_that_grows_on_each_call_is_replaced_before_it_reaches_its_limit()
      throws InterruptedException {
    activate(GuestBundle.of("grow").filter("h").limit("isolation", "\"reused\""));
    for (int i = 0; i < 600; i++) {
      assertThat(host.applyFilters("h", i).degraded()).isEmpty();
    }
    // 16 MiB are 256 pages, of which 192 are three quarters, with what an instance holds besides:
    // while a memory grows much, its array is longer than the memory.
    assertThat(host.health().pool("grow").orElseThrow().recycled(RecycleReason.MEMORY))
        .isBetween(3L, 8L);
  }

  @Test
  void a_payload_beyond_the_cap_never_reaches_the_guest() throws InterruptedException {
    activate(GuestBundle.of("trap").filter("h"));
    FilterResult result = host.applyFilters("h", "x".repeat(1 << 20));
    assertThat(result.degraded())
        .extracting(Degradation::code)
        .containsExactly("PAYLOAD_TOO_LARGE");
    assertThat(host.health().pool("trap").orElseThrow().recycledTotal()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "noalloc            | does not export gn_alloc (i32) -> i32",
        "mistyped           | gn_handle_hook",
        "alias              | exports an imported function as gn_alloc",
        "badimport          | which no host offers",
        "badimport-signature| the ABI says",
        "add                | exports no memory",
      })
  void a_module_that_does_not_keep_to_the_abi_is_refused_by_name(String guest, String reason) {
    assertRefused(GuestBundle.of(guest), reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"startloop", "startloop-section", "startloop-command"})
  @Timeout(20)
  void a_module_that_never_starts_is_refused_at_the_install_deadline(String guest) {
    assertRefused(GuestBundle.of(guest), "1000 ms");
  }

  @Test
  void a_capability_that_does_not_exist_is_refused() {
    assertRefused(
        GuestBundle.of("echo").field("capabilities", "[\"kv.raed\"]"), "did you mean kv.read?");
  }

  @Test
  void bytes_after_the_preamble_that_are_not_a_module_are_refused() {
    byte[] module = Guests.wasm("echo");
    byte[] cut = Arrays.copyOf(module, module.length - 5);
    assertRefused(GuestBundle.of("echo", cut), "plugin.wasm");
  }

  @Test
  void a_host_that_is_too_old_is_reported_with_all_other_problems() {
    GuestBundle bundle = GuestBundle.of("noalloc").field("requires", "{\"host\":\">=99\"}");
    assertThatThrownBy(() -> host.plugins().install(bundle.bytes()))
        .isInstanceOfSatisfying(
            BundleRejectedException.class,
            refused ->
                assertThat(refused.problems())
                    .satisfiesExactly(
                        host -> assertThat(host).contains("requires host >=99"),
                        abi -> assertThat(abi).contains("gn_alloc")));
  }

  static Stream<Arguments> badBundles() {
    GuestBundle good = GuestBundle.of("echo");
    byte[] manifest = good.manifest().getBytes(StandardCharsets.UTF_8);
    byte[] bytes = good.bytes();
    return Stream.of(
        arguments("not a ZIP", "x".getBytes(StandardCharsets.UTF_8)),
        arguments("the ZIP", Arrays.copyOf(bytes, bytes.length / 2)),
        arguments("../evil", with("../evil", new byte[1])),
        arguments("web\\x", with("web\\x", new byte[1])),
        arguments("evil.sh", with("evil.sh", new byte[1])),
        arguments("PLUGIN.wasm", with("PLUGIN.wasm", new byte[1])),
        arguments("web/more", with("web/more", bytes)),
        arguments("web/zeros", with("web/zeros", new byte[25 << 20])),
        arguments("manifest.json", with("manifest.json", new byte[300 << 10])),
        arguments("/name", with("manifest.json", "{}".getBytes(StandardCharsets.UTF_8))),
        arguments("plugin.wasm", with("plugin.wasm", manifest)));
  }

  private static byte[] with(String name, byte[] content) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("manifest.json", GuestBundle.of("echo").manifest().getBytes(StandardCharsets.UTF_8));
    files.put("plugin.wasm", Guests.wasm("echo"));
    files.put(name, content);
    return GuestBundle.zip(files);
  }

  @ParameterizedTest
  @MethodSource("badBundles")
  void each_refused_bundle_is_one_row_that_names_what_offended_and_one_count(
      String named, byte[] bundle) throws IOException {
    List<String> before = files();
    assertRefused(bundle, named);
    assertThat(host.audit().newest(1).getFirst().detail())
        .contains(
            new String(StrictJson.write(StrictJson.valueOf(named)), StandardCharsets.UTF_8)
                .replace("\"", ""));
    assertThat(files()).isEqualTo(before);
  }

  @Test
  void a_refused_bundle_leaves_nothing_behind() throws IOException {
    List<String> before = files();
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("manifest.json", GuestBundle.of("echo").manifest().getBytes(StandardCharsets.UTF_8));
    files.put("plugin.wasm", Guests.wasm("echo"));
    files.put("../evil", new byte[1]);
    assertThatThrownBy(() -> host.plugins().install(GuestBundle.zip(files)))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("../evil");
    assertRefused(GuestBundle.of("noalloc"), "gn_alloc");
    assertThat(files()).isEqualTo(before);
    assertThat(data.resolveSibling("evil")).doesNotExist();
  }

  private List<String> files() throws IOException {
    try (var files = Files.walk(data)) {
      return files
          .map(Path::toString)
          // Modules that compiled are kept, signed, whether they keep to the ABI or not.
          .filter(name -> !name.contains("compiled") && !name.endsWith(".tmp"))
          .sorted()
          .toList();
    }
  }

  private void assertRefused(GuestBundle bundle, String reason) {
    assertRefused(bundle.bytes(), reason);
  }

  private void assertRefused(byte[] bundle, String reason) {
    double refused = refusals();
    int rows = host.audit().newest(1000).size();
    assertThatThrownBy(() -> host.plugins().install(bundle))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining(reason);
    assertThat(host.plugins().list()).hasSize(1);
    assertThat(refusals() - refused).isEqualTo(1);
    assertThat(host.audit().newest(1000)).hasSize(rows + 1);
    assertThat(host.audit().newest(1))
        .extracting(AuditRow::event)
        .containsExactly("install_refused");
  }

  private double refusals() {
    Counter counter = meters.find("gonext.plugin.install.refused").counter();
    return counter == null ? 0 : counter.count();
  }

  private void activate(GuestBundle bundle) throws InterruptedException {
    host.plugins().activate(host.plugins().install(bundle.bytes()).manifest().name());
  }
}
