package io.gonext.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.posts.PostsApplication;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * docs/spring-boot.md is true; with {@code -Dgonext.format=apply}, its code and tables are made so.
 */
class GuideTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));
  private static final Path GUIDE = ROOT.resolve("docs/spring-boot.md");
  private static final Path TESTS = ROOT.resolve("spring-boot-tests/src/test/java");

  @TempDir Path directory;

  @Test
  void the_application_of_the_guide_answers_what_the_guide_says() throws Exception {
    try (Running posts =
        Running.start(
            PostsApplication.class,
            directory,
            "--gonext.plugins.hello-rust.location=classpath:plugins/hello-rust-0.1.0.gnplugin",
            "--spring.security.user.name=ada",
            "--spring.security.user.password=ada")) {
      String guide = Files.readString(GUIDE);
      String page = posts.send(posts.as("ada", "/posts/7")).body();
      assertThat(guide).contains("$ curl http://localhost:8080/posts/7\n" + page + "\n$ curl ");
      assertThat(page).contains("<strong>7</strong>");
      String route = posts.send(posts.as("ada", "/api/plugins/hello-rust/hello/Ada")).body();
      assertThat(guide).contains("hello/Ada\n" + route + "\n```");
    }
  }

  @Test
  void the_code_of_the_guide_is_the_application_that_is_tested() throws Exception {
    String code = Files.readString(TESTS.resolve("com/example/posts/PostsApplication.java"));
    assertThat(code.lines().count()).isLessThanOrEqualTo(42);
    check(Pattern.compile("(?s)(?<=GuideTest compares them. -->\n```java\n).*?(?=```)"), code);
  }

  @Test
  void the_versions_of_the_guide_are_those_that_the_tests_run_with() throws Exception {
    String boot = System.getProperty("gonext.test.boot");
    String guide = Files.readString(GUIDE);
    String head =
        guide.lines().filter(line -> line.startsWith("| library")).findFirst().orElseThrow();
    int column = List.of(head.split(" *\\| *", -1)).indexOf("Spring Boot " + boot);
    assertThat(column).as("a column for %s", boot).isPositive();
    Map<String, Class<?>> libraries =
        Map.of(
            "Flyway", org.flywaydb.core.Flyway.class,
            "Jackson", JsonMapper.class,
            "H2", org.h2.Driver.class,
            "HikariCP", com.zaxxer.hikari.HikariDataSource.class,
            "Micrometer", io.micrometer.core.instrument.MeterRegistry.class,
            "OpenTelemetry", io.opentelemetry.api.OpenTelemetry.class,
            "Jetty (the client)", org.eclipse.jetty.client.HttpClient.class,
            "PostgreSQL's driver", org.postgresql.Driver.class);
    libraries.forEach((library, type) -> {
      String row =
          guide
              .lines()
              .filter(line -> line.startsWith("| " + library + " |"))
              .findFirst()
              .orElseThrow();
      assertThat(type.getProtectionDomain().getCodeSource().getLocation().toString())
          .as(library)
          .contains("-" + row.split(" *\\| *", -1)[column] + ".jar");
    });
  }

  @Test
  void the_properties_of_the_guide_are_those_of_the_metadata() throws Exception {
    check(between("properties"), table(metadata()));
  }

  @Test
  void the_fields_of_a_plugin_in_the_guide_are_those_of_the_code() throws Exception {
    Map<String, String[]> rows = new TreeMap<>();
    String source =
        Files.readString(
            ROOT.resolve(
                "spring-boot-starter/src/main/java/io/gonext/spring/GonextProperties.java"));
    String javadoc = source.substring(source.indexOf("* A plugin to deploy."));
    for (RecordComponent field : GonextProperties.Plugin.class.getRecordComponents()) {
      Matcher text =
          Pattern.compile("(?s)@param " + field.getName() + " (.*?)(?=\n *\\* @|\n *\\*/)")
              .matcher(javadoc);
      assertThat(text.find()).as(field.getName()).isTrue();
      rows.put(
          "gonext.plugins.NAME." + field.getName(),
          new String[] {
            field.getName().equals("required") ? "true" : "",
            text.group(1).replaceAll("\\s*\n *\\*\\s*", " ")
          });
    }
    check(between("plugin"), table(rows));
  }

  private static Pattern between(String name) {
    return Pattern.compile("(?s)(?<=<!-- " + name + " -->\n).*?(?=<!-- /" + name + " -->)");
  }

  private static Map<String, String[]> metadata() throws IOException {
    Map<String, String[]> rows = new TreeMap<>();
    JsonNode all = new JsonMapper().readTree(ownMetadata());
    for (JsonNode property : all.path("properties")) {
      String name = property.path("name").asString();
      assertThat(property.path("description").asString("")).as(name).isNotEmpty();
      JsonNode value = property.path("defaultValue");
      rows.put(
          name,
          new String[] {
            value.isMissingNode() || value.isContainer() ? "" : value.asString(),
            property.path("description").asString()
          });
    }
    return rows;
  }

  /** Other libraries have a file of that name, too. */
  private static String ownMetadata() throws IOException {
    var resources =
        GonextProperties.class
            .getClassLoader()
            .getResources("META-INF/spring-configuration-metadata.json");
    while (resources.hasMoreElements()) {
      try (InputStream in = resources.nextElement().openStream()) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        if (text.contains("\"gonext.enabled\"")) {
          return text;
        }
      }
    }
    throw new AssertionError("the starter has no metadata");
  }

  private static String table(Map<String, String[]> rows) {
    return "| property | default | what it is |\n| --- | --- | --- |\n"
        + rows.entrySet().stream()
            .map(row ->
                "| `%s` | %s | %s |\n"
                    .formatted(
                        row.getKey(),
                        row.getValue()[0].isEmpty() ? "" : "`" + row.getValue()[0] + "`",
                        row.getValue()[1].replaceAll("\\.$", "")))
            .collect(Collectors.joining());
  }

  private static void check(Pattern place, String wanted) throws IOException {
    String guide = Files.readString(GUIDE);
    Matcher found = place.matcher(guide);
    assertThat(found.find()).as("the place in the guide").isTrue();
    if ("apply".equals(System.getProperty("gonext.format"))) {
      Files.writeString(
          GUIDE, guide.substring(0, found.start()) + wanted + guide.substring(found.end()));
    } else {
      assertThat(found.group()).as("run ./format").isEqualTo(wanted);
    }
  }
}
