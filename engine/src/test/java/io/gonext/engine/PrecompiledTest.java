package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.gonext.guests.Guests;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrecompiledTest {
  private static final Duration LIMIT = Duration.ofSeconds(5);

  @TempDir private Path classes;

  @Test
  void an_engine_compiles_nothing_that_the_application_has() throws IOException {
    byte[] wasm = Guests.wasm("add");
    Path file = Precompiled.write(wasm, Metering.NONE, EngineLimits.defaults(), classes);

    assertThat(file.getParent()).isEqualTo(classes.resolve("META-INF/gonext"));
    try (var application = application();
        Engine engine = Engine.withPrecompiled(EngineLimits.defaults(), application)) {
      CompiledModule module = engine.compile(wasm);
      // A compile takes time; these have none.
      assertThat(module.compileTime()).isZero();
      assertThat(module.instantiate().call(LIMIT, "add", 2, 3)).isEqualTo(5);
      // It has no classes that count fuel.
      assertThat(engine.compile(wasm, Metering.FUEL).compileTime()).isPositive();
    }
  }

  @Test
  void another_module_is_compiled() throws IOException {
    Precompiled.write(Guests.wasm("add"), Metering.NONE, EngineLimits.defaults(), classes);
    try (var application = application();
        Engine engine = Engine.withPrecompiled(EngineLimits.defaults(), application)) {
      CompiledModule module = engine.compile(Guests.wasm("engine-fuel"));
      assertThat(module.compileTime()).isPositive();
    }
  }

  @Test
  void classes_of_another_compiler_are_not_run() throws IOException {
    byte[] wasm = Guests.wasm("add");
    Path file = Precompiled.write(wasm, Metering.NONE, EngineLimits.defaults(), classes);
    byte[] bytes = Files.readAllBytes(file);
    int digit = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("compiler ") + 9;
    bytes[digit] = (byte) (bytes[digit] == '0' ? '1' : '0');
    Files.write(file, bytes);
    assertCompiled(wasm);
  }

  @Test
  void classes_that_end_too_soon_are_not_run() throws IOException {
    byte[] wasm = Guests.wasm("add");
    Path file = Precompiled.write(wasm, Metering.NONE, EngineLimits.defaults(), classes);
    byte[] bytes = Files.readAllBytes(file);
    for (int length : new int[] {0, 1, bytes.length / 4, bytes.length - 1}) {
      Files.write(file, java.util.Arrays.copyOf(bytes, length));
      assertCompiled(wasm);
    }
  }

  @Test
  void a_module_is_admitted_all_the_same() throws IOException {
    byte[] wasm = Guests.wasm("guide-shop");
    Precompiled.write(wasm, Metering.NONE, EngineLimits.defaults(), classes);
    try (var application = application();
        Engine engine =
            Engine.withPrecompiled(EngineLimits.defaults().withModuleBytes(100), application)) {
      org.assertj.core.api.Assertions.assertThatThrownBy(() -> engine.compile(wasm))
          .isInstanceOf(ModuleRejectedException.class);
    }
  }

  @Test
  void equal_builds_write_equal_files() throws IOException {
    byte[] wasm = Guests.wasm("guide-shop");
    byte[] first =
        Files.readAllBytes(
            Precompiled.write(wasm, Metering.FUEL, EngineLimits.defaults(), classes));
    byte[] second =
        Files.readAllBytes(
            Precompiled.write(wasm, Metering.FUEL, EngineLimits.defaults(), classes));
    assertThat(second).isEqualTo(first);
  }

  @Test
  void classes_that_count_blocks_are_not_kept() {
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            Precompiled.write(
                Guests.wasm("add"), Metering.BLOCKS, EngineLimits.defaults(), classes));
  }

  @Test
  void the_command_compiles_each_file() throws IOException {
    Path add = Files.write(classes.resolve("add.wasm"), Guests.wasm("add"));
    Path shop = Files.write(classes.resolve("shop.wasm"), Guests.wasm("guide-shop"));
    Path out = classes.resolve("out");

    assertThat(command("--fuel", out.toString(), add.toString(), shop.toString())).isEqualTo("0 ");
    try (Stream<Path> files = Files.list(out.resolve("META-INF/gonext"))) {
      assertThat(files).hasSize(2).allMatch(file -> file.toString().endsWith("-fuel.classes"));
    }
  }

  @Test
  void the_command_says_what_is_wrong_in_one_line() throws IOException {
    Path text = Files.writeString(classes.resolve("text.wasm"), "no module");
    String out = classes.toString();

    assertThat(command()).startsWith("2 usage: ");
    assertThat(command("--fast", out, text.toString())).startsWith("2 usage: ");
    assertThat(command(out, text.toString())).startsWith("1 " + text + ": ").hasLineCount(1);
    assertThat(command(out, out + "/none.wasm"))
        .startsWith("1 " + out + "/none.wasm: cannot be read")
        .hasLineCount(1);
  }

  private static String command(String... args) {
    var err = new ByteArrayOutputStream();
    int code = PrecompileCommand.run(args, new PrintStream(err, true, StandardCharsets.UTF_8));
    return code + " " + err.toString(StandardCharsets.UTF_8);
  }

  private void assertCompiled(byte[] wasm) throws IOException {
    try (var application = application();
        Engine engine = Engine.withPrecompiled(EngineLimits.defaults(), application)) {
      CompiledModule module = engine.compile(wasm);
      assertThat(module.compileTime()).isPositive();
      assertThat(module.instantiate().call(LIMIT, "add", 2, 3)).isEqualTo(5);
    }
  }

  private URLClassLoader application() throws IOException {
    return new URLClassLoader(new URL[] {classes.toUri().toURL()}, null);
  }
}
