package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.guests.GuestBundle;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** {@code plugin check --reproduce} with real toolchains, on small projects. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class ReproduceTest {
  private static final List<String> REQUIRED =
      List.of(System.getenv().getOrDefault("GONEXT_TOOLCHAINS", "").split(" ", -1));

  private static final String CRATE =
      """
      [package]
      name = "%s"
      version = "0.1.0"
      edition = "2021"
      [lib]
      crate-type = ["%s"]
      """;

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path project;

  @BeforeEach
  void manifest() throws IOException {
    project = directory.resolve("project");
    write("manifest.json", GuestBundle.of("sample", new byte[0]).manifest());
  }

  @Test
  void rust_gives_the_same_bytes_with_a_crate_inside_the_project() throws Exception {
    requireTools("rust");
    write("Cargo.toml", CRATE.formatted("app", "cdylib") + "[dependencies]\nnear={path=\"near\"}");
    write("near/Cargo.toml", CRATE.formatted("near", "lib"));
    write("near/src/lib.rs", "pub fn at(v: &[u8], i: usize) -> u8 { v[i] }");
    write(
        "src/lib.rs",
        "#[no_mangle] pub extern \"C\" fn f(i: usize) -> u8 { near::at(&[1, 2], i) }");
    assertThat(check()).as("%s%s", out, err).isZero();
    assertThat(out.toString())
        .startsWith("ok  two builds give the same bytes")
        .containsPattern("module sha256 [0-9a-f]{64}\\R *bundle sha256 [0-9a-f]{64}")
        .doesNotContain("warning");
    assertThat(project).isDirectoryNotContaining("glob:**/{target,build,Cargo.lock}");
  }

  @Test
  void rust_gives_the_same_bytes_with_crates_outside_the_project() throws Exception {
    requireTools("rust");
    crateOutside();
    write(
        "../near/Cargo.toml",
        CRATE.formatted("near", "lib") + "[dependencies]\nfar={path=\"../far\"}");
    write(
        "../near/src/lib.rs",
        "#[inline(never)] pub fn at(v: &[u8], i: usize) -> u8 { far::at(v, i) }");
    write("../far/Cargo.toml", CRATE.formatted("far", "lib"));
    write("../far/src/lib.rs", "#[inline(never)] pub fn at(v: &[u8], i: usize) -> u8 { v[i] }");
    assertThat(check()).as("%s%s", out, err).isZero();
    assertThat(out.toString()).doesNotContain("warning");
  }

  private void crateOutside() throws IOException {
    write(
        "Cargo.toml", CRATE.formatted("app", "cdylib") + "[dependencies]\nnear={path=\"../near\"}");
    write("../near/Cargo.toml", CRATE.formatted("near", "lib"));
    write("../near/src/lib.rs", "#[inline(never)] pub fn at(v: &[u8], i: usize) -> u8 { v[i] }");
    write(
        "src/lib.rs",
        "#[no_mangle] pub extern \"C\" fn f(i: usize) -> u8 { near::at(&[1, 2], i) }");
  }

  @Test
  void rust_differs_with_a_crate_outside_and_a_wrapper_of_the_author_and_says_so()
      throws Exception {
    requireTools("rust");
    crateOutside();
    write(".cargo/config.toml", "[build]\nrustc-wrapper = \"/usr/bin/env\"");
    assertThat(check()).as("%s%s", out, err).isEqualTo(1);
    assertThat(out.toString())
        .startsWith("project: two builds differ")
        .contains("module: the custom section \"name\" differs")
        .contains("cargo hashes the absolute paths of crates outside of the workspace", "../near")
        .contains("bundle: plugin.wasm has other content, first at offset 0x");
  }

  @Test
  void rust_differs_where_the_code_contains_the_path_of_the_build() throws Exception {
    requireTools("rust");
    write("Cargo.toml", CRATE.formatted("app", "cdylib"));
    write(
        "src/lib.rs",
        "#[no_mangle] pub extern \"C\" fn f() -> *const u8 { env!(\"CARGO_MANIFEST_DIR\").as_ptr()"
            + " }");
    assertThat(check("--json")).isEqualTo(1);
    assertThat(out.toString())
        .contains("\"reproducible\":false", "module: the data section differs")
        .containsPattern("first at offset 0x[0-9a-f]+: .*/first/project")
        .contains("the module contains the path of the directory that it was built in")
        .contains("--remap-path-prefix");
  }

  @Test
  void rust_keeps_the_flags_of_the_authors_configuration() throws Exception {
    requireTools("rust");
    write("Cargo.toml", CRATE.formatted("app", "cdylib"));
    write("src/lib.rs", "#[cfg(mine)] #[no_mangle] pub extern \"C\" fn mine_is_set() {}");
    for (String table : List.of("build", "target.wasm32-wasip1", "target.'cfg(all())'")) {
      write(".cargo/config.toml", "[" + table + "]\nrustflags = [\"--cfg\", \"mine\"]");
      assertThat(runRoot("plugin", "build", project.toString())).as("%s%s", out, err).isZero();
      assertThat(Files.readString(project.resolve("build/plugin.wasm"), ISO))
          .as(table)
          .contains("mine_is_set")
          .doesNotContain(directory.toString());
    }
  }

  @Test
  void go_gives_the_same_bytes_with_an_empty_cache() throws Exception {
    requireTools("go");
    write("go.mod", "module app\n\ngo 1.24\n");
    write("near/near.go", "package near\n\nfunc At(v []byte, i int32) byte { return v[i] }\n");
    write(
        "main.go",
        """
        package main

        import "app/near"

        //go:wasmexport f
        func f(i int32) int32 { return int32(near.At([]byte{1, 2}, i)) }

        func main() {}
        """);
    assertThat(check()).as("%s%s", out, err).isZero();
  }

  @Test
  void c_gives_the_same_bytes_until_it_contains_the_time_of_a_file() throws Exception {
    requireTools("c");
    write(
        "Makefile",
        """
        build/plugin.wasm: plugin.c
        \tmkdir -p build
        \tclang --target=wasm32 -nostdlib -Wl,--no-entry -o $@ $(CURDIR)/plugin.c
        """);
    String code = "__attribute__((export_name(\"f\"))) const char *f(void) { return %s; }\n";
    write("plugin.c", code.formatted("__FILE__"));
    assertThat(check()).as("%s%s", out, err).isZero();
    write("plugin.c", code.formatted("__TIMESTAMP__"));
    assertThat(check()).as("%s%s", out, err).isEqualTo(1);
    assertThat(out.toString())
        .contains("module: the data section differs", "2001", "2020", "-Werror=date-time");
  }

  @Test
  void assemblyscript_gives_the_same_bytes() throws Exception {
    requireTools("assemblyscript");
    Path example = Path.of(System.getProperty("gonext.root"), "examples", "hello-as");
    assumeTrue(
        Files.isDirectory(example.resolve("node_modules/assemblyscript")),
        "no AssemblyScript: run 'npm ci' in " + example);
    write("package.json", "{\"devDependencies\":{\"assemblyscript\":\"*\"}}");
    write("assembly/index.ts", "export function f(i: i32): i32 { return [1, 2][i]; }");
    // As in a workspace, the packages are above the project.
    Files.createSymbolicLink(
        directory.resolve("node_modules"), example.resolve("node_modules").toRealPath());
    assertThat(check()).as("%s%s", out, err).isZero();
  }

  @Test
  void a_build_that_fails_says_which_files_it_does_not_have() throws Exception {
    requireTools("c");
    write("Makefile", "build/plugin.wasm: made.c\n\tcp made.c $@\n");
    write("made.c", "");
    write(".gitignore", "made.c\n");
    assertThat(check()).isEqualTo(1);
    assertThat(err.toString()).contains("made.c", ".gitignore");
  }

  @Test
  void only_a_project_can_be_built_twice() throws Exception {
    assertThat(check()).isEqualTo(2);
    assertThat(err.toString()).contains("--reproduce builds a project");
    assertThat(check("--quick")).isEqualTo(2);
    assertThat(err.toString()).contains("--quick has no effect with --reproduce");
    Path bundle = Files.writeString(directory.resolve("a.gnplugin"), "");
    assertThat(runRoot("plugin", "check", "--reproduce", bundle.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("--reproduce has no effect with the bundle");
  }

  private static final java.nio.charset.Charset ISO = java.nio.charset.StandardCharsets.ISO_8859_1;

  private void requireTools(String language) {
    boolean hasTools = runRoot("doctor", "--lang", language, "--json") == 0;
    assertThat(hasTools || !REQUIRED.contains(language)).as("%s", out).isTrue();
    assumeTrue(hasTools, () -> "plugins in " + language + " cannot be built here: " + out);
  }

  private void write(String name, String content) throws IOException {
    Path file = project.resolve(name).normalize();
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private int check(String... options) {
    return runRoot(
        Stream.of(
                Stream.of("plugin", "check", "--reproduce"),
                Stream.of(options),
                Stream.of(project.toString()))
            .flatMap(each -> each)
            .toArray(String[]::new));
  }

  private int runRoot(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
