package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.guests.Guests;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What can be said of the published artifacts without publishing them. {@code ops/release/check}
 * publishes them into a directory and checks the rest.
 */
class PublishedModulesTest {
  /** The last parts of modules' names that are not those of their directories. */
  private static final Map<String, String> SHORT =
      Map.of("maven-plugin", "maven", "spring-boot-starter", "spring");

  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));
  private static final Pattern MODULE = Pattern.compile("<module>([\\w-]+)</module>");
  private static final Pattern MANAGED =
      Pattern.compile(
          "<groupId>([\\w.]+)</groupId>\\s*<artifactId>([\\w-]+)</artifactId>"
              + "\\s*<version>([^<]+)</version>");

  @TempDir private Path directory;

  @Test
  void the_bom_has_each_published_module() throws IOException {
    String bom = Files.readString(ROOT.resolve("bom/pom.xml"));
    List<String> published = published();
    assertThat(published).contains("bom", "pool", "engine", "host").doesNotContain("guests");
    for (String module : published) {
      if (!module.equals("bom")) {
        assertThat(bom).contains("<artifactId>gonext-" + module + "</artifactId>");
      }
    }
    assertThat(MANAGED.matcher(bom).results().filter(each -> each.group(1).equals("io.gonext")))
        // The parent is one of them.
        .hasSize(published.size());
  }

  /** The published BOM has no parent, so that its numbers cannot be the parent's properties. */
  @Test
  void the_versions_of_the_bom_are_those_of_the_build() throws IOException {
    String root = Files.readString(ROOT.resolve("pom.xml"));
    Matcher managed = MANAGED.matcher(Files.readString(ROOT.resolve("bom/pom.xml")));
    int others = 0;
    while (managed.find()) {
      if (managed.group(1).equals("io.gonext")) {
        continue;
      }
      others++;
      Matcher build =
          Pattern.compile(
                  Pattern.quote("<artifactId>" + managed.group(2) + "</artifactId>")
                      + "\\s*<version>\\$\\{([\\w.-]+)}</version>")
              .matcher(root);
      assertThat(build.find()).isTrue();
      assertThat(root)
          .contains("<" + build.group(1) + ">" + managed.group(3) + "</" + build.group(1) + ">");
    }
    assertThat(others).isEqualTo(4);
  }

  @Test
  void each_published_jar_has_the_name_of_a_module() throws IOException {
    for (String module : published()) {
      if (!module.equals("bom")) {
        assertThat(Files.readString(ROOT.resolve(module + "/pom.xml")))
            .contains("<gonext.module>io.gonext." + SHORT.getOrDefault(module, module) + "<")
            .contains("<description>");
      }
    }
  }

  @Test
  @Tag("slow")
  void an_application_on_the_module_path_runs_pool_and_engine()
      throws IOException, InterruptedException {
    List<String> jars =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(
                entry -> entry.matches(".*[/\\\\](gonext-(engine|pool)|slf4j-api|jspecify)-.*jar"))
            .toList();
    assumeTrue(jars.size() == 4, "engine and pool are jars only after the phase package");
    Path source = directory.resolve("check/OnModulePath.java");
    Files.createDirectories(source.getParent());
    try (var in = getClass().getResourceAsStream("OnModulePath.java")) {
      Files.write(source, Objects.requireNonNull(in).readAllBytes());
    }
    Path declaration = directory.resolve("module-info.java");
    Files.writeString(
        declaration,
        "module check.application {"
            + " requires io.gonext.engine; requires io.gonext.pool; requires org.slf4j; }");
    String modules = String.join(File.pathSeparator, jars);
    var messages = new StringWriter();
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of("-proc:none", "-p", modules, "-d", directory.resolve("classes").toString());
      assertThat(
              compiler
                  .getTask(
                      messages,
                      files,
                      null,
                      options,
                      null,
                      files.getJavaFileObjects(source, declaration))
                  .call())
          .as(messages.toString())
          .isTrue();
    }
    Path wasm = Files.write(directory.resolve("add.wasm"), Guests.wasm("add"));
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-p",
            modules + File.pathSeparator + directory.resolve("classes"),
            "-m",
            "check.application/check.OnModulePath",
            wasm.toString());
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (var in = process.getInputStream()) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8).strip())
          .isEqualTo("io.gonext.engine io.gonext.pool 5");
    }
    assertThat(process.waitFor()).isZero();
  }

  /** The modules whose artifacts a release has. */
  private static List<String> published() throws IOException {
    List<String> published = new ArrayList<>();
    try (Stream<String> modules =
        MODULE
            .matcher(Files.readString(ROOT.resolve("pom.xml")))
            .results()
            .map(match -> match.group(1))) {
      for (String module : modules.toList()) {
        if (Files.readString(ROOT.resolve(module + "/pom.xml"))
            .contains("<maven.deploy.skip>false<")) {
          published.add(module);
        }
      }
    }
    return published;
  }
}
