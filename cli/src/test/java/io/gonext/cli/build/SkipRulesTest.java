package io.gonext.cli.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is no input of a build. */
class SkipRulesTest {
  @TempDir private Path root;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "build/plugin.wasm",
        "target/x/y",
        "node_modules/a/b.js",
        ".git/HEAD",
        ".idea/w.xml",
        ".vscode/s.json",
        "vendor/x.go",
        "dist/x.js",
        "__pycache__/x.pyc",
        "sub/node_modules/x",
        "src/4913",
        "src/.lib.rs.swp",
        "src/.lib.rs.swx",
        "src/lib.rs~",
        "src/.#lib.rs",
        "src/#lib.rs#",
        "src/lib.rs___jb_tmp___",
        "src/lib.rs___jb_old___",
        "src/.goutputstream-ABC123",
        ".DS_Store",
        "sample-0.1.0.gnplugin",
        "sample-0.1.0.gnplugin.sig",
        "sample-0.1.0.cdx.json",
        "sample-0.1.0.provenance.json",
        "plugin.wasm"
      })
  void outputs_dependencies_and_files_of_editors_are_skipped(String path) {
    assertThat(skips(path)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "manifest.json", "src/lib.rs", "Cargo.toml", "Makefile", "src/build/mod.rs",
        "src/target/x.rs", "src/vendor/a.c", "build.rs", "asconfig.json", ".cargo/config.toml",
        "a b.c", "src/49131", "targets/x", "src/plugin.wasm"
      })
  void sources_are_not_skipped(String path) {
    assertThat(skips(path)).isFalse();
  }

  @Test
  void an_output_directory_of_a_nested_project_is_skipped() throws IOException {
    write("crates/a/Cargo.toml", "");
    assertThat(skips("crates/a/target/x.rs")).isTrue();
    assertThat(skips("crates/b/target/x.rs")).isFalse();
  }

  @Test
  void the_manifest_is_an_input_even_if_gitignore_excludes_it() throws IOException {
    write(".gitignore", "*\n");
    assertThat(skips("manifest.json")).isFalse();
    assertThat(skips("other.json")).isTrue();
  }

  @Test
  void a_changed_gitignore_applies_after_reload() throws IOException {
    SkipRules rules = new SkipRules(root);
    assertThat(rules.skips(Path.of("gen.c"), false)).isFalse();
    write(".gitignore", "gen.c\n");
    rules.reload();
    assertThat(rules.skips(Path.of("gen.c"), false)).isTrue();
  }

  @Test
  void a_byte_order_mark_is_not_part_of_the_first_rule() throws IOException {
    write(".gitignore", "\uFEFF/gen.c\r\n*.o\r\n");
    assertThat(skips("gen.c")).isTrue();
    assertThat(skips("a.o")).isTrue();
  }

  @Test
  void rules_that_are_not_ascii_match_names_by_bytes() throws IOException {
    write(".gitignore", "/größe.txt\n生成/\n??.h\n[é].c\n");
    assertThat(skips("größe.txt")).isTrue();
    assertThat(skips("生成/a.c")).isTrue();
    // Two bytes, as for Git.
    assertThat(skips("ü.h")).isTrue();
    assertThat(skips("grösse.txt")).isFalse();
    assertThat(skips("a+ü%20.txt")).isFalse();
  }

  @Test
  void an_invalid_pattern_matches_nothing() throws IOException {
    write(".gitignore", "[\n[a\na\\\n!\n/\n\n#x\n");
    assertThat(Stream.of("[", "[a", "a", "#x").anyMatch(this::skips)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "'[[:]]', ':]', true",
    "'[[:]]', '[]', true",
    "'[[:]]', 'a', false",
    "'[[:alpha:]]x', 'ax', true",
    "'[[:alpha:]]x', '1x', false",
    "'[[:xdigit:]]x', 'fx', true",
    "'[[:no:]]x', 'nx', false",
    "'[[::]]x', ':x', false",
  })
  void character_classes_are_those_of_git(String pattern, String name, boolean ignored)
      throws IOException {
    write(".gitignore", pattern + "\n");
    assertThat(skips(name)).isEqualTo(ignored);
  }

  @Test
  void no_pattern_throws_an_exception() throws IOException {
    String alphabet = "[]:!^\\*?-/a.#{}()|+$";
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder pattern = new StringBuilder();
      for (int length = random.nextInt(12); length > 0; length--) {
        pattern.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertThatCode(() -> new IgnoreFile(pattern.toString()).of("a/b", false))
          .as("seed %s: %s", seed, pattern)
          .doesNotThrowAnyException();
    }
  }

  /** Random rules in two files over a random tree: the same files are left as Git leaves. */
  @Test
  void the_same_files_are_ignored_as_in_git() throws Exception {
    assumeTrue(hasGit(), "no git");
    List<String> patterns =
        List.of(
            "*.o",
            "/a",
            "a/",
            "!a",
            "b/*.c",
            "**/deep",
            "deep/**",
            "x/**/y",
            "!keep.o",
            "?.c",
            "[a-c].c",
            "[!a].h",
            "\\#h",
            "tail\\ ",
            "tail2   ",
            "/b/c",
            "c/d/",
            "*",
            "!*/",
            "!*.c",
            "# comment",
            "",
            "d*",
            "*a*",
            "[[:digit:]].c",
            "a.c",
            "!a/a.c",
            "b?",
            "\\!bang",
            "x/*",
            "!x/y",
            "/**/c",
            "**",
            "a/**/",
            "*.c/",
            "ö*",
            "??",
            "日本",
            "[ö]");
    long seed = 20_261_122;
    Random random = new Random(seed);
    for (int round = 0; round < 12; round++) {
      Path tree = Files.createDirectory(root.resolve("r" + round));
      List<String> names =
          List.of(
              "a", "b", "c", "d", "x", "y", "deep", "a.c", "b.c", "1.c", "a.h", "k.h", "keep.o",
              "z.o", "ö", "日本", "öl.c", "#h", "!bang", "tail ", "tail2", "ba");
      for (int i = 0; i < 40; i++) {
        Path file = tree;
        for (int depth = random.nextInt(3); depth >= 0; depth--) {
          file = file.resolve(names.get(random.nextInt(names.size())));
        }
        try {
          Files.createDirectories(file.getParent());
          if (!Files.exists(file)) {
            Files.createFile(file);
          }
        } catch (java.nio.file.FileSystemException e) {
          // A file stands where a directory would have to be.
        }
      }
      List<String> written = new ArrayList<>();
      for (Path directory : List.of(tree, tree.resolve("a"), tree.resolve("x"))) {
        if (Files.isDirectory(directory)) {
          StringBuilder rules = new StringBuilder(random.nextInt(4) == 0 ? "\uFEFF" : "");
          for (int i = random.nextInt(6); i >= 0; i--) {
            rules.append(patterns.get(random.nextInt(patterns.size()))).append('\n');
          }
          Files.writeString(directory.resolve(".gitignore"), rules);
          written.add(rules.toString());
        }
      }
      git(tree, "init", "-q");
      Set<String> kept = new TreeSet<>();
      for (String line :
          git(tree, "-c", "core.quotePath=false", "ls-files", "-o", "-z", "--exclude-standard")
              .split("\0", -1)) {
        if (!line.isEmpty()) {
          kept.add(line);
        }
      }
      SkipRules rules = new SkipRules(tree);
      Set<String> ours = new TreeSet<>();
      try (Stream<Path> files = Files.walk(tree)) {
        files
            .filter(Files::isRegularFile)
            .map(tree::relativize)
            .filter(file -> !rules.skips(file, false))
            .forEach(file -> ours.add(SkipRules.slashed(file)));
      }
      assertThat(ours).as("seed %d, round %d, rules %s", seed, round, written).isEqualTo(kept);
    }
  }

  private static boolean hasGit() throws InterruptedException {
    try {
      return new ProcessBuilder("git", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static String git(Path directory, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("git"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
    // The user's own ignore file is not part of this.
    builder.environment().put("HOME", directory.toString());
    builder.environment().put("XDG_CONFIG_HOME", directory.toString());
    Process process = builder.start();
    String output;
    try (var in = process.getInputStream()) {
      output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private boolean skips(String path) {
    return new SkipRules(root).skips(Path.of(path), false);
  }

  private void write(String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
