package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.node.ObjectNode;

/** The SDKs on a host with configuration, secrets and functions, and the SDKs' own tests. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("SdkServicesTest") // its tests run one after another
class SdkServicesTest {
  private static final Path SDK = Path.of(System.getProperty("gonext.root"), "sdk");
  private static final String NAME = "sdk-services";
  private static final String SCHEMA =
      """
      {"schema":{"type":"object","additionalProperties":false,"properties":{
        "greeting":{"type":"string","default":"Hello"},
        "limit":{"type":"integer"},
        "loud":{"type":"boolean"}}}}
      """;

  @TempDir private Path data;

  @ParameterizedTest
  @EnumSource(Toolchain.class)
  void a_guest_reads_configuration_and_secrets_and_calls_functions(Toolchain language)
      throws Exception {
    byte[] module = language.module(SDK.resolve(language.folder).resolve("conformance"));
    GuestBundle bundle =
        GuestBundle.of(NAME, module)
            .filter("config.text")
            .filter("config.int")
            .filter("config.bool")
            .filter("config.get")
            .filter("secrets.get")
            .filter("app.call")
            .filter("app.error")
            .field("config", SCHEMA)
            .field("capabilities", "[\"secrets.keys\",\"posts.read\"]")
            .field("secrets", "{\"keys\":[\"TOKEN\"]}");
    HostFunctionSpec find =
        HostFunctionSpec.builder("posts.find", call -> Map.of("id", call.request()))
            .capability("posts.read")
            .build();
    try (Host host = Hosts.open(Hosts.patient(data).toBuilder().function(find).build())) {
      host.plugins().install(bundle.bytes());
      host.plugins().activate(NAME);
      assertThat(filtered(host, "config.text", "greeting", "none")).isEqualTo("\"Hello\"");
      assertThat(filtered(host, "config.int", "limit", 10)).isEqualTo("10");
      assertThat(filtered(host, "config.bool", "loud", true)).isEqualTo("true");
      assertThat(filtered(host, "config.get", "")).isEqualTo("{\"greeting\":\"Hello\"}");
      ObjectNode values =
          (ObjectNode)
              StrictJson.parse(
                  "{\"greeting\":\"Grüß Gott\",\"limit\":3,\"loud\":false}"
                      .getBytes(StandardCharsets.UTF_8));
      host.configs().merge(NAME, OptionalLong.empty(), values);
      assertThat(filtered(host, "config.text", "greeting", "none")).isEqualTo("\"Grüß Gott\"");
      assertThat(filtered(host, "config.int", "limit", 10)).isEqualTo("3");
      assertThat(filtered(host, "config.bool", "loud", true)).isEqualTo("false");

      host.secrets().set(NAME, "TOKEN", "s€cret".getBytes(StandardCharsets.UTF_8));
      assertThat(host.applyFilters("secrets.get", "TOKEN").degraded()).hasSize(1);
      assertThat(filtered(host, "app.error", "posts.find")).isEqualTo("\"denied\"");
      host.plugins().grantRequested(NAME);
      assertThat(filtered(host, "secrets.get", "TOKEN")).isEqualTo("\"s€cret\"");
      assertThat(host.applyFilters("secrets.get", "OTHER").degraded()).hasSize(1);
      host.secrets().delete(NAME, "TOKEN");
      assertThat(filtered(host, "secrets.get", "TOKEN")).isEqualTo("null");

      assertThat(filtered(host, "app.call", 7, "posts.find")).isEqualTo("{\"id\":7}");
      assertThat(filtered(host, "app.error", "posts.delete")).isEqualTo("\"not found\"");
      Hosts.assertBalanced(host.health().pool(NAME).orElseThrow());
    }
  }

  /** {@link HelloRustTest} runs those in Rust. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RUST")
  void the_sdks_own_tests_pass(Toolchain language) throws Exception {
    Path conformance = SDK.resolve(language.folder).resolve("conformance");
    language.module(conformance);
    Map<String, String> offline = Map.of("GOPROXY", "off", "GOTOOLCHAIN", "local", "GOWORK", "off");
    switch (language) {
      case RUST -> throw new AssertionError("excluded");
      case GO -> Toolchain.run(SDK.resolve("go"), offline, "go", "test", ".");
      case ASSEMBLYSCRIPT ->
          Toolchain.run(
              SDK.resolve("assemblyscript"), Map.of(), "node", "--test", "test/testing.test.mjs");
      case C -> Toolchain.run(conformance, Map.of(), "make", "--silent", "test");
    }
  }

  private static String filtered(Host host, String hook, Object value, Object... args)
      throws InterruptedException {
    var result = host.applyFilters(hook, value, args);
    assertThat(result.degraded()).as("%s %s", hook, List.of(args)).isEmpty();
    return result.value().toString();
  }
}
