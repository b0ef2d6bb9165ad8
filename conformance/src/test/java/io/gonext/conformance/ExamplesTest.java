package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.testkit.TestHost;
import io.gonext.testkit.TestPlugin;
import io.gonext.testkit.file.FileTest;
import io.gonext.testkit.file.TestFile;
import io.gonext.testkit.file.TestSuite;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The first plugin of each language, built now and served. {@link HelloRustTest} has the one in
 * Rust, and {@link WebhookRelayTest} an example that uses services.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("examples")
class ExamplesTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RUST")
  void an_example_serves_what_its_manifest_declares(Toolchain language) throws Exception {
    try (TestHost host = Hosts.test()) {
      TestPlugin plugin = host.install(bundle(name(language), language));
      assertThat(plugin.warnings()).isEmpty();
      for (Map.Entry<String, String> content :
          Map.of(
                  "a *b* c *d*", "a <em>b</em> c <em>d</em>",
                  "2 * 3", "2 * 3",
                  "*a* *b", "<em>a</em> *b",
                  "**", "<em></em>",
                  "", "",
                  "ü*€*😀", "ü<em>€</em>😀")
              .entrySet()) {
        plugin.filter("the_content", content.getKey()).returned("\"" + content.getValue() + "\"");
      }
      plugin.action("save_post", Map.of("id", 1)).returned("null");
      plugin.get("/hello/Ada%20%C3%BC").answered(200, "\"Hello, Ada ü!\"");
      plugin.filter("the_content", List.of(1)).failed("STATUS", "-3 \\(bad payload\\)");
      Hosts.assertBalanced(host.host(), plugin.name());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "hello-rust,RUST",
    "hello-go,GO",
    "hello-as,ASSEMBLYSCRIPT",
    "hello-c,C",
    "webhook-relay,RUST",
    "guestbook,GO"
  })
  void the_tests_of_an_example_pass(String example, Toolchain language) throws Exception {
    int count = 0;
    try (TestSuite suite =
            TestSuite.of(bundle(example, language), TestSuite.Defaults.NONE, Hosts.COMPILED);
        Stream<Path> files = Files.list(ROOT.resolve("examples").resolve(example + "/tests"))) {
      for (Path file : files.filter(it -> it.toString().endsWith(".json")).sorted().toList()) {
        for (FileTest test : TestFile.parse(Files.readAllBytes(file)).tests()) {
          assertThat(suite.run(test).problems()).as(test.name()).isEmpty();
          count++;
        }
      }
    }
    assertThat(count).isGreaterThanOrEqualTo(2);
  }

  @Test
  void the_example_in_the_documentation_passes() throws Exception {
    Matcher block =
        Pattern.compile("```json\\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(ROOT.resolve("docs/testing.md")));
    assertThat(block.find()).isTrue();
    TestFile file = TestFile.parse(block.group(1).getBytes(StandardCharsets.UTF_8));
    try (TestSuite suite =
        TestSuite.of(
            bundle("webhook-relay", Toolchain.RUST), TestSuite.Defaults.NONE, Hosts.COMPILED)) {
      assertThat(suite.run(file.tests().getFirst()).problems()).isEmpty();
    }
  }

  private static byte[] bundle(String example, Toolchain language)
      throws IOException, InterruptedException {
    Path project = ROOT.resolve("examples").resolve(example);
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("manifest.json", Files.readAllBytes(project.resolve("manifest.json")));
    files.put("plugin.wasm", language.module(project));
    for (String folder : List.of("locales", "migrations")) {
      if (Files.isDirectory(project.resolve(folder))) {
        try (Stream<Path> found = Files.list(project.resolve(folder))) {
          for (Path file : found.sorted().toList()) {
            files.put(folder + "/" + file.getFileName(), Files.readAllBytes(file));
          }
        }
      }
    }
    return GuestBundle.zip(files);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RUST")
  void the_sdks_readme_shows_it_and_it_is_short(Toolchain language) throws Exception {
    String source =
        switch (language) {
          case RUST -> throw new AssertionError("its README is tested by its own tests");
          case GO -> "main.go";
          case ASSEMBLYSCRIPT -> "assembly/index.ts";
          case C -> "plugin.c";
        };
    String example =
        Files.readString(
            ROOT.resolve("examples").resolve(name(language)).resolve(source),
            StandardCharsets.UTF_8);
    assertThat(example.lines()).hasSizeLessThan(30);
    assertThat(Files.readString(ROOT.resolve("sdk").resolve(language.folder).resolve("README.md")))
        .contains(example + "```");
  }

  private static String name(Toolchain language) {
    return language == Toolchain.ASSEMBLYSCRIPT ? "hello-as" : "hello-" + language.folder;
  }
}
