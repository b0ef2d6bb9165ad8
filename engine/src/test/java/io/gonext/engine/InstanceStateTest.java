package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.InstanceState.Block;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class InstanceStateTest {
  private static Block block(int pointer, String text) {
    return new Block(pointer, text.getBytes(StandardCharsets.UTF_8));
  }

  private static List<String> joined(Block... blocks) {
    return new InstanceState(1, List.of(blocks), List.of(), List.of(), List.of())
        .joined().blocks().stream()
            .map(block -> block.pointer() + " " + new String(block.bytes(), StandardCharsets.UTF_8))
            .toList();
  }

  @Test
  void blocks_that_touch_become_one_so_that_a_secret_is_whole() {
    assertThat(joined(block(10, "the hun"), block(17, "ter22"), block(30, "more")))
        .containsExactly("10 the hunter22", "30 more");
  }

  @Test
  void a_block_inside_another_is_newer() {
    assertThat(joined(block(10, "0123456789"), block(12, "ab"), block(20, "c")))
        .containsExactly("10 01ab456789c");
    assertThat(joined(block(0xFFFF_FFF0, "end"), block(0xFFFF_FFF1, "N")))
        .containsExactly("-16 eNd");
    assertThat(joined()).isEmpty();
  }
}
