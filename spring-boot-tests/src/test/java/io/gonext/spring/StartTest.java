package io.gonext.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.guests.DockerRegistry;
import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.PluginArtifact;
import io.gonext.host.registry.RegistryPattern;
import io.gonext.host.registry.RegistrySettings;
import io.gonext.host.registry.TransferListener;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What a start refuses, in one sentence, and what it takes. */
@Tag("slow")
class StartTest {
  @TempDir Path directory;
  private ApplicationContextRunner runner;
  private Path upper;

  @BeforeEach
  void prepare() throws Exception {
    upper =
        Files.write(
            directory.resolve("upper.gnplugin"), GuestBundle.of("upper").filter("shout").bytes());
    runner =
        new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(GonextAutoConfiguration.class))
            .withPropertyValues(
                "gonext.data-directory=" + directory.resolve("data"), "gonext.warm-up=0s");
  }

  /** The sentence that an operator sees. */
  private String refusal(String... properties) {
    List<String> sentences = new ArrayList<>();
    runner
        .withPropertyValues(properties)
        .run(context -> {
          assertThat(context).hasFailed();
          FailureAnalysis analysis =
              new StartFailureAnalyzer().analyze(context.getStartupFailure());
          assertThat(analysis).isNotNull();
          sentences.add(analysis.getDescription());
        });
    return sentences.getFirst();
  }

  /** All messages of a failure to bind properties. */
  private String invalid(String... properties) {
    StringBuilder all = new StringBuilder();
    runner
        .withPropertyValues(properties)
        .run(context -> {
          assertThat(context).hasFailed();
          Throwable cause = context.getStartupFailure();
          assertThat(cause).hasStackTraceContaining(BindException.class.getSimpleName());
          for (; cause != null; cause = cause.getCause()) {
            all.append(cause.getMessage()).append('\n');
          }
        });
    return all.toString();
  }

  private void starts(Consumer<Host> check, String... properties) {
    runner
        .withPropertyValues(properties)
        .run(context -> {
          assertThat(context).hasNotFailed();
          check.accept(context.getBean(Host.class));
        });
  }

  @Test
  void without_properties_there_is_a_host_without_plugins() {
    starts(host -> assertThat(host.plugins().list()).isEmpty());
  }

  @Test
  void a_host_can_be_left_out() {
    runner
        .withPropertyValues("gonext.enabled=false")
        .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(Host.class));
  }

  @Test
  void a_location_without_a_bundle_is_told() {
    assertThat(refusal("gonext.plugins.upper.location=" + directory.resolve("none.gnplugin")))
        .startsWith("GoNext: the plugin upper cannot be deployed: ")
        .contains("none.gnplugin does not exist");
    assertThat(refusal("gonext.plugins.upper.location=classpath:none.gnplugin"))
        .endsWith(
            "classpath:none.gnplugin cannot be read: is it in src/main/resources, and in the jar?");
  }

  @Test
  void a_bundle_of_another_plugin_or_digest_is_told() {
    assertThat(refusal("gonext.plugins.lower.location=" + upper))
        .endsWith("is of the plugin upper: write gonext.plugins.upper");
    assertThat(
            refusal(
                "gonext.plugins.upper.location=" + upper,
                "gonext.plugins.upper.sha256=" + "0".repeat(64)))
        .contains("has the SHA-256 ", "not the one in gonext.plugins.upper.sha256");
  }

  @Test
  void a_registry_that_is_not_allowed_is_told() {
    assertThat(refusal("gonext.plugins.upper.location=oci://ghcr.io/acme/upper:1.0.0"))
        .contains("ghcr.io");
    assertThat(refusal("gonext.registries.allow=not a registry"))
        .contains("gonext.registries.allow: a registry is given as HOST");
  }

  @Test
  void a_plugin_comes_from_a_registry_and_serves_on_when_the_registry_is_away() throws Exception {
    boolean installed = DockerRegistry.program().isPresent();
    assumeTrue(installed || System.getenv("CI") != null, DockerRegistry.MISSING);
    String[] properties;
    try (DockerRegistry registry =
        DockerRegistry.start(Files.createDirectory(directory.resolve("registry")))) {
      String location = "oci://localhost:" + registry.port() + "/acme/upper:1.0.0";
      properties =
          new String[] {
            "gonext.registries.allow=localhost:" + registry.port(),
            "gonext.plugins.upper.location=" + location
          };
      try (OciClient client =
          new OciClient(RegistrySettings.builder().allow(RegistryPattern.ANY).build())) {
        client.push(
            OciReference.parse(location),
            PluginArtifact.of(Files.readAllBytes(upper)),
            TransferListener.NONE);
      }
      starts(host -> assertThat(shout(host)).isEqualTo("X"), properties);
    }
    starts(host -> assertThat(shout(host)).isEqualTo("X"), properties);
    // With nothing installed, there is nothing to serve.
    runner = runner.withPropertyValues("gonext.data-directory=" + directory.resolve("empty"));
    assertThat(refusal(properties)).contains("localhost");
  }

  private static String shout(Host host) {
    try {
      return host.applyFilters("shout", "x").value().asString();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void a_secret_is_named_and_never_written() {
    String literal = "gonext.plugins.upper.secrets.API_KEY=hunter22";
    assertThat(refusal("gonext.plugins.upper.location=" + upper, literal))
        .isEqualTo(
            "GoNext: the secret API_KEY of the plugin upper is a reference, env:NAME, file:PATH or"
                + " property:NAME, and not the secret itself");
    assertThat(refusal("gonext.master-key=hunter22"))
        .isEqualTo(
            "GoNext: the key of gonext.master-key is a reference, env:NAME, file:PATH or"
                + " property:NAME, and not the secret itself");
    assertThat(refusal("gonext.master-key=env:GONEXT_NO_SUCH_VARIABLE"))
        .endsWith("the key of gonext.master-key is empty: set env:GONEXT_NO_SUCH_VARIABLE");
    assertThat(refusal("gonext.master-key=property:key", "key=hunter22"))
        .contains("a master key is 32 bytes in base64")
        .doesNotContain("hunter22");
  }

  @Test
  void values_beyond_their_bounds_are_told() {
    assertThat(invalid("gonext.limits.instances=0")).contains("greater than or equal to 1");
    assertThat(invalid("gonext.plugins.upper.grants=kv.read")).contains("location");
    assertThat(invalid("gonext.web.routes.path=api/")).contains("as /api/plugins does");
    assertThat(invalid("gonext.store.type=oracle")).contains("oracle");
  }

  @Test
  void a_store_that_is_not_there_is_told() {
    assertThat(refusal("gonext.store.type=datasource")).contains("set spring.datasource.url");
    assertThat(refusal("gonext.store.type=postgresql")).contains("gonext.store.url is missing");
    assertThat(
            refusal(
                "gonext.store.type=postgresql", "gonext.store.url=jdbc:postgresql://127.0.0.1:1/x"))
        .contains("the database of gonext.store.url cannot be used");
  }

  @Test
  void two_hosts_do_not_share_a_directory() throws Exception {
    try (Host other = Host.open(directory.resolve("data"))) {
      assertThat(other.plugins().list()).isEmpty();
      assertThat(refusal()).contains("is in use by another host");
    }
  }

  @Test
  void a_plugin_that_is_not_required_does_not_stop_the_start() {
    starts(
        host -> assertThat(host.plugins().list()).hasSize(1),
        "gonext.plugins.none.location=" + directory.resolve("none.gnplugin"),
        "gonext.plugins.none.required=false",
        "gonext.plugins.upper.location=" + upper);
  }

  @Test
  void a_new_bundle_replaces_the_one_of_the_last_start() throws Exception {
    starts(host -> {}, "gonext.plugins.upper.location=" + upper);
    Files.write(upper, GuestBundle.of("upper").version("2.0.0").filter("shout").bytes());
    starts(
        host ->
            assertThat(host.plugins().find("upper").orElseThrow().id()).isEqualTo("upper@2.0.0"),
        "gonext.plugins.upper.location=" + upper);
  }

  @Configuration(proxyBeanMethods = false)
  static class Customized {
    @Bean
    GonextHostCustomizer first() {
      return builder -> builder.hooks(Set.of("shout"));
    }
  }

  @Test
  void a_customizer_has_the_last_word() {
    runner
        .withUserConfiguration(Customized.class)
        .withPropertyValues("gonext.hooks=other", "gonext.limits.call=2s")
        .run(context -> {
          HostConfig config = context.getBean(HostConfig.class);
          assertThat(config.hooks()).containsExactly("shout");
          assertThat(config.limits().call()).isEqualTo(Duration.ofSeconds(2));
        });
  }

  static class WrongName {
    @GonextFunction("Find")
    int find() {
      return 1;
    }
  }

  static class WrongFilter {
    @GonextFilter("shout")
    void shout(String text) {}
  }

  static class WrongHook {
    @GonextAction("Post Saved")
    void saved() {}
  }

  @Test
  void annotations_that_are_wrong_are_told() {
    for (Class<?> wrong : Arrays.asList(WrongName.class, WrongFilter.class, WrongHook.class)) {
      runner
          .withUserConfiguration(wrong)
          .run(context -> {
            FailureAnalysis analysis =
                new StartFailureAnalyzer().analyze(context.getStartupFailure());
            assertThat(analysis).isNotNull();
            assertThat(analysis.getDescription()).contains(wrong.getSimpleName(), "is wrong: ");
          });
    }
  }
}
