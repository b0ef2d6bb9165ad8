package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.failure.BundleRejectedException;
import io.gonext.host.manifest.Manifest.Hook;
import io.gonext.host.manifest.Manifest.Isolation;
import io.gonext.host.manifest.Manifest.Route;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ManifestReaderTest {
  private static final String MINIMAL =
      "\"name\":\"my-plugin\",\"version\":\"1.2.3-rc.1+b\",\"entry\":\"plugin.wasm\"";

  @Test
  void fields_left_out_hold_their_defaults() {
    Manifest manifest = read("{" + MINIMAL + "}");
    assertThat(manifest.id()).isEqualTo("my-plugin@1.2.3-rc.1+b");
    assertThat(manifest.capabilities()).isEmpty();
    assertThat(manifest.filters()).isEmpty();
    assertThat(manifest.routes()).isEmpty();
    assertThat(manifest.limits().isolation()).isEqualTo(Isolation.FRESH);
    assertThat(manifest.limits().call()).isEmpty();
    assertThat(manifest.requiredHost()).isEmpty();
  }

  @Test
  void every_field_is_read() {
    Manifest manifest =
        read(
            """
            {"apiVersion":"gonext.io/v1","name":"my-plugin","version":"1.0.0",
             "description":"x","entry":"dir/p.wasm","capabilities":["kv.read","kv.write"],
             "hooks":{"actions":["saved"],"filters":["a.b",{"name":"c_d","priority":-5},{"name":"e"}]},
             "http":{"serve":[{"method":"POST","path":"/x/{id}"}],
                     "fetch":{"allow_hosts":["example.org"],"rate_per_minute":60}},
             "storage":{"kv":{"max_bytes":1,"max_keys":1}},
             "secrets":{"keys":["token"]},"jobs":["nightly"],
             "limits":{"memory_mb":8,"call_ms":250,"instances_min":2,"instances_max":4,
                       "max_uses":99999999999,"max_age_s":60,"max_idle_s":30,"isolation":"reused"},
             "requires":{"host":">=0.1"},"depends":[{"name":"other","version":"^1.0"}]}
            """);
    assertThat(manifest.entry()).isEqualTo("dir/p.wasm");
    assertThat(manifest.actions()).containsExactly(new Hook("saved", 10));
    assertThat(manifest.filters())
        .containsExactly(new Hook("a.b", 10), new Hook("c_d", -5), new Hook("e", 10));
    assertThat(manifest.routes()).containsExactly(new Route("POST", "/x/{id}"));
    assertThat(manifest.requests("kv.read")).isTrue();
    assertThat(manifest.requests("secrets.keys")).isTrue();
    assertThat(manifest.requests("db.read")).isFalse();
    Manifest.Limits limits = manifest.limits();
    assertThat(limits.memoryMb()).hasValue(8);
    assertThat(limits.call()).contains(Duration.ofMillis(250));
    assertThat(limits.instancesMin()).hasValue(2);
    assertThat(limits.instancesMax()).hasValue(4);
    assertThat(limits.maxUses()).hasValue(Integer.MAX_VALUE);
    assertThat(limits.maxAge()).contains(Duration.ofSeconds(60));
    assertThat(limits.maxIdle()).contains(Duration.ofSeconds(30));
    assertThat(limits.isolation()).isEqualTo(Isolation.REUSED);
    assertThat(manifest.requiredHost()).contains(">=0.1");
    assertThat(manifest.dependencies()).containsExactly(new Manifest.Dependency("other", "^1.0"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                                              | version",
        "[]                                              | object",
        "{M,\"nmae\":1}                                  | nmae",
        "{M,\"apiVersion\":\"gonext.io/v2\"}             | /apiVersion",
        "{M,\"capabilities\":[\"kv.read\",\"kv.read\"]}  | /capabilities",
        "{M,\"capabilities\":[\"KV\"]}                   | /capabilities/0",
        "{M,\"hooks\":{\"filters\":[\"The.Content\"]}}   | /hooks/filters/0",
        "{M,\"hooks\":{\"filters\":[\"a\",\"a\"]}}       | /hooks/filters/1",
        "{M,\"hooks\":{\"filters\":[\"http.serve.x\"]}}  | reserved",
        "{M,\"http\":{\"serve\":[{\"method\":\"GET\",\"path\":\"x\"}]}}      | /http/serve/0/path",
        "{M,\"http\":{\"serve\":[{\"method\":\"GET\",\"path\":\"/a/../b\"}]}}| /http/serve/0/path",
        "{M,\"http\":{\"serve\":[{\"method\":\"get\",\"path\":\"/x\"}]}}     |"
            + " /http/serve/0/method",
        "{M,\"http\":{\"serve\":[{\"method\":\"GET\",\"path\":\"/{a}\"},{\"method\":\"GET\",\"path\":\"/{b}\"}]}}|"
            + " /http/serve/1",
        "{M,\"limits\":{\"call_ms\":0}}                  | /limits/call_ms",
        "{M,\"limits\":{\"call_ms\":1.5}}                | /limits/call_ms",
        "{M,\"limits\":{\"isolation\":\"none\"}}         | /limits/isolation",
      })
  void what_breaks_the_schema_is_named(String json, String named) {
    assertThatThrownBy(() -> read(json.replace("{M", "{" + MINIMAL)))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining(named);
  }

  @ParameterizedTest
  @CsvSource({
    "Upper,1.0.0,p.wasm,/name",
    "ab,1.0.0,p.wasm,/name",
    "my-plugin,1.0,p.wasm,/version",
    "my-plugin,01.0.0,p.wasm,/version",
    "my-plugin,v1.0.0,p.wasm,/version",
    "my-plugin,1.0.0,../p.wasm,/entry",
    "my-plugin,1.0.0,/p.wasm,/entry",
    "my-plugin,1.0.0,a/../p.wasm,/entry",
    "my-plugin,1.0.0,p.txt,/entry",
  })
  void names_versions_and_entries_are_plain(
      String name, String version, String entry, String named) {
    String json =
        "{\"name\":\"%s\",\"version\":\"%s\",\"entry\":\"%s\"}".formatted(name, version, entry);
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining(named);
  }

  @Test
  void all_problems_are_reported_at_once() {
    assertThatThrownBy(
            () -> read("{\"name\":\"X\",\"version\":\"x\",\"entry\":\"x\",\"extra\":true}"))
        .hasMessageContaining("/name")
        .hasMessageContaining("/version")
        .hasMessageContaining("/entry")
        .hasMessageContaining("extra");
  }

  @Test
  void text_that_is_no_json_is_said_to_be_none() {
    assertThatThrownBy(() -> read("{\"name\":"))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("manifest.json is not valid JSON");
  }

  private static Manifest read(String json) {
    return ManifestReader.read(json.getBytes(StandardCharsets.UTF_8));
  }
}
