package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import io.gonext.host.PluginRequest;
import io.gonext.host.RouteOutcome;
import io.gonext.host.RouteOutcome.Answered;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
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

  @TempDir private Path data;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RUST")
  void an_example_serves_what_its_manifest_declares(Toolchain language) throws Exception {
    Path project = ROOT.resolve("examples").resolve(name(language));
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("manifest.json", Files.readAllBytes(project.resolve("manifest.json")));
    files.put("plugin.wasm", language.module(project));
    String plugin = name(language);
    try (Host host = Hosts.open(Hosts.patient(data))) {
      assertThat(host.plugins().install(GuestBundle.zip(files)).warnings()).isEmpty();
      host.plugins().activate(plugin);

      for (Map.Entry<String, String> content :
          Map.of(
                  "a *b* c *d*", "a <em>b</em> c <em>d</em>",
                  "2 * 3", "2 * 3",
                  "*a* *b", "<em>a</em> *b",
                  "**", "<em></em>",
                  "", "",
                  "ü*€*😀", "ü<em>€</em>😀")
              .entrySet()) {
        assertThat(host.applyFilters("the_content", content.getKey()).value().stringValue())
            .isEqualTo(content.getValue());
      }
      assertThat(host.doAction("save_post", Map.of("id", 1)).degraded()).isEmpty();
      RouteOutcome outcome =
          host.serve(
              plugin, new PluginRequest("GET", "/hello/Ada%20%C3%BC", "", Map.of(), new byte[0]));
      assertThat(outcome).isInstanceOf(Answered.class);
      assertThat(((Answered) outcome).response().body()).asString().isEqualTo("Hello, Ada ü!");

      assertThat(host.applyFilters("the_content", List.of(1)).degraded())
          .singleElement()
          .satisfies(failed -> assertThat(failed.reason()).contains("-3 (bad payload)"));
      Hosts.assertBalanced(host, plugin);
    }
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
