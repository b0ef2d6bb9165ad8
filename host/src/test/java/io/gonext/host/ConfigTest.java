package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.internal.store.StoreFixture;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** The configuration of a plugin: an operator sets it, a guest reads it. */
class ConfigTest {
  private static final String SCHEMA =
      """
      {"schema":{"type":"object","additionalProperties":false,"properties":{
        "size":{"type":"integer","minimum":1,"default":10},
        "token":{"type":"string","writeOnly":true}}}}
      """;

  @TempDir private Path data;
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(data);
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  void a_guest_reads_defaults_then_what_was_set() throws Exception {
    activate(bundle("1.0.0", SCHEMA));
    assertThat(read("csize")).isEqualTo("10");
    assertThat(read("ctoken")).isEqualTo("-4");
    assertThat(read("c")).isEqualTo("{\"size\":10}");
    merge("{\"size\":3,\"token\":\"geheim\"}");
    assertThat(read("csize")).isEqualTo("3");
    assertThat(read("ctoken")).isEqualTo("\"geheim\"");
    merge("{\"size\":null}");
    assertThat(read("csize")).isEqualTo("10");
  }

  @Test
  void one_call_sees_one_version() throws Exception {
    activate(bundle("1.0.0", SCHEMA));
    Runnable listener =
        host.logs()
            .listen(
                "settings",
                (level, line) ->
                    host.configs().merge("settings", OptionalLong.empty(), json("{\"size\":7}")));
    assertThat(read("tsize")).isEqualTo("10");
    listener.run();
    assertThat(read("csize")).isEqualTo("7");
  }

  @Test
  void a_change_that_breaks_the_schema_names_all_problems_and_changes_nothing() throws Exception {
    activate(bundle("1.0.0", SCHEMA));
    assertThatThrownBy(() -> merge("{\"size\":0,\"sise\":1}"))
        .isInstanceOfSatisfying(
            InvalidConfigException.class, e -> assertThat(e.problems()).hasSize(2));
    assertThat(host.configs().get("settings").version()).isZero();
    assertThat(read("csize")).isEqualTo("10");
  }

  @Test
  void a_value_that_the_schema_does_not_name_is_a_warning() throws Exception {
    activate(bundle("1.0.0", SCHEMA.replace("\"additionalProperties\":false,", "")));
    merge("{\"sise\":1,\"size\":2}");
    assertThat(host.configs().get("settings").warnings())
        .singleElement()
        .asString()
        .startsWith("/sise: config.schema does not name this property")
        .endsWith("did you mean size?");
  }

  @Test
  void replacing_keeps_a_write_only_value_that_is_left_out() throws Exception {
    activate(bundle("1.0.0", SCHEMA));
    replace("{\"size\":3,\"token\":\"geheim\"}");
    replace("{\"size\":4}");
    assertThat(read("ctoken")).isEqualTo("\"geheim\"");
    replace("{\"token\":null}");
    assertThat(read("ctoken")).isEqualTo("-4");
    assertThat(read("csize")).isEqualTo("10");
  }

  @Test
  void a_change_is_an_audit_row_with_old_and_new_and_without_write_only_values() throws Exception {
    activate(bundle("1.0.0", SCHEMA));
    merge("{\"size\":3,\"token\":\"geheim\"}");
    AuditRow row = host.audit().newest("settings", 1).getFirst();
    assertThat(row.event()).isEqualTo("config");
    assertThat(row.detail().toString())
        .contains("\"config_version\":1", "\"old\":{}", "\"new\":{\"size\":3}")
        .doesNotContain("geheim");
  }

  @Test
  void values_survive_a_restart_and_end_with_the_plugin() throws Exception {
    activate(bundle("1.0.0", SCHEMA));
    merge("{\"size\":3}");
    host.close();
    open();
    assertThat(read("csize")).isEqualTo("3");
    host.plugins().deactivate("settings");
    host.plugins().uninstall("settings");
    activate(bundle("1.0.0", SCHEMA));
    assertThat(read("csize")).isEqualTo("10");
  }

  @Test
  void a_plugin_whose_defaults_are_not_enough_starts_once_it_is_configured() throws Exception {
    String required = SCHEMA.replace("\"properties\"", "\"required\":[\"token\"],\"properties\"");
    host.plugins().install(bundle("1.0.0", required));
    assertThatThrownBy(() -> host.plugins().activate("settings"))
        .isInstanceOf(ActivationException.class)
        .hasMessageContaining("/token: it is missing")
        .hasMessageContaining("set it with gonext config settings token=-");
    merge("{\"token\":\"geheim\"}");
    host.plugins().activate("settings");
    assertThat(read("csize")).isEqualTo("10");
  }

  @Test
  void an_update_whose_schema_the_values_break_waits_and_says_which() throws Exception {
    activate(bundle("1.0.0", SCHEMA));
    merge("{\"size\":500}");
    byte[] next = bundle("2.0.0", SCHEMA.replace("\"minimum\":1", "\"maximum\":99"));
    UpdateResult result = host.plugins().update(next);
    assertThat(result)
        .isInstanceOfSatisfying(
            UpdateResult.AwaitingApproval.class,
            waiting ->
                assertThat(waiting.obstacles())
                    .containsExactly(
                        "the configuration does not match config.schema:"
                            + " /size: found 500; allowed: at most 99; set it with gonext config"
                            + " settings size=VALUE"));
    assertThat(read("csize")).isEqualTo("500");
    assertThatThrownBy(() -> host.plugins().approve("settings"))
        .isInstanceOf(ActivationException.class)
        .hasMessageContaining("/size: found 500");
    merge("{\"size\":50}");
    host.plugins().approve("settings");
    assertThat(host.plugins().manifest("settings").version()).hasToString("2.0.0");
    assertThat(read("csize")).isEqualTo("50");
  }

  @Test
  void another_host_of_the_database_serves_the_new_values() throws Exception {
    Database database = StoreFixture.POSTGRESQL.create();
    host.close();
    try (Host other = Host.open(config("other", database))) {
      host = Host.open(config("first", database));
      activate(bundle("1.0.0", SCHEMA));
      await().until(() -> !other.plugins().limits("settings").isEmpty());
      merge("{\"size\":3}");
      await().until(() -> other.applyFilters("h", "csize").value().toString().equals("3"));
    }
  }

  private HostConfig config(String directory, Database database) {
    return HostConfig.builder(data.resolve(directory)).database(database).build();
  }

  private static byte[] bundle(String version, String config) throws IOException {
    return GuestBundle.of("settings").version(version).filter("h").field("config", config).bytes();
  }

  private void activate(byte[] bundle) throws InterruptedException {
    host.plugins().install(bundle);
    host.plugins().activate("settings");
  }

  private void merge(String patch) {
    host.configs().merge("settings", OptionalLong.empty(), json(patch));
  }

  private void replace(String values) {
    host.configs().replace("settings", OptionalLong.empty(), json(values));
  }

  private String read(String operation) throws InterruptedException {
    return host.applyFilters("h", operation).value().toString();
  }

  private static ObjectNode json(String text) {
    try {
      return (ObjectNode) StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new AssertionError(e);
    }
  }
}
