package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.BundleRejectedException;
import io.gonext.host.manifest.Manifest.Hook;
import io.gonext.host.manifest.Manifest.Isolation;
import io.gonext.host.manifest.Manifest.Route;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
             "secrets":{"keys":["token"]},"jobs":["nightly",
               {"name":"deliver","timeout_ms":5000,"max_attempts":8,"backoff":"fixed","unique":true,"concurrency":2}],
             "cron":[{"job":"nightly","schedule":"30 4 * * *","zone":"Europe/Berlin","catch_up":"all"},
                     {"job":"deliver","schedule":{"every_ms":6e4},"args":{"to":"all"}}],
             "limits":{"memory_mb":8,"call_ms":250,"wait_ms":2000,"fuel":5e12,"instances_min":2,"instances_max":4,"instances_jobs":2,
                       "max_uses":99999999999,"max_age_s":60,"max_idle_s":30,"isolation":"reused"},
             "requires":{"host":">=0.1"},"depends":[{"name":"other","version":"^1.0"}]}
            """);
    assertThat(manifest.entry()).isEqualTo("dir/p.wasm");
    assertThat(manifest.actions()).containsExactly(new Hook("saved", 10));
    assertThat(manifest.filters())
        .containsExactly(new Hook("a.b", 10), new Hook("c_d", -5), new Hook("e", 10));
    assertThat(manifest.routes()).containsExactly(new Route("POST", "/x/{id}"));
    assertThat(manifest.keyValues())
        .isEqualTo(new Manifest.KeyValueQuota(OptionalLong.of(1), OptionalLong.of(1)));
    assertThat(manifest.requestedCapabilities())
        .containsExactly("kv.read", "kv.write", "secrets.keys");
    assertThat(manifest.requests("kv.read")).isTrue();
    assertThat(manifest.requests("secrets.keys")).isTrue();
    assertThat(manifest.requests("db.read")).isFalse();
    Manifest.Limits limits = manifest.limits();
    assertThat(limits.memoryMb()).hasValue(8);
    assertThat(limits.call()).contains(Duration.ofMillis(250));
    assertThat(limits.waits()).contains(Duration.ofSeconds(2));
    assertThat(limits.fuel()).hasValue(5_000_000_000_000L);
    assertThat(limits.instancesMin()).hasValue(2);
    assertThat(limits.instancesMax()).hasValue(4);
    assertThat(limits.instancesJobs()).hasValue(2);
    assertThat(manifest.jobs())
        .containsExactly(
            new Manifest.Job(
                "nightly",
                Duration.ofSeconds(30),
                5,
                Manifest.Backoff.EXPONENTIAL,
                false,
                OptionalInt.empty()),
            new Manifest.Job(
                "deliver",
                Duration.ofSeconds(5),
                8,
                Manifest.Backoff.FIXED,
                true,
                OptionalInt.of(2)));
    assertThat(manifest.cron())
        .extracting(cron -> cron.job() + " " + cron.schedule() + " " + cron.schedule().zone())
        .containsExactly("nightly 30 4 * * * Europe/Berlin", "deliver {\"every_ms\":60000} UTC");
    assertThat(manifest.cron())
        .extracting(Manifest.Cron::catchUp)
        .containsExactly(Manifest.CatchUp.ALL, Manifest.CatchUp.ONCE);
    assertThat(limits.maxUses()).hasValue(Integer.MAX_VALUE);
    assertThat(limits.maxAge()).contains(Duration.ofSeconds(60));
    assertThat(limits.maxIdle()).contains(Duration.ofSeconds(30));
    assertThat(limits.isolation()).isEqualTo(Isolation.REUSED);
    assertThat(manifest.requiredHost()).contains(VersionRange.parse(">=0.1"));
    assertThat(manifest.dependencies())
        .containsExactly(new Manifest.Dependency("other", VersionRange.parse("^1.0")));
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
        "{M,\"jobs\":[\"a\",{\"name\":\"a\"}]}          | /jobs/1",
        "{M,\"jobs\":[{\"name\":\"a\",\"retries\":1}]} | /jobs/0/retries",
        "{M,\"jobs\":[{\"name\":\"a\",\"backoff\":\"none\"}]} | /jobs/0/backoff",
        "{M,\"jobs\":[\"tidy\"],\"cron\":[{\"job\":\"tydi\",\"schedule\":\"@daily\"}]}|"
            + " /cron/0/job: there is no job tydi; allowed: tidy",
        "{M,\"jobs\":[\"a\"],\"cron\":[{\"job\":\"a\",\"schedule\":\"0 0 30 2 *\"}]}|"
            + " no month that it names has such a day",
        "{M,\"jobs\":[\"a\"],\"cron\":[{\"job\":\"a\",\"schedule\":{\"every_ms\":59999}}]}|"
            + " /cron/0/schedule/every_ms",
        "{M,\"jobs\":[\"a\"],\"cron\":[{\"job\":\"a\",\"schedule\":\"@daily\",\"zone\":\"Mars\"}]}|"
            + " /cron/0/zone",
        "{M,\"limits\":{\"call_ms\":1.5}}                | /limits/call_ms",
        "{M,\"limits\":{\"isolation\":\"none\"}}         | /limits/isolation",
      })
  void what_breaks_the_schema_is_named(String json, String named) {
    assertThatThrownBy(() -> read(json.replace("{M", "{" + MINIMAL)))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining(named);
  }

  @Test
  void all_problems_are_reported_at_once_with_pointer_and_allowed_values() {
    assertThatThrownBy(() ->
            read(
                """
                {"nmae":"my-plugin","version":"1","entry":"plugin.wasm","a/b~":1,
                 "capabilities":["kv.read","KV"],
                 "hooks":{"filters":["The.Content",{"nam":"x"},7,"a","a"]},
                 "http":{"serve":[{"method":"get","path":"/a/../b"}]},
                 "limits":{"call_ms":0,"isolation":"frsh","maxAgeS":1,"memory_mb":"8",
                           "instances_min":3,"instances_max":2},
                 "requires":{"host":"banana"},
                 "depends":[{"name":"other","version":"^1 || foo"},{"name":"other","version":"*"}],
                 "filters":["the_content"]}
                """))
        .isInstanceOfSatisfying(
            BundleRejectedException.class,
            refused -> {
              assertThat(refused.problems())
                  .containsExactlyInAnyOrder(
                      "/name: it is missing; allowed: 3 to 41 lower-case letters, digits and '-',"
                          + " beginning with a letter: the plugin's slug in URLs, metrics, logs and"
                          + " the store",
                      "/nmae: no such field; allowed: $schema, apiVersion, name, version,"
                          + " description, license, entry, capabilities, hooks, http, storage,"
                          + " config, secrets, metrics, default_locale, jobs, cron, warm_up,"
                          + " limits, requires, depends, signature; did you mean name?",
                      "/filters: no such field; allowed: $schema, apiVersion, name, version,"
                          + " description, license, entry, capabilities, hooks, http, storage,"
                          + " config, secrets, metrics, default_locale, jobs, cron, warm_up,"
                          + " limits, requires, depends, signature; did you mean hooks.filters?",
                      "/a~1b~0: no such field; allowed: $schema, apiVersion, name, version,"
                          + " description, license, entry, capabilities, hooks, http, storage,"
                          + " config, secrets, metrics, default_locale, jobs, cron, warm_up,"
                          + " limits, requires, depends, signature",
                      "/version: found \"1\"; allowed: a version after Semantic Versioning 2.0.0,"
                          + " such as 1.0.0",
                      "/capabilities/1: found \"KV\"; allowed: a dotted lower-case token, such as"
                          + " kv.read",
                      "/hooks/filters/0: found \"The.Content\"; allowed: dotted lower case,"
                          + " [a-z0-9_], at most 256 bytes",
                      "/hooks/filters/1/name: it is missing; allowed: dotted lower case, [a-z0-9_],"
                          + " at most 256 bytes",
                      "/hooks/filters/1/nam: no such field; allowed: name, priority, batch; did you"
                          + " mean name?",
                      "/hooks/filters/2: found 7; allowed: a text",
                      "/hooks/filters/4: a is listed twice; allowed: each hook once",
                      "/http/serve/0/method: found \"get\"; allowed: GET, HEAD, POST, PUT, PATCH,"
                          + " DELETE, OPTIONS; did you mean GET?",
                      "/http/serve/0/path: found \"/a/../b\"; allowed: a path without the segments"
                          + " . and ..",
                      "/limits/call_ms: found 0; allowed: from 1 to 3600000",
                      "/limits/isolation: found \"frsh\"; allowed: fresh, reused; did you mean"
                          + " fresh?",
                      "/limits/maxAgeS: no such field; allowed: memory_mb, call_ms, wait_ms, fuel,"
                          + " instances_min, instances_max, instances_jobs, max_uses, max_age_s,"
                          + " max_idle_s,"
                          + " isolation, breaker; did you mean max_age_s?",
                      "/limits/memory_mb: found \"8\"; allowed: an integer",
                      "/limits/instances_min: found 3; allowed: instances_max, which is 2, at most",
                      "/requires/host: found \"banana\"; allowed: a range of versions as npm writes"
                          + " them, such as ^1.2, ~1.4, >=1 <2 or ^1 || ^2",
                      "/depends/0/version: found \"^1 || foo\"; allowed: a range of versions as npm"
                          + " writes them, such as ^1.2, ~1.4, >=1 <2 or ^1 || ^2",
                      "/depends/1/name: found \"other\"; allowed: each other plugin once");
              assertThat(refused)
                  .hasMessageStartingWith("manifest.json has 21 problems: ")
                  .hasMessageNotContaining("\n");
            });
  }

  @Test
  void a_field_in_dotted_notation_is_a_slip() {
    assertThatThrownBy(() -> read("{" + MINIMAL + ",\"http.serve\":[]}"))
        .hasMessageContaining("did you mean http.serve?");
  }

  @Test
  void a_field_with_a_name_like_another_ones_elsewhere_is_not_a_slip() {
    assertThatThrownBy(() ->
            read("{" + MINIMAL + ",\"hooks\":{\"actions\":[{\"name\":\"a\",\"batch\":true}]}}"))
        .hasMessageEndingWith("/hooks/actions/0/batch: no such field; allowed: name, priority");
  }

  @Test
  void two_routes_of_the_same_requests_are_refused_as_they_are_written() {
    assertThatThrownBy(() ->
            read(
                "{"
                    + MINIMAL
                    + ",\"http\":{\"serve\":[{\"method\":\"GET\",\"path\":\"/a/{x}\"},"
                    + "{\"method\":\"GET\",\"path\":\"/a/{y}\"}]}}"))
        .hasMessageContaining("/http/serve/1: GET /a/{y} takes the same requests as GET /a/{x};");
  }

  @Test
  void a_capability_the_host_does_not_have_is_refused_with_what_was_meant() {
    Vocabulary vocabulary = new Vocabulary(Set.of("kv.read", "kv.write"), Set.of());
    String json = "{" + MINIMAL + ",\"capabilities\":[\"kv.write\",\"kv.raed\",\"x.y\"]}";
    assertThatThrownBy(() -> ManifestReader.read(json.getBytes(StandardCharsets.UTF_8), vocabulary))
        .isInstanceOfSatisfying(
            BundleRejectedException.class,
            refused ->
                assertThat(refused.problems())
                    .containsExactly(
                        "/capabilities/1: there is no capability kv.raed; allowed: kv.read,"
                            + " kv.write; did you mean kv.read?",
                        "/capabilities/2: there is no capability x.y; allowed: kv.read,"
                            + " kv.write"));
    assertThat(read(json).capabilities()).hasSize(3);
  }

  @Test
  void a_misspelled_hook_is_reported_with_the_known_one() {
    Vocabulary vocabulary = new Vocabulary(Set.of(), Set.of("the_content", "save_post"));
    Manifest manifest =
        read(
            "{"
                + MINIMAL
                + ",\"hooks\":{\"filters\":[\"the_contnet\",\"the_content\",\"my_own\"],"
                + "\"actions\":[\"save_posts\"]}}");
    assertThat(vocabulary.hookWarnings(manifest))
        .containsExactly(
            "nobody else knows the hook save_posts; did you mean save_post?",
            "nobody else knows the hook the_contnet; did you mean the_content?");
    assertThat(Vocabulary.unknown().hookWarnings(manifest)).isEmpty();
    assertThatThrownBy(() ->
            ManifestReader.read(
                ("{" + MINIMAL + ",\"hooks\":{\"filters\":[\"The-Content\"]}}")
                    .getBytes(StandardCharsets.UTF_8),
                vocabulary))
        .hasMessageContaining("/hooks/filters/0")
        .hasMessageContaining("did you mean the_content?");
  }

  @Test
  void thousands_of_problems_are_counted_and_only_some_are_listed() {
    StringBuilder json = new StringBuilder("{" + MINIMAL);
    for (int i = 0; i < 5000; i++) {
      json.append(",\"zz").append(i).append("\":1");
    }
    assertThatThrownBy(() -> read(json.append("}").toString()))
        .hasMessageContaining("5000 problems")
        .hasMessageEndingWith("and 4950 more");
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

  /** Java's expressions take a frame of the stack for each turn of a group. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{M,\"capabilities\":[\"L\"]}                       | .a   | /capabilities/0",
        "{M,\"hooks\":{\"filters\":[\"L\"]}}                | .a   | /hooks/filters/0",
        "{M,\"hooks\":{\"actions\":[{\"name\":\"L\"}]}}     | .a   | /hooks/actions/0/name",
        "{\"name\":\"my-plugin\",\"version\":\"1.0.0\",\"entry\":\"L.wasm\"} | /a | /entry",
        "{\"name\":\"my-plugin\",\"version\":\"1.0.0-L\",\"entry\":\"p.wasm\"} | .a | /version",
        "{M,\"http\":{\"serve\":[{\"method\":\"GET\",\"path\":\"/L\"}]}} | /a | /http/serve/0/path",
        "{M,\"http\":{\"fetch\":{\"allow_hosts\":[\"L\"]}}} | .a   | /http/fetch/allow_hosts/0",
        "{M,\"secrets\":{\"keys\":[\"L\"]}}                 | .a   | /secrets/keys/0",
        "{M,\"requires\":{\"host\":\"1L\"}}                 | ` 1` | /requires/host",
        "{M,\"depends\":[{\"name\":\"other\",\"version\":\"1L\"}]} | ` 1` | /depends/0/version",
      })
  void a_text_far_too_long_is_one_problem_of_bounded_length(
      String json, String piece, String pointer) {
    String text = "a" + piece.repeat(100_000);
    String manifest =
        json.replace("{M", "{" + MINIMAL)
            .replace("1L", "1" + piece.repeat(100_000))
            .replace("L", text);
    Vocabulary vocabulary = new Vocabulary(Set.of("kv.read"), Set.of("the_content"));
    assertThatThrownBy(
            () -> ManifestReader.read(manifest.getBytes(StandardCharsets.UTF_8), vocabulary))
        .isInstanceOfSatisfying(
            BundleRejectedException.class,
            refused -> {
              assertThat(refused.problems())
                  .singleElement()
                  .asString()
                  .startsWith(pointer + ": found ");
              assertThat(refused.getMessage()).hasSizeLessThan(1000);
            });
  }

  @Test
  void unknown_names_are_reported_on_one_line_and_shortened() {
    assertThatThrownBy(() -> read("{" + MINIMAL + ",\"a\\nERROR b\":1}"))
        .hasMessageContaining("/a\\nERROR b: no such field")
        .hasMessageNotContaining("\n");
    assertThatThrownBy(() -> read("{" + MINIMAL + ",\"" + "x".repeat(100_000) + "\":1}"))
        .satisfies(refused -> assertThat(refused.getMessage()).hasSizeLessThan(1000));
  }

  @Test
  void manifest_text_that_is_not_json_is_refused() {
    assertThatThrownBy(() -> read("{\"name\":"))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("manifest.json is not valid JSON");
  }

  /** To Java, {@code $} is also before a line break that ends the text. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"name\":\"hello!\",\"version\":\"1.0.0\",\"entry\":\"p.wasm\"} | /name",
        "{\"name\":\"hello\",\"version\":\"1.0.0!\",\"entry\":\"p.wasm\"} | /version",
        "{\"name\":\"hello\",\"version\":\"1.0.0\",\"entry\":\"p.wasm!\"} | /entry",
        "{M,\"capabilities\":[\"kv.read!\"]}                | /capabilities/0",
        "{M,\"hooks\":{\"actions\":[\"saved!\"]}}           | /hooks/actions/0",
        "{M,\"hooks\":{\"filters\":[{\"name\":\"a.b!\"}]}}  | /hooks/filters/0/name",
        "{M,\"http\":{\"serve\":[{\"method\":\"GET!\",\"path\":\"/x\"}]}} | /http/serve/0/method",
        "{M,\"http\":{\"serve\":[{\"method\":\"GET\",\"path\":\"/x!\"}]}} | /http/serve/0/path",
        "{M,\"http\":{\"fetch\":{\"allow_hosts\":[\"example.org!\"]}}} | /http/fetch/allow_hosts/0",
        "{M,\"secrets\":{\"keys\":[\"token!\"]}}            | /secrets/keys/0",
        "{M,\"jobs\":[\"nightly!\"]}                        | /jobs/0",
        "{M,\"depends\":[{\"name\":\"other!\",\"version\":\"*\"}]} | /depends/0/name",
        "{M,\"requires\":{\"host\":\"banana!\"}}            | /requires/host",
      })
  void a_line_break_behind_a_name_is_refused(String json, String pointer) {
    for (String end : List.of("\\n", "\\r\\n", "\\u0085", "\\u2028")) {
      String manifest = json.replace("{M", "{" + MINIMAL).replace("!", end);
      assertThatThrownBy(() -> read(manifest))
          .isInstanceOfSatisfying(
              BundleRejectedException.class,
              refused ->
                  assertThat(refused.problems())
                      .singleElement()
                      .asString()
                      .startsWith(pointer + ": "));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/limits/memory_mb, 1, 2047",
    "/limits/call_ms, 1, 3600000",
    "/limits/wait_ms, 1, 3600000",
    "/limits/fuel, 1, 9007199254740991",
    "/limits/instances_min, 0, 10000",
    "/limits/instances_max, 1, 10000",
    "/limits/max_uses, 0, 9007199254740991",
    "/limits/max_age_s, 1, 9007199254740991",
    "/limits/max_idle_s, 1, 9007199254740991",
    "/storage/kv/max_bytes, 1, 9007199254740991",
    "/storage/kv/max_keys, 1, 9007199254740991",
    "/http/fetch/rate_per_minute, 1, 60000",
    "/limits/breaker/failure_percent, 1, 100",
    "/limits/breaker/min_calls, 1, 1000000",
    "/hooks/actions/0/priority, -1000000, 1000000",
    "/hooks/filters/0/priority, -1000000, 1000000",
  })
  void an_integer_is_in_its_range_or_refused_with_it(String pointer, long least, long most) {
    for (String good : List.of(least + "", least + ".0", most + "", most + ".00", most + "0e-1")) {
      assertThat(read(withNumber(pointer, good)).name()).isEqualTo("my-plugin");
    }
    for (String bad :
        List.of(
            Long.toString(least - 1),
            Long.toString(most + 1),
            "9.3e18",
            "10000000000000000000",
            "-10000000000000000000",
            "1e999999999",
            "-1e999999999",
            "1e2147483647")) {
      assertThatThrownBy(() -> read(withNumber(pointer, bad)))
          .as(bad)
          .isInstanceOfSatisfying(
              BundleRejectedException.class,
              refused ->
                  assertThat(refused.problems())
                      .singleElement()
                      .asString()
                      .startsWith(pointer + ": found ")
                      .endsWith("; allowed: from " + least + " to " + most));
    }
    for (String fraction : List.of("1.5", "1e-1", "1e-999999999", "1e-2147483647")) {
      assertThatThrownBy(() -> read(withNumber(pointer, fraction)))
          .as(fraction)
          .hasMessageContaining(pointer + ": found ")
          .hasMessageContaining("; allowed: an integer");
    }
  }

  /** A manifest with a number at a place. */
  private static String withNumber(String pointer, String number) {
    String value = number;
    String[] path = pointer.substring(1).split("/", -1);
    for (int i = path.length - 1; i >= 0; i--) {
      value =
          switch (path[i]) {
            case "0" -> "[" + value + "]";
            case "priority" -> "{\"name\":\"a\",\"priority\":" + value + "}";
            case "rate_per_minute" -> "{\"allow_hosts\":[],\"rate_per_minute\":" + value + "}";
            default -> "{\"" + path[i] + "\":" + value + "}";
          };
    }
    return "{" + MINIMAL + "," + value.substring(1);
  }

  @Test
  void an_integer_may_be_written_with_a_fraction_or_an_exponent() {
    Manifest manifest =
        read(
            "{"
                + MINIMAL
                + ",\"limits\":{\"call_ms\":2e2,\"memory_mb\":8.0,\"max_age_s\":600e-1},"
                + "\"hooks\":{\"filters\":[{\"name\":\"a\",\"priority\":-50E-1}]},"
                + "\"storage\":{\"kv\":{\"max_bytes\":1.5e3}}}");
    assertThat(manifest.limits().call()).contains(Duration.ofMillis(200));
    assertThat(manifest.limits().memoryMb()).hasValue(8);
    assertThat(manifest.limits().maxAge()).contains(Duration.ofSeconds(60));
    assertThat(manifest.filters()).containsExactly(new Hook("a", -5));
    assertThat(manifest.keyValues().maxBytes()).hasValue(1500);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0.202611291530", "1.0.0-20261129153000000001", "99999999999.0.0+b"})
  void a_version_may_have_numbers_of_any_length(String version) {
    Manifest manifest = read("{" + MINIMAL.replace("1.2.3-rc.1+b", version) + "}");
    assertThat(manifest.version()).hasToString(version);
    assertThat(manifest.id()).isEqualTo("my-plugin@" + version);
  }

  @Test
  void a_schema_may_be_named_for_editors() {
    assertThat(
            read("{\"$schema\":\"http://127.0.0.1:8080/schemas/plugin-manifest-v1.json\","
                    + MINIMAL
                    + "}")
                .name())
        .isEqualTo("my-plugin");
  }

  @Test
  void a_byte_order_mark_is_called_by_its_name() {
    byte[] marked = ("\uFEFF{" + MINIMAL + "}").getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> ManifestReader.read(marked))
        .hasMessage(
            "manifest.json is not valid JSON: it begins with a byte order mark (U+FEFF): save it as"
                + " UTF-8 without one");
    byte[] utf16 = ("\uFEFF{" + MINIMAL + "}").getBytes(StandardCharsets.UTF_16LE);
    assertThatThrownBy(() -> ManifestReader.read(utf16))
        .hasMessageContaining("the byte order mark of UTF-16");
  }

  private static Manifest read(String json) {
    return ManifestReader.read(json.getBytes(StandardCharsets.UTF_8), Vocabulary.unknown());
  }
}
