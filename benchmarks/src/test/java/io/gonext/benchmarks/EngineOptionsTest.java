package io.gonext.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.benchmarks.EngineOptions.Part;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineOptionsTest {
  @Test
  void without_arguments_everything_is_measured() throws UsageException {
    EngineOptions options = EngineOptions.parse(List.of());
    assertThat(options.quick()).isFalse();
    assertThat(options.before()).isNull();
    assertThat(options.parts()).containsExactly(Part.values());
  }

  @Test
  void parts_can_be_measured_alone() throws UsageException {
    EngineOptions options = EngineOptions.parse(List.of("go", "--quick", "compute"));
    assertThat(options.quick()).isTrue();
    assertThat(options.parts()).containsExactly(Part.COMPUTE, Part.GO);
  }

  @Test
  void an_older_checkout_must_be_built(@TempDir Path checkout) throws Exception {
    assertThatThrownBy(() -> EngineOptions.parse(List.of("--before", checkout.toString())))
        .isInstanceOf(UsageException.class)
        .hasMessageEndingWith(
            "bench.jar' does not exist. Run './bench list' in " + checkout + " to build it.");
    Path jar = checkout.resolve("benchmarks/target/bench.jar");
    Files.createDirectories(jar.resolveSibling("."));
    Files.createFile(jar);
    assertThat(EngineOptions.parse(List.of("--before", checkout.toString())).before())
        .isEqualTo(jar);
  }

  @Test
  void wrong_arguments_get_one_sentence() {
    assertThatThrownBy(() -> EngineOptions.parse(List.of("--fast")))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "'--fast' is neither --quick, --before DIR nor one of its parts: compute, fuel,"
                + " dispatch, calls, memory, compile, go.");
    assertThatThrownBy(() -> EngineOptions.parse(List.of("--before")))
        .isInstanceOf(UsageException.class)
        .hasMessage("--before needs a directory: a checkout of an older version.");
  }
}
