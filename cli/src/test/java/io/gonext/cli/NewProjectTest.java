package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The way of a first plugin in each language, with the tools that its author would have. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class NewProjectTest {
  /** What a build leaves behind, and what must come out the same without it. */
  private static final Set<String> MADE = Set.of("build", "target");

  /** The languages whose tools {@code .ci/run} has found or installed: skipped nowhere. */
  private static final List<String> REQUIRED =
      List.of(System.getenv().getOrDefault("GONEXT_TOOLCHAINS", "").split(" ", -1));

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "rust           | cargo test | <strong>hi</strong>",
        "go             | go test .  | <em>hi</em>",
        "assemblyscript | npm test   | <em>hi</em>",
        "c              | make test  | <em>hi</em>",
      })
  void a_new_project_passes_its_test_check_call_and_pack(
      String language, String test, String expected) throws Exception {
    boolean hasTools = run("doctor", "--lang", language, "--json") == 0;
    assertThat(hasTools || !REQUIRED.contains(language)).as("%s", out).isTrue();
    assumeTrue(hasTools, () -> "plugins in " + language + " cannot be built here: " + out);
    // Too short for a plugin's name.
    Path project = directory.resolve("x");
    assertThat(run("plugin", "init", project.toString(), "--lang", language))
        .as("%s%s", out, err)
        .isZero();
    assertThat(out.toString())
        .startsWith("ok  " + project + "/ created (")
        .contains("name of the plugin: x-plugin", "next: gonext plugin dev " + project);
    // AssemblyScript's compiler comes out of npm's cache, or from a registry that may be away.
    boolean hasCompiler = !out.toString().contains("fix:");
    assertThat(hasCompiler || !REQUIRED.contains(language)).as("%s", out).isTrue();
    assumeTrue(hasCompiler, () -> "no compiler for " + language + ": " + out);
    assertThat(project.resolve("README.md"))
        .content()
        .contains("\n" + test + "\n", "gonext config x-plugin greeting=");
    runTest(project, test);

    assertThat(run("plugin", "check", project.toString())).as("%s%s", out, err).isZero();
    assertThat(out.toString()).startsWith("ok  x-plugin@0.1.0, module of ");
    assertThat(
            run(
                "plugin",
                "call",
                project.toString(),
                "filter",
                "the_content",
                "--value",
                "\"*hi*\""))
        .as("%s%s", out, err)
        .isZero();
    assertThat(out.toString()).contains(expected);
    assertThat(run("plugin", "test", project.toString(), "--no-build"))
        .as("%s%s", out, err)
        .isZero();
    assertThat(out.toString()).contains(" tests, ", ", 0 failed, ");
    if (language.equals("rust") || language.equals("c")) {
      // The compilers of the others write no debug information into a module.
      assertCoverage(project, language.equals("c") ? "plugin.c" : "src/lib.rs");
    }
    assertThat(run("plugin", "pack", project.toString())).as("%s%s", out, err).isZero();

    Path elsewhere = directory.resolve("elsewhere/with another name");
    copySources(project, elsewhere);
    assertThat(run("plugin", "pack", elsewhere.toString())).as("%s%s", out, err).isZero();
    assertThat(elsewhere.resolve("x-plugin-0.1.0.gnplugin"))
        .hasSameBinaryContentAs(project.resolve("x-plugin-0.1.0.gnplugin"));
  }

  private void assertCoverage(Path project, String source) throws IOException {
    Path report = project.resolve("build/coverage");
    assertThat(
            run(
                "plugin",
                "test",
                project.toString(),
                "--no-build",
                "--coverage",
                report.toString()))
        .as("%s%s", out, err)
        .isZero();
    assertThat(out.toString()).containsPattern("coverage: \\d+ %, \\d+ of \\d+ lines; see ");
    assertThat(report.resolve("lcov.info"))
        .content()
        .contains("SF:" + project.resolve(source) + "\nDA:")
        .doesNotContain(project.resolve("sdk").toString())
        .containsPattern("(?m)^DA:\\d+,[1-9]")
        .containsPattern("LF:\\d+\nLH:\\d+\nend_of_record\n");
    assertThat(report.resolve("index.html"))
        .content()
        .contains("<h2 id=\"" + source + "\">", "class=\"hit\"", "of the lines with code ran");
  }

  /** As by make's own rules: it is told by the compiler what was read. */
  @Test
  void a_changed_header_rebuilds_a_c_plugin() throws Exception {
    boolean hasTools = run("doctor", "--lang", "c", "--json") == 0;
    assertThat(hasTools || !REQUIRED.contains("c")).as("%s", out).isTrue();
    assumeTrue(hasTools, () -> "plugins in C cannot be built here: " + out);
    Path project = directory.resolve("greeter");
    assertThat(run("plugin", "init", project.toString(), "--lang", "c")).isZero();
    Path source = project.resolve("plugin.c");
    Files.writeString(
        source,
        "#include \"greeting.h\"\n"
            + Files.readString(source).replace("gn_string(\"Hello, \")", "gn_string(GREETING)"));
    for (String greeting : List.of("the first greeting", "the second greeting")) {
      Files.writeString(
          project.resolve("greeting.h"), "#define GREETING \"%s\"\n".formatted(greeting));
      assertThat(run("plugin", "build", project.toString())).as("%s%s", out, err).isZero();
      assertThat(
              Files.readString(project.resolve("build/plugin.wasm"), StandardCharsets.ISO_8859_1))
          .contains(greeting);
    }
  }

  @ParameterizedTest
  @CsvSource({"rust,gonext", "assemblyscript,gonext", "go,std", "go,main"})
  void a_name_that_a_toolchain_cannot_build_is_rejected(String language, String name) {
    Path made = directory.resolve("project");
    assertThat(run("plugin", "init", "--lang", language, "--name", name, made.toString()))
        .isEqualTo(2);
    assertThat(err.toString()).contains(name + " cannot be the name of a plugin in " + language);
    assertThat(made).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "rust,gonext,gonext-plugin",
    "go,std,std-plugin",
    "c,My Blog!,my-blog",
    "c,9,my-plugin",
    "c,a,a-plugin"
  })
  void an_invalid_directory_name_gives_a_similar_plugin_name(
      String language, String directoryName, String name) {
    Path made = directory.resolve(directoryName);
    assertThat(run("plugin", "init", "--lang", language, made.toString())).isZero();
    assertThat(out.toString()).contains("name of the plugin: " + name + System.lineSeparator());
    assertThat(made.resolve("manifest.json")).content().contains("\"name\": \"" + name + "\"");
  }

  @Test
  void the_printed_command_quotes_a_directory_with_a_space() {
    Path made = directory.resolve("My plugin's");
    assertThat(run("plugin", "init", "--lang", "c", made.toString())).isZero();
    assertThat(out.toString())
        .contains(
            "next: gonext plugin dev '" + directory + "/My plugin'\\''s'" + System.lineSeparator());
  }

  private static void copySources(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes attributes)
              throws IOException {
            if (MADE.contains(visited.getFileName().toString())) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            Files.createDirectories(to.resolve(from.relativize(visited)));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (!file.toString().endsWith(".gnplugin")) {
              // npm's packages are links.
              Files.copy(
                  file,
                  to.resolve(from.relativize(file)),
                  StandardCopyOption.COPY_ATTRIBUTES,
                  LinkOption.NOFOLLOW_LINKS);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }

  private static void runTest(Path project, String command)
      throws IOException, InterruptedException {
    Path log = Files.createTempFile(project.getParent(), "test", ".log");
    Process process =
        new ProcessBuilder(List.of(command.split(" ", -1)))
            .directory(project.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    boolean ended = process.waitFor(10, TimeUnit.MINUTES);
    process.destroyForcibly();
    assertThat(ended && process.exitValue() == 0)
        .as("%s:%n%s", command, Files.readString(log))
        .isTrue();
  }
}
