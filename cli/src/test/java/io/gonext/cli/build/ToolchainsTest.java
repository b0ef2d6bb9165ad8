package io.gonext.cli.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.cli.output.CommandFailure;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a project is written in, which command builds it, and what is said where none can. */
class ToolchainsTest {
  private static final String ASSEMBLYSCRIPT =
      "{\"devDependencies\":{\"assemblyscript\":\"^0.28.0\"}}";

  @TempDir private Path directory;
  private Path project;
  private Path bin;
  private final Map<String, String> environment = new HashMap<>();

  /** What programs print, by their command line. */
  private final Map<String, String> answers = new HashMap<>();

  private final ScriptedRunner runner =
      new ScriptedRunner((command, output) -> {
        String answer = answers.get(command.toString());
        if (answer == null) {
          return 1;
        }
        answer.lines().forEach(output);
        return 0;
      });

  @BeforeEach
  void machine() throws IOException {
    project = Files.createDirectory(directory.resolve("project"));
    bin = Files.createDirectory(directory.resolve("bin"));
    environment.put("PATH", bin.toString());
  }

  // ---- detection ---------------------------------------------------------------------------

  @Test
  void a_go_mod_means_tinygo_if_it_is_installed_otherwise_go() throws IOException {
    write("go.mod", "module x");
    assertThat(detect()).isEqualTo(Language.GO);
    program("tinygo");
    assertThat(detect()).isEqualTo(Language.TINYGO);
  }

  @Test
  void a_cargo_toml_means_rust() throws IOException {
    write("Cargo.toml", "[package]");
    assertThat(detect()).isEqualTo(Language.RUST);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dependencies", "devDependencies"})
  void a_package_json_with_the_compiler_means_assemblyscript(String kind) throws IOException {
    write("package.json", "{\"" + kind + "\":{\"assemblyscript\":\"*\"}}");
    assertThat(detect()).isEqualTo(Language.ASSEMBLYSCRIPT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "build/plugin.wasm: plugin.c\n\tclang",
        "all: x\n\nplugin.wasm:\n",
        "$(BUILD)/plugin.wasm: a.c",
        "build/plugin.wasm build/plugin.map: a.c",
      })
  void a_makefile_with_a_rule_for_the_module_means_c(String makefile) throws IOException {
    write("Makefile", makefile);
    assertThat(detect()).isEqualTo(Language.C);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "all:\n\tcp x build/plugin.wasm",
        "OUT := build/plugin.wasm",
        "# plugin.wasm: no",
        "plugin.wasm.gz: x"
      })
  void a_makefile_without_a_rule_for_the_module_is_not_a_marker(String makefile)
      throws IOException {
    write("Makefile", makefile);
    assertThat(failure(null).kind()).isEqualTo(CommandFailure.Kind.USAGE);
  }

  @Test
  void a_package_json_without_the_compiler_is_not_a_marker() throws IOException {
    write("Cargo.toml", "[package]");
    write("package.json", "{\"dependencies\":{\"left-pad\":\"*\"}}");
    assertThat(detect()).isEqualTo(Language.RUST);
    write("package.json", "{");
    assertThat(detect()).isEqualTo(Language.RUST);
  }

  @Test
  void two_markers_are_an_error_that_names_both() throws IOException {
    write("go.mod", "module x");
    write("Cargo.toml", "[package]");
    CommandFailure failure = failure(null);
    assertThat(failure.kind()).isEqualTo(CommandFailure.Kind.USAGE);
    assertThat(failure)
        .hasMessageContaining("go (go.mod)")
        .hasMessageContaining("rust (Cargo.toml)");
    assertThat(failure.details()).containsExactly("choose one: --lang go or --lang rust");
    assertThat(new Toolchains(executables(), runner).detect(project, Language.RUST))
        .isEqualTo(Language.RUST);
  }

  @Test
  void a_project_without_a_marker_is_an_error_that_lists_all() {
    CommandFailure failure = failure(null);
    assertThat(failure.kind()).isEqualTo(CommandFailure.Kind.USAGE);
    assertThat(failure.details().getFirst())
        .contains("go.mod", "Cargo.toml", "package.json", "Makefile");
  }

  @Test
  void a_path_that_is_not_a_directory_is_an_error() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> new Toolchains(executables(), runner).detect(file, null))
        .hasMessageContaining("is a file, not a directory");
    assertThatThrownBy(
            () -> new Toolchains(executables(), runner).detect(directory.resolve("no"), null))
        .hasMessageContaining("does not exist");
  }

  @ParameterizedTest
  @CsvSource({
    "RUST,Cargo.toml",
    "GO,go.mod",
    "TINYGO,go.mod",
    "ASSEMBLYSCRIPT,package.json",
    "C,Makefile"
  })
  void a_requested_language_needs_its_build_file(Language asked, String marker) {
    assertThat(failure(asked)).hasMessageContaining("there is no " + marker);
  }

  @Test
  void a_directory_is_not_a_marker() throws IOException {
    Files.createDirectory(project.resolve("Cargo.toml"));
    assertThat(failure(null)).hasMessageContaining("no plugin project");
  }

  // ---- commands ----------------------------------------------------------------------------

  @Test
  void go_builds_a_reactor_for_wasip1() throws Exception {
    program("go");
    answers.put("go version", "go version go1.26.8 linux/amd64");
    Toolchain toolchain = find(Language.GO);
    assertThat(toolchain.build().toString())
        .isEqualTo("go build -buildmode=c-shared -trimpath -buildvcs=false -o build/plugin.wasm .");
    assertThat(toolchain.build().environment())
        .containsExactlyInAnyOrderEntriesOf(Map.of("GOOS", "wasip1", "GOARCH", "wasm"));
    assertThat(toolchain.build().directory()).isEqualTo(project);
    assertThat(toolchain.version()).isEqualTo("go 1.26");
  }

  @Test
  void a_go_that_cannot_export_functions_is_rejected() throws IOException {
    program("go");
    answers.put("go version", "go version go1.19.8 linux/amd64");
    CommandFailure failure = missing(Language.GO);
    assertThat(failure).hasMessageContaining("Go 1.24").hasMessageContaining("1.19.8");
    assertThat(failure.details()).anyMatch(line -> line.contains("go.dev"));
  }

  @Test
  void a_go_that_cannot_download_a_newer_go_is_rejected() throws Exception {
    program("go");
    // Go 1.21 to 1.23 with "go 1.24" in go.mod, and no network.
    runner.then((command, output) -> {
      if (!command.environment().getOrDefault("GOTOOLCHAIN", "").equals("local")) {
        return 1;
      }
      output.accept("go version go1.22.5 linux/amd64");
      return 0;
    });
    assertThat(missing(Language.GO)).hasMessageContaining("Go 1.24").hasMessageContaining("1.22.5");
  }

  @Test
  void tinygo_builds_for_wasi() throws Exception {
    program("tinygo");
    answers.put("tinygo version", "tinygo version 0.39.0 linux/amd64 (using go version go1.26)");
    Toolchain toolchain = find(Language.TINYGO);
    assertThat(toolchain.build().toString())
        .isEqualTo("tinygo build -buildmode=c-shared -o build/plugin.wasm -target=wasi .");
    assertThat(toolchain.version()).isEqualTo("tinygo 0.39");
  }

  @Test
  void assemblyscript_builds_with_the_configuration_of_the_project() throws Exception {
    program("npx");
    write("package.json", ASSEMBLYSCRIPT);
    write("asconfig.json", "{\"entries\":[\"assembly/plugin.ts\"]}");
    write("node_modules/assemblyscript/package.json", "{\"version\":\"0.28.2\"}");
    Toolchain toolchain = find(Language.ASSEMBLYSCRIPT);
    assertThat(toolchain.build().toString())
        .isEqualTo(
            "npx --no-install asc --config asconfig.json --debug --sourceMap --outFile"
                + " build/plugin.wasm");
    assertThat(toolchain.version()).isEqualTo("asc 0.28.2");
  }

  @Test
  void assemblyscript_without_configuration_builds_the_default_entry() throws Exception {
    program("npx");
    write("node_modules/assemblyscript/package.json", "{}");
    assertThat(find(Language.ASSEMBLYSCRIPT).build().toString())
        .isEqualTo(
            "npx --no-install asc assembly/index.ts --debug --sourceMap --outFile"
                + " build/plugin.wasm");
  }

  @Test
  void a_missing_assemblyscript_compiler_is_never_downloaded() throws IOException {
    program("npx");
    CommandFailure failure = missing(Language.ASSEMBLYSCRIPT);
    assertThat(failure.details()).singleElement().asString().contains("npm install");
    assertThat(runner.commands).isEmpty();
  }

  @Test
  void make_builds_the_module() throws Exception {
    program("make");
    answers.put("make --version", "GNU Make 4.3\nBuilt for x86_64");
    Toolchain toolchain = find(Language.C);
    assertThat(toolchain.build().toString()).isEqualTo("make build/plugin.wasm");
    assertThat(toolchain.build().environment().get("CCC_OVERRIDE_OPTIONS"))
        .startsWith("# ^-gline-tables-only x-Wl,--strip-all ");
    assertThat(toolchain.version()).isEqualTo("make 4.3");
  }

  @ParameterizedTest
  @CsvSource({
    "'plugin.wasm: a.c', plugin.wasm",
    "'all: x\n\nplugin.wasm x.map: a.c\n', plugin.wasm",
    "'plugin.wasm: build/plugin.wasm\nbuild/plugin.wasm: a.c', build/plugin.wasm",
    "'$(BUILD)/plugin.wasm: a.c', build/plugin.wasm",
  })
  void make_builds_the_file_that_the_makefile_has_a_rule_for(String rules, String target)
      throws Exception {
    program("make");
    write("Makefile", rules);
    // Of an earlier build, which make would be content with.
    write("build/plugin.wasm", "old");
    write("plugin.wasm", "new");
    Toolchain toolchain = find(Language.C);
    assertThat(toolchain.build().toString()).isEqualTo("make " + target);
    assertThat(toolchain.artifact().find(project)).isEqualTo(project.resolve(target));
  }

  @ParameterizedTest
  @CsvSource({
    "RUST,rustup",
    "GO,go.dev",
    "TINYGO,tinygo.org",
    "ASSEMBLYSCRIPT,apt-get install nodejs npm",
    "C,apt-get install make clang"
  })
  void a_missing_tool_gives_exit_code_3_and_advice(Language language, String help) {
    CommandFailure failure = missing(language);
    assertThat(failure.kind().exitCode()).isEqualTo(3);
    assertThat(failure.details()).anyMatch(line -> line.contains(help));
  }

  // ---- Rust --------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {"wasm32-wasip1", "wasm32-wasi"})
  void rust_builds_for_the_installed_target(String target) throws Exception {
    rust(bin, target);
    answers.put("cargo --version", "cargo 1.90.0 (840b83a10 2025-07-30)");
    Toolchain toolchain = find(Language.RUST);
    assertThat(toolchain.build().toString())
        .isEqualTo("cargo build --target " + target + " --release");
    assertThat(toolchain.version()).isEqualTo("cargo 1.90");
    assertThat(toolchain.build().environment())
        .containsEntry("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")
        .containsEntry("CARGO_PROFILE_RELEASE_STRIP", "none");
    assertThat(toolchain.writes()).containsExactly("Cargo.lock");
  }

  @Test
  void rust_prefers_the_newer_target() throws Exception {
    rust(bin, "wasm32-wasi", "wasm32-wasip1");
    assertThat(find(Language.RUST).build().argv()).contains("wasm32-wasip1");
  }

  @Test
  void rust_uses_the_first_cargo_on_the_path_with_a_target() throws Exception {
    Path second = Files.createDirectory(directory.resolve("second"));
    environment.put("PATH", bin + File.pathSeparator + second);
    rust(bin);
    rust(second, "wasm32-wasi");
    answers.put(second + "/cargo --version", "cargo 1.63.0");
    Toolchain toolchain = find(Language.RUST);
    assertThat(toolchain.build().program()).isEqualTo(second + "/cargo");
    assertThat(toolchain.build().environment())
        .containsEntry("RUSTC", second + "/rustc")
        .containsEntry("CARGO_PROFILE_RELEASE_DEBUG", "1")
        .containsEntry("PATH", second + File.pathSeparator + environment.get("PATH"));
    assertThat(toolchain.version())
        .isEqualTo("cargo 1.63 (" + second + "/cargo, which has wasm32-wasi)");
  }

  @Test
  void rust_uses_only_the_cargo_that_the_user_chose() throws Exception {
    Path other = Files.createDirectory(directory.resolve("other"));
    rust(bin, "wasm32-wasip1");
    rust(other, "wasm32-wasi");
    environment.put("GONEXT_CARGO", other + "/cargo");
    assertThat(find(Language.RUST).build().program()).isEqualTo(other + "/cargo");
    environment.put("GONEXT_CARGO", other + "/nothing");
    assertThat(missing(Language.RUST)).hasMessageContaining("GONEXT_CARGO");
  }

  @Test
  void without_a_target_the_advice_is_rustup_target_add() throws IOException {
    rust(bin);
    program("rustup");
    answers.put(bin + "/rustc --print target-list", "wasm32-wasip1\nx86_64");
    CommandFailure failure = missing(Language.RUST);
    assertThat(failure.kind().exitCode()).isEqualTo(3);
    assertThat(failure.details()).contains("add it: rustup target add wasm32-wasip1");
    answers.put(bin + "/rustc --print target-list", "wasm32-wasi\nx86_64");
    assertThat(missing(Language.RUST).details()).contains("add it: rustup target add wasm32-wasi");
  }

  @Test
  void without_rustup_the_advice_names_packages_of_debian() throws IOException {
    rust(bin);
    assertThat(missing(Language.RUST).details())
        .anyMatch(line -> line.contains("apt-get install cargo rustc libstd-rust-dev-wasm32"));
  }

  @Test
  void the_only_module_of_a_build_is_the_artifact() throws Exception {
    plant("anything.wasm");
    assertThat(artifact()).endsWith(Path.of("release", "anything.wasm"));
  }

  @ParameterizedTest
  @CsvSource({
    "'[package]\nname = \"my-plugin\"', my_plugin.wasm",
    "'[package]\nname = \"x\"\n[lib]\nname = \"other\"', other.wasm",
    "'[package]\nname = \"bin-plugin\"', bin-plugin.wasm",
    "'lib.name = ''other''\npackage.name = \"x\"', other.wasm",
  })
  void among_several_modules_the_name_of_the_crate_decides(String cargo, String expected)
      throws Exception {
    write("Cargo.toml", cargo);
    plant("old_name.wasm");
    plant("other-too.wasm");
    plant(expected);
    assertThat(artifact().getFileName()).hasToString(expected);
  }

  @Test
  void several_modules_with_other_names_are_an_error() throws Exception {
    write("Cargo.toml", "[package]\nname = \"mine\"\n[dependencies]\nname = \"a\"");
    plant("a.wasm");
    plant("b.wasm");
    CommandFailure failure = catchThrowableOfType(CommandFailure.class, this::artifact);
    assertThat(failure).hasMessageContaining("a.wasm, b.wasm");
    assertThat(failure.details()).singleElement().asString().contains("[lib] name");
  }

  @Test
  void a_module_of_an_earlier_build_is_not_the_artifact() throws Exception {
    plant("old_name.wasm");
    rust(bin, "wasm32-wasip1");
    Toolchain.ArtifactPlace place = find(Language.RUST).artifact();
    place.clear();
    assertThatThrownBy(() -> place.find(project)).hasMessageContaining("left no module");
    assertThat(project.resolve("target/wasm32-wasip1/release/deps/old_name.wasm")).exists();
  }

  @Test
  void a_cargo_build_without_a_module_is_an_error() {
    CommandFailure failure = catchThrowableOfType(CommandFailure.class, this::artifact);
    assertThat(failure.details()).singleElement().asString().contains("cdylib");
  }

  private Path artifact() throws Exception {
    rust(bin, "wasm32-wasip1");
    return find(Language.RUST).artifact().find(project);
  }

  private void plant(String module) throws IOException {
    write("target/wasm32-wasip1/release/" + module, "\0asm");
    write("target/wasm32-wasip1/release/deps/" + module, "\0asm");
  }

  /** A cargo and a rustc in a directory, with the standard libraries of some targets. */
  private void rust(Path where, String... targets) throws IOException {
    executable(where.resolve("cargo"));
    executable(where.resolve("rustc"));
    Path sysroot = Files.createDirectories(where.resolve("sysroot"));
    answers.put(where + "/rustc --print sysroot", sysroot + "\n");
    for (String target : targets) {
      Files.createDirectories(sysroot.resolve("lib/rustlib").resolve(target).resolve("lib"));
    }
  }

  private void program(String name) throws IOException {
    executable(bin.resolve(name));
  }

  private static void executable(Path file) throws IOException {
    Files.writeString(file, "#!/bin/sh\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private void write(String name, String text) throws IOException {
    Path file = project.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private Executables executables() {
    return new Executables(environment);
  }

  private Language detect() {
    return new Toolchains(executables(), runner).detect(project, null);
  }

  private CommandFailure failure(@Nullable Language asked) {
    return catchThrowableOfType(
        CommandFailure.class, () -> new Toolchains(executables(), runner).detect(project, asked));
  }

  private Toolchain find(Language language) throws InterruptedException {
    return new Toolchains(executables(), runner).find(project, language);
  }

  private CommandFailure missing(Language language) {
    CommandFailure failure = catchThrowableOfType(CommandFailure.class, () -> find(language));
    assertThat(failure.kind()).isEqualTo(CommandFailure.Kind.TOOLCHAIN);
    return failure;
  }
}
