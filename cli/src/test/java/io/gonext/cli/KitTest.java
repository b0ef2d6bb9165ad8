package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The author's commands, on real plugins and in real hosts. */
class KitTest {
  private static final Path EXAMPLES = Path.of(System.getProperty("gonext.root"), "examples");
  private static final Path RUST = EXAMPLES.resolve("hello-rust/hello-rust-0.1.0.gnplugin");

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path project;

  /** A plugin's directory without sources, so that no toolchain is needed. */
  @BeforeEach
  void project() throws IOException {
    project = Files.createDirectories(directory.resolve("project"));
    write("manifest.json", GuestBundle.of("sample", new byte[0]).manifest());
    Files.createDirectories(project.resolve("build"));
    Files.write(project.resolve("build/plugin.wasm"), Guests.wasm("echo"));
  }

  @Test
  void check_takes_a_plugin_that_a_host_takes() {
    assertThat(run("check", RUST.toString())).as("%s%s", out, err).isZero();
    assertThat(out.toString()).startsWith("ok  hello-rust@0.1.0, module of ");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void check_says_all_that_is_wrong_with_manifest_and_module_at_once() throws IOException {
    write("manifest.json", "{\"apiVersion\":\"gonext.io/v1\",\"name\":\"X\",\"version\":\"one\"}");
    Files.write(project.resolve("build/plugin.wasm"), new byte[] {0, 'a', 's', 'm', 1, 0, 0, 0});
    assertThat(run("check", project.toString())).isEqualTo(1);
    assertThat(out.toString()).contains("/name", "/version", "memory", "gn_handle_hook");
    assertThat(run("check", "--json", project.toString())).isEqualTo(1);
    assertThat(out.toString()).startsWith("{\"plugin\":").contains("\"passed\":false");
  }

  @Test
  void check_finds_what_shows_only_once_the_module_is_compiled() throws IOException {
    byte[] module = Guests.wasm("echo");
    // The last instruction of the last function, before its end.
    byte[] broken = brokenCode(module);
    Files.write(project.resolve("build/plugin.wasm"), broken);
    assertThat(run("check", "--quick", project.toString())).as("%s%s", out, err).isZero();
    assertThat(run("check", project.toString())).as("%s%s", out, err).isEqualTo(1);
  }

  @Test
  void check_finds_files_that_a_bundle_must_not_hold() throws IOException {
    Path bundle = directory.resolve("extra.gnplugin");
    byte[] manifest =
        GuestBundle.of("sample", new byte[0]).manifest().getBytes(StandardCharsets.UTF_8);
    Files.write(
        bundle,
        GuestBundle.zip(
            Map.of(
                "manifest.json",
                manifest,
                "plugin.wasm",
                Guests.wasm("echo"),
                "run.sh",
                new byte[1])));
    assertThat(run("check", bundle.toString())).isEqualTo(1);
    assertThat(out.toString()).contains("run.sh: not a file of a bundle");
  }

  @Test
  void a_plugin_that_is_not_there_is_exit_2_also_as_json() {
    String missing = directory.resolve("missing").toString();
    assertThat(run("check", missing)).isEqualTo(2);
    assertThat(err.toString()).startsWith("gonext: ").contains("does not exist");
    assertThat(run("check", "--json", missing)).isEqualTo(2);
    assertThat(out.toString()).startsWith("{\"error\":").contains("\"exit_code\":2");
  }

  /** A module whose sections are sound and whose code is not. */
  private static byte[] brokenCode(byte[] module) {
    byte[] broken = module.clone();
    int at = 8;
    while (broken[at] != 10) {
      int[] size = leb(broken, at + 1);
      at = size[1] + size[0];
    }
    int[] size = leb(broken, at + 1);
    int[] count = leb(broken, size[1]);
    int[] body = leb(broken, count[1]);
    int[] locals = leb(broken, body[1]);
    assertThat(locals[0]).isLessThan(2);
    // i32.add with nothing on the stack.
    broken[body[1] + body[0] - 2] = 0x6a;
    return broken;
  }

  /** An unsigned LEB128 number and where it ends. */
  private static int[] leb(byte[] bytes, int at) {
    int value = 0;
    int shift = 0;
    int i = at;
    do {
      value |= (bytes[i] & 0x7f) << shift;
      shift += 7;
    } while (bytes[i++] < 0);
    return new int[] {value, i};
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(project.resolve(name), text);
  }

  /** Runs {@code gonext plugin}. */
  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    String[] all = new String[arguments.length + 1];
    all[0] = "plugin";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), all);
  }
}
