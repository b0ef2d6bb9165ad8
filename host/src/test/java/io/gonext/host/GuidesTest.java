package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.ChildJvm;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The Java of the guides of engine and pool is compiled and run as it stands there, and prints what
 * the guides say that it prints.
 */
@Tag("slow")
class GuidesTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));
  private static final Pattern BLOCK =
      Pattern.compile("^```(java|java class|text)\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Map<String, String> MODULES =
      Map.of("add.wasm", "add", "shop.wasm", "guide-shop");

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"engine.md", "pool.md"})
  void the_java_of_a_guide_prints_what_the_guide_says(String guide)
      throws IOException, InterruptedException {
    List<String> steps = new ArrayList<>();
    StringBuilder classes = new StringBuilder();
    StringBuilder prints = new StringBuilder();
    Matcher block = BLOCK.matcher(Files.readString(ROOT.resolve("docs").resolve(guide)));
    while (block.find()) {
      switch (block.group(1)) {
        case "java" -> steps.add(block.group(2));
        case "java class" -> classes.append(block.group(2));
        default -> prints.append(block.group(2));
      }
    }
    assertThat(steps).hasSizeGreaterThan(2);
    assertThat(run(program(steps, classes.toString()))).isEqualTo(prints.toString());
  }

  @Test
  void the_coordinates_of_the_guides_are_those_of_the_build() throws IOException {
    String pom = Files.readString(ROOT.resolve("engine/pom.xml"));
    String version = pom.substring(pom.indexOf("<version>"), pom.indexOf("</version>"));
    assertThat(Files.readString(ROOT.resolve("docs/engine.md")))
        .contains("<artifactId>gonext-engine</artifactId>\n  " + version + "</version>")
        .contains("<artifactId>gonext-maven-plugin</artifactId>\n  " + version + "</version>");
    assertThat(Files.readString(ROOT.resolve("docs/pool.md")))
        .contains("<artifactId>gonext-pool</artifactId>\n  " + version + "</version>");
  }

  /** The table of the pool's guide has columns of the measured one. */
  @Test
  void the_figures_of_the_pool_are_the_measured_ones() throws IOException {
    List<Map<String, String>> guide = table("pool.md");
    List<Map<String, String>> measured = table("measurements.md");
    assertThat(guide).hasSize(4);
    for (int i = 0; i < guide.size(); i++) {
      Map<String, String> row = new java.util.HashMap<>(guide.get(i));
      row.put("ours", row.remove("this pool"));
      assertThat(measured.get(i)).containsAllEntriesOf(row);
    }
  }

  /** The rows of the first table whose first column is "threads", by the names of columns. */
  private static List<Map<String, String>> table(String document) throws IOException {
    List<String> lines = Files.readAllLines(ROOT.resolve("docs").resolve(document));
    int head = 0;
    while (!lines.get(head).startsWith("| threads ")) {
      head++;
    }
    String[] names = lines.get(head).split(" *\\| *", -1);
    List<Map<String, String>> rows = new ArrayList<>();
    for (String line : lines.subList(head + 2, lines.size())) {
      if (!line.startsWith("|")) {
        break;
      }
      String[] cells = line.split(" *\\| *", -1);
      Map<String, String> row = new java.util.HashMap<>();
      for (int i = 1; i < names.length - 1; i++) {
        row.put(names[i], cells[i]);
      }
      rows.add(row);
    }
    return rows;
  }

  /** Each step is a method of its own, since they use the same names. */
  private static String program(List<String> steps, String classes) {
    StringBuilder program =
        new StringBuilder(
            """
            import io.gonext.engine.*;
            import io.gonext.pool.*;
            import java.nio.charset.StandardCharsets;
            import java.nio.file.*;
            import java.time.Duration;
            import java.util.*;
            import java.util.concurrent.*;

            class Guide {
              public static void main(String[] args) throws Exception {
            """);
    for (int i = 0; i < steps.size(); i++) {
      program.append("step").append(i).append("();\n");
    }
    program.append("}\n");
    for (int i = 0; i < steps.size(); i++) {
      program
          .append("static void step")
          .append(i)
          .append("() throws Exception {\n")
          .append(steps.get(i))
          .append("}\n");
    }
    return program.append("}\n").append(classes).toString();
  }

  private String run(String program) throws IOException, InterruptedException {
    Path source = directory.resolve("Guide.java");
    Files.writeString(source, program);
    for (var module : MODULES.entrySet()) {
      Files.write(directory.resolve(module.getKey()), Guests.wasm(module.getValue()));
    }
    Process process =
        ChildJvm.plain()
            .builder(List.of(), source.toString())
            .directory(directory.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var in = process.getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } finally {
      assertThat(process.waitFor()).isZero();
    }
  }
}
