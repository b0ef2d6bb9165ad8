package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.manifest.Bundle;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples, which new projects begin as, keep the names that backtraces show. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("examples")
class ExampleNamesTest {
  private static final Path EXAMPLES = Path.of(System.getProperty("gonext.root"), "examples");

  @TempDir private Path directory;

  private static String text(byte[] module) {
    return new String(module, StandardCharsets.ISO_8859_1);
  }

  @Test
  void the_rust_example_has_names_and_no_debug_information() throws IOException {
    Path bundle = EXAMPLES.resolve("hello-rust/hello-rust-0.1.0.gnplugin");

    assertThat(text(Bundle.read(Files.readAllBytes(bundle)).module()))
        .contains("hello_rust", "\u0004name")
        .doesNotContain(".debug_line");
  }

  @Test
  void the_c_example_has_names_and_no_debug_information() throws Exception {
    byte[] module = Toolchain.C.module(EXAMPLES.resolve("hello-c"));

    assertThat(text(module)).contains("\u0004name", "malloc").doesNotContain(".debug_line");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_clang_that_would_run_wasm_opt_is_told_not_to(boolean knows) throws Exception {
    Toolchain.C.require(TestTool.isOnPath("make"), "no make on PATH");
    Path clang = directory.resolve("clang");
    Path seen = directory.resolve("seen");
    Files.writeString(
        clang,
        """
        #!/bin/sh
        case "$* " in
        *--no-wasm-opt*) %s ;;
        esac
        case "$* " in
        *-Wl,*) echo "$*" >%s ;;
        esac
        """
            .formatted(knows ? ":" : "exit 1", seen));
    assertThat(clang.toFile().setExecutable(true)).isTrue();

    Process make =
        new ProcessBuilder("make", "--always-make", "CC=" + clang, "build/plugin.wasm")
            .directory(EXAMPLES.resolve("hello-c").toFile())
            .redirectErrorStream(true)
            .start();

    assertThat(make.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(make.exitValue())
        .as(new String(make.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .isZero();
    String arguments = Files.readString(seen);
    assertThat(arguments).contains("-Wl,--strip-debug").doesNotContain("--strip-all");
    assertThat(arguments.contains("--no-wasm-opt")).isEqualTo(knows);
  }
}
