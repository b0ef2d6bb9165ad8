package io.gonext.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.apache.maven.plugin.MojoFailureException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the engine of this build, in a JVM of its own as in a build of an application. */
class CompileMojoTest {
  /** A function add of two i32, in the binary format. */
  private static final byte[] ADD =
      HexFormat.of()
          .parseHex(
              "0061736d0100000001070160027f7f017f03020100070701036164640000"
                  + "0a09010700200020016a0b");

  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();

  @TempDir private Path classes;

  private final CompileMojo goal = new CompileMojo();

  @Test
  void modules_among_the_resources_are_compiled_and_old_classes_removed() throws Exception {
    Files.createDirectories(classes.resolve("META-INF/gonext"));
    Path old = Files.writeString(classes.resolve("META-INF/gonext/0.classes"), "");
    Files.write(Files.createDirectories(classes.resolve("shop")).resolve("add.wasm"), ADD);

    goal.compile(classes, JAVA, classPath());

    assertThat(old).doesNotExist();
    assertThat(compiled()).hasSize(1).noneMatch(name -> name.contains("fuel"));
  }

  @Test
  void named_modules_are_compiled_and_may_count_fuel() throws Exception {
    Path module = Files.write(classes.resolve("a.module"), ADD);
    goal.configure(List.of(module.toFile()), true);

    goal.compile(classes, JAVA, classPath());

    assertThat(compiled()).hasSize(1).allMatch(name -> name.endsWith("-fuel.classes"));
  }

  @Test
  void without_a_module_nothing_is_written() throws Exception {
    goal.compile(classes.resolve("none"), JAVA, classPath());
    assertThat(classes).isEmptyDirectory();
  }

  @Test
  void a_bad_module_fails_the_build_with_one_line() throws IOException {
    Path module = Files.writeString(classes.resolve("bad.wasm"), "no module");
    assertThatThrownBy(() -> goal.compile(classes, JAVA, classPath()))
        .isInstanceOf(MojoFailureException.class)
        .message()
        .startsWith(module + ": ")
        .hasLineCount(1);
  }

  private List<String> compiled() throws IOException {
    try (Stream<Path> files = Files.list(classes.resolve("META-INF/gonext"))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private static List<Path> classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .map(Path::of)
        .toList();
  }
}
