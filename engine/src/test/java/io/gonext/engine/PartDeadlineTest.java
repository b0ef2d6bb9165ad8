package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever shape the endless code of a large function has, its deadline ends it. */
class PartDeadlineTest {
  private static final Duration SHORT = Duration.ofMillis(40);
  private static final int END = 0x0B;

  @RegisterExtension final TestEngine engine = new TestEngine();

  /** Enough instructions that the function is divided into parts. */
  private static WasmBytes much() {
    return part().repeat(2_000, 0x20, 1, 0x41, 3, 0x6C, 0x21, 1);
  }

  static Stream<Arguments> shapes() {
    var endless = part().bytes(0x03, 0x40, 0x0C, 0, END);
    var shortLoop =
        part().bytes(0x41, 3, 0x21, 2, 0x03, 0x40, 0x20, 2, 0x41, 1, 0x6B, 0x22, 2, 0x0D, 0, END);
    // walk(n): if n, walk(n - 1) twice.
    var twice = part().bytes(0x20, 0, 0x41, 1, 0x6B, 0x10, 0, 0x20, 0, 0x41, 1, 0x6B, 0x10, 0);
    var twiceByTable =
        part()
            .bytes(0x20, 0, 0x41, 1, 0x6B, 0x41, 0, 0x11, 0, 0)
            .bytes(0x20, 0, 0x41, 1, 0x6B, 0x41, 0, 0x11, 0, 0);
    return Stream.of(
        Arguments.argumentSet("a tight loop", endless),
        Arguments.argumentSet(
            "a call in an endless loop", part().bytes(0x03, 0x40, 0x10, 1, 0x0C, 0, END)),
        Arguments.argumentSet("a tight loop between much code", much().append(endless)),
        Arguments.argumentSet(
            "a short loop in an endless one",
            part().bytes(0x03, 0x40).append(shortLoop).bytes(0x0C, 0, END)),
        Arguments.argumentSet(
            "short loops and much code in an endless loop",
            part().bytes(0x03, 0x40).append(shortLoop).append(much()).bytes(0x0C, 0, END)),
        Arguments.argumentSet(
            "recursion without loops", part().bytes(0x20, 0, 0x04, 0x40).append(twice).bytes(END)),
        Arguments.argumentSet(
            "recursion in much code",
            part().bytes(0x20, 0, 0x04, 0x40).append(much()).append(twice).bytes(END)),
        Arguments.argumentSet(
            "recursion by a table",
            part().bytes(0x20, 0, 0x04, 0x40).append(twiceByTable).bytes(END)));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void endless_code_ends_at_its_deadline(WasmBytes code) {
    byte[] body = part().u32(1).bytes(2, 0x7F).append(code).bytes(END).toBytes();
    byte[] module =
        WasmBytes.module()
            .section(1, part().u32(2).bytes(0x60, 1, 0x7F, 0).bytes(0x60, 0, 0))
            .section(3, part().u32(2).u32(0).u32(1))
            .section(4, part().u32(1).bytes(0x70, 0, 1))
            .section(7, part().u32(1).name("run").bytes(0, 0))
            .section(9, part().u32(1).bytes(0, 0x41, 0, END, 1, 0))
            .section(10, part().u32(2).u32(body.length).raw(body).bytes(2, 0, END))
            .toBytes();
    for (boolean isMetered : new boolean[] {false, true}) {
      var guest =
          engine
              .engine
              .compile(module, isMetered ? Metering.FUEL : Metering.NONE)
              .instantiate(InstanceConfig.defaults());

      // 2^60 calls are endless too, and no deeper than 60.
      assertThat(TestEngine.trap(guest, SHORT, "run", 60).trapCause())
          .isEqualTo(new TrapCause.Deadline(SHORT));
    }
  }
}
