package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import run.endive.wasi.WasiPreview1;
import run.endive.wasi.WasiPreview1_ModuleFactory;

class WasiTest {
  private static final int SUCCESS = 0;
  private static final int BADF = 8;
  private static final int FAULT = 21;

  @RegisterExtension final TestEngine engine = new TestEngine();

  private static long write(GuestInstance guest, int fd, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return guest.run(
        TestEngine.LONG,
        call -> {
          call.memory().write(1000, bytes);
          return call.call(guest.function("write"), fd, 1000, bytes.length);
        });
  }

  @Test
  void output_arrives_line_by_line_and_an_unfinished_line_after_the_run() {
    var guest = engine.instance("engine-wasi");

    assertThat(write(guest, 1, "one\ntwo\r\n\nopen")).isEqualTo(SUCCESS);
    assertThat(write(guest, 2, "error\n")).isEqualTo(SUCCESS);

    assertThat(engine.output)
        .containsExactly("STDOUT:one", "STDOUT:two", "STDOUT:", "STDOUT:open", "STDERR:error");
  }

  @Test
  void long_lines_are_cut_and_output_over_the_limit_is_dropped_and_counted() {
    var guest =
        engine.instance(
            "engine-wasi",
            engine.configBuilder().maxLineBytes(10).maxOutputBytesPerRun(25).build());

    write(guest, 1, "x".repeat(1000));

    assertThat(engine.output)
        .containsExactly(
            "STDOUT:" + "x".repeat(10),
            "STDOUT:" + "x".repeat(10),
            "STDOUT:" + "x".repeat(5),
            "STDERR:[975 bytes of output dropped]");
  }

  @Test
  void a_pointer_outside_memory_returns_an_error_number() {
    var guest = engine.instance("engine-wasi");

    assertThat(TestEngine.call(guest, "write", 1, 2 * 65_536 - 3, 4)).isEqualTo(FAULT);
    assertThat(TestEngine.call(guest, "write", 1, 0xFFFF_FFFFL, 0xFFFF_FFFFL)).isEqualTo(FAULT);

    assertThat(engine.output).isEmpty();
    assertThat(write(guest, 1, "goes on\n")).isEqualTo(SUCCESS);
  }

  @Test
  void file_functions_return_bad_descriptor() {
    var guest = engine.instance("engine-wasi");

    assertThat(TestEngine.call(guest, "open")).isEqualTo(BADF);
    assertThat(write(guest, 0, "x")).isEqualTo(BADF);
    assertThat(write(guest, 3, "x")).isEqualTo(BADF);
    assertThat(write(guest, -1, "x")).isEqualTo(BADF);
  }

  @Test
  void a_closed_descriptor_is_open_again_after_the_reset() {
    var guest = engine.instance("engine-wasi");

    assertThat(TestEngine.call(guest, "close", 1)).isEqualTo(SUCCESS);
    assertThat(write(guest, 1, "lost\n")).isEqualTo(BADF);
    assertThat(guest.differenceFromSnapshot()).isNotNull();
    guest.reset();

    assertThat(guest.differenceFromSnapshot()).isNull();
    assertThat(write(guest, 1, "heard\n")).isEqualTo(SUCCESS);
    assertThat(engine.output).containsExactly("STDOUT:heard");
  }

  @Test
  void sleep_clocks_and_random_numbers_work() {
    var guest = engine.instance("engine-wasi");
    long before = System.nanoTime();

    assertThat(TestEngine.call(guest, "sleep", 2_000_000)).isEqualTo(1);

    assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(2_000_000);
    assertThat(TestEngine.call(guest, "random")).isNotEqualTo(TestEngine.call(guest, "random"));
    long milliseconds = TestEngine.call(guest, "time", 0) / 1_000_000;
    assertThat(milliseconds - System.currentTimeMillis()).isBetween(-10_000L, 10_000L);
    assertThat(TestEngine.call(guest, "time", 1))
        .isLessThanOrEqualTo(TestEngine.call(guest, "time", 1));
  }

  @Test
  void proc_exit_ends_the_call_with_its_code() {
    var guest = engine.instance("engine-wasi");

    assertThat(TestEngine.trap(guest, "exit", 3).trapCause()).isEqualTo(new TrapCause.Exit(3));
  }

  /** Endive's WASI is the reference for names and signatures. */
  @Test
  void every_function_of_preview_1_exists_with_its_signature() {
    Map<String, String> stock = new TreeMap<>();
    try (var wasi = WasiPreview1.builder().build()) {
      for (var function : WasiPreview1_ModuleFactory.toHostFunctions(wasi)) {
        String type =
            function.paramTypes().toString().toLowerCase(java.util.Locale.ROOT)
                + function.returnTypes().toString().toLowerCase(java.util.Locale.ROOT);
        stock.put(function.name(), type);
      }
    }
    // Not in preview 1, but in an adapter for it.
    stock.keySet().removeIf(name -> name.contains("adapter"));

    Map<String, String> ours = new TreeMap<>();
    for (String name : Wasi.names()) {
      var type = java.util.Objects.requireNonNull(Wasi.typeOf(name));
      ours.put(name, type.parameters().toString() + type.results());
    }

    assertThat(ours).isEqualTo(stock);
  }
}
