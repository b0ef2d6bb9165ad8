package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.MemoryLayout.Area;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Who uses which part of a memory, in modules of real compilers. */
class MemoryLayoutTest {
  private static MemoryLayout layout(byte[] wasm) {
    ModuleOutline outline = Admission.admit(wasm, EngineLimits.defaults());
    return MemoryLayout.of(outline.definition(), GlobalNames.of(outline));
  }

  private static byte[] debug(String name) throws IOException {
    return Files.readAllBytes(Path.of("src/test/resources/debug-info", name + ".wasm"));
  }

  @Test
  void rusts_stack_is_below_its_data() throws IOException {
    MemoryLayout layout = layout(Guests.wasm("compute"));

    assertThat(layout.stackFrom()).isZero();
    assertThat(layout.stackTo()).isEqualTo(1 << 20);
    assertThat(layout.dataEnd()).isGreaterThan(layout.stackTo());
    // The linker aligns it.
    assertThat(layout.heapFrom()).isBetween(layout.dataEnd(), layout.dataEnd() + 15);
    assertThat(layout.areaOf(100)).isEqualTo(Area.STACK);
    assertThat(layout.areaOf(1 << 20)).isEqualTo(Area.DATA);
    assertThat(layout.areaOf(layout.heapFrom())).isEqualTo(Area.HEAP);
    assertThat(layout.dataBytes()).isPositive().isLessThanOrEqualTo(layout.dataEnd());
  }

  @Test
  void clangs_stack_is_above_its_data() throws IOException {
    MemoryLayout layout = layout(debug("c-dwarf5"));

    assertThat(layout.stackFrom()).isEqualTo(layout.dataEnd()).isPositive();
    assertThat(layout.heapFrom()).isEqualTo(layout.stackTo()).isGreaterThan(layout.stackFrom());
    assertThat(layout.areaOf(layout.stackFrom() - 1)).isEqualTo(Area.DATA);
    assertThat(layout.areaOf(layout.stackFrom())).isEqualTo(Area.STACK);
  }

  @Test
  void a_module_without_a_stack_pointer_has_data_and_heap() {
    MemoryLayout layout = layout(Guests.wasm("engine-fuel"));

    assertThat(layout.stackTo()).isZero();
    assertThat(layout.size()).isPositive();
    assertThat(layout.areaOf(layout.size() - 1)).isEqualTo(Area.HEAP);
  }
}
