package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BacktraceTest {
  @RegisterExtension final TestEngine engine = new TestEngine();

  /** Function 0 calls 1, which calls 2, which executes unreachable. */
  private static WasmBytes chain() {
    return WasmBytes.module()
        .section(1, part().u32(1).bytes(0x60, 0, 0))
        .section(3, part().u32(3).bytes(0, 0, 0))
        .section(7, part().u32(1).name("enter").bytes(0, 0))
        .section(
            10,
            part()
                .u32(3)
                .bytes(4, 0, 0x10, 1, 0x0B)
                .bytes(4, 0, 0x10, 2, 0x0B)
                .bytes(3, 0, 0x00, 0x0B));
  }

  private GuestTrap trap(WasmBytes module) {
    var guest = engine.engine.compile(module.toBytes()).instantiate(InstanceConfig.defaults());
    return TestEngine.trap(guest, "enter");
  }

  @Test
  void a_backtrace_has_names_from_the_name_section_innermost_first() {
    var names =
        part()
            .u32(3)
            .u32(0)
            .name("outer")
            .u32(1)
            .name("_ZN5hello6render17h0123456789abcdefE")
            .u32(2)
            .name("rust_panic");

    var trap = trap(chain().section(0, part().name("name").section(1, names)));

    assertThat(trap.backtrace())
        .extracting(GuestFrame::name)
        .containsExactly("rust_panic", "hello::render", "outer");
    assertThat(trap)
        .hasMessageMatching(
            "the guest executed unreachable"
                + " \\(in rust_panic @0x\\w+ < hello::render @0x\\w+ < outer @0x\\w+\\)");
  }

  @Test
  void a_backtrace_without_a_name_section_has_export_names_and_indices() {
    assertThat(trap(chain()).backtrace())
        .extracting(frame -> frame.functionIndex() + " " + frame.name())
        .containsExactly("2 func[2]", "1 func[1]", "0 enter");
  }

  /** The last of the function's loads is out of bounds. */
  @ParameterizedTest
  @ValueSource(ints = {1, 121, 5_000})
  void an_access_has_its_offset_and_one_frame_in_a_function_of_any_size(int loads) {
    var code = part().bytes(0);
    for (int i = 1; i < loads; i++) {
      code.bytes(0x41, 0, 0x28, 2, 0, 0x1A);
    }
    byte[] body = code.bytes(0x41, 0x7F, 0x28, 2, 0, 0x1A, 0x0B).toBytes();
    var module =
        WasmBytes.module()
            .section(1, part().u32(1).bytes(0x60, 0, 0))
            .section(3, part().u32(1).bytes(0))
            .section(5, part().u32(1).bytes(0, 1))
            .section(7, part().u32(1).name("enter").bytes(0, 0))
            .section(10, part().u32(1).u32(body.length).raw(body));

    GuestTrap trap = trap(module);

    assertThat(trap.trapCause()).isInstanceOf(TrapCause.OutOfBounds.class);
    assertThat(trap.backtrace())
        .extracting(GuestFrame::codeOffset)
        .containsExactly(module.toBytes().length - 5);
  }

  @Test
  void a_malformed_name_section_loses_only_the_names_after_the_error() {
    var names = part().u32(3).u32(2).name("innermost").u32(1).u32(5000);

    assertThat(trap(chain().section(0, part().name("name").section(1, names))).backtrace())
        .extracting(GuestFrame::name)
        .containsExactly("innermost", "func[1]", "enter");
  }
}
