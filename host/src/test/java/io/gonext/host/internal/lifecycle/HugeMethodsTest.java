package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class HugeMethodsTest {
  @Test
  void functions_that_the_jit_will_not_compile_are_named_with_the_flag() {
    assertThat(HugeMethods.warning(List.of("main.run", "big"), true))
        .get()
        .asString()
        .contains("main.run, big", "-XX:-DontCompileHugeMethods");
  }

  @Test
  void a_module_without_slow_functions_gets_no_warning() {
    assertThat(HugeMethods.warning(List.of(), true)).isEmpty();
    assertThat(HugeMethods.warning(List.of("big"), false)).isEmpty();
  }

  @Test
  void the_flag_of_this_jvm_is_read() {
    // The build runs its tests with -XX:-DontCompileHugeMethods.
    assertThat(HugeMethods.areInterpreted()).isFalse();
  }
}
