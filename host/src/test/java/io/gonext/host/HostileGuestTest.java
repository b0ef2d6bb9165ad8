package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.failure.BundleRejectedException;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.json.StrictJson;
import io.gonext.host.lifecycle.OperatorLimits;
import io.gonext.pool.PoolStats;
import io.gonext.pool.RecycleReason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Guests that do what they must not: each hurts only itself. */
class HostileGuestTest {
  private static final OperatorLimits LIMITS =
      new OperatorLimits(
          16, Duration.ofMillis(300), Duration.ofSeconds(2), Duration.ofMillis(500), 2);

  @TempDir private Path data;
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(HostConfig.of(data).withLimits(LIMITS));
    host.activate(host.install(GuestBundle.of("upper").filter("shout").bytes()).manifest().name());
  }

  @AfterEach
  void the_neighbour_is_unharmed_and_every_lease_came_back() throws InterruptedException {
    assertThat(host.applyFilters("shout", "still here").value().stringValue())
        .isEqualTo("STILL HERE");
    host.pools().values().forEach(HostTest::assertBalanced);
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
    "badlog-bounds,        ABI_VIOLATION",
    "badresult-bounds,     ABI_VIOLATION",
    "badresult-huge,       ABI_VIOLATION",
    "badresult-overflow,   ABI_VIOLATION",
    "badresult-toolong,    ABI_VIOLATION",
  })
  void a_guest_that_breaks_loses_its_instance_and_the_value_passes_unchanged(
      String guest, String code) throws InterruptedException {
    activate(GuestBundle.of(guest).filter("h"));
    FilterResult result = host.applyFilters("h", "value");
    assertThat(result.value()).isEqualTo(StrictJson.valueOf("value"));
    assertThat(result.degraded()).extracting(Degradation::code).containsExactly(code);
    assertThat(result.degraded()).extracting(Degradation::plugin).containsExactly(guest);
    PoolStats pool = host.pool(guest).orElseThrow();
    assertThat(pool.recycled(RecycleReason.TRAP)).isEqualTo(1);
    assertThat(pool.inUse()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "badresult-utf8,       BAD_ANSWER",
    "badresult-notjson,    BAD_ANSWER",
    "badresult-novalue,    BAD_ANSWER",
    "badresult-status-1,   STATUS",
    "badresult-status-3,   STATUS",
    "badresult-status-99,  STATUS",
  })
  void a_guest_that_answers_nonsense_is_passed_over(String guest, String code)
      throws InterruptedException {
    activate(GuestBundle.of(guest).filter("h"));
    FilterResult result = host.applyFilters("h", "value");
    assertThat(result.value()).isEqualTo(StrictJson.valueOf("value"));
    assertThat(result.degraded()).extracting(Degradation::code).containsExactly(code);
    assertThat(host.pool(guest).orElseThrow().recycled(RecycleReason.TRAP)).isZero();
  }

  @Test
  void a_guest_whose_allocator_grows_memory_is_served() throws InterruptedException {
    activate(GuestBundle.of("badalloc-grow").filter("h"));
    assertThat(host.applyFilters("h", "value").degraded()).isEmpty();
  }

  @Test
  void a_panic_is_told_with_its_text() throws InterruptedException {
    activate(GuestBundle.of("panic").filter("h"));
    assertThat(host.applyFilters("h", 1).degraded().getFirst().reason()).contains("panicked");
  }

  @Test
  void an_endless_loop_holds_up_neither_its_neighbour_nor_the_next_call()
      throws InterruptedException {
    activate(GuestBundle.of("loop").filter("h").limit("call_ms", 100));
    for (int i = 0; i < 3; i++) {
      long begin = System.nanoTime();
      assertThat(host.applyFilters("h", 1).degraded())
          .extracting(Degradation::code)
          .containsExactly("DEADLINE");
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      assertThat(host.applyFilters("shout", "a").value().stringValue()).isEqualTo("A");
    }
  }

  @Test
  void memory_stops_at_the_operators_limit() throws InterruptedException {
    activate(GuestBundle.of("grow").filter("h").limit("isolation", "\"reused\""));
    for (int i = 0; i < 600; i++) {
      host.applyFilters("h", i);
    }
    assertThat(host.pool("grow").orElseThrow().bytes()).isLessThan(2 * 24L * 1024 * 1024);
  }

  @Test
  void a_payload_beyond_the_cap_never_reaches_the_guest() throws InterruptedException {
    activate(GuestBundle.of("trap").filter("h"));
    FilterResult result = host.applyFilters("h", "x".repeat(1 << 20));
    assertThat(result.degraded())
        .extracting(Degradation::code)
        .containsExactly("PAYLOAD_TOO_LARGE");
    assertThat(host.pool("trap").orElseThrow().recycledTotal()).isZero();
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
    assertRefused(GuestBundle.of(guest), "500 ms");
  }

  @Test
  void a_capability_that_does_not_exist_is_refused() {
    assertRefused(
        GuestBundle.of("echo").field("capabilities", "[\"kv.raed\"]"), "did you mean kv.read?");
  }

  @Test
  void bytes_after_the_preamble_that_are_no_module_are_refused() {
    byte[] module = Guests.wasm("echo");
    byte[] cut = Arrays.copyOf(module, module.length - 5);
    assertRefused(GuestBundle.of("echo", cut), "plugin.wasm");
  }

  @Test
  void what_is_refused_leaves_nothing_behind() throws IOException {
    List<String> before = files();
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("manifest.json", GuestBundle.of("echo").manifest().getBytes(StandardCharsets.UTF_8));
    files.put("plugin.wasm", Guests.wasm("echo"));
    files.put("../evil", new byte[1]);
    assertThatThrownBy(() -> host.install(GuestBundle.zip(files)))
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
    assertThatThrownBy(() -> host.install(bundle.bytes()))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining(reason);
    assertThat(host.plugins()).hasSize(1);
  }

  private void activate(GuestBundle bundle) throws InterruptedException {
    host.activate(host.install(bundle.bytes()).manifest().name());
  }
}
