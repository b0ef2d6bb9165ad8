package io.gonext.cli.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files a build reads, in the project and outside of it. */
class SourceTreesTest {
  @TempDir private Path temporary;
  private Path directory;
  private Path root;

  @BeforeEach
  void project() throws IOException {
    directory = temporary.toRealPath();
    root = Files.createDirectory(directory.resolve("project"));
    write("project/src/lib.rs", "1");
  }

  @Test
  void a_simple_project_has_no_trees_outside() throws IOException {
    SourceTrees trees = trees();
    assertThat(names(trees)).containsExactly("src/lib.rs");
    assertThat(trees.outside()).isEmpty();
    assertThat(trees.haveChanged()).isFalse();
  }

  @Test
  void linked_directories_and_files_are_inputs() throws IOException {
    write("shared/a.rs", "1");
    write("shared/target/debug/x", "built");
    write("other/b.rs", "1");
    write("other/c.rs", "1");
    Files.createSymbolicLink(root.resolve("src/shared"), directory.resolve("shared"));
    Files.createSymbolicLink(root.resolve("src/b.rs"), directory.resolve("other/b.rs"));
    Files.createSymbolicLink(root.resolve("src/again.rs"), root.resolve("src/lib.rs"));
    SourceTrees trees = trees();
    assertThat(names(trees))
        .containsExactly(
            "../other/b.rs", "../shared/a.rs", "src/again.rs", "src/b.rs", "src/lib.rs");
    assertThat(trees.shown()).containsExactly("../other/b.rs", "../shared");
    assertThat(trees.haveChanged()).isTrue();
    assertThat(trees.haveChanged()).isFalse();
    Files.delete(root.resolve("src/shared"));
    assertThat(names(trees)).doesNotContain("../shared/a.rs");
    assertThat(trees.haveChanged()).isTrue();
  }

  @Test
  void links_in_linked_directories_are_followed_even_in_circles() throws IOException {
    write("shared/a.rs", "1");
    write("more/b.rs", "1");
    Files.createSymbolicLink(root.resolve("shared"), directory.resolve("shared"));
    Files.createSymbolicLink(directory.resolve("shared/more"), directory.resolve("more"));
    Files.createSymbolicLink(directory.resolve("more/back"), directory.resolve("shared"));
    Files.createSymbolicLink(directory.resolve("more/project"), root);
    assertThat(names(trees())).containsExactly("../more/b.rs", "../shared/a.rs", "src/lib.rs");
  }

  @Test
  void path_dependencies_of_cargo_are_inputs_transitively() throws IOException {
    write(
        "project/Cargo.toml",
        """
        [lib]
        path = "../not-a-dependency/lib.rs"
        [dependencies]
        # old = { path = "../old" }
        one = { version = "1", path = "../one" }
        dotted.path = '../dotted'
        [target.'cfg(unix)'.dependencies.two]
        path = "../two"
        [patch.crates-io]
        three = { path = "../three" }
        """);
    write("one/Cargo.toml", "[dependencies]\nfour = { path = \"../deep/four\" }");
    for (String crate : List.of("one", "two", "three", "deep/four", "dotted", "old")) {
      write(crate + "/src/lib.rs", "1");
      write(crate + "/target/x.o", "built");
    }
    write("not-a-dependency/lib.rs", "1");
    assertThat(outside(trees()))
        .containsExactly("../deep/four", "../dotted", "../one", "../three", "../two");
  }

  @Test
  void a_cargo_workspace_above_is_an_input_with_its_dependencies() throws IOException {
    write("project/Cargo.toml", "[dependencies]\nshared.workspace = true");
    write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"project\"]\n[workspace.dependencies]\n"
            + "shared = { path = \"crates/shared\" }");
    write("crates/shared/src/lib.rs", "1");
    assertThat(outside(trees())).containsExactly("../Cargo.toml", "../crates/shared");
  }

  @Test
  void a_directory_in_a_replace_line_of_go_mod_is_an_input() throws IOException {
    write(
        "project/go.mod",
        """
        module p
        replace a.org/a => ../a // beside
        replace (
          b.org/b v1.2.3 => ../b
          c.org/c => d.org/d v1.0.0
        )
        """);
    write("go.work", "go 1.24\nuse (\n  ./project\n  ./e\n)\n");
    for (String module : List.of("a", "b", "c", "e")) {
      write(module + "/x.go", "package x");
    }
    assertThat(outside(trees())).containsExactly("../a", "../b", "../e", "../go.work");
  }

  @Test
  void file_dependencies_of_npm_are_inputs() throws IOException {
    write(
        "project/package.json",
        "{\"dependencies\":{\"a\":\"file:../a\",\"b\":\"^1.0.0\"},"
            + "\"devDependencies\":{\"c\":\"link:../c\"}}");
    write("a/package.json", "{\"dependencies\":{\"d\":\"file:../d\"}}");
    write("a/node_modules/x.ts", "1");
    write("c/x.ts", "1");
    write("d/x.ts", "1");
    SourceTrees trees = trees();
    assertThat(outside(trees)).containsExactly("../a", "../c", "../d");
    assertThat(names(trees)).doesNotContain("../a/node_modules/x.ts");
  }

  @Test
  void paths_of_a_makefile_outside_the_project_are_inputs() throws IOException {
    write("project/Makefile", "SDK = ../sdk/c\nROOT = ../\nplugin.wasm: $(SDK)/a.h ../b.h\n");
    write("sdk/c/a.h", "1");
    write("sdk/d/a.h", "1");
    write("b.h", "1");
    assertThat(outside(trees())).containsExactly("../b.h", "../sdk/c");
  }

  @Test
  void a_dependency_in_a_skipped_directory_is_an_input() throws IOException {
    write("project/Cargo.toml", "[dependencies]\na.path = \"vendor/a\"\nb.path = \"b\"");
    write("project/vendor/a/lib.rs", "1");
    write("project/b/lib.rs", "1");
    SourceTrees trees = trees();
    assertThat(outside(trees)).containsExactly("vendor/a");
    assertThat(names(trees)).contains("vendor/a/lib.rs", "b/lib.rs");
  }

  @Test
  void a_dependency_above_the_project_is_scanned_without_it() throws IOException {
    write("project/go.mod", "replace a => ../");
    write("a.go", "1");
    write("project/build/plugin.wasm", "built");
    SourceTrees trees = trees();
    assertThat(names(trees)).containsExactly("../a.go", "go.mod", "src/lib.rs");
  }

  @Test
  void a_path_from_the_user_is_an_input_once_it_exists() throws IOException {
    SourceTrees trees =
        new SourceTrees(
            root,
            new SkipRules(root),
            List.of(directory.resolve("data"), directory.resolve("one.txt")));
    assertThat(names(trees)).containsExactly("src/lib.rs");
    write("data/a.txt", "1");
    write("one.txt", "1");
    write("two.txt", "1");
    assertThat(names(trees)).containsExactly("../data/a.txt", "../one.txt", "src/lib.rs");
  }

  private SourceTrees trees() {
    return new SourceTrees(root, new SkipRules(root), List.of());
  }

  private static List<String> outside(SourceTrees trees) throws IOException {
    trees.scan(Inputs.NONE, Set.of());
    return trees.shown().stream().sorted().toList();
  }

  private static List<String> names(SourceTrees trees) throws IOException {
    return trees.scan(Inputs.NONE, Set.of()).files().keySet().stream()
        .map(SkipRules::slashed)
        .sorted()
        .toList();
  }

  private void write(String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
